//! A value that comes once, for any number that wait for it: the bridge from the browser's events to futures.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// See the module's head. Whoever waits is woken by a microtask, so no code of ours runs under an event's dispatch.
pub(super) struct Arrival<T> {
    value: RefCell<Option<T>>,
    waiting: RefCell<Vec<Waker>>,
}

impl<T: Clone> Arrival<T> {
    pub(super) fn new() -> Self {
        Self { value: RefCell::new(None), waiting: RefCell::new(Vec::new()) }
    }

    /// The first value counts. False for a later one.
    pub(super) fn set(&self, value: T) -> bool {
        if self.value.borrow().is_some() {
            return false;
        }
        *self.value.borrow_mut() = Some(value);
        for waker in self.waiting.take() {
            waker.wake();
        }
        true
    }

    pub(super) fn get(&self) -> Option<T> {
        self.value.borrow().clone()
    }

    pub(super) async fn wait(&self) -> T {
        poll_fn(|context| self.poll(context)).await
    }

    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<T> {
        match self.get() {
            Some(value) => Poll::Ready(value),
            None => {
                self.waiting.borrow_mut().push(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
