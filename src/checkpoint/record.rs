//! One record: what one append stores at one slot. A head, the events since the record before, and sometimes a snapshot.
//!
//! Layout: schema version, flags, graph hash and writer id (8 bytes each, little-endian), the slot of the newest snapshot, the number of the first
//! event, names that are new (channels with their kind), events, and with a snapshot the session. The values that events and snapshot mention stand
//! beside the bytes, in order; a snapshot's last values are the channels' contents.
//!
//! A session that was forked shares the records before the fork with another one. Its own log begins with a record that only says so, and the
//! last record before that may be cut: then the number of its last event that counts stands behind the head, and it has no snapshot.

use super::codec::{Broken, Reader, Writer};
use super::names::{Index, Names};
use super::session::{Fold, Fork, Session};
use super::{entries, snapshot};
use crate::events::{Event, Kept, Place};
use crate::graph::Program;
use crate::state::Value;
use std::rc::Rc;

/// The schema that this version writes, and the highest that it reads.
pub const SCHEMA_VERSION: u8 = 2;

const HAS_SNAPSHOT: u8 = 1;
const IS_TAKEOVER: u8 = 2;
const IS_CUT: u8 = 4;
const IS_FORK: u8 = 8;
/// The snapshot goes on with what few sessions have.
const HAS_MORE: u8 = 16;

/// A record that cannot be taken up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Damaged.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// Written by a later version.
    #[error("schema {0}")]
    Version(u8),
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
    /// The last event in it that counts, if others follow.
    pub cut: Option<u64>,
}

/// A record, read.
pub struct Decoded {
    /// Its head.
    pub head: Head,
    /// Its events.
    pub events: Vec<Event>,
    /// What tasks have left behind, each with the number of events before it.
    pub kept: Vec<(usize, Kept)>,
    /// The session after them, and how to load the contents.
    pub snapshot: Option<(Session, Vec<Fold>)>,
    /// It begins the own log of a session that was forked.
    pub fork: Option<Fork>,
}

/// Writes a record. With `snapshot`, the session as of its last event; the host adds the contents' values.
pub fn encode(
    program: &Program,
    names: &mut Names,
    head: &Head,
    events: &[Rc<Event>],
    kept: &[(usize, Rc<Kept>)],
    snapshot: Option<&Session>,
) -> (Vec<u8>, Vec<Value>) {
    if snapshot.is_some() {
        names.forget_written();
    }
    let mut body = Writer::default();
    body.len(events.len() + kept.len());
    names.enter(program, None);
    let mut place: Option<&Rc<Place>> = None;
    let mut kept = kept.iter().peekable();
    for at in 0..=events.len() {
        while let Some((_, kept)) = kept.next_if(|(before, _)| *before <= at) {
            go_to(&mut body, names, program, &mut place, kept.place.as_ref());
            entries::write_kept(&mut body, names, kept);
        }
        if let Some(event) = events.get(at) {
            go_to(&mut body, names, program, &mut place, event.place.as_ref());
            entries::write(&mut body, names, place.map_or(program, |place| &place.program), event);
        }
    }
    names.enter(program, None);
    let mut flags = 0;
    if let Some(session) = snapshot {
        flags |= HAS_SNAPSHOT;
        snapshot::write_session(&mut body, names, program, session);
        if snapshot::has_more(session) {
            flags |= HAS_MORE;
            snapshot::write_more(&mut body, session);
        }
    }
    let mut record = Writer::default();
    write_head(&mut record, head, flags);
    names.write_fresh(&mut record, program);
    record.bytes.extend_from_slice(&body.bytes);
    (record.bytes, body.values)
}

/// What is written next happened at another place than what was written last, or at the same.
fn go_to<'a>(to: &mut Writer, names: &mut Names, program: &Program, from: &mut Option<&'a Rc<Place>>, place: Option<&'a Rc<Place>>) {
    if (from.is_some() || place.is_some()) && !Place::are_same(*from, place) {
        *from = place;
        entries::write_place(to, names, program, place);
    }
}

fn write_head(to: &mut Writer, head: &Head, flags: u8) {
    to.byte(SCHEMA_VERSION);
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    to.byte(flags | flag(head.is_takeover, IS_TAKEOVER) | flag(head.cut.is_some(), IS_CUT));
    to.bytes.extend_from_slice(&head.graph_hash.to_le_bytes());
    to.bytes.extend_from_slice(&head.writer.to_le_bytes());
    to.number(head.snapshot_slot);
    to.number(head.first_seq);
    if let Some(cut) = head.cut {
        to.number(cut);
    }
}

/// The first record of a forked session's own log. The head is as of the record that it follows.
pub fn encode_fork(head: &Head, fork: &Fork) -> Vec<u8> {
    let mut record = Writer::default();
    write_head(&mut record, head, IS_FORK);
    record.text(&fork.run_id);
    record.text(&fork.parent);
    record.float(fork.at);
    // Neither names nor events.
    record.len(0);
    record.len(0);
    record.bytes
}

/// The same record as if it ended with the event `seq`, for a log whose newest snapshot before it stands at `snapshot_slot`.
///
/// # Errors
/// A damaged record, or one of a later version.
pub fn cut(bytes: &[u8], seq: u64, snapshot_slot: u32) -> Result<Vec<u8>, RecordError> {
    let mut from = Reader::new(bytes, &[]);
    let (mut head, flags) = head(&mut from)?;
    head.cut = Some(head.cut.unwrap_or(seq).min(seq));
    head.snapshot_slot = snapshot_slot;
    let mut record = Writer::default();
    write_head(&mut record, &head, flags & !(HAS_SNAPSHOT | HAS_MORE));
    // What is behind the head is read as the schema says that wrote it.
    record.bytes[0] = from.schema;
    record.bytes.extend_from_slice(from.rest());
    Ok(record.bytes)
}

impl Head {
    /// The head of a record to be written.
    pub fn new(graph_hash: u64, writer: u64, snapshot_slot: u32, first_seq: u64, is_takeover: bool) -> Self {
        Self { graph_hash, writer, snapshot_slot, first_seq, has_snapshot: false, is_takeover, cut: None }
    }
}

fn head(from: &mut Reader<'_>) -> Result<(Head, u8), RecordError> {
    from.schema = from.byte();
    if from.schema > SCHEMA_VERSION {
        return Err(RecordError::Version(from.schema));
    }
    if from.schema == 0 {
        from.fail("it has no schema");
    }
    let flags = from.byte();
    if flags & !(HAS_SNAPSHOT | IS_TAKEOVER | IS_CUT | IS_FORK | HAS_MORE) != 0 {
        from.fail("it has unknown flags");
    }
    let (graph_hash, writer) = (from.bits(), from.bits());
    let (has_snapshot, is_takeover) = (flags & HAS_SNAPSHOT != 0, flags & IS_TAKEOVER != 0);
    let mut head = Head { graph_hash, writer, snapshot_slot: from.small(), first_seq: from.count(), has_snapshot, is_takeover, cut: None };
    if flags & IS_CUT != 0 {
        head.cut = Some(from.count());
    }
    from.check()?;
    Ok((head, flags))
}

/// The head of a record.
///
/// # Errors
/// A damaged record, or one of a later version.
pub fn read_head(bytes: &[u8]) -> Result<Head, RecordError> {
    Ok(head(&mut Reader::new(bytes, &[]))?.0)
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
    let (head, flags) = head(&mut from)?;
    let is_fork = flags & IS_FORK != 0;
    let fork = is_fork.then(|| Fork { run_id: from.text(), parent: from.text(), at: from.float() });
    names.enter_graph(head.graph_hash);
    names.read_fresh(&mut from, program, index);
    names.enter(program, None);
    let (mut events, mut kept) = (Vec::new(), Vec::new());
    let mut place = None;
    for _ in 0..from.len() {
        let seq = head.first_seq + events.len() as u64;
        if head.cut.is_some_and(|cut| seq > cut) {
            break;
        }
        entries::read_place(&mut from, names, program, &mut place);
        let inner = place.as_ref().map_or(program, |place| &place.program);
        match entries::read(&mut from, names, inner, seq, place.clone()) {
            Some(entries::Item::Event(event)) => events.push(event),
            Some(entries::Item::Kept(entry)) => kept.push((events.len(), entry)),
            None => {}
        }
    }
    names.enter(program, None);
    let mut snapshot = head.has_snapshot.then(|| snapshot::read_session(&mut from, names, program));
    if let Some((session, _)) = &mut snapshot {
        session.graph_hash = head.graph_hash;
        if flags & HAS_MORE != 0 {
            snapshot::read_more(&mut from, session);
        }
    }
    if !from.is_at_end() && head.cut.is_none() {
        from.fail("it goes on after its end");
    }
    from.check()?;
    Ok(Decoded { head, events, kept, snapshot, fork })
}
