//! The step of a graph that is under way: its phase, its tasks and its barrier.

use super::barrier::Barrier;
use super::task::Task;
use crate::events::{RunStart, StateUpdate};
use crate::graph::NodeId;

/// What a graph waits for.
pub(super) enum Phase {
    /// The first input.
    New,
    /// The host folds the input, or a barrier.
    Folding,
    /// Routes answer: of START or after a barrier.
    Routing {
        /// How many have not answered.
        open: u32,
    },
    /// Between two steps: on the store, a reader or a turn.
    Boundary,
    /// Tasks run.
    Stepping,
    /// The store answers about the terminal event.
    Ending,
    /// Nothing.
    Ended,
}

/// See the module's head.
pub(super) struct Frame {
    pub phase: Phase,
    /// The start that is under way: its event goes out with the first frontier.
    pub start: Option<Box<RunStart>>,
    /// The change of the state from outside that is under way: its event goes out as it is done.
    pub update: Option<Box<StateUpdate>>,
    /// The last step before this execution.
    pub first_step: u32,
    pub tasks: Vec<Task>,
    pub skipped: Vec<NodeId>,
    pub unfinished: u32,
    pub barrier: Barrier,
    /// The host has folded and routed by itself what the commands of this input would say.
    pub is_solo: bool,
}

impl Frame {
    /// Before its first input.
    pub fn new(first_step: u32) -> Self {
        Self {
            phase: Phase::New,
            start: None,
            update: None,
            first_step,
            tasks: Vec::new(),
            skipped: Vec::new(),
            unfinished: 0,
            barrier: Barrier::default(),
            is_solo: false,
        }
    }
}
