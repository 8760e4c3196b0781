//! Plain arrays and objects. Declared here, because js-sys leaves the closures of all its imports in the wasm's function
//! table, where nothing removes them: 10 KB.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    pub(super) type Array;
    #[wasm_bindgen(constructor)]
    fn new() -> Array;
    #[wasm_bindgen(method)]
    fn push(this: &Array, item: &JsValue);

    #[derive(Clone)]
    pub(super) type Object;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> Object;
    #[wasm_bindgen(method, structural, indexing_setter)]
    fn set(this: &Object, key: &str, value: &JsValue);
}

/// What an export returns that is neither a number nor text. Never a bare `JsValue`, except where a call is rare: V8 as of Node 20 dies
/// ("unreachable code") when an optimised function is thrown away during its call of an export that returns a reference. As a `Result`
/// it leaves as a number, the place in a table.
pub(super) type Returned = Result<JsValue, JsValue>;

/// An array of these.
pub(super) fn array(items: impl Iterator<Item = JsValue>) -> JsValue {
    let array = Array::new();
    for item in items {
        array.push(&item);
    }
    array.into()
}

impl Object {
    /// Sets a property; the key is one of ours, never a user's.
    pub(super) fn with(&self, key: &str, value: impl Into<JsValue>) {
        self.set(key, &value.into());
    }
}
