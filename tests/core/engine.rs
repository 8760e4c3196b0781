//! The engine on the host: behaviour by behaviour, over a small language for graphs and a scripted clock and store.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "engine/arena.rs"]
mod arena;
#[path = "engine/graphs.rs"]
mod graphs;
// What only the crash simulation uses is dead here.
#[allow(dead_code)]
#[path = "engine/host.rs"]
mod host;
#[path = "engine/pulls.rs"]
mod pulls;
#[path = "engine/replies.rs"]
mod replies;
#[allow(dead_code)]
#[path = "engine/store.rs"]
mod store;
#[path = "engine/trace.rs"]
mod trace;
#[path = "engine/user_code.rs"]
mod user_code;

#[path = "engine/agreement.rs"]
mod agreement;
#[path = "engine/breakpoints.rs"]
mod breakpoints;
#[path = "engine/cancel.rs"]
mod cancel;
#[path = "engine/commands.rs"]
mod commands;
#[path = "engine/concurrency.rs"]
mod concurrency;
#[path = "engine/durability.rs"]
mod durability;
#[path = "engine/events.rs"]
mod events;
#[path = "engine/failure.rs"]
mod failure;
#[path = "engine/frontier.rs"]
mod frontier;
#[path = "engine/gate.rs"]
mod gate;
#[path = "engine/graph_changes.rs"]
mod graph_changes;
#[path = "engine/interrupts.rs"]
mod interrupts;
#[path = "engine/joins.rs"]
mod joins;
#[path = "engine/limits.rs"]
mod limits;
#[path = "engine/migration.rs"]
mod migration;
#[path = "engine/once.rs"]
mod once;
#[path = "engine/random_graphs.rs"]
mod random_graphs;
#[path = "engine/readers.rs"]
mod readers;
#[path = "engine/records.rs"]
mod records;
#[path = "engine/reference.rs"]
mod reference;
#[path = "engine/retry.rs"]
mod retry;
#[path = "engine/sends.rs"]
mod sends;
#[path = "engine/sessions.rs"]
mod sessions;
#[path = "engine/snapshots.rs"]
mod snapshots;
#[path = "engine/solo.rs"]
mod solo;
#[path = "engine/store_words.rs"]
mod store_words;
#[path = "engine/subgraphs.rs"]
mod subgraphs;
#[path = "engine/takeovers.rs"]
mod takeovers;
#[path = "engine/travel.rs"]
mod travel;
#[path = "engine/waiting.rs"]
mod waiting;

use graphs::{Graph, graph};
use host::{Host, Setup};
use replies::*;
use serde_json::{Value as Json, json};
use store::Store;
use weavegraph_wasm::graph::{END, START};
