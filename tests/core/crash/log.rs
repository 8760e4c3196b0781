//! What the store holds, read by someone who knows nothing else; and what must hold of it at any time.

use super::life::{Key, Seen};
use super::*;
use std::collections::{HashMap, HashSet};
use weavegraph_wasm::checkpoint::{Durability, Status, read_head};
use weavegraph_wasm::error::ErrorCode;
use weavegraph_wasm::events::{Body, Ending, Event};

pub struct Log {
    pub reader: Host,
    pub lines: Vec<String>,
    /// Executions that were not resumes.
    pub begun: usize,
    /// Steps before the last of them.
    pub base_step: u32,
    /// Results of the half-done step.
    pub committed: HashSet<Key>,
    /// Why the last execution failed, if it did.
    pub failure: Option<ErrorCode>,
    pub takeovers: usize,
    pub snapshots: usize,
}

impl Log {
    /// Reads the whole log, and the session from the newest snapshot; fails if anything is not as it must be.
    pub fn read(store: &Store, setup: &Setup, writers: &HashMap<u64, Durability>) -> Self {
        let program = Rc::new(setup.graph.compile());
        let mut restored = store.restore_from(0, &setup.graph, &program).expect("a log that can be read");
        let events = std::mem::take(&mut restored.events);
        let mut newest = store.restore(&setup.graph, &program).expect("a log that can be read");
        assert_eq!(described(&mut newest), described(&mut restored), "the newest snapshot and the whole log differ");
        let reader = Host::with_log(setup, program, restored);
        let mut log = Self {
            lines: events.iter().map(|event| reader.line(event)).collect(),
            reader,
            begun: 0,
            base_step: 0,
            committed: HashSet::new(),
            failure: None,
            takeovers: 0,
            snapshots: 0,
        };
        let starts = log.check_writers(store);
        log.check_events(&events, &starts, writers);
        log
    }

    /// One writer's records stand together, and whoever takes up a session says so. Returns who wrote from which event on.
    fn check_writers(&mut self, store: &Store) -> Vec<(u64, u64)> {
        let mut starts: Vec<(u64, u64)> = Vec::new();
        let mut gone = HashSet::new();
        for slot in 0..store.len() {
            let head = read_head(&store.record(slot).bytes).expect("a head");
            self.snapshots += usize::from(head.has_snapshot);
            self.takeovers += usize::from(head.is_takeover);
            let last = starts.last().map(|(_, writer)| *writer);
            if last != Some(head.writer) {
                gone.extend(last);
                assert!(!gone.contains(&head.writer), "slot {slot}: a stale writer got a record in");
                starts.push((head.first_seq, head.writer));
            } else {
                assert!(!head.is_takeover, "slot {slot}: a takeover in the middle");
            }
        }
        starts
    }

    fn check_events(&mut self, events: &[Event], starts: &[(u64, u64)], writers: &HashMap<u64, Durability>) {
        let mut ends: Vec<u64> = Vec::new();
        let (mut status, mut is_lossy, mut step) = (Status::Completed, false, 0);
        for (event, seq) in events.iter().zip(1u64..) {
            assert_eq!(event.seq, seq, "numbers have no holes");
            let writer = starts.iter().find(|(first, _)| *first == seq).map(|(_, writer)| *writer);
            assert_eq!(writer.is_some(), matches!(event.body, Body::RunStarted(_)), "event {seq}: an execution begins with its writer");
            match &event.body {
                Body::RunStarted(start) => {
                    if !start.is_resumed {
                        self.begun += 1;
                        self.base_step = step;
                        self.committed.clear();
                    }
                    if status == Status::Running && is_lossy {
                        ends.push(seq - 1);
                    }
                    status = Status::Running;
                    is_lossy = writer.map(|writer| writers[&writer]) != Some(Durability::Sync);
                    self.failure = None;
                }
                Body::RunEnded { ending, .. } => {
                    assert_eq!(status, Status::Running, "event {seq}: an execution ends twice");
                    status = match &**ending {
                        Ending::Completed { .. } => Status::Completed,
                        Ending::Cancelled(_) => Status::Cancelled,
                        Ending::Interrupted(_) => Status::Interrupted,
                        Ending::Failed(failure) => {
                            self.failure = Some(failure.code);
                            Status::Failed
                        }
                    };
                }
                Body::StepCompleted(report) => {
                    assert_eq!(report.step, step + 1, "event {seq}: steps have no holes");
                    step = report.step;
                    self.committed.clear();
                }
                Body::NodeCompleted { task, .. } => {
                    let key = (task.step, task.node.0, task.task);
                    assert!(self.committed.insert(key), "event {seq}: {key:?} ran again, and its result was in the log");
                }
                _ => {}
            }
        }
        assert_eq!(self.reader.session().ends, ends, "branches rise when a lossy execution has crashed, and only then");
        assert_eq!(self.reader.session().status, status);
    }

    /// What readers were given is in the log: with `sync` all of it, otherwise what a branch kept.
    pub fn check_seen<'a>(&self, seen: impl Iterator<Item = &'a Seen>) {
        let session = self.reader.session();
        for event in seen {
            let line = self.lines.get((event.seq as usize).wrapping_sub(1));
            let end = session.branch_end(event.branch).unwrap_or(session.seq);
            if event.is_sync || event.seq <= end {
                assert_eq!(
                    line,
                    Some(&event.line),
                    "event {} of branch {} was seen otherwise (sync: {})",
                    event.seq,
                    event.branch,
                    event.is_sync
                );
            }
        }
    }

    pub fn status(&self) -> Status {
        self.reader.session().status
    }
}

/// The session and the contents, with what their handles stand for, without what may differ.
pub fn described(log: &mut store::Restored) -> String {
    describe(&log.session, &log.arena, &log.contents.view())
}

pub fn describe(session: &weavegraph_wasm::checkpoint::Session, arena: &arena::Arena, state: &Json) -> String {
    let mut session = session.clone();
    session.delta_bytes = 0;
    session.graph.last = session.graph.last.map(|last| {
        let mut last = (*last).clone();
        last.reduced.clear();
        // A snapshot leaves these out: of the last step, only who ran and what changed is shown.
        last.versions.clear();
        last.next = Rc::from([]);
        Rc::new(last)
    });
    format!("{} {state}", arena::text(arena, &session))
}
