//! One record: what one append stores at one slot. A head, the events since the record before, and sometimes a snapshot.
//!
//! Layout: schema version, flags, graph hash and writer id (8 bytes each, little-endian), the slot of the newest snapshot, the number of the first
//! event, names that are new (channels with their kind), events, and with a snapshot the session. The values that events and snapshot mention stand
//! beside the bytes, in order; a snapshot's last values are the channels' contents.

use super::codec::{Broken, Reader, Writer};
use super::names::{Index, Names};
use super::session::{Fold, Session};
use super::{entries, snapshot};
use crate::events::Event;
use crate::graph::Program;
use crate::state::Value;
use std::rc::Rc;

/// The schema that this version writes, and the highest that it reads.
pub const SCHEMA_VERSION: u8 = 2;

const HAS_SNAPSHOT: u8 = 1;
const IS_TAKEOVER: u8 = 2;

/// A record that cannot be taken up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Damaged.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// Written by a later version.
    #[error("schema {0}")]
    Version(u8),
    /// Of a schema that is known, with events that only later versions write.
    #[error("events of a later version")]
    Later,
}

/// What the head of a record says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Of the graph that wrote it.
    pub graph_hash: u64,
    /// Of the execution that wrote it.
    pub writer: u64,
    /// A restore begins there.
    pub snapshot_slot: u32,
    /// Number of the first event in it.
    pub first_seq: u64,
    /// A restore can begin here.
    pub has_snapshot: bool,
    /// It is alone what an execution writes to take up a session; a stale writer's next slot is always one of these.
    pub is_takeover: bool,
}

/// A record, read.
pub struct Decoded {
    /// Its head.
    pub head: Head,
    /// Its events.
    pub events: Vec<Event>,
    /// The session after them, and how to load the contents.
    pub snapshot: Option<(Session, Vec<Fold>)>,
}

/// Writes a record. With `snapshot`, the session as of its last event; the host adds the contents' values.
pub fn encode(
    program: &Program,
    names: &mut Names,
    head: &Head,
    events: &[Rc<Event>],
    snapshot: Option<&Session>,
) -> (Vec<u8>, Vec<Value>) {
    if snapshot.is_some() {
        names.forget_written();
    }
    let mut body = Writer::default();
    body.len(events.len());
    for event in events {
        entries::write(&mut body, names, program, event);
    }
    if let Some(session) = snapshot {
        snapshot::write_session(&mut body, names, program, session);
    }
    let mut record = Writer::default();
    record.byte(SCHEMA_VERSION);
    record.byte((if snapshot.is_some() { HAS_SNAPSHOT } else { 0 }) | if head.is_takeover { IS_TAKEOVER } else { 0 });
    record.bytes.extend_from_slice(&head.graph_hash.to_le_bytes());
    record.bytes.extend_from_slice(&head.writer.to_le_bytes());
    record.number(head.snapshot_slot);
    record.number(head.first_seq);
    names.write_fresh(&mut record, program);
    record.bytes.extend_from_slice(&body.bytes);
    (record.bytes, body.values)
}

impl Head {
    /// The head of a record to be written.
    pub fn new(graph_hash: u64, writer: u64, snapshot_slot: u32, first_seq: u64, is_takeover: bool) -> Self {
        Self { graph_hash, writer, snapshot_slot, first_seq, has_snapshot: false, is_takeover }
    }
}

fn head(from: &mut Reader<'_>) -> Result<Head, RecordError> {
    from.schema = from.byte();
    if from.schema > SCHEMA_VERSION {
        return Err(RecordError::Version(from.schema));
    }
    if from.schema == 0 {
        from.fail("it has no schema");
    }
    let flags = from.byte();
    if flags & !(HAS_SNAPSHOT | IS_TAKEOVER) != 0 {
        from.fail("it has unknown flags");
    }
    let (graph_hash, writer) = (from.bits(), from.bits());
    let (has_snapshot, is_takeover) = (flags & HAS_SNAPSHOT != 0, flags & IS_TAKEOVER != 0);
    let head = Head { graph_hash, writer, snapshot_slot: from.small(), first_seq: from.count(), has_snapshot, is_takeover };
    from.check()?;
    Ok(head)
}

/// The head of a record.
///
/// # Errors
/// A damaged record, or one of a later version.
pub fn read_head(bytes: &[u8]) -> Result<Head, RecordError> {
    head(&mut Reader::new(bytes, &[]))
}

/// Where a restore of the session has to begin, by its newest record.
///
/// # Errors
/// A damaged record, or one of a later version.
pub fn snapshot_slot(bytes: &[u8]) -> Result<u32, RecordError> {
    Ok(read_head(bytes)?.snapshot_slot)
}

/// Reads a record.
///
/// # Errors
/// A damaged record, or one of a later version.
pub fn decode(program: &Program, index: &Index, names: &mut Names, bytes: &[u8], values: &[Value]) -> Result<Decoded, RecordError> {
    let mut from = Reader::new(bytes, values);
    let head = head(&mut from)?;
    names.enter_graph(head.graph_hash);
    names.read_fresh(&mut from, program, index);
    let mut events = Vec::new();
    for offset in 0..from.len() {
        if let Some(event) = entries::read(&mut from, names, program, head.first_seq + offset as u64) {
            events.push(event);
        }
    }
    let mut snapshot = head.has_snapshot.then(|| snapshot::read_session(&mut from, names, program));
    if let Some((session, _)) = &mut snapshot {
        session.graph_hash = head.graph_hash;
    }
    if from.is_later {
        return Err(RecordError::Later);
    }
    if !from.is_at_end() {
        from.fail("it goes on after its end");
    }
    from.check()?;
    Ok(Decoded { head, events, snapshot })
}
