//! The writing half of a session's log: what waits for the next append, and when there is one.
//!
//! One append is in flight at a time; what gathers meanwhile is the next (group commit). A full snapshot goes with a record once
//! the deltas since the last one exceed 64 KiB and twice the state's size, so snapshots cost a constant factor.

use super::names::Names;
use super::record::{Head, encode};
use super::session::Session;
use crate::events::{Body, Event, Kept};
use crate::graph::Program;
use crate::state::{TaskResult, Value};
use std::rc::Rc;

const SNAPSHOT_AFTER_BYTES: u64 = 64 * 1024;
const MAX_UNSAVED_STEPS: u32 = 64;
const MAX_UNSAVED_BYTES: u64 = 1024 * 1024;

/// When a step is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// Before the next step.
    Sync,
    /// Behind it, at most 64 steps or 1 MiB.
    Async,
    /// Once, at the end.
    Exit,
}

/// An append that the store has not answered.
#[derive(Clone, Copy, Debug)]
pub struct InFlight {
    /// Where.
    pub slot: u32,
    /// The last event in it.
    pub seq: u64,
    /// The last completed step in it.
    pub step: u32,
    /// It completes a step or ends the run.
    pub has_checkpoint: bool,
    /// It ends the run.
    pub is_terminal: bool,
    /// When it was sent.
    pub at: f64,
    /// Completed steps in it.
    pub steps: u32,
    /// Its approximate size.
    pub bytes: u64,
    /// No step may start before the store has it.
    pub is_awaited: bool,
    /// It takes up the session.
    pub is_takeover: bool,
}

/// A record for the store.
#[derive(Debug)]
pub struct Append {
    /// Where it goes, if the slot is free.
    pub slot: u32,
    /// The record.
    pub bytes: Vec<u8>,
    /// What it mentions, in order.
    pub values: Vec<Value>,
    /// The host adds the contents of all channels, in order.
    pub saves_contents: bool,
    /// A session row goes with it: the session starts, is taken up or ends.
    pub has_row: bool,
    /// A power cut must not take it back: it opens or answers a question, or records a `once`.
    pub is_strict: bool,
}

/// See the module's head.
pub struct Journal {
    durability: Durability,
    writer: u64,
    slot: u32,
    snapshot_slot: u32,
    names: Names,
    pending: Vec<Rc<Event>>,
    /// What tasks have left behind, each with the number of waiting events before it.
    pending_kept: Vec<(usize, Rc<Kept>)>,
    /// The last event's number.
    seq: u64,
    pending_steps: u32,
    pending_bytes: u64,
    delta_bytes: u64,
    /// Of the last record with a snapshot, without the contents.
    snapshot_bytes: u64,
    in_flight: Option<InFlight>,
    takes_over: bool,
    is_awaited: bool,
}

impl Journal {
    /// Of an execution that writes from `slot` on; `snapshot_slot` is where a restore begins, `delta_bytes` what it reads from there.
    pub fn new(durability: Durability, writer: u64, slot: u32, snapshot_slot: u32, delta_bytes: u64, names: Names) -> Self {
        Self {
            durability,
            writer,
            slot,
            snapshot_slot,
            names,
            pending: Vec::new(),
            pending_kept: Vec::new(),
            seq: 0,
            pending_steps: 0,
            pending_bytes: 0,
            delta_bytes,
            snapshot_bytes: 0,
            in_flight: None,
            takes_over: false,
            is_awaited: false,
        }
    }

    /// Who writes.
    pub fn writer(&self) -> u64 {
        self.writer
    }

    /// The next record takes up the session: until the store has it, no step starts.
    pub fn take_over(&mut self) {
        self.takes_over = true;
    }

    /// Until the store has the next record, no step starts.
    pub fn wait_for_next(&mut self) {
        self.is_awaited = true;
    }

    /// Keeps what a task has left behind for the next append, which must not wait.
    pub fn keep(&mut self, kept: Rc<Kept>) {
        let bytes = kept_bytes(&kept);
        self.pending_bytes += bytes;
        self.delta_bytes += bytes;
        self.pending_kept.push((self.pending.len(), kept));
    }

    /// Something waits that must not.
    pub fn is_urgent(&self) -> bool {
        !self.pending_kept.is_empty()
    }

    /// Keeps a durable event for the next append.
    pub fn add(&mut self, event: Rc<Event>) {
        let bytes = event_bytes(&event.body);
        self.pending_bytes += bytes;
        self.delta_bytes += bytes;
        self.pending_steps += u32::from(matches!(event.body, Body::StepCompleted(_)));
        self.seq = event.seq;
        self.pending.push(event);
    }

    /// Whether anything waits.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty() || self.is_urgent()
    }

    /// When the oldest waiting event happened.
    pub fn oldest_at(&self) -> Option<f64> {
        self.pending.first().map(|event| event.at)
    }

    /// The append that the store has not answered.
    pub fn in_flight(&self) -> Option<&InFlight> {
        self.in_flight.as_ref()
    }

    /// Whether the next step may not start before the store has answered.
    pub fn blocks_steps(&self) -> bool {
        if self.in_flight.as_ref().is_some_and(|append| append.is_awaited) {
            return true;
        }
        match self.durability {
            Durability::Sync => self.in_flight.is_some() || self.has_pending(),
            Durability::Async => {
                let (steps, bytes) = self.in_flight.as_ref().map_or((0, 0), |append| (append.steps, append.bytes));
                self.pending_steps + steps >= MAX_UNSAVED_STEPS || self.pending_bytes + bytes > MAX_UNSAVED_BYTES
            }
            Durability::Exit => false,
        }
    }

    /// Whether a completed step asks for an append.
    pub fn is_due(&self) -> bool {
        (self.durability != Durability::Exit || self.is_urgent()) && self.has_pending() && self.in_flight.is_none()
    }

    /// Whether something waits that is to be stored while a step runs: the step before, or what must not wait.
    pub fn must_go_on(&self) -> bool {
        self.is_urgent() || (self.durability != Durability::Exit && self.pending_steps > 0)
    }

    /// The mode.
    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// Names of the log that the program does not have.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Makes the next record of all that waits; `session` is given at a step boundary, where a snapshot may go along.
    /// `None` while an append is in flight or nothing waits.
    pub fn append(&mut self, program: &Program, now: f64, snapshot: Option<(&Session, u64)>) -> Option<Append> {
        if self.in_flight.is_some() || !self.has_pending() {
            return None;
        }
        let first_seq = self.pending.first().map_or(self.seq + 1, |first| first.seq);
        let is_worth_it =
            |contents_bytes| self.delta_bytes > SNAPSHOT_AFTER_BYTES && self.delta_bytes > 2 * (self.snapshot_bytes + contents_bytes);
        let snapshot = snapshot.filter(|(_, contents_bytes)| is_worth_it(*contents_bytes)).map(|(session, _)| session);
        if snapshot.is_some() {
            self.snapshot_slot = self.slot;
        }
        let is_takeover = std::mem::take(&mut self.takes_over);
        let head = Head::new(program.hash, self.writer, self.snapshot_slot, first_seq, is_takeover);
        let mut in_flight = InFlight {
            slot: self.slot,
            seq: self.seq,
            step: 0,
            has_checkpoint: false,
            is_terminal: false,
            at: now,
            steps: self.pending_steps,
            bytes: self.pending_bytes,
            is_awaited: std::mem::take(&mut self.is_awaited) || is_takeover,
            is_takeover,
        };
        let mut has_row = false;
        for event in &self.pending {
            match &event.body {
                Body::StepCompleted(report) if event.place.is_none() => {
                    in_flight.step = report.step;
                    in_flight.has_checkpoint = true;
                }
                Body::StateUpdated(update) => {
                    in_flight.step = update.report.step;
                    in_flight.has_checkpoint = true;
                    in_flight.is_terminal = true;
                    has_row = true;
                }
                Body::RunStarted(_) => has_row = true,
                Body::RunEnded { .. } => {
                    has_row = true;
                    in_flight.is_terminal = true;
                }
                _ => {}
            }
        }
        let (bytes, values) = encode(program, &mut self.names, &head, &self.pending, &self.pending_kept, snapshot);
        if snapshot.is_some() {
            self.delta_bytes = 0;
            self.snapshot_bytes = bytes.len() as u64;
        }
        let is_strict = self.is_urgent();
        self.pending.clear();
        self.pending_kept.clear();
        self.pending_steps = 0;
        self.pending_bytes = 0;
        self.in_flight = Some(in_flight);
        let slot = self.slot;
        self.slot += 1;
        Some(Append { slot, bytes, values, saves_contents: snapshot.is_some(), has_row, is_strict })
    }

    /// The store has answered.
    pub fn answered(&mut self) -> Option<InFlight> {
        self.in_flight.take()
    }

    /// Where the next append goes.
    pub fn next_slot(&self) -> u32 {
        self.slot
    }
}

/// Roughly what an event takes in the log.
pub(super) fn event_bytes(body: &Body) -> u64 {
    16 + match body {
        Body::StepStarted { start: Some(start), .. } => result_bytes(&start.input),
        Body::NodeCompleted { result, .. } => result_bytes(result),
        Body::User { payload, .. } => u64::from(payload.bytes()),
        Body::RunStarted(start) => result_bytes(&start.input),
        Body::StateUpdated(update) => result_bytes(&update.result),
        Body::StepCompleted(report) => report.reduced.iter().map(|(_, value)| u64::from(value.bytes())).sum(),
        _ => 0,
    }
}

/// Roughly what something kept takes in the log.
pub(super) fn kept_bytes(kept: &Kept) -> u64 {
    16 + kept.key.len() as u64 + kept.value.as_ref().map_or(0, |value| u64::from(value.bytes()))
}

fn result_bytes(result: &TaskResult) -> u64 {
    // What a sub-graph wrote is in its own events.
    let mut bytes = result.update.as_ref().map_or(0, |value| u64::from(value.bytes()));
    for target in result.routing.iter().flat_map(|routing| &routing.targets) {
        bytes += target.input.as_ref().map_or(0, |value| u64::from(value.bytes()));
    }
    bytes
}
