//! The boundary in a dedicated worker of a real browser. `wasm-pack test --headless --chrome --features wasm --test wasm_worker`, and `--firefox`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic)]

mod boundary;
mod executor;
mod realm;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test::wasm_bindgen_test]
fn the_realm_is_a_worker() {
    assert_eq!(realm::name().as_deref(), Some("DedicatedWorkerGlobalScope"));
}
