//! The boundary in a window of a real browser. `wasm-pack test --headless --chrome --features wasm --test wasm`, and `--firefox`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic)]

mod boundary;
mod executor;
mod realm;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test::wasm_bindgen_test]
fn the_realm_is_a_window() {
    assert_eq!(realm::name().as_deref(), Some("Window"));
}
