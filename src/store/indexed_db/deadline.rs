//! How long the browser may be silent: by two firings of a timer, half the time apart. A frozen tab that wakes up has one firing at once,
//! and the other only after the browser has had time to answer.

use super::arrival::Arrival;
use super::faults::Fault;
use js_sys::Function;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // In windows and workers alike.
    #[wasm_bindgen(js_name = setInterval)]
    fn set_interval(callback: &Function, ms: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearInterval)]
    fn clear_interval(interval: &JsValue);
}

/// Calls back once. Dropped before, it never does.
pub(super) struct Deadline {
    interval: JsValue,
    _callback: Closure<dyn FnMut()>,
}

impl Deadline {
    /// `passed` is called once, after `limit_ms`.
    pub(super) fn new(limit_ms: u32, passed: impl Fn() + 'static) -> Self {
        let mut firings = 0_u32;
        let callback = Closure::new(move || {
            firings += 1;
            if firings == 2 {
                passed();
            }
        });
        Self { interval: set_interval(callback.as_ref().unchecked_ref(), limit_ms / 2), _callback: callback }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        clear_interval(&self.interval);
    }
}

/// What a transaction comes to.
pub(super) type Outcome = Arrival<Result<(), Fault>>;

/// Ends transactions that go without an answer. One timer for all of a connection, since a timer for each is half of what an append costs us;
/// it runs as long as there are any.
pub(super) struct Watch {
    limit_ms: u32,
    watched: Rc<Watched>,
    callback: Closure<dyn FnMut()>,
}

struct Watched {
    /// Each with the firings that it has seen.
    pending: RefCell<Vec<(Rc<Outcome>, u32)>>,
    interval: RefCell<Option<JsValue>>,
}

impl Watch {
    pub(super) fn new(limit_ms: u32) -> Self {
        let watched = Rc::new(Watched { pending: RefCell::default(), interval: RefCell::default() });
        let fired = Rc::clone(&watched);
        Self { limit_ms, watched, callback: Closure::new(move || fired.fire()) }
    }

    fn start(&self) {
        let mut interval = self.watched.interval.borrow_mut();
        if interval.is_none() {
            *interval = Some(set_interval(self.callback.as_ref().unchecked_ref(), self.limit_ms / 2));
        }
    }

    /// Waits for the outcome, or for the end of its time.
    pub(super) async fn wait(&self, outcome: &Rc<Outcome>) -> Result<(), Fault> {
        self.watched.pending.borrow_mut().push((Rc::clone(outcome), 0));
        self.start();
        let result = outcome.wait().await;
        self.watched.pending.borrow_mut().retain(|(pending, _)| !Rc::ptr_eq(pending, outcome));
        result
    }
}

impl Watched {
    fn fire(&self) {
        let mut pending = self.pending.borrow_mut();
        for (outcome, firings) in pending.iter_mut() {
            *firings += 1;
            if *firings == 2 {
                outcome.set(Err(Fault::Silent));
            }
        }
        if pending.is_empty() {
            self.stop();
        }
    }

    fn stop(&self) {
        if let Some(interval) = self.interval.take() {
            clear_interval(&interval);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.watched.stop();
    }
}
