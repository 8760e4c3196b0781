//! Weavegraph: graph workflows with versioned state, supersteps and a numbered event log, as a machine without I/O.

#[cfg(all(target_arch = "wasm32", any(feature = "wasm", feature = "indexed-db")))]
#[path = "js/allocator.rs"]
mod allocator;
pub mod checkpoint;
mod collected;
pub mod engine;
pub mod error;
pub mod events;
pub mod graph;
#[cfg(feature = "wasm")]
pub mod js;
// The exports of the second wasm, which has nothing of the first but the allocator.
#[cfg(feature = "indexed-db")]
#[path = "js/store.rs"]
pub mod js_store;
pub mod state;
pub mod store;
mod text;
