//! Graphs of Rust nodes in Node's wasm. `wasm-pack test --node --test wasm_node`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic)]

mod executor;
mod realm;

#[wasm_bindgen_test::wasm_bindgen_test]
fn the_realm_is_nodes() {
    assert_eq!(realm::name().as_deref(), Some("Object"));
}
