//! How long the browser may be silent.

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // In windows and workers alike.
    #[wasm_bindgen(js_name = setInterval)]
    fn set_interval(callback: &Function, ms: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearInterval)]
    fn clear_interval(interval: &JsValue);
}

/// Calls back at the second of two firings, half the time apart: a frozen tab that wakes up has one firing at once, and the other only
/// after the browser has had time to answer. Dropped before, it never calls.
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
