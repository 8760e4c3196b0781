//! Weavegraph: graph workflows with versioned state, supersteps and a numbered event log, as a machine without I/O.

pub mod graph;
pub mod state;
pub mod error;
pub mod events;
pub mod checkpoint;
mod collected;
pub mod engine;
#[cfg(feature = "wasm")]
pub mod js;
