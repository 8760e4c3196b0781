//! Clocks: the time, and waiting for it. The one place of the executor that knows a host.

use futures_util::future::LocalBoxFuture;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;
#[cfg(not(target_arch = "wasm32"))]
use std::time::{SystemTime, UNIX_EPOCH};
#[cfg(target_arch = "wasm32")]
use web_time::{SystemTime, UNIX_EPOCH};

/// What everything that waits asks: retries, timeouts, `ctx.sleep`.
pub trait Clock {
    /// Epoch milliseconds.
    fn now(&self) -> f64;

    /// Completes after `duration`. One that completes early is asked again for the rest.
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()>;
}

/// The host's clock. Natively its timers share one thread, which wakes whoever polls the run; in wasm they are the host's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> f64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| (since.as_secs_f64() * 1000.0).floor())
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        Box::pin(futures_timer::Delay::new(duration))
    }

    #[cfg(target_arch = "wasm32")]
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        // The host's timers take 31 bits of milliseconds; a sleep that ends early is asked for again.
        let ms = duration.as_micros().div_ceil(1000).min(i32::MAX as u128) as u32;
        Box::pin(gloo_timers::future::TimeoutFuture::new(ms))
    }
}

/// A clock that stands still until it is told to go on. Its clones are one clock.
///
/// ```
/// use weavegraph_wasm::executor::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new(1000.0);
/// clock.advance(Duration::from_millis(5));
/// assert_eq!(clock.now(), 1005.0);
/// ```
#[derive(Clone, Default)]
pub struct ManualClock(Rc<RefCell<Face>>);

/// In milliseconds: what is nearer than a `Duration` can say has come.
pub(super) const NEAR: f64 = 1e-6;

#[derive(Default)]
struct Face {
    now: f64,
    sleeps: u64,
    /// By end and number.
    waiting: BTreeMap<(u64, u64), Option<Waker>>,
}

impl ManualClock {
    /// A clock that shows so many epoch milliseconds.
    pub fn new(now: f64) -> Self {
        Self(Rc::new(RefCell::new(Face { now, ..Face::default() })))
    }

    /// Goes on, and wakes those whose time has come, in the order of their times.
    pub fn advance(&self, duration: Duration) {
        let now = self.0.borrow().now + super::node::millis(duration);
        self.0.borrow_mut().now = now;
        loop {
            let mut face = self.0.borrow_mut();
            let due = face.waiting.first_key_value().map(|(key, _)| *key).filter(|(end, _)| f64::from_bits(*end) - now < NEAR);
            let Some(waker) = due.and_then(|key| face.waiting.remove(&key)) else { return };
            drop(face);
            waker.into_iter().for_each(Waker::wake);
        }
    }

    /// How long until the next sleep ends; `None` if nobody sleeps.
    pub fn next_end(&self) -> Option<Duration> {
        let face = self.0.borrow();
        let (end, _) = *face.waiting.first_key_value()?.0;
        Some(Duration::from_secs_f64((f64::from_bits(end) - face.now).max(0.0) / 1000.0))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}

/// A sleep that is given up leaves the list.
struct Sleeper(Rc<RefCell<Face>>, (u64, u64));

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.borrow_mut().waiting.remove(&self.1);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> f64 {
        self.0.borrow().now
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'static, ()> {
        let mut face = self.0.borrow_mut();
        face.sleeps += 1;
        let end = face.now + super::node::millis(duration);
        let key = (end.to_bits(), face.sleeps);
        face.waiting.insert(key, None);
        let sleeper = Sleeper(Rc::clone(&self.0), key);
        Box::pin(poll_fn(move |cx| {
            let mut face = sleeper.0.borrow_mut();
            if end - face.now < NEAR {
                return Poll::Ready(());
            }
            face.waiting.insert(sleeper.1, Some(cx.waker().clone()));
            Poll::Pending
        }))
    }
}
