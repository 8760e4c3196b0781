//! One reader's queue and its overflow rules.
//!
//! A queue holds what is visible and not yet pulled. `Drop` gives up the oldest beyond `capacity`; `Wait` asks the run to pause
//! at `capacity` and gives up the oldest only beyond 16 times that. With a log nothing durable is given up: the queue is cleared
//! and the reader reads the log up to where the ring can take over again (`Pulled::Refill`, then `Hub::rejoin`).

use super::{Body, Event, Mask};
use std::collections::VecDeque;
use std::rc::Rc;

/// Names a reader of one run.
pub type ReaderId = u32;

/// What happens to a reader that lags by its capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overflow {
    /// The run pauses at the step boundary until the reader is at half.
    Wait,
    /// The oldest events go, and a gap says so.
    Drop,
}

/// From where a reader starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cursor {
    /// The run's first event.
    Start,
    /// The next event.
    Live,
    /// Durable events after this number, then live.
    After(u64),
    /// The next event, as it happens: before it is stored, and without a say in whether the run goes on.
    Unstored,
}

/// The answer to a pull.
#[derive(Debug)]
pub enum Pulled {
    /// In order, at least one.
    Events(Vec<Rc<Event>>),
    /// Nothing now; the reader is woken when there is.
    Empty,
    /// Nothing any more.
    Ended,
    /// Read the session's log for durable events after this number first.
    Refill {
        /// The last number that the reader has seen.
        after: u64,
    },
}

/// See the module's head.
#[derive(Debug)]
pub struct Reader {
    pub(super) id: ReaderId,
    pub(super) mask: Mask,
    pub(super) capacity: usize,
    pub(super) overflow: Overflow,
    pub(super) queue: VecDeque<Rc<Event>>,
    pub(super) notices: Vec<Body>,
    pub(super) gap: Option<(u64, u64, u64)>,
    pub(super) refill_after: Option<u64>,
    pub(super) dropped: u64,
    pub(super) is_started: bool,
    pub(super) is_waiting: bool,
    pub(super) is_excused: bool,
    pub(super) pulled_at: f64,
    /// It is offered events before they are visible.
    pub(super) is_early: bool,
}

impl Reader {
    pub(super) fn new(id: ReaderId, mask: Mask, capacity: usize, overflow: Overflow) -> Self {
        Self {
            id,
            mask,
            capacity: capacity.max(1),
            overflow,
            queue: VecDeque::new(),
            notices: Vec::new(),
            gap: None,
            refill_after: None,
            dropped: 0,
            is_started: false,
            is_waiting: false,
            is_excused: false,
            pulled_at: 0.0,
            is_early: false,
        }
    }

    fn limit(&self) -> usize {
        match self.overflow {
            Overflow::Wait if self.is_started => self.capacity.saturating_mul(16),
            Overflow::Wait | Overflow::Drop => self.capacity,
        }
    }

    /// Takes one visible event. Returns whether a waiting reader has to be woken.
    pub(super) fn offer(&mut self, event: &Rc<Event>, has_log: bool) -> bool {
        if !self.mask.has(event.body.kind()) {
            return false;
        }
        if self.refill_after.is_some() {
            self.dropped += u64::from(event.is_transient);
            return false;
        }
        self.queue.push_back(Rc::clone(event));
        self.shed(has_log);
        std::mem::take(&mut self.is_waiting)
    }

    /// Gives up what is over the limit.
    pub(super) fn shed(&mut self, has_log: bool) {
        while self.queue.len() > self.limit() {
            let Some(oldest) = self.queue.pop_front() else { return };
            if has_log {
                // A transient event repeats the number of the durable one before it, which this reader has seen.
                let seen = if oldest.is_transient { oldest.seq } else { oldest.seq - 1 };
                self.dropped += u64::from(oldest.is_transient);
                while let Some(event) = self.queue.pop_front() {
                    self.dropped += u64::from(event.is_transient);
                }
                self.refill_after = Some(seen);
                return;
            }
            self.note_lost(oldest.seq, oldest.seq, 1);
        }
    }

    pub(super) fn note_lost(&mut self, from: u64, to: u64, count: u64) {
        self.dropped += count;
        self.gap = Some(match self.gap {
            None => (from, to, count),
            Some((first, _, lost)) => (first, to, lost + count),
        });
    }

    /// Counts for `wait`: began to read, is not excused by a `join` in the middle of its loop.
    pub(super) fn holds_runs(&self) -> bool {
        self.overflow == Overflow::Wait && self.is_started && !self.is_excused
    }

    pub(super) fn is_full(&self) -> bool {
        self.refill_after.is_some() || self.queue.len() >= self.capacity
    }

    pub(super) fn is_at_half(&self) -> bool {
        self.refill_after.is_none() && self.queue.len() <= self.capacity / 2
    }

    /// Up to `max` events. `is_closed`: no more will come.
    pub(super) fn pull(&mut self, max: usize, now: f64, is_closed: bool) -> Pulled {
        self.is_started = true;
        self.is_excused = false;
        self.is_waiting = false;
        self.pulled_at = now;
        let mut events: Vec<Rc<Event>> = Vec::new();
        let seq = self.queue.front().map_or(0, |event| event.seq);
        for body in std::mem::take(&mut self.notices) {
            let seq = if let Body::StreamReset { after } = body { after } else { seq };
            events.push(Rc::new(Event { seq, at: now, is_transient: true, place: None, body }));
        }
        if let Some((from, to, count)) = self.gap.take() {
            events.push(Rc::new(Event { seq: to, at: now, is_transient: true, place: None, body: Body::StreamGap { from, to, count } }));
        }
        if let (true, Some(after)) = (events.is_empty(), self.refill_after) {
            return Pulled::Refill { after };
        }
        let end = events.len() + self.queue.len().min(max.max(1));
        events.reserve_exact(end - events.len());
        while events.len() < end {
            events.extend(self.queue.pop_front());
        }
        if !events.is_empty() {
            Pulled::Events(events)
        } else if is_closed {
            Pulled::Ended
        } else {
            self.is_waiting = true;
            Pulled::Empty
        }
    }
}
