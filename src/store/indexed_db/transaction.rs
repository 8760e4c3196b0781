//! The transactions of one connection: the only place that turns the database's events into futures.
//!
//! What all transactions need is made once: listeners, one timer that watches them all, and the texts and options that JavaScript is given.
//! An append is worth little more than its crossings into JavaScript.
//!
//! Invariant: every request is made before the first await, so the browser's rule that an idle transaction commits by itself is no matter; only
//! what depends on an answer is asked for in the microtasks of the event that brings it (`answered`), as long as the transaction is active.
//! What was asked for counts once the transaction is complete, not once a request has succeeded.

use super::arrival::Arrival;
use super::deadline::{LAST_FIRING, clear_interval, set_interval};
use super::faults::Fault;
use super::{META, PINS, RECORDS, ROWS};
use js_sys::{Array, Function, Object, Reflect};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget, IdbDatabase, IdbObjectStore, IdbRequest, IdbTransaction};

#[wasm_bindgen]
extern "C" {
    // As web-sys has them, texts are copied into JavaScript at each call, `transaction` has no options, and `commit` cannot be missing.
    type Idb;
    #[wasm_bindgen(method, catch)]
    fn transaction(this: &Idb, stores: &Array, mode: &JsValue, options: &Object) -> Result<IdbTransaction, JsValue>;
    #[wasm_bindgen(method, catch, js_name = objectStore)]
    fn object_store(this: &Idb, name: &JsValue) -> Result<IdbObjectStore, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn commit(this: &Idb) -> Result<(), JsValue>;
}

/// The object stores of a transaction.
#[derive(Clone, Copy)]
pub(super) enum Scope {
    Records,
    Rows,
    RecordsAndRows,
    RecordsAndPins,
    All,
}

/// What a transaction may do.
#[derive(Clone, Copy)]
pub(super) enum Mode {
    Read,
    Write { is_strict: bool },
}

/// What a transaction comes to.
pub(super) type Outcome = Arrival<Result<(), Fault>>;

/// See the module's head.
pub(super) struct Transactions {
    under_way: Rc<UnderWay>,
    limit_ms: u32,
    fired: Closure<dyn FnMut()>,
    completed: Closure<dyn FnMut(Event)>,
    failed: Closure<dyn FnMut(Event)>,
    names: Rc<Names>,
    /// By `Scope`.
    scopes: [Array; 5],
    readonly: JsValue,
    readwrite: JsValue,
    relaxed: Object,
    strict: Object,
}

/// The object stores' names.
pub(super) struct Names {
    pub records: JsValue,
    pub rows: JsValue,
    pub pins: JsValue,
    pub meta: JsValue,
}

#[derive(Default)]
struct UnderWay {
    list: RefCell<Vec<Watched>>,
    interval: RefCell<Option<JsValue>>,
}

struct Watched {
    raw: IdbTransaction,
    outcome: Rc<Outcome>,
    firings: u32,
}

impl Transactions {
    /// One that gets no answer within `limit_ms` fails.
    pub(super) fn new(limit_ms: u32) -> Self {
        let under_way = Rc::new(UnderWay::default());
        let [ticks, ends, failures] = [(); 3].map(|()| Rc::clone(&under_way));
        let names = Names { records: RECORDS.into(), rows: ROWS.into(), pins: PINS.into(), meta: META.into() };
        let Names { records, rows, pins, meta } = &names;
        let scopes = [
            Array::of1(records),
            Array::of1(rows),
            Array::of2(records, rows),
            Array::of2(records, pins),
            Array::of4(records, rows, pins, meta),
        ];
        Self {
            under_way,
            limit_ms,
            fired: Closure::new(move || ticks.fire()),
            completed: Closure::new(move |event: Event| ends.settle(event.current_target(), Ok(()))),
            failed: Closure::new(move |event: Event| failures.fail(&event)),
            scopes,
            names: Rc::new(names),
            readonly: "readonly".into(),
            readwrite: "readwrite".into(),
            relaxed: options("relaxed"),
            strict: options("strict"),
        }
    }

    pub(super) fn begin(&self, database: &IdbDatabase, scope: Scope, mode: Mode) -> Result<Transaction, Fault> {
        let (mode, options) = match mode {
            Mode::Read => (&self.readonly, &self.relaxed),
            Mode::Write { is_strict } => (&self.readwrite, if is_strict { &self.strict } else { &self.relaxed }),
        };
        let raw = database.unchecked_ref::<Idb>().transaction(&self.scopes[scope as usize], mode, options)?;
        raw.set_oncomplete(Some(self.completed.as_ref().unchecked_ref()));
        let failed: Option<&Function> = Some(self.failed.as_ref().unchecked_ref());
        raw.set_onabort(failed);
        raw.set_onerror(failed);
        let outcome = Rc::new(Arrival::new());
        self.under_way.list.borrow_mut().push(Watched { raw: raw.clone(), outcome: Rc::clone(&outcome), firings: 0 });
        // One timer for all, since a timer for each would be half of what an append costs us. It runs as long as there are any.
        let mut interval = self.under_way.interval.borrow_mut();
        if interval.is_none() {
            *interval = Some(set_interval(self.fired.as_ref().unchecked_ref(), self.limit_ms / LAST_FIRING));
        }
        Ok(Transaction { raw, outcome, under_way: Rc::clone(&self.under_way), names: Rc::clone(&self.names) })
    }
}

impl Drop for Transactions {
    fn drop(&mut self) {
        self.under_way.stop();
    }
}

fn options(durability: &str) -> Object {
    let options = Object::new();
    // A fresh object takes every property.
    let _ = Reflect::set(&options, &"durability".into(), &durability.into());
    options
}

impl UnderWay {
    fn settle(&self, transaction: Option<EventTarget>, result: Result<(), Fault>) {
        let Some(transaction) = transaction else { return };
        if let Some(watched) = self.list.borrow().iter().find(|watched| *watched.raw == transaction) {
            watched.outcome.set(result);
        }
    }

    fn fail(&self, event: &Event) {
        let Some(transaction) = event.current_target().map(JsCast::unchecked_into::<IdbTransaction>) else { return };
        if event.type_() == "error" {
            // A failed request. Unhandled, it was an error of the page in older Firefox.
            event.prevent_default();
            event.stop_propagation();
            self.settle(event.current_target(), Err(error_of(event.target()).into()));
            let _ = transaction.abort();
        } else {
            // Without a failed request before: the commit failed, or the connection was closed from outside.
            self.settle(event.current_target(), Err(transaction.error().map_or(JsValue::NULL, JsValue::from).into()));
        }
    }

    fn fire(&self) {
        let mut list = self.list.borrow_mut();
        for watched in list.iter_mut() {
            watched.firings += 1;
            if watched.firings == LAST_FIRING {
                watched.outcome.set(Err(Fault::Silent));
            }
        }
        if list.is_empty() {
            self.stop();
        }
    }

    fn stop(&self) {
        if let Some(interval) = self.interval.take() {
            clear_interval(&interval);
        }
    }
}

/// See the module's head. Dropped before it was finished, it is aborted.
pub(super) struct Transaction {
    raw: IdbTransaction,
    outcome: Rc<Outcome>,
    under_way: Rc<UnderWay>,
    names: Rc<Names>,
}

impl Transaction {
    pub(super) fn records(&self) -> Result<IdbObjectStore, Fault> {
        self.store(&self.names.records)
    }

    pub(super) fn rows(&self) -> Result<IdbObjectStore, Fault> {
        self.store(&self.names.rows)
    }

    pub(super) fn pins(&self) -> Result<IdbObjectStore, Fault> {
        self.store(&self.names.pins)
    }

    pub(super) fn meta(&self) -> Result<IdbObjectStore, Fault> {
        self.store(&self.names.meta)
    }

    fn store(&self, name: &JsValue) -> Result<IdbObjectStore, Fault> {
        Ok(self.raw.unchecked_ref::<Idb>().object_store(name)?)
    }

    /// Tells the browser that no request follows, which saves it a turn. Only for a transaction whose single request is all that it
    /// writes: one that was told so commits in Firefox what succeeded, though a request has failed. Not for one that reads: in Chromium
    /// it is complete before values arrive that are kept in files of their own, as those over 64 KB are.
    pub(super) fn commit(&self) {
        // Where there is no `commit`, the transaction commits by itself.
        let _ = self.raw.unchecked_ref::<Idb>().commit();
    }

    /// Waits for the result of a request. Requests can be made until the next await.
    pub(super) async fn answered(&self, request: &IdbRequest) -> Result<(), Fault> {
        let arrival = Rc::new(Arrival::new());
        let arrived = Rc::clone(&arrival);
        let listener = Closure::<dyn FnMut()>::new(move || {
            arrived.set(Ok(()));
        });
        request.set_onsuccess(Some(listener.as_ref().unchecked_ref()));
        let answer = poll_fn(|context| match arrival.poll(context) {
            Poll::Pending => self.outcome.poll(context),
            ready => ready,
        })
        .await;
        request.set_onsuccess(None);
        answer
    }

    /// Waits until all requests are carried out and committed, or for the end of its time.
    pub(super) async fn finish(self) -> Result<(), Fault> {
        self.outcome.wait().await
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.under_way.list.borrow_mut().retain(|watched| !Rc::ptr_eq(&watched.outcome, &self.outcome));
        if !matches!(self.outcome.get(), Some(Ok(()))) {
            // The listeners may be gone by the time it answers.
            self.raw.set_oncomplete(None);
            self.raw.set_onabort(None);
            self.raw.set_onerror(None);
            // One that has ended already says so, which is no matter here.
            let _ = self.raw.abort();
        }
    }
}

/// The error of the request that an event is about.
pub(super) fn error_of(request: Option<EventTarget>) -> JsValue {
    let error = request.and_then(|request| request.unchecked_ref::<IdbRequest>().error().ok().flatten());
    error.map_or(JsValue::NULL, JsValue::from)
}
