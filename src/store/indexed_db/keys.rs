//! Keys of records. A record's key is `[session, life * 2^32 + slot]`.
//!
//! A session that is deleted while others share its log leaves that log where it is, with a tomb in its last slot; a session of the same id that
//! begins later has its next life. So the highest key of a session says which log is its own, and no write has to look for it. A tomb stays.

use super::faults::Fault;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::IdbKeyRange;

/// The slot of a tomb: no log gets that far.
pub(super) const TOMB: u32 = u32::MAX;

const SLOTS: f64 = 4_294_967_296.0;

/// One life of a session.
#[derive(Clone, PartialEq)]
pub(super) struct Log {
    pub session: JsValue,
    pub life: f64,
}

impl Log {
    /// The log's own, in `pins`.
    pub fn key(&self) -> JsValue {
        Array::of2(&self.session, &self.life.into()).into()
    }

    /// A slot's, in `records`.
    pub fn slot(&self, slot: u32) -> JsValue {
        Array::of2(&self.session, &(self.life * SLOTS + f64::from(slot)).into()).into()
    }

    /// The slots from `first` to `last`.
    pub fn slots(&self, first: u32, last: u32) -> Result<IdbKeyRange, JsValue> {
        IdbKeyRange::bound(&self.slot(first), &self.slot(last))
    }
}

/// The records of all lives of a session. An array sorts behind every number.
pub(super) fn all_of(session: &JsValue) -> Result<IdbKeyRange, JsValue> {
    IdbKeyRange::bound(&Array::of2(session, &0.into()), &Array::of2(session, &Array::new()))
}

pub(super) fn life_and_slot(key: &JsValue) -> Result<(f64, u32), Fault> {
    let number = key.unchecked_ref::<Array>().get(1).as_f64().unwrap_or(-1.0);
    let life = (number / SLOTS).floor();
    let slot = (number - life * SLOTS) as u32;
    // Fractions, and what is no number at all.
    if life < 0.0 || life * SLOTS + f64::from(slot) != number {
        return Err(Fault::Foreign("a key that is no slot", None));
    }
    Ok((life, slot))
}
