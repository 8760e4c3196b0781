//! Weavegraph: graph workflows with versioned state, supersteps and a numbered event log, as a machine without I/O.

pub mod checkpoint;
mod collected;
pub mod engine;
pub mod error;
pub mod events;
pub mod graph;
#[cfg(feature = "wasm")]
pub mod js;
pub mod state;
