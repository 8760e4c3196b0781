//! Rust nodes on the executor: behaviour by behaviour, on a clock that the tests turn.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "executor/support.rs"]
mod support;

#[path = "executor/cancelling.rs"]
mod cancelling;
#[path = "executor/errors.rs"]
mod errors;
#[path = "executor/events.rs"]
mod events;
#[path = "executor/examples.rs"]
mod examples;
#[path = "executor/hosts.rs"]
mod hosts;
#[path = "executor/interrupts.rs"]
mod interrupts;
#[path = "executor/retrying.rs"]
mod retrying;
#[path = "executor/running.rs"]
mod running;
#[path = "executor/sessions.rs"]
mod sessions;
#[path = "executor/subgraphs.rs"]
mod subgraphs;

use support::*;
