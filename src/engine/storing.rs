//! When events go to the store, what its answers mean, and what its silence does.

use super::command::Command;
use super::frame::Phase;
use super::input::Thrown;
use super::machine::Machine;
use super::timers::TimerKind;
use crate::checkpoint::{Durability, Journal};
use crate::error::{Failure, RunError, Scope};
use crate::events::Body;

/// How long events of an unfinished step wait for company before they are stored, in milliseconds.
pub(super) const FLUSH_AFTER_MS: f64 = 8.0;
/// How long a store may be silent before it is asked about, in milliseconds; after as long again it is lost. Twice, because the timer
/// of a page that slept fires before the answer that came meanwhile.
const STORE_SILENCE_MS: f64 = 5_000.0;

impl Machine {
    /// Events of an unfinished step do not wait for its end: followers cannot be seen from here, and a crash loses less.
    pub(super) fn stores_early(&self) -> bool {
        let is_behind = self.journal.as_ref().is_some_and(|journal| journal.durability() != Durability::Exit);
        is_behind && matches!(self.frame.phase, Phase::Stepping | Phase::Folding | Phase::Routing { .. })
    }

    /// The events of an unfinished step are stored once the oldest has waited long enough.
    pub(super) fn flush_early(&mut self) {
        let Some(oldest) = self.journal.as_ref().and_then(Journal::oldest_at) else { return };
        let waited = self.now - oldest;
        if waited >= FLUSH_AFTER_MS {
            self.append(false);
        } else {
            self.arm_flush(FLUSH_AFTER_MS - waited);
        }
    }

    pub(super) fn arm_flush(&mut self, ms: f64) {
        if !self.has_flush_timer {
            self.has_flush_timer = true;
            self.start_timer(TimerKind::Flush, ms);
        }
    }

    /// Sends what waits to the store, unless an append is under way. `is_boundary`: a snapshot may go along.
    pub(super) fn append(&mut self, is_boundary: bool) {
        let Some(journal) = &mut self.journal else { return };
        // What a sub-graph has done so far is in its events alone.
        let is_whole = is_boundary && self.at == 0 && !(self.session.graph.is_half_done && self.root.depth > 0);
        let snapshot = self.contents_bytes.filter(|_| is_whole).map(|bytes| (&self.session, bytes));
        if let Some(append) = journal.append(&self.root, self.now, snapshot) {
            self.commands.push(Command::Append(append));
            self.watch_store();
        }
    }

    pub(super) fn appended(&mut self) {
        let Some(stored) = self.journal.as_mut().and_then(Journal::answered) else { return };
        self.hub.stored(stored.seq);
        self.end_waits(stored.slot);
        self.is_taking_over &= !stored.is_takeover;
        if self.journal.as_ref().is_some_and(|journal| journal.durability() != Durability::Sync)
            && !matches!(self.frame.phase, Phase::Ending)
        {
            self.hub.let_out();
        }
        if stored.has_checkpoint && !matches!(self.frame.phase, Phase::Ending) {
            self.publish_transient(Body::CheckpointSaved { step: stored.step, duration_ms: (self.now - stored.at).max(0.0) });
        }
        match self.frame.phase {
            Phase::Ending if stored.is_terminal => self.close(),
            Phase::Ending => self.append(true),
            // `advance` comes next, and stores the step if that is due.
            Phase::Boundary if self.flushes.is_empty() => {}
            Phase::Boundary => self.append(true),
            _ if !self.flushes.is_empty() || self.journal.as_ref().is_some_and(Journal::must_go_on) => self.append(false),
            _ if self.stores_early() => self.flush_early(),
            Phase::New | Phase::Folding | Phase::Routing { .. } | Phase::Stepping | Phase::Ended => {}
        }
    }

    pub(super) fn append_failed(&mut self, thrown: Option<&Thrown>) {
        let Some(journal) = &mut self.journal else { return };
        let lost = journal.answered();
        if lost.is_none() && thrown.is_none() {
            return;
        }
        // A store that was closed refuses what was not sent yet, too.
        let slot = lost.map_or_else(|| journal.next_slot(), |lost| lost.slot);
        let failure = match thrown {
            None => RunError::Taken { slot }.failure(Scope::Runner),
            Some(thrown) => {
                let failure = RunError::Store { slot, text: &thrown.text }.failure(Scope::Runner);
                Failure { code: thrown.code, ..failure }.because(thrown.cause.clone())
            }
        };
        self.lose_store(failure);
    }

    /// An append is under way. One timer watches them all: it is not stopped by an answer, and asks when it fires.
    pub(super) fn watch_store(&mut self) {
        if !self.has_store_timer {
            self.has_store_timer = true;
            self.start_timer(TimerKind::Store, STORE_SILENCE_MS);
        }
    }

    pub(super) fn store_timer_fired(&mut self) {
        self.has_store_timer = false;
        let Some((slot, sent_at)) = self.journal.as_ref().and_then(Journal::in_flight).map(|append| (append.slot, append.at)) else {
            return;
        };
        let waited = self.now - sent_at;
        if waited >= STORE_SILENCE_MS && self.silent_slot.replace(slot) == Some(slot) {
            let error = RunError::Store { slot, text: "it has not answered for 10 s" };
            return self.lose_store(error.failure(Scope::Runner));
        }
        self.has_store_timer = true;
        let rest = if waited >= STORE_SILENCE_MS { STORE_SILENCE_MS } else { STORE_SILENCE_MS - waited };
        self.start_timer(TimerKind::Store, rest);
    }
}
