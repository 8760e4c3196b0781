//! The hub of one run: numbers events, keeps the newest, makes them visible in order and hands them to readers.
//!
//! An event is visible once its number is at most `open_seq`: with `sync` durability the last stored number, otherwise
//! everything. A transient event repeats the number of the durable one before it, so one comparison keeps the order. The ring
//! never drops what the log does not hold yet.

use super::{Body, Cursor, Event, EventKind, Mask, Overflow, Place, Pulled, Reader, ReaderId};
use std::collections::VecDeque;
use std::rc::Rc;

/// How long a full `wait` reader may be silent before it turns to `drop`, in milliseconds.
pub(crate) const SILENCE_MS: f64 = 30_000.0;

/// What a hub is made for.
#[derive(Clone, Copy, Debug)]
pub struct HubOptions {
    /// Events kept for late readers.
    pub capacity: usize,
    /// The session has a log, so durable events can be read again.
    pub has_log: bool,
    /// Durable events become visible only once stored.
    pub is_strict: bool,
}

/// See the module's head.
#[derive(Debug)]
pub struct Hub {
    options: HubOptions,
    ring: VecDeque<Rc<Event>>,
    /// How many events at the ring's end are not visible.
    hidden: usize,
    seq: u64,
    first_seq: u64,
    stored_seq: u64,
    trimmed: [u32; 32],
    last_trimmed_seq: u64,
    readers: Vec<Reader>,
    next_reader: ReaderId,
    is_holding: bool,
    is_closed: bool,
    has_woken: bool,
}

impl Hub {
    /// A hub whose first durable event gets the number after `seq`.
    pub fn new(options: HubOptions, seq: u64) -> Self {
        Self {
            options,
            ring: VecDeque::new(),
            hidden: 0,
            seq,
            first_seq: seq + 1,
            stored_seq: seq,
            trimmed: [0; 32],
            last_trimmed_seq: seq,
            readers: Vec::new(),
            next_reader: 0,
            is_holding: false,
            is_closed: false,
            has_woken: false,
        }
    }

    /// The number of the last durable event.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether a waiting reader got something since the last call.
    pub fn take_woken(&mut self) -> bool {
        std::mem::take(&mut self.has_woken)
    }

    /// Whether nobody can ever see what is pushed now: nothing reads, nothing is kept and nothing is stored.
    pub fn is_idle(&self) -> bool {
        self.options.capacity == 0 && self.readers.is_empty() && !self.options.has_log
    }

    /// Counts a durable event that nobody can ever see, so that a late reader can be told of it.
    pub fn skip(&mut self, kind: EventKind) {
        self.seq += 1;
        self.last_trimmed_seq = self.seq;
        self.trimmed[kind as usize & 31] += 1;
    }

    /// From now on keeps this many events for late readers.
    pub fn keep(&mut self, capacity: usize) {
        self.options.capacity = capacity;
    }

    /// Numbers and keeps an event.
    pub fn push(&mut self, at: f64, is_transient: bool, place: Option<Rc<Place>>, body: Body) -> Rc<Event> {
        self.seq += u64::from(!is_transient);
        let event = Rc::new(Event { seq: self.seq, at, is_transient, place, body });
        for reader in self.readers.iter_mut().filter(|reader| reader.is_early) {
            reader.offer(&event, false);
        }
        self.ring.push_back(Rc::clone(&event));
        self.hidden += 1;
        if !self.options.is_strict || self.hidden == 1 {
            self.reveal();
        }
        event
    }

    /// Notes that everything up to `seq` is stored.
    pub fn stored(&mut self, seq: u64) {
        self.stored_seq = self.stored_seq.max(seq);
        self.reveal();
    }

    /// The store is lost: from now on events are visible at once.
    pub fn open(&mut self) {
        self.options.is_strict = false;
        self.options.has_log = false;
        self.reveal();
    }

    /// From now on events wait until they are stored, if there is a log.
    pub fn hold_back(&mut self) {
        self.options.is_strict = self.options.has_log;
    }

    /// From now on events need not be stored to be visible.
    pub fn let_out(&mut self) {
        self.options.is_strict = false;
        self.reveal();
    }

    /// Forgets what was never visible; its numbers are free again.
    pub fn discard_hidden(&mut self) {
        for _ in 0..std::mem::take(&mut self.hidden) {
            self.ring.pop_back();
        }
        self.seq = self.ring.back().map_or(self.last_trimmed_seq, |event| event.seq);
    }

    fn reveal(&mut self) {
        let open_seq = if self.options.is_strict { self.stored_seq } else { u64::MAX };
        while self.hidden > 0 {
            let Some(event) = self.ring.get(self.ring.len() - self.hidden) else { break };
            if event.seq > open_seq {
                break;
            }
            self.hidden -= 1;
            for reader in self.readers.iter_mut().filter(|reader| !reader.is_early) {
                self.has_woken |= reader.offer(event, self.options.has_log);
            }
        }
        self.trim();
    }

    fn trim(&mut self) {
        while self.ring.len() - self.hidden > self.options.capacity {
            if self.options.has_log && self.ring.front().is_some_and(|event| event.seq > self.stored_seq) {
                break;
            }
            let Some(event) = self.ring.pop_front() else { break };
            self.trimmed[event.body.kind() as usize & 31] += 1;
            self.last_trimmed_seq = event.seq;
        }
    }

    /// Nothing comes any more: readers end once they are empty.
    pub fn close(&mut self) {
        self.is_closed = true;
        for reader in &mut self.readers {
            self.has_woken |= std::mem::take(&mut reader.is_waiting);
        }
    }

    /// A reader has taken events that it had pulled before: it is not silent.
    pub fn touch(&mut self, id: ReaderId, now: f64) {
        for reader in self.readers.iter_mut().filter(|reader| reader.id == id) {
            reader.pulled_at = now;
        }
    }

    /// Adds a reader.
    pub fn subscribe(&mut self, mask: Mask, capacity: usize, overflow: Overflow, cursor: Cursor) -> ReaderId {
        self.next_reader += 1;
        let mut reader = Reader::new(self.next_reader, mask, capacity, overflow);
        match cursor {
            Cursor::Live => {}
            Cursor::Unstored => reader.is_early = true,
            Cursor::Start => self.seed_from_start(&mut reader),
            Cursor::After(after) => self.seed_after(&mut reader, after),
        }
        self.readers.push(reader);
        self.next_reader
    }

    fn visible(&self) -> impl DoubleEndedIterator<Item = &Rc<Event>> {
        self.ring.iter().take(self.ring.len() - self.hidden)
    }

    fn seed(&self, reader: &mut Reader, keep: &dyn Fn(&Event) -> bool) {
        for event in self.visible().filter(|event| keep(event)) {
            reader.offer(event, self.options.has_log);
        }
    }

    fn seed_from_start(&self, reader: &mut Reader) {
        let lost: u64 =
            EventKind::ALL.iter().filter(|kind| reader.mask.has(**kind)).map(|kind| u64::from(self.trimmed[*kind as usize])).sum();
        if lost > 0 && self.options.has_log {
            reader.refill_after = Some(self.first_seq - 1);
            return;
        }
        if lost > 0 {
            reader.note_lost(self.first_seq, self.last_trimmed_seq, lost);
        }
        // The ring may hold more than a small reader's capacity; its first pull comes before anything else is offered.
        let capacity = reader.capacity;
        reader.capacity = capacity.max(self.ring.len());
        self.seed(reader, &|_| true);
        reader.capacity = capacity;
    }

    /// 0 is the run's start; any other number may be of an earlier run of the session.
    fn seed_after(&self, reader: &mut Reader, after: u64) {
        let after = if after == 0 { self.first_seq - 1 } else { after };
        let newest = self.visible().next_back().map_or(self.last_trimmed_seq, |event| event.seq);
        if after > newest {
            reader.notices.push(Body::StreamReset { after: newest });
            return;
        }
        let oldest = self.last_trimmed_seq + 1;
        if after + 1 < oldest {
            if self.options.has_log {
                reader.refill_after = Some(after);
                return;
            }
            reader.notices.push(Body::StreamReset { after: oldest - 1 });
        }
        let capacity = reader.capacity;
        reader.capacity = capacity.max(self.ring.len());
        self.seed(reader, &|event| event.seq > after && !event.is_transient);
        reader.capacity = capacity;
    }

    /// A reader has read the log up to `seq`. Returns whether the ring took over; if not, it has to read on.
    pub fn rejoin(&mut self, id: ReaderId, mut seq: u64) -> bool {
        let Some(position) = self.readers.iter().position(|reader| reader.id == id) else { return true };
        let mut reader = self.readers.swap_remove(position);
        if !self.options.has_log && seq >= self.stored_seq && seq < self.last_trimmed_seq {
            // The log ends here: what it never got and the ring has not kept either is lost.
            reader.note_lost(seq + 1, self.last_trimmed_seq, self.last_trimmed_seq - seq);
            seq = self.last_trimmed_seq;
        }
        let has_taken_over = seq >= self.last_trimmed_seq;
        reader.refill_after = (!has_taken_over).then_some(seq);
        if has_taken_over {
            // They counted as lost when they passed a reader that lagged.
            let found =
                self.visible().filter(|event| event.seq > seq && event.is_transient && reader.mask.has(event.body.kind())).count() as u64;
            reader.dropped = reader.dropped.saturating_sub(found);
            self.seed(&mut reader, &|event| event.seq > seq);
        }
        self.readers.push(reader);
        has_taken_over
    }

    /// Removes a reader.
    pub fn unsubscribe(&mut self, id: ReaderId) {
        if let Some(position) = self.readers.iter().position(|reader| reader.id == id) {
            self.readers.remove(position);
        }
    }

    /// Up to `max` events for a reader.
    pub fn pull(&mut self, id: ReaderId, max: usize, now: f64) -> Pulled {
        let is_closed = self.is_closed;
        match self.readers.iter_mut().find(|reader| reader.id == id) {
            Some(reader) => reader.pull(max, now, is_closed),
            None => Pulled::Ended,
        }
    }

    /// Events that a reader lost.
    pub fn dropped(&self, id: ReaderId) -> u64 {
        self.readers.iter().find(|reader| reader.id == id).map_or(0, |reader| reader.dropped)
    }

    /// `join` or `result` was asked for: a reader in the middle of its loop does not hold the run until it reads again.
    pub fn excuse_readers(&mut self) {
        for reader in &mut self.readers {
            reader.is_excused |= reader.is_started && !reader.is_waiting;
        }
    }

    /// Whether the run has to pause: from a `wait` reader's being full until the slowest is at half.
    pub fn must_hold(&mut self) -> bool {
        let mut waits = self.readers.iter().filter(|reader| reader.holds_runs());
        self.is_holding = if self.is_holding { !waits.all(Reader::is_at_half) } else { waits.any(Reader::is_full) };
        self.is_holding
    }

    /// The number of the last event that is stored.
    pub fn stored_seq(&self) -> u64 {
        self.stored_seq
    }

    /// When the reader that has been silent longest turns to `drop`, if one holds the run.
    pub fn silence_ends_at(&self) -> Option<f64> {
        let holding = self.readers.iter().filter(|reader| reader.holds_runs() && !reader.is_at_half());
        holding.map(|reader| reader.pulled_at + SILENCE_MS).reduce(f64::min)
    }

    /// Turns readers that are full and silent since `SILENCE_MS` to `drop`; returns how many.
    pub fn drop_silent(&mut self, now: f64) -> usize {
        let has_log = self.options.has_log;
        let mut count = 0;
        for reader in self.readers.iter_mut().filter(|reader| reader.holds_runs() && !reader.is_at_half()) {
            if now - reader.pulled_at >= SILENCE_MS {
                reader.overflow = Overflow::Drop;
                reader.shed(has_log);
                count += 1;
            }
        }
        count
    }
}
