//! Stores in a dedicated worker of a real browser: the contract by the store in memory and by IndexedDB, and what IndexedDB may meet.
//! `wasm-pack test --headless --chrome --features indexed-db --test wasm_store_worker`, and `--firefox`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic)]

#[path = "store/browser.rs"]
mod browser;
#[path = "store/contract.rs"]
mod contract;
#[path = "store/exports.rs"]
mod exports;
#[path = "store/faults.rs"]
mod faults;
mod realm;
#[path = "../store_contract/mod.rs"]
mod store_contract;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test::wasm_bindgen_test]
fn the_realm_is_a_worker() {
    assert_eq!(realm::name().as_deref(), Some("DedicatedWorkerGlobalScope"));
}
