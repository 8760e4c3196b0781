//! Ids and seeds, from the host's randomness, at run time only.

use crate::text::add_hex;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// Asking the host costs microseconds whatever the amount, so bytes are drawn in pages.
const PAGE: usize = 1024;

thread_local! {
    static DRAWN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Random bits.
pub(super) fn random_bits() -> u64 {
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.is_empty() {
            drawn.resize(PAGE, 0);
            // INVARIANT: every supported runtime has `crypto.getRandomValues`; getrandom fails only without it.
            let _ = getrandom::fill(drawn);
        }
        (0..8).fold(0, |bits, _| bits << 8 | u64::from(drawn.pop().unwrap_or_default()))
    })
}

/// A fresh id: a version 4 UUID.
#[wasm_bindgen(js_name = newId)]
pub fn new_id() -> String {
    let high = random_bits() & !0xf000 | 0x4000;
    let low = random_bits() & !(3 << 62) | 1 << 63;
    let mut id = String::new();
    for (separator, number, digits) in [("", high >> 32, 8), ("-", high >> 16, 4), ("-", high, 4), ("-", low >> 48, 4), ("-", low, 12)] {
        id.push_str(separator);
        add_hex(&mut id, number, digits);
    }
    id
}
