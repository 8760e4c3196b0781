//! Fresh ids and seeds, from the host's randomness, at run time only.

/// Random bits. A host without randomness gives what its clock and a counter make.
pub(super) fn random_bits() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => fallback(),
    }
}

fn fallback() -> u64 {
    use super::clock::{Clock, SystemClock};
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = u64::from(COUNT.fetch_add(1, Ordering::Relaxed));
    (SystemClock.now() as u64) << 20 ^ count.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A fresh id: a version 4 UUID.
pub(super) fn new_id() -> String {
    let high = random_bits() & !0xf000 | 0x4000;
    let low = random_bits() & !(3 << 62) | 1 << 63;
    format!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48, low & 0xffff_ffff_ffff)
}
