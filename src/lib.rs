//! Weavegraph: graph workflows with versioned state, supersteps and a numbered event log.
//!
//! The crate is two things. Its engine, compiled to wasm, is inside the npm package of the same name. For Rust it is a library: nodes
//! are `async` functions or types of yours, and a graph of them runs natively or in a wasm of your own, on whatever polls it.
//!
//! ```toml
//! weavegraph-wasm = "0.1"
//! ```
//!
#![cfg_attr(
    feature = "executor",
    doc = r##"
```
use weavegraph_wasm::executor::{Channel, END, GraphBuilder, NodeContext, START, State, Update};

let app = GraphBuilder::new()
    .channel("topic", Channel::last().initial(""))
    .channel("drafts", Channel::append())
    .add_node("draft", async |state: &State, ctx: &NodeContext| {
        let drafts: Vec<String> = state.get("drafts")?;
        ctx.token("writing");
        Ok(Update::new().write("drafts", format!("{} {}", state.get::<String>("topic")?, drafts.len() + 1)))
    })
    .add_edge(START, "draft")
    .add_conditional_edge_to("draft", ["draft", END], |state| match state.get::<Vec<String>>("drafts") {
        Ok(drafts) if drafts.len() < 3 => "draft",
        _ => END,
    })
    .compile()?;

let state = futures::executor::block_on(app.invoke(Update::new().write("topic", "tides")))?;
assert_eq!(state.get::<Vec<String>>("drafts")?, ["tides 1", "tides 2", "tides 3"]);
# Ok::<(), Box<dyn std::error::Error>>(())
```

Events are read from [`App::invoke_streaming`](executor::App::invoke_streaming); sessions are kept by a
[`Checkpointer`](executor::Checkpointer) and gone on with by [`App::resume`](executor::App::resume). The `examples/` of the
repository stream, loop, fan out and go wrong.
"##
)]
//!
//! # Features
//!
//! | feature | what it is |
//! |---|---|
//! | `executor` (default) | graphs of Rust nodes: the module `executor` |
//! | `json` | channel contents as `serde_json::Value`, for hosts of the engine without JavaScript; part of `executor` |
//! | `indexed-db` | the store of browsers, for wasm |
//! | `wasm` | the boundary to the npm package's JavaScript, with a global allocator of its own in wasm |
//!
//! # Below
//!
//! [`graph`], [`state`], [`events`], [`checkpoint`] and [`engine`] are the machine: it decides everything about a run and has no I/O, no
//! clock and no values. What carries out its commands is a host: `executor`, or the package's JavaScript.

#[cfg(all(target_arch = "wasm32", any(feature = "wasm", feature = "indexed-db")))]
#[path = "js/allocator.rs"]
mod allocator;
pub mod checkpoint;
mod collected;
pub mod engine;
pub mod error;
pub mod events;
#[cfg(feature = "executor")]
pub mod executor;
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
