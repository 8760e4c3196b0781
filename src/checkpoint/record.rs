//! One record: what one append stores at one slot. A head, the events since the record before, and sometimes a snapshot.
//!
//! Layout: schema version, flags, graph hash and writer id (8 bytes each, little-endian), the slot of the newest snapshot, the number of the first
//! event, names that are new (channels with their kind), events, and with a snapshot the session. The values that events and snapshot mention stand
//! beside the bytes, in order; a snapshot's last values are the channels' contents.

use super::codec::{Broken, Reader, Writer};
use super::migration::v1;
use super::names::{Index, Names};
use super::session::{ErrorNote, Fold, Session, Status};
use super::{entries, joins, session};
use crate::collected::collected;
use crate::events::{Event, StepReport};
use crate::graph::Program;
use crate::state::{Value, Versions};
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
        write_session(&mut body, names, program, session);
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
    let mut snapshot = head.has_snapshot.then(|| read_session(&mut from, names, program));
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

fn write_session(to: &mut Writer, names: &mut Names, program: &Program, session: &Session) {
    to.text(&session.run_id);
    to.number(session.seed);
    to.byte(session.status as u8);
    to.number(session.step);
    to.number(session.seq);
    to.float(session.at);
    to.float(session.created_at);
    to.number(session.versions.tick);
    let seen = collected((0u32..).zip(&session.versions.seen).filter(|(_, seen)| **seen > 0));
    to.len(seen.len());
    for (node, seen) in seen {
        names.write_node(to, crate::graph::NodeId(node));
        to.number(*seen);
    }
    joins::write_joins(to, names, program, Some(&session.arrivals));
    entries::write_frontier(to, names, program, &session.frontier);
    to.bool(session.is_entering);
    to.bool(session.is_half_done);
    to.bool(session.has_reached_end);
    to.len(session.done.len());
    for done in &session.done {
        names.write_node(to, done.node);
        to.number(done.task);
        entries::write_result(to, names, &done.result);
    }
    to.len(session.notes.len());
    for note in &session.notes {
        to.float(note.at);
        to.number(note.step);
        entries::write_failure(to, names, &note.failure);
    }
    to.option(session.metadata.as_ref());
    to.bool(session.last.is_some());
    if let Some(last) = &session.last {
        entries::write_report(to, names, program, last, &[], &[]);
    }
    to.bool(session.is_lossy);
    to.len(session.ends.len());
    session.ends.iter().for_each(|end| to.number(*end));
    entries::write_no_reserved(to);
    to.len(program.channels.len());
    for (channel, version) in (0u32..).zip(&session.versions.channels) {
        names.write_channel(to, channel);
        to.number(*version);
    }
}

fn read_session(from: &mut Reader<'_>, names: &Names, program: &Program) -> (Session, Vec<Fold>) {
    let mut session = Session::new(program);
    session.run_id = from.text();
    session.seed = from.number();
    session.status = Status::from_number(from.byte()).unwrap_or_else(|| {
        from.fail("a status is unknown");
        Status::Failed
    });
    session.step = from.step();
    session.seq = from.count();
    session.at = from.float();
    session.created_at = from.float();
    session.versions = Versions { tick: from.count(), ..session.versions };
    for _ in 0..from.len() {
        let (node, seen) = (names.read_node(from), from.number());
        if let Some(slot) = node.index().and_then(|index| session.versions.seen.get_mut(index)) {
            *slot = seen;
        }
    }
    session.lost_joins = joins::read_joins(from, names, program, &mut session.arrivals);
    session.frontier = entries::read_frontier(from, names, program);
    session.is_entering = from.bool();
    session.is_half_done = from.bool();
    session.has_reached_end = from.bool();
    for _ in 0..from.len() {
        let (node, task) = (names.read_node(from), from.small());
        session.add_done(node, task, Rc::new(entries::read_result(from, names)));
    }
    session.notes = from.list(|from| {
        let (at, step) = (from.float(), from.small());
        ErrorNote { at, step, failure: Rc::new(entries::read_failure(from, names)) }
    });
    session.metadata = from.option();
    let last = from.bool().then(|| entries::read_report(from, names, program));
    if !v1::wrote(from) {
        session.is_lossy = from.bool();
        session.ends = from.list(Reader::count);
        entries::read_no_reserved(from);
    }
    let mut loads = Vec::new();
    for _ in 0..from.len() {
        // Values are counted apart from bytes: the contents are the last ones, in the order of these channels.
        let (channel, version, value) = (names.find_channel(from), from.small(), from.value());
        if let Err(lost) = channel
            && version > 1
        {
            names.lose(lost);
        }
        let (Ok(Some(channel)), Some(value)) = (channel, value) else { continue };
        session.versions.channels[channel as usize] = version;
        loads.push(session::Fold::Load { channel, value });
    }
    session.last =
        last.map(|last| Rc::new(StepReport { next: Rc::clone(&session.frontier), versions: session.versions.channels.clone(), ..last }));
    (session, loads)
}
