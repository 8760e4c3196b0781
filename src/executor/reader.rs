//! Readers of a run's events. The queue and its overflow rules are the engine's; a reader pulls, and reads the log where it lags.

use super::checkpointer::Refusal;
use super::event::{EventBody, WeaveEvent};
use super::event_factory::EventFactory;
use super::execution::Execution;
use super::restore::events_after;
use super::wakers::Handle;
use crate::engine::{Input, Machine};
use crate::events::{Cursor, Mask, Overflow, Pulled, ReaderId};
use futures_util::Stream;
use futures_util::future::LocalBoxFuture;
use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Events that are pulled at once.
const BATCH: usize = 64;

/// What a reader reads. By default all kinds, from now on; when it lags by 1024 events its oldest are dropped, or read from the log.
#[derive(Clone, Debug)]
#[must_use]
pub struct SubscribeOptions {
    mask: Mask,
    capacity: usize,
    overflow: Overflow,
    cursor: Cursor,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self { mask: Mask::ALL, capacity: 1024, overflow: Overflow::Drop, cursor: Cursor::Live }
    }
}

impl SubscribeOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only these kinds, and those of the run's and the stream's own life.
    pub fn filter(mut self, mask: Mask) -> Self {
        self.mask = Mask::from_bits(mask.bits() | Mask::minimal().bits());
        self
    }

    /// Durable events after this number, then live; 0 is the run's first event.
    pub fn after(mut self, seq: u64) -> Self {
        self.cursor = Cursor::After(seq);
        self
    }

    /// From the run's first event that is kept, transient ones too.
    pub fn from_start(mut self) -> Self {
        self.cursor = Cursor::Start;
        self
    }

    /// How far it may lag; at least 1.
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = events.max(1);
        self
    }

    /// What happens then.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }
}

/// A reader, once there is a machine to read from.
pub(super) struct Subscription {
    options: SubscribeOptions,
    id: Cell<Option<ReaderId>>,
}

impl Subscription {
    pub(super) fn enter(&self, machine: &mut Machine) {
        let SubscribeOptions { mask, capacity, overflow, cursor } = self.options.clone();
        self.id.set(Some(machine.subscribe(mask, capacity, overflow, cursor)));
    }
}

type Refill = LocalBoxFuture<'static, Result<Vec<WeaveEvent>, Refusal>>;

/// Events of a run, in order; ends after the last one. Whoever polls it drives the run.
#[must_use = "streams do nothing unless polled"]
pub struct EventStream {
    execution: Rc<Execution>,
    subscription: Rc<Subscription>,
    buffer: VecDeque<WeaveEvent>,
    /// After which number the log is read.
    refill: Option<(u64, Refill)>,
    handle: Handle,
}

impl EventStream {
    pub(super) fn new(execution: &Rc<Execution>, options: SubscribeOptions) -> Self {
        let subscription = Rc::new(Subscription { options, id: Cell::new(None) });
        execution.subscribe(&subscription);
        Self { handle: execution.handle(), execution: Rc::clone(execution), subscription, buffer: VecDeque::new(), refill: None }
    }

    /// The next event; `None` after the last one.
    pub async fn next(&mut self) -> Option<WeaveEvent> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// How many events it lost.
    pub fn dropped(&self) -> u64 {
        let Some(id) = self.subscription.id.get() else { return 0 };
        self.execution.machine.borrow_mut().as_mut().map_or(0, |machine| machine.hub().dropped(id))
    }

    /// Reads the log after `after`.
    fn refill(&self, after: u64) -> Refill {
        let execution = &self.execution;
        let (parts, session_id, run_id) =
            (Rc::clone(&execution.parts), Rc::clone(&execution.session_id), Rc::clone(&execution.run_id.borrow()));
        let (mask, checkpointer) = (self.subscription.options.mask, execution.options.checkpointer.clone());
        Box::pin(async move {
            let Some(checkpointer) = checkpointer else { return Ok(Vec::new()) };
            let events = events_after(&checkpointer, &parts.program, &session_id, after, |event, arena, session, foreign| {
                let (run_id, store_name) = (if session.run_id.is_empty() { &*run_id } else { &*session.run_id }, checkpointer.name());
                let branch = session.branch();
                let factory = EventFactory { program: &parts.program, foreign, arena, run_id, session_id: &session_id, branch, store_name };
                mask.has(event.body.kind()).then(|| factory.event(event)).ok_or(event.seq)
            });
            Ok(events.await?.into_iter().filter_map(Result::ok).collect())
        })
    }

    /// The log was read up to `seq`.
    fn rejoin(&self, id: ReaderId, seq: u64) {
        if let Some(machine) = self.execution.machine.borrow_mut().as_mut() {
            machine.hub().rejoin(id, seq);
        }
    }

    fn poll_refill(&mut self, id: ReaderId, cx: &mut Context<'_>) -> Poll<()> {
        let Some((after, refill)) = &mut self.refill else { return Poll::Ready(()) };
        let after = *after;
        let Poll::Ready(read) = refill.as_mut().poll(cx) else { return Poll::Pending };
        self.refill = None;
        let stored = self.execution.machine.borrow_mut().as_mut().map_or(after, |machine| machine.hub().stored_seq());
        match read {
            Ok(events) => {
                let last = events.last().map_or(stored, |event| event.seq.max(stored));
                self.buffer.extend(events);
                self.rejoin(id, last);
            }
            Err(_) => {
                // The log cannot be read: what was in it is lost to this reader, and it is told so.
                let (from, to) = (after + 1, stored.max(after + 1));
                let body = EventBody::StreamGap { from, to, count: to - after };
                let (at, run_id) = (self.execution.clock.now(), self.execution.run_id.borrow().to_string());
                let session_id = self.execution.session_id.to_string();
                self.buffer.push_back(WeaveEvent { seq: to, at, run_id, session_id, branch: 1, is_transient: true, body });
                self.rejoin(id, to);
            }
        }
        Poll::Ready(())
    }

    fn pull(&mut self, id: ReaderId) -> Poll<Option<u64>> {
        let execution = Rc::clone(&self.execution);
        let now = execution.clock.now();
        let pulled = execution.machine.borrow_mut().as_mut().map_or(Pulled::Ended, |machine| machine.pull(id, BATCH, now));
        let answer = match pulled {
            Pulled::Events(events) => {
                let machine = execution.machine.borrow();
                if let Some(machine) = machine.as_ref() {
                    self.buffer.extend(
                        execution.with_factory(machine, |factory| events.iter().map(|event| factory.event(event)).collect::<Vec<_>>()),
                    );
                }
                Poll::Ready(None)
            }
            Pulled::Refill { after } => return Poll::Ready(Some(after)),
            Pulled::Empty => Poll::Pending,
            Pulled::Ended => Poll::Ready(None),
        };
        let is_awaited = execution.machine.borrow().as_ref().is_some_and(Machine::is_waiting_for_readers);
        if is_awaited {
            execution.feed(Input::Pulled);
            self.handle.wake_others();
        }
        answer
    }
}

impl Stream for EventStream {
    type Item = WeaveEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WeaveEvent>> {
        let this = &mut *self;
        let mut has_driven = false;
        loop {
            if let Some(event) = this.buffer.pop_front() {
                return Poll::Ready(Some(event));
            }
            this.handle.register(cx.waker());
            // It pulls before it drives: a run waits only for readers that have begun to read.
            let pulled = match this.subscription.id.get() {
                None => Poll::Pending,
                Some(id) => match this.poll_refill(id, cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) if !this.buffer.is_empty() => continue,
                    Poll::Ready(()) => this.pull(id),
                },
            };
            match pulled {
                Poll::Ready(Some(after)) => this.refill = Some((after, this.refill(after))),
                Poll::Ready(None) if this.buffer.is_empty() => return Poll::Ready(None),
                Poll::Ready(None) => {}
                Poll::Pending if has_driven && this.execution.queue.borrow().is_empty() => return Poll::Pending,
                Poll::Pending => {
                    has_driven = true;
                    this.execution.drive();
                }
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        let Some(id) = self.subscription.id.take() else { return };
        if let Some(machine) = self.execution.machine.borrow_mut().as_mut() {
            machine.hub().unsubscribe(id);
        }
        if self.execution.machine.borrow().as_ref().is_some_and(Machine::is_waiting_for_readers) {
            self.execution.feed(Input::Pulled);
            self.handle.wake_others();
        }
    }
}
