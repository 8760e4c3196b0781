//! Ids and seeds, from the host's randomness, at run time only.

use wasm_bindgen::prelude::*;

/// Random bits; a constant where the host has none, which no supported runtime lacks.
pub(super) fn random_bits() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => 0x9e37_79b9_7f4a_7c15,
    }
}

/// A fresh id: a version 4 UUID.
#[wasm_bindgen(js_name = newId)]
pub fn new_id() -> String {
    let high = random_bits() & !0xf000 | 0x4000;
    let low = random_bits() & !(3 << 62) | 1 << 63;
    format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffff_ffff_ffff)
}

/// A seed for a session's random numbers.
#[wasm_bindgen(js_name = newSeed)]
pub fn new_seed() -> u64 {
    random_bits()
}
