//! The step of a graph that is under way: its phase, its tasks and its barrier. One frame is the session's graph, each other a sub-graph
//! that runs as a task.

use super::barrier::Barrier;
use super::pool::{Claim, Slot};
use super::task::Task;
use crate::checkpoint::Progress;
use crate::events::{Place, RunStart, StateUpdate};
use crate::graph::{NodeId, Program};
use crate::state::TaskResult;
use std::rc::Rc;

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
    /// Tasks that wait for an answer.
    pub parked: u32,
    /// The frame around it knows that everyone here is done or waits for an answer.
    pub has_parked: bool,
    /// Of a sub-graph: it goes no further in this execution.
    pub is_paused: bool,
    /// By node, if there are any: what it pauses at.
    pub breakpoints: Vec<u8>,
    /// The boundary that was looked at for pauses last.
    pub paused_at: Option<u32>,
    pub barrier: Barrier,
    /// The host has folded and routed by itself what the commands of this input would say.
    pub is_solo: bool,
    /// Of a sub-graph.
    pub child: Option<Box<Child>>,
}

impl Frame {
    /// What a task holds while it runs; `None` if it does not wait for that with this attempt.
    #[inline]
    pub fn slot(&self, program: &Program, claim: &Claim) -> Option<Slot> {
        let task = self.tasks.get(claim.task as usize).filter(|task| task.token == claim.token && task.is_live())?;
        let node = task.entry.node;
        let spec = program.nodes.get(node.index()?)?;
        Some(Slot { node: self.first_node() + node.0, limit: spec.concurrency, is_free: spec.graph.is_some() })
    }

    /// The number of its first node, counted over all graphs.
    #[inline]
    pub fn first_node(&self) -> u32 {
        self.child.as_ref().map_or(0, |child| child.first_node)
    }

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
            parked: 0,
            has_parked: false,
            is_paused: false,
            breakpoints: Vec::new(),
            paused_at: None,
            barrier: Barrier::default(),
            is_solo: false,
            child: None,
        }
    }
}

/// What a frame has as a task of another one.
pub(super) struct Child {
    /// The frame of the task.
    pub parent: u32,
    /// The task there.
    pub task: u32,
    /// Its attempt.
    pub token: u32,
    /// Of the random numbers within.
    pub seed: u64,
    /// Of the task.
    pub address: Rc<[u32]>,
    /// The number of its first node, counted over all graphs.
    pub first_node: u32,
    pub max_steps: u32,
    /// Goes on where an earlier execution left it.
    pub is_restored: bool,
    /// The user maps its last state to what it returns.
    pub has_output: bool,
    /// Told with its first step.
    pub start: Option<Rc<RunStart>>,
    /// What it wrote to channels that it shares, as the graph around it sees it.
    pub written: Vec<Rc<TaskResult>>,
}

/// A graph that is not the one that the machine works on.
pub(super) struct Instance {
    pub program: Rc<Program>,
    pub place: Option<Rc<Place>>,
    pub frame: Frame,
    pub graph: Progress,
}
