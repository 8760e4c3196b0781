//! What the machine asks its host to do. The host carries commands out in order; calls of user code come back as inputs.

use crate::checkpoint::{Append, Fold};
use crate::error::Failure;
use crate::graph::{NodeId, RouteId};
use crate::state::Value;
use std::rc::Rc;

/// Why a task's signal aborts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Abort {
    /// The run was cancelled.
    Cancel,
    /// Another task failed, or the run as a whole.
    Failure,
    /// The attempt took too long.
    Timeout,
    /// The run pauses until someone answers.
    Interrupt,
}

/// What follows an attempt that is the last of its step: if the host may do that by itself, it answers `Stepped` instead of `Settled`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Solo {
    /// The machine says what is done.
    No,
    /// Its writes are folded.
    Fold,
    /// Its writes are folded, then this route is called.
    Route(RouteId),
}

/// See the module's head. `token` names one attempt; inputs about it carry it back, and late ones are ignored.
#[derive(Debug)]
pub enum Command {
    /// Call a node.
    Run {
        /// Position in the step.
        task: u32,
        /// The attempt.
        token: u32,
        /// Which node.
        node: NodeId,
        /// From 1.
        attempt: u32,
        /// The step, from 1.
        step: u32,
        /// Ordinal among this step's tasks of the node.
        ordinal: u32,
        /// What `send` gave.
        input: Option<Value>,
        /// Void once the machine's generation is another.
        generation: u32,
        /// What the host may do by itself once the node has returned.
        solo: Solo,
    },
    /// Call a node's `onError`; its result is settled like the node's.
    Rescue {
        /// Position in the step.
        task: u32,
        /// The attempt.
        token: u32,
        /// What it is told.
        failure: Rc<Failure>,
    },
    /// Ask a node's `retryOn` whether to try again.
    AskRetry {
        /// Position in the step.
        task: u32,
        /// The attempt.
        token: u32,
        /// From 1: the attempt that failed.
        attempt: u32,
        /// What it is told.
        failure: Rc<Failure>,
    },
    /// Abort a task's signal.
    Abort {
        /// Position in the step.
        task: u32,
        /// The attempt.
        token: u32,
        /// Why.
        why: Abort,
    },
    /// Make the contents of a sub-graph out of those of the graph that was entered, and answer `Opened` about its frame; a throw of what the
    /// user maps its input with is the outcome of the attempt.
    Open {
        /// The sub-graph's frame.
        frame: u32,
        /// Position in the step.
        task: u32,
        /// The attempt.
        token: u32,
        /// Which node.
        node: NodeId,
        /// From 1.
        attempt: u32,
        /// The step, from 1.
        step: u32,
        /// Ordinal among this step's tasks of the node.
        ordinal: u32,
        /// What `send` gave: writes to its channels.
        input: Option<Value>,
        /// Its contents are there already, as its log left them.
        is_restored: bool,
    },
    /// The graph that was entered is done: map its last state to the outcome of the attempt that `Open` named.
    Output,
    /// Forget a frame.
    Close {
        /// Which one.
        frame: u32,
    },
    /// Contents change from here on, until `Commit` or `Rollback`.
    Begin,
    /// One change of contents; `Fold::Enter` says what the commands after it concern.
    Fold(Fold),
    /// All changes are made: answer `Applied`, or `FoldFailed` at the first that threw.
    EndFolds,
    /// The changes stand.
    Commit,
    /// The changes never were.
    Rollback,
    /// Call a route with the state as it now is.
    Route {
        /// Carried back with its answer.
        call: u32,
        /// Which one.
        route: RouteId,
    },
    /// Ask the clock; answer `Fired`.
    StartTimer {
        /// Carried back.
        timer: u32,
        /// From now, in milliseconds.
        ms: f64,
    },
    /// Forget it.
    StopTimer {
        /// Which one.
        timer: u32,
    },
    /// A `ctx.sleep` is over.
    WakeSleep {
        /// The host's number of it.
        sleep: u32,
    },
    /// A `ctx.flush` is done.
    Flushed {
        /// The host's number of it.
        flush: u32,
    },
    /// Store a record; answer `Appended`, `Taken` or `AppendFailed`.
    Append(Append),
    /// Let the page live: answer `Turn` in a later turn.
    Yield,
    /// Readers that wait have something to pull.
    WakeReaders,
    /// The run is over and its terminal event visible.
    Finish,
}
