//! Graphs of nodes that are written in Rust: built, run and resumed without JavaScript, natively or in a wasm of your own.
//!
//! Owns futures, timers and values; what a run does is decided by [`engine::Machine`](crate::engine::Machine), whose commands this
//! carries out. Each run is driven by whoever polls one of its handles, on one thread, with no runtime of its own: the `block_on` of
//! `futures`, a current-thread runtime of tokio, `wasm_bindgen_futures::spawn_local`. The crate's front page has an example.
//!
//! Invariant: the user's code is called between two calls of the machine, never within one.

mod answers;
mod app;
mod arena;
mod attempt_records;
mod builder;
mod calls;
mod channel;
mod checkpointer;
mod clock;
mod container;
mod context;
mod driver;
mod errors;
mod event;
mod event_factory;
mod execution;
mod frame;
mod ids;
mod llm;
mod node;
mod options;
mod reader;
mod restore;
mod run;
mod state;
mod subgraph_calls;
mod text_stream;
mod timers;
mod update;
mod wakers;

pub use answers::Answers;
pub use app::{App, Checkpoint};
pub use builder::{GraphBuilder, RouteTarget};
pub use channel::Channel;
pub use checkpointer::{Checkpointer, StoreBytes};
pub use clock::{Clock, ManualClock, SystemClock};
pub use container::SessionSummary;
pub use context::NodeContext;
pub use errors::{Error, GraphError, NodeError, StateError, WeaveError};
pub use event::{ErrorInfo, EventBody, Interrupt, Reason, Task, Waiting, WeaveEvent};
pub use llm::Llm;
pub use node::{Node, NodeOptions, RetryPolicy, SubgraphOptions};
pub use options::RunOptions;
pub use reader::{EventStream, SubscribeOptions};
pub use run::{Join, Outcome, Run, RunResult};
pub use state::State;
pub use update::{Command, Target, Targets, Update, send};

#[doc(no_inline)]
pub use crate::{
    checkpoint::{Durability, Status},
    error::ErrorCode,
    events::{EventKind, Mask, Overflow},
    graph::{Direction, END, GraphErrorCode, Problem, START},
};
