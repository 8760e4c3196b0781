//! What a task of a step that is not complete has left behind besides its result: results of `once`, questions and their answers.

use super::{Place, TaskRef};
use crate::state::Value;
use std::rc::Rc;

/// Which of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum KeptKind {
    /// The result of a `once`, or the deadline of a `sleepUntil`.
    Once,
    /// A question that a node asked.
    Interrupt,
    /// The run was to pause before this node.
    Before,
    /// The run was to pause after this node.
    After,
    /// What was answered to a question, or that a pause is over.
    Answer,
}

impl KeptKind {
    /// It is open until an answer with its key is there.
    pub fn is_question(self) -> bool {
        matches!(self, Self::Interrupt | Self::Before | Self::After)
    }
}

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Which kind.
    pub kind: KeptKind,
    /// Whose it is; `attempt` is 0.
    pub task: TaskRef,
    /// The sub-graph that the task is in.
    pub place: Option<Rc<Place>>,
    /// Step, node and ordinal of each task around it, from the outermost on, then its own: the same over attempts and executions, and of no
    /// other task of the session's step.
    pub address: Rc<[u32]>,
    /// The key of a `once`, or the id of a question.
    pub key: Rc<str>,
    /// A result, a question's payload or an answer; `None` is `undefined`.
    pub value: Option<Value>,
}
