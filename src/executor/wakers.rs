//! Who is to be woken: everything that polls one run. Whatever happens in the run wakes them all, and whoever comes first goes on
//! with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// See the module's head. Timers and users' futures may wake from other threads.
#[derive(Default)]
pub(super) struct Wakers(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    wakers: HashMap<u64, Waker>,
    handles: u64,
}

impl Wakers {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for somebody who will poll.
    pub(super) fn handle(self: &Arc<Self>) -> Handle {
        let mut inner = self.lock();
        inner.handles += 1;
        Handle { number: inner.handles, wakers: Arc::clone(self) }
    }

    pub(super) fn wake_all(&self) {
        let wakers = std::mem::take(&mut self.lock().wakers);
        wakers.into_values().for_each(Waker::wake);
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}

/// Somebody who polls.
pub(super) struct Handle {
    number: u64,
    wakers: Arc<Wakers>,
}

impl Handle {
    pub(super) fn register(&self, waker: &Waker) {
        self.wakers.lock().wakers.insert(self.number, waker.clone());
    }

    /// Wakes all others.
    pub(super) fn wake_others(&self) {
        let mut inner = self.wakers.lock();
        let own = inner.wakers.remove(&self.number);
        let others = std::mem::take(&mut inner.wakers);
        inner.wakers.extend(own.map(|own| (self.number, own)));
        drop(inner);
        others.into_values().for_each(Waker::wake);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.wakers.lock().wakers.remove(&self.number);
    }
}
