//! A session read from its log: for a restart, for `getState` and `history`, and for readers that lag.

use super::graph::RawGraph;
use super::plain::{Object, Returned, array};
use super::words::{fill, write_events, write_fold, write_released};
use crate::checkpoint::{self, Fold, Fork, Index, Inner, Names, Session};
use crate::collected::collected;
use crate::error::{Failure, RunError, Scope};
use crate::events::{Body, Event, Kept, Place, TaskRef};
use crate::graph::Program;
use crate::state::Values;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

pub(super) struct Log {
    pub program: Rc<Program>,
    pub index: Index,
    pub names: Names,
    pub session: Session,
    pub values: Values,
    pub next_slot: u32,
    pub snapshot_slot: u32,
    /// The events of the last record.
    pub events: Vec<Event>,
    /// The last record's checkpoints, for `history`.
    checkpoints: Vec<Object>,
    /// Of a sub-graph, in its place of `until_step`.
    goal: Option<(Vec<u32>, u64, u32)>,
}

/// See the module's head. Records are read in slot order, from the one that `snapshotSlot` names.
#[wasm_bindgen]
pub struct RawLog {
    pub(super) log: RefCell<Option<Log>>,
    is_at_goal: std::cell::Cell<bool>,
}

/// What a value of the log counts for: sizes are known only as values enter.
const STORED_BYTES: u32 = 64;

fn broken(slot: u32, error: &checkpoint::RecordError) -> Failure {
    match error {
        checkpoint::RecordError::Broken(broken) => RunError::Corrupt { slot, text: broken.0 },
        checkpoint::RecordError::Version(found) => {
            RunError::Version { slot, found: (*found).into(), known: checkpoint::SCHEMA_VERSION.into() }
        }
    }
    .failure(Scope::Runner)
}

fn thrown(failure: &Failure) -> JsValue {
    super::words::failure_parts(failure)
}

/// Where to begin, by a session's newest record.
///
/// # Errors
/// The parts of a failure, as `takeFailure` returns them.
#[wasm_bindgen(js_name = snapshotSlot)]
pub fn snapshot_slot(slot: u32, record: &[u8]) -> Result<u32, JsValue> {
    checkpoint::snapshot_slot(record).map_err(|error| thrown(&broken(slot, &error)))
}

/// What a record is, without its slot: bit 0, it has a snapshot; bit 1, it takes up the session. 0 if it cannot be read.
#[wasm_bindgen(js_name = recordFlags)]
pub fn record_flags(record: &[u8]) -> u32 {
    checkpoint::read_head(record).map_or(0, |head| u32::from(head.has_snapshot) | u32::from(head.is_takeover) << 1)
}

/// Reads a record by itself, with so many values: the number of its first event, how many events it has, how many of them
/// complete a step, 1 if an event of it is whole only with those of earlier records, and of the first and the last step the number.
///
/// # Errors
/// The parts of a failure, as `takeFailure` returns them.
#[wasm_bindgen(js_name = checkRecord)]
pub fn check_record(slot: u32, record: &[u8], value_count: u32) -> Result<Vec<f64>, JsValue> {
    let program = Program::empty();
    let store = Values::default();
    let values = collected((0..value_count).map(|handle| store.adopt(handle, 0)));
    let decoded = checkpoint::decode(&program, &Index::new(&program), &mut Names::lenient(), record, &values)
        .map_err(|error| thrown(&broken(slot, &error)))?;
    let steps = collected(decoded.events.iter().filter_map(|event| match &event.body {
        Body::StepCompleted(report) if event.place.is_none() => Some(report.step),
        Body::StateUpdated(update) => Some(update.report.step),
        _ => None,
    }));
    let needs_earlier = |event: &Event| matches!(&event.body, Body::NodeCompleted { result, .. } if !result.parts.is_empty());
    let needs_earlier = f64::from(u8::from(decoded.events.iter().any(needs_earlier)));
    let mut parts = vec![decoded.head.first_seq as f64, decoded.events.len() as f64, steps.len() as f64, needs_earlier];
    parts.extend(steps.first().map(|step| f64::from(*step)));
    parts.extend(steps.last().map(|step| f64::from(*step)));
    Ok(parts)
}

/// The same record as if it ended with the event `seq`; its log's newest snapshot before it is at `snapshot_slot`.
///
/// # Errors
/// The parts of a failure, as `takeFailure` returns them.
#[wasm_bindgen(js_name = cutRecord)]
pub fn cut_record(slot: u32, record: &[u8], seq: f64, snapshot_slot: u32) -> Result<Vec<u8>, JsValue> {
    checkpoint::cut(record, seq as u64, snapshot_slot).map_err(|error| thrown(&broken(slot, &error)))
}

/// The last event of a branch; -1: it has no end.
pub(super) fn branch_end(session: &Session, branch: u32) -> f64 {
    session.branch_end(branch).map_or(-1.0, |end| end as f64)
}

#[wasm_bindgen]
impl RawLog {
    /// Before its first record.
    #[wasm_bindgen(constructor)]
    pub fn new(graph: &RawGraph) -> Self {
        let program = Rc::clone(&graph.program);
        let log = Log {
            index: Index::new(&program),
            names: Names::default(),
            session: Session::new(&program),
            values: Values::default(),
            next_slot: 0,
            snapshot_slot: 0,
            events: Vec::new(),
            checkpoints: Vec::new(),
            goal: None,
            program,
        };
        Self { log: RefCell::new(Some(log)), is_at_goal: std::cell::Cell::new(false) }
    }

    /// Takes up the record at `slot`: `handles` of its values, in order. Leaves the folds as words and returns their count.
    /// With `until_step` (not negative) it stops after that step; with `lists` it
    /// keeps the checkpoints of the record for `checkpoints`. The snapshot of the first record that is read counts, those of later ones do not.
    ///
    /// # Errors
    /// The parts of a failure, as `takeFailure` returns them.
    pub fn read(&self, slot: u32, record: &[u8], handles: &[u32], until_step: f64, lists: bool) -> Result<u32, JsValue> {
        let mut slot_ref = self.log.borrow_mut();
        let Some(log) = slot_ref.as_mut() else { return Ok(0) };
        let values = collected(handles.iter().map(|handle| log.values.adopt(*handle, STORED_BYTES)));
        let decoded =
            checkpoint::decode(&log.program, &log.index, &mut log.names, record, &values).map_err(|error| thrown(&broken(slot, &error)))?;
        let mut folds: Vec<Fold> = Vec::new();
        // A log that was pruned may go on behind a gap.
        let is_first = slot > log.next_slot || (log.next_slot == 0 && log.session.is_fresh());
        log.next_slot = slot + 1;
        log.snapshot_slot = decoded.head.snapshot_slot;
        log.events = decoded.events;
        log.checkpoints.clear();
        match decoded.snapshot {
            Some((session, loads)) if is_first && slot > 0 => {
                log.session = session;
                folds = loads;
                log.events.last_mut().into_iter().for_each(|event| log.session.fill_in(event));
                // It is the checkpoint of its record's last step.
                self.is_at_goal.set(f64::from(log.session.graph.step) == until_step);
                if lists {
                    log.checkpoints.push(describe(&log.session));
                }
            }
            _ if self.is_at_goal.get() => {}
            _ => {
                let Log { session, program, events, checkpoints, goal, .. } = &mut *log;
                session.replay_all(program, events, &decoded.kept, &mut folds, |session, event| {
                    if event.place.is_some() {
                        let is_it = |(path, since, step): &(Vec<u32>, u64, u32)| {
                            find_inner(session, path).is_some_and(|inner| inner.since == *since && inner.graph.step == *step)
                        };
                        self.is_at_goal.set(goal.as_ref().is_some_and(is_it));
                        return self.is_at_goal.get();
                    }
                    let step = match &event.body {
                        Body::StepCompleted(_) | Body::StateUpdated(_) => session.graph.step,
                        _ => 0,
                    };
                    let is_entered = matches!(event.body, Body::RunStarted(_)) && until_step == 0.0;
                    let is_there = step > 0 && f64::from(step) == until_step;
                    self.is_at_goal.set(is_there || is_entered);
                    if lists && (step > 0 || matches!(event.body, Body::RunStarted(_) | Body::RunEnded { .. })) {
                        checkpoints.push(describe(session));
                    }
                    is_there || is_entered
                });
            }
        }
        if let Some(fork) = decoded.fork.filter(|_| !self.is_at_goal.get()) {
            log.session.fork(&fork);
            if lists {
                log.checkpoints.push(describe(&log.session));
            }
        }
        Ok(fill(|out| {
            folds.iter().for_each(|fold| write_fold(out, fold));
            write_released(out, &log.values);
        }))
    }

    /// Forks the session as it stands: from here on it is another one, whose own log begins with the record that this returns. It is restored
    /// from `snapshot_slot` on.
    pub fn fork(&self, run_id: &str, parent: &str, at: f64, snapshot_slot: u32) -> Vec<u8> {
        let mut slot = self.log.borrow_mut();
        let Some(log) = slot.as_mut() else { return Vec::new() };
        let fork = Fork { run_id: run_id.into(), parent: parent.into(), at };
        let head = checkpoint::Head::new(log.session.graph_hash, 0, snapshot_slot, log.session.seq + 1, false);
        log.session.fork(&fork);
        checkpoint::encode_fork(&head, &fork)
    }

    /// The last record's events after the number `after`, as words.
    pub fn events(&self, after: f64) -> u32 {
        let slot = self.log.borrow();
        fill(|out| {
            if let Some(log) = slot.as_ref() {
                write_events(out, log.events.iter().filter(|event| event.seq as f64 > after));
            }
        })
    }

    /// Names of nodes that only the log knows; their ids follow the graph's.
    #[wasm_bindgen(js_name = foreignNames)]
    pub fn foreign_names(&self) -> Vec<String> {
        let slot = self.log.borrow();
        collected(slot.iter().flat_map(|log| log.names.foreign()).map(|name| String::from(&**name)))
    }

    /// The id of the session's run.
    #[wasm_bindgen(js_name = runId)]
    pub fn run_id(&self) -> String {
        self.log.borrow().as_ref().map_or_else(String::new, |log| String::from(&*log.session.run_id))
    }

    /// The session's branch, from 1.
    pub fn branch(&self) -> u32 {
        self.log.borrow().as_ref().map_or(1, |log| log.session.branch())
    }

    /// The last event of a branch; -1: it has no end.
    #[wasm_bindgen(js_name = cursorEnd)]
    pub fn cursor_end(&self, branch: u32) -> f64 {
        self.log.borrow().as_ref().map_or(-1.0, |log| branch_end(&log.session, branch))
    }

    /// The graph that ran last as text, as events say it.
    #[wasm_bindgen(js_name = graphHash)]
    pub fn graph_hash(&self) -> String {
        self.log.borrow().as_ref().map_or_else(String::new, |log| crate::graph::hash_text(log.session.graph_hash))
    }

    /// Another graph ran last.
    #[wasm_bindgen(js_name = isGraphChanged)]
    pub fn is_graph_changed(&self) -> bool {
        self.log.borrow().as_ref().is_some_and(|log| !log.session.is_fresh() && log.session.graph_hash != log.program.hash)
    }

    /// A half-done sub-graph like a session, with its `frame` and the number of the event that it began `since`; `undefined` where there is
    /// none. `path`: node and ordinal of each task around it.
    #[wasm_bindgen(js_name = describeInner)]
    pub fn describe_inner(&self, path: &[u32]) -> Returned {
        let slot = self.log.borrow();
        let inner = slot.as_ref().and_then(|log| Some((&log.session, find_inner(&log.session, path)?)));
        let (Some(log), Some((session, inner))) = (slot.as_ref(), inner) else { return Ok(JsValue::UNDEFINED) };
        let mut session = session.clone();
        session.graph = inner.graph.clone();
        session.graph_hash = inner.place.program.hash;
        let object = describe(&session);
        // They are counted over the whole session.
        let is_within = |kept: &&Rc<Kept>| {
            let at = Place::path(kept.place.as_ref());
            at.len() * 2 >= path.len()
                && at.iter().flat_map(|(node, task)| [node.0, *task]).zip(path).all(|(found, wanted)| found == *wanted)
        };
        let open = log.session.open_questions();
        object.with("interrupts", interrupts(open.iter().filter(is_within)));
        object.with("frame", inner.frame);
        object.with("since", inner.since as f64);
        object.with("isAtGoal", self.is_at_goal.get());
        Ok(object.into())
    }

    /// Reading stops after a step of the sub-graph that began `since`.
    pub fn aim(&self, path: Vec<u32>, since: f64, step: u32) {
        if let Some(log) = self.log.borrow_mut().as_mut() {
            log.goal = Some((path, since as u64, step));
        }
    }

    /// The session as a plain object, after the last record's checkpoints (oldest first; one that repeats a step replaces it).
    pub fn describe(&self) -> Returned {
        let slot = self.log.borrow();
        let Some(log) = slot.as_ref() else { return Ok(JsValue::UNDEFINED) };
        let session = describe(&log.session);
        session.with("isAtGoal", self.is_at_goal.get());
        Ok(array(log.checkpoints.iter().chain([&session]).map(|object| object.clone().into())))
    }
}

fn find_inner<'a>(session: &'a Session, path: &[u32]) -> Option<&'a Inner> {
    let has_path =
        |inner: &&Inner| Place::path(Some(&inner.place)).iter().flat_map(|(node, task)| [node.0, *task]).eq(path.iter().copied());
    session.inner.iter().find(has_path)
}

fn ids(nodes: impl Iterator<Item = u32>) -> JsValue {
    array(nodes.map(JsValue::from))
}

fn interrupts<'a>(open: impl Iterator<Item = &'a Rc<Kept>>) -> JsValue {
    array(open.map(|kept| {
        let TaskRef { step, node, task, .. } = kept.task;
        let value = kept.value.as_ref().map_or(0, |value| value.handle() + 1);
        let path = Place::path(kept.place.as_ref());
        let numbers = [kept.kind as u32, step, node.0, task, value].into_iter().chain(path.iter().flat_map(|(node, task)| [node.0, *task]));
        array([JsValue::from(&*kept.key)].into_iter().chain(numbers.map(JsValue::from)))
    }))
}

/// Cold: `getState` and `history` only.
pub(super) fn describe(session: &Session) -> Object {
    let object = Object::new();
    object.with("runId", &*session.run_id);
    object.with("step", session.graph.step);
    object.with("seq", session.seq as f64);
    object.with("at", session.at);
    object.with("createdAt", session.created_at);
    object.with("status", session.status.as_str());
    object.with("versions", ids(session.graph.versions.channels.iter().copied()));
    object.with("graphHash", crate::graph::hash_text(session.graph_hash));
    let is_done = |node, task| session.graph.done_result(node, task).is_some();
    let next = session.graph.frontier.iter().filter(|entry| entry.node.index().is_some() && !is_done(entry.node, entry.task));
    object.with("frontier", ids(session.graph.frontier.iter().map(|entry| entry.node.0)));
    let rows = next.map(|entry| ids([entry.node.0, entry.task, entry.input.as_ref().map_or(0, |input| input.handle() + 1)].into_iter()));
    object.with("next", array(rows));
    object.with("interrupts", interrupts(session.open_questions().iter()));
    let last = session.graph.last.as_ref();
    object.with("ran", ids(last.iter().flat_map(|last| &last.ran).map(|node| node.0)));
    object.with("skipped", ids(last.iter().flat_map(|last| &last.skipped).map(|node| node.0)));
    if let Some((parent, step)) = &session.parent {
        object.with("parent", &**parent);
        object.with("parentStep", *step);
    }
    object.with("updatedChannels", ids(last.iter().flat_map(|last| last.updated.iter().copied())));
    object
}
