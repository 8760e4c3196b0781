//! Sessions out of their logs: for a run that goes on, for `get_state`, and for readers that lag.
//!
//! Owns how a log is paged. It must not interpret a record: `checkpoint` does.

use super::app::Parts;
use super::arena::Arena;
use super::checkpointer::{Checkpointer, Refusal};
use super::container::unpack_record;
use super::event_factory::EventFactory;
use super::frame::{Begun, begin_inner};
use super::state::Contents;
use crate::checkpoint::{self, Decoded, Fold, Index, Names, RecordError, Session};
use crate::error::{ErrorCode, Failure, RunError};
use crate::events::Event;
use crate::graph::Program;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Records that are read at once.
const PAGE: u32 = 256;

/// A session as its log leaves it.
pub(super) struct Restored {
    pub session: Session,
    pub names: Names,
    pub next_slot: u32,
    pub snapshot_slot: u32,
    /// Sub-graphs by the engine's number; what is here once the log was read may be over.
    pub inner: BTreeMap<u32, Begun>,
}

impl Restored {
    pub(super) fn fresh(program: &Program) -> Self {
        Self { session: Session::new(program), names: Names::default(), next_slot: 0, snapshot_slot: 0, inner: BTreeMap::new() }
    }
}

fn corrupt(slot: u32, text: &str) -> Refusal {
    Refusal { code: ErrorCode::CheckpointCorrupt, text: RunError::Corrupt { slot, text }.text() }
}

fn broken(slot: u32, error: &RecordError) -> Refusal {
    let error = match error {
        RecordError::Broken(broken) => RunError::Corrupt { slot, text: broken.0 },
        RecordError::Version(found) => RunError::Version { slot, found: (*found).into(), known: checkpoint::SCHEMA_VERSION.into() },
    };
    Refusal { code: error.code(), text: error.text() }
}

fn unpack(slot: u32, bytes: &[u8]) -> Result<(&[u8], Vec<serde_json::Value>), Refusal> {
    unpack_record(bytes).ok_or_else(|| corrupt(slot, "it is damaged, or not of this package's Rust side"))
}

/// Who wrote the record in a slot, if that can be read.
pub(super) fn writer(slot: u32, bytes: &[u8]) -> Option<u64> {
    checkpoint::read_head(unpack(slot, bytes).ok()?.0).ok().map(|head| head.writer)
}

/// Reads records one by one, in order.
struct Reading<'a> {
    program: &'a Program,
    index: Index,
    arena: &'a RefCell<Arena>,
    log: Restored,
}

impl Reading<'_> {
    fn read(&mut self, slot: u32, bytes: &[u8], is_first: bool) -> Result<(Vec<Event>, Vec<Fold>), Refusal> {
        let (record, values) = unpack(slot, bytes)?;
        let values: Vec<_> = values.into_iter().map(|value| self.arena.borrow_mut().put(value)).collect();
        let Self { program, index, log, .. } = self;
        let decoded = checkpoint::decode(program, index, &mut log.names, record, &values).map_err(|error| broken(slot, &error))?;
        let Decoded { head, mut events, kept, snapshot, fork } = decoded;
        (log.next_slot, log.snapshot_slot) = (slot + 1, head.snapshot_slot);
        let mut folds = Vec::new();
        match snapshot {
            Some((session, loads)) if is_first && slot > 0 => {
                log.session = session;
                folds = loads;
                events.last_mut().into_iter().for_each(|event| log.session.fill_in(event));
            }
            _ => log.session.replay_all(program, &mut events, &kept, &mut folds, |_, _| false),
        }
        if let Some(fork) = &fork {
            log.session.fork(fork);
        }
        Ok((events, folds))
    }
}

/// The session as its log leaves it, folded into `contents`; `None` if there is none.
pub(super) async fn restore(
    checkpointer: &Checkpointer,
    parts: &Rc<Parts>,
    session_id: &str,
    arena: &RefCell<Arena>,
    contents: &Rc<Contents>,
) -> Result<Option<Restored>, Refusal> {
    let program = &*parts.program;
    let Some((newest, bytes)) = checkpointer.store.newest(session_id).await? else { return Ok(None) };
    let first = checkpoint::snapshot_slot(unpack(newest, &bytes)?.0).map_err(|error| broken(newest, &error))?;
    let mut reading = Reading { program, index: Index::new(program), arena, log: Restored::fresh(program) };
    let mut slot = first;
    while slot <= newest {
        let page = checkpointer.store.read(session_id, slot, PAGE).await?;
        if page.is_empty() {
            return Err(corrupt(slot, "it is missing"));
        }
        for (found, bytes) in page {
            if found != slot {
                return Err(corrupt(slot, "it is missing"));
            }
            let (_, folds) = reading.read(slot, &bytes, slot == first)?;
            let Restored { names, inner, .. } = &mut reading.log;
            let error = |failure: &Failure| EventFactory::nameless(program, names.foreign(), &arena.borrow()).error(failure);
            let mut here = (Rc::clone(parts), Rc::clone(contents));
            for fold in &folds {
                match fold {
                    Fold::Enter { frame: 0 } => here = (Rc::clone(parts), Rc::clone(contents)),
                    Fold::Enter { frame } => {
                        here = inner.get(frame).cloned().ok_or_else(|| corrupt(slot, "it mentions a sub-graph that is not there"))?
                    }
                    Fold::Open { frame, node } => inner.extend(begin_inner(&here.0, &here.1, *node).map(|begun| (*frame, begun))),
                    Fold::Write { .. } | Fold::Load { .. } | Fold::Error(_) => {
                        here.1.fold(fold, arena, error).map_err(|(_, error)| corrupt(slot, &error.to_string()))?;
                        here.1.commit();
                    }
                }
            }
            slot += 1;
        }
    }
    Ok(Some(reading.log))
}

/// Durable events of a session after a number, by what makes readers' events of them.
pub(super) async fn events_after<T>(
    checkpointer: &Checkpointer,
    program: &Program,
    session_id: &str,
    after: u64,
    make: impl Fn(&Event, &Arena, &Session, &[Rc<str>]) -> T,
) -> Result<Vec<T>, Refusal> {
    let arena = RefCell::default();
    let mut reading = Reading { program, index: Index::new(program), arena: &arena, log: Restored::fresh(program) };
    let mut made = Vec::new();
    let mut slot = 0;
    loop {
        let page = checkpointer.store.read(session_id, slot, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(made) };
        slot = last + 1;
        for (slot, bytes) in &page {
            let is_first = reading.log.next_slot == 0;
            let (events, _) = reading.read(*slot, bytes, is_first)?;
            let log = &reading.log;
            made.extend(
                events
                    .iter()
                    .filter(|event| event.seq > after)
                    .map(|event| make(event, &arena.borrow(), &log.session, log.names.foreign())),
            );
        }
    }
}
