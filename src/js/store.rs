//! The store of browsers for the facade. Owns the conversion of its arguments, answers and errors; decides nothing.
//!
//! Every method returns a promise over a clone of the store, so calls may overlap, and `free()` in between does no harm. A rejection is
//! `[code, message, cause]`, of which the facade makes an error.

use crate::store::indexed_db::{Base, IndexedDb, Settings};
use crate::store::{Appended, Drop, SessionStore, StoreError};
use js_sys::{Array, Function, Promise, Uint8Array};
use std::pin::Pin;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// A database of sessions. See [`SessionStore`] for what the methods do.
#[wasm_bindgen]
pub struct RawIndexedDb(Rc<IndexedDb>);

#[wasm_bindgen]
impl RawIndexedDb {
    /// Opens nothing yet. With `is_strict` every append is strict; `on_blocked` must not throw.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str, is_strict: bool, on_blocked: Option<Function>) -> Self {
        Self(Rc::new(IndexedDb::new(Settings { is_strict, on_blocked, ..Settings::new(name) })))
    }

    /// True once it is stored, false if the slot is taken.
    pub fn append(&self, session: String, slot: u32, record: Uint8Array, is_strict: bool, row: Option<Uint8Array>) -> Promise {
        let store = Rc::clone(&self.0);
        promise(Box::pin(async move {
            let appended = store.append(&session, slot, record, row, is_strict).await?;
            Ok((appended == Appended::Stored).into())
        }))
    }

    /// `[slot, record]`, empty where there is none.
    pub fn newest(&self, session: String) -> Promise {
        let store = Rc::clone(&self.0);
        promise(Box::pin(async move { Ok(flat(store.newest(&session).await?)) }))
    }

    /// `[slot, record, slot, record, …]`, ascending. For a record that is to be cut, `[slot, event, snapshotSlot]` stands for its slot.
    pub fn read(&self, session: String, from: u32, limit: u32) -> Promise {
        let store = Rc::clone(&self.0);
        promise(Box::pin(async move {
            let found = store.read_shared(&session, from, limit).await?.into_iter().map(|(slot, cut, bytes)| {
                let slot = JsValue::from(slot);
                let key = cut.map_or(slot.clone(), |(seq, snapshot)| Array::of3(&slot, &seq.into(), &snapshot.into()).into());
                (key, bytes)
            });
            Ok(flat(found))
        }))
    }

    /// `[session, row, session, row, …]`, ascending.
    pub fn rows(&self, after: Option<String>, limit: u32) -> Promise {
        let store = Rc::clone(&self.0);
        promise(Box::pin(async move { Ok(flat(store.rows(after.as_deref(), limit).await?)) }))
    }

    /// A session that goes on with `record` behind what another has up to and with `slot`, see [`Base`]. 0: it is there, 1: there is such a
    /// session already, 2: what it would share is gone.
    #[allow(clippy::too_many_arguments)]
    pub fn fork(&self, fork: String, session: String, slot: u32, snapshot: u32, cut: f64, record: Uint8Array, row: Uint8Array) -> Promise {
        let store = Rc::clone(&self.0);
        promise(Box::pin(async move { Ok((store.fork(&fork, Base { session, slot, snapshot, cut }, record, row).await? as u8).into()) }))
    }

    /// Up to and with the slot `up_to` but for `keep` (ascending); all of the session if `up_to` is negative. `[first, last, first, last, …]`: slots
    /// that stay because forks need them, or that are another session's.
    pub fn drop(&self, session: String, up_to: f64, keep: Vec<u32>) -> Promise {
        let store = Rc::clone(&self.0);
        promise(Box::pin(async move {
            let what = if up_to < 0.0 { Drop::All } else { Drop::UpTo { up_to: up_to as u32, keep: &keep } };
            let stays = store.forget(&session, what).await?;
            let list = Array::new();
            for slot in stays.into_iter().flat_map(|(first, last)| [first, last]) {
                list.push(&slot.into());
            }
            Ok(list.into())
        }))
    }

    /// What is under way still ends.
    pub fn close(&self) {
        self.0.close();
    }
}

type Work = Pin<Box<dyn Future<Output = Result<JsValue, StoreError<JsValue>>>>>;

/// Of boxed work, since each kind of future brings 2 KB of machinery along.
fn promise(work: Work) -> Promise {
    future_to_promise(async move { work.await.map_err(|error| rejection(&error)) })
}

fn flat<Key: Into<JsValue>>(pairs: impl IntoIterator<Item = (Key, Uint8Array)>) -> JsValue {
    let list = Array::new();
    for (key, bytes) in pairs {
        list.push(&key.into());
        list.push(&bytes);
    }
    list.into()
}

fn rejection(error: &StoreError<JsValue>) -> JsValue {
    let message = error.to_string();
    Array::of3(&error.code().as_str().into(), &message.into(), error.cause().unwrap_or(&JsValue::UNDEFINED)).into()
}
