//! One transaction: the only place that turns the database's events into a future.
//!
//! Invariant: every request is made before the first await, so the browser's rule that an idle transaction commits by itself is no matter.
//! What was asked for counts once the transaction is complete, not once a request has succeeded.

use super::arrival::Arrival;
use super::deadline::{Outcome, Watch};
use super::faults::Fault;
use js_sys::{Array, Object, Reflect};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Event, IdbDatabase, IdbObjectStore, IdbRequest, IdbTransaction};

#[wasm_bindgen]
extern "C" {
    type Database;
    // web-sys has the third argument only as an unstable API.
    #[wasm_bindgen(method, catch)]
    fn transaction(this: &Database, stores: &Array, mode: &str, options: &Object) -> Result<IdbTransaction, JsValue>;

    type Committable;
    // As web-sys has it, it is deprecated for not saying that it may be missing or throw.
    #[wasm_bindgen(method, catch)]
    fn commit(this: &Committable) -> Result<(), JsValue>;
}

/// What a transaction may do.
#[derive(Clone, Copy)]
pub(super) enum Mode {
    Read,
    Write { is_strict: bool },
}

/// See the module's head. Dropped before it was finished, it is aborted.
pub(super) struct Transaction {
    raw: IdbTransaction,
    outcome: Rc<Outcome>,
    _listener: Closure<dyn FnMut(Event)>,
}

impl Transaction {
    pub(super) fn begin(database: &IdbDatabase, stores: &[&str], mode: Mode) -> Result<Self, Fault> {
        let names: Array = stores.iter().map(|name| JsValue::from_str(name)).collect();
        let options = Object::new();
        let (mode, durability) = match mode {
            Mode::Read => ("readonly", "default"),
            Mode::Write { is_strict: false } => ("readwrite", "relaxed"),
            Mode::Write { is_strict: true } => ("readwrite", "strict"),
        };
        Reflect::set(&options, &"durability".into(), &durability.into())?;
        let raw = database.unchecked_ref::<Database>().transaction(&names, mode, &options)?;
        let outcome = Rc::new(Arrival::new());
        let listener = listen(&raw, &outcome);
        Ok(Self { raw, outcome, _listener: listener })
    }

    pub(super) fn store(&self, name: &str) -> Result<IdbObjectStore, Fault> {
        Ok(self.raw.object_store(name)?)
    }

    /// Tells the browser that no request follows, which saves it a turn. Only for a transaction whose single request is all that it
    /// writes: one that was told so commits in Firefox what succeeded, though a request has failed. Not for one that reads: in Chromium
    /// it is complete before values arrive that are kept in files of their own, as those over 64 KB are.
    pub(super) fn commit(&self) {
        // Where there is no `commit`, the transaction commits by itself.
        let _ = self.raw.unchecked_ref::<Committable>().commit();
    }

    /// Waits until all requests are carried out and committed.
    pub(super) async fn finish(self, watch: &Watch) -> Result<(), Fault> {
        watch.wait(&self.outcome).await
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // A dropped closure must not be called any more.
        self.raw.set_oncomplete(None);
        self.raw.set_onabort(None);
        self.raw.set_onerror(None);
        if !matches!(self.outcome.get(), Some(Ok(()))) {
            // One that has ended already says so, which is no matter here.
            let _ = self.raw.abort();
        }
    }
}

fn listen(raw: &IdbTransaction, outcome: &Rc<Outcome>) -> Closure<dyn FnMut(Event)> {
    let (transaction, outcome) = (raw.clone(), Rc::clone(outcome));
    let listener = Closure::new(move |event: Event| match event.type_().as_str() {
        "complete" => {
            outcome.set(Ok(()));
        }
        "error" => {
            // A failed request. Unhandled, it was an error of the page in older Firefox.
            event.prevent_default();
            event.stop_propagation();
            outcome.set(Err(error_of(event.target()).into()));
            let _ = transaction.abort();
        }
        // Without a failed request before: the commit failed, or the connection was closed from outside.
        _ => {
            outcome.set(Err(transaction.error().map_or(JsValue::NULL, JsValue::from).into()));
        }
    });
    let handler = Some(listener.as_ref().unchecked_ref());
    raw.set_oncomplete(handler);
    raw.set_onabort(handler);
    raw.set_onerror(handler);
    listener
}

/// The error of the request that an event is about.
pub(super) fn error_of(request: Option<web_sys::EventTarget>) -> JsValue {
    let error = request.and_then(|request| request.unchecked_ref::<IdbRequest>().error().ok().flatten());
    error.map_or(JsValue::NULL, JsValue::from)
}
