//! How long the browser may be silent: by two firings of a timer, half the time apart. A frozen tab that wakes up has one firing at once,
//! and the other only after the browser has had time to answer.

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // In windows and workers alike.
    #[wasm_bindgen(js_name = setInterval)]
    pub(super) fn set_interval(callback: &Function, ms: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearInterval)]
    pub(super) fn clear_interval(interval: &JsValue);
}

/// The firing that ends a wait.
pub(super) const LAST_FIRING: u32 = 2;

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
            if firings == LAST_FIRING {
                passed();
            }
        });
        Self { interval: set_interval(callback.as_ref().unchecked_ref(), limit_ms / LAST_FIRING), _callback: callback }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        clear_interval(&self.interval);
    }
}
