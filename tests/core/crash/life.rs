//! One process: an execution in it, a reader of its events, and how it will end. Checks what can be seen from inside.

use super::*;
use std::collections::HashSet;
use weavegraph_wasm::checkpoint::Durability;
use weavegraph_wasm::engine::{Command, Input};
use weavegraph_wasm::events::{Body, Cursor, Mask, Overflow, Pulled, ReaderId};

/// A durable event that a reader was given.
pub struct Seen {
    pub seq: u64,
    pub line: String,
    pub branch: u32,
    pub run_id: String,
    pub is_sync: bool,
}

/// What happens to a process whose time is up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fate {
    Dies,
    /// It is frozen; others take over; it wakes up.
    Freezes,
    /// It is told that the session was stolen.
    IsRobbed,
    IsCancelled,
    Lives,
}

/// A task in a step of the session.
pub type Key = (u32, u32, u32);

pub struct Life {
    pub host: Host,
    pub name: String,
    pub fate: Fate,
    /// Commands and happenings until its fate meets it.
    pub budget: usize,
    pub is_stale: bool,
    pub seen: Vec<Seen>,
    reader: ReaderId,
    /// Where the record stands that takes up the session; nothing runs before it is there.
    takeover_slot: Option<u32>,
    /// Tasks whose results the log held when it began.
    committed: HashSet<Key>,
    called: HashSet<(Key, u32)>,
    /// What nodes had been told when it began: none of it is done again.
    known: HashSet<String>,
    run_id: String,
}

impl Life {
    pub fn new(
        mut host: Host,
        name: String,
        (fate, budget): (Fate, usize),
        takeover_slot: Option<u32>,
        (committed, known): (HashSet<Key>, HashSet<String>),
        dice: &mut Dice,
    ) -> Self {
        let (capacity, overflow) = [(10_000, Overflow::Drop), (3, Overflow::Drop), (8, Overflow::Wait)][dice.below(3)];
        let reader = host.machine.subscribe(Mask::ALL, capacity, overflow, Cursor::Start);
        Self {
            host,
            name,
            fate,
            budget,
            is_stale: false,
            seen: Vec::new(),
            reader,
            takeover_slot,
            committed,
            called: HashSet::new(),
            known,
            run_id: String::new(),
        }
    }

    /// One command is carried out; or, if none waits, the next thing in time happens.
    pub fn act(&mut self) {
        self.budget = self.budget.saturating_sub(1);
        self.check_call();
        if !self.host.carry_out_next() {
            assert!(self.host.happen(), "{}: nothing is left to happen, and the run has not ended", self.name);
        }
        let limit = self.host.setup.options.concurrency.map_or(usize::MAX, |limit| limit as usize);
        assert!(self.host.peak <= limit, "{}: {} tasks at once, {limit} are allowed", self.name, self.host.peak);
    }

    fn check_call(&mut self) {
        let Some(Command::Run { step, node, ordinal, attempt, generation, .. }) = self.host.next_command() else { return };
        if *generation != self.host.machine.generation() {
            return;
        }
        let key = (*step, node.0, *ordinal);
        if let Some(slot) = self.takeover_slot {
            let store = self.host.setup.store.as_ref().expect("a store");
            let is_ours = store.len() > slot as usize && store.writer(slot) == Some(self.host.setup.writer);
            assert!(is_ours, "{}: a node runs before the session is taken over", self.name);
        }
        assert!(!self.committed.contains(&key), "{}: {key:?} runs again, and the log has its result", self.name);
        assert!(self.called.insert((key, *attempt)), "{}: {key:?} runs twice", self.name);
    }

    /// What nodes were told since it was asked last. No effect that is on record is repeated, nor one within this process.
    pub fn hear(&mut self) -> Vec<(String, Json)> {
        for effect in std::mem::take(&mut self.host.effects) {
            assert!(self.known.insert(effect.clone()), "{}: {effect} is done again", self.name);
        }
        std::mem::take(&mut self.host.told)
    }

    /// Reads what is there, as readers do: some of it now, some later.
    pub fn read(&mut self, max: usize) {
        let pulled = self.host.machine.pull(self.reader, max, self.host.now);
        if self.host.machine.is_waiting_for_readers() {
            self.host.feed(Input::Pulled);
        }
        match pulled {
            Pulled::Events(events) => events.iter().for_each(|event| self.note(event)),
            Pulled::Refill { after } => {
                let events = self.host.refill(self.reader, after, 64);
                // The log has what this process wrote only from its own first event on.
                events.iter().for_each(|event| self.note_refilled(event));
            }
            Pulled::Empty | Pulled::Ended => {}
        }
    }

    pub fn read_all(&mut self) {
        for _ in 0..100_000 {
            let before = self.seen.len();
            self.read(64);
            if self.seen.len() == before && matches!(self.host.machine.pull(self.reader, 0, self.host.now), Pulled::Ended) {
                return;
            }
        }
        panic!("{}: its reader does not end", self.name);
    }

    fn note(&mut self, event: &weavegraph_wasm::events::Event) {
        if event.is_transient {
            return;
        }
        let line = self.host.line(event);
        self.keep(event, line);
    }

    /// Values of a refill stand in another arena; what they say is in the log by construction.
    fn note_refilled(&mut self, event: &weavegraph_wasm::events::Event) {
        if !matches!(event.body, Body::User { .. } | Body::RunEnded { .. }) {
            self.note(event);
        }
    }

    fn keep(&mut self, event: &weavegraph_wasm::events::Event, line: String) {
        let session = self.host.session();
        self.run_id = session.run_id.to_string();
        let is_sync = self.host.setup.options.durability == Some(Durability::Sync);
        self.seen.push(Seen { seq: event.seq, line, branch: session.branch(), run_id: self.run_id.clone(), is_sync });
    }
}
