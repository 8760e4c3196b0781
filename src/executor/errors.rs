//! Errors of this side: of a graph, of a node, of a run, of reading the state. Every one has a stable code, and keeps what a node
//! returned as its source.

use super::event::{ErrorInfo, Interrupt};
use crate::error::ErrorCode;
use crate::graph::{GraphErrorCode, Problem};
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// A graph that cannot run, with all that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphError {
    problems: Vec<Problem>,
}

impl GraphError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// The first problem's code.
    pub fn code(&self) -> GraphErrorCode {
        self.problems.first().map_or(GraphErrorCode::Invalid, |problem| problem.code)
    }

    /// Every problem, not only the first.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { "\n" }, problem.message)?;
        }
        Ok(())
    }
}

impl StdError for GraphError {}

/// What a node, a route, a reducer or an `on_error` returns when it fails. Made from any error by `?`, or of a text.
///
/// ```
/// use weavegraph_wasm::executor::NodeError;
///
/// fn parse(text: &str) -> Result<u32, NodeError> {
///     if text.is_empty() {
///         return Err(NodeError::new("there is nothing to parse"));
///     }
///     Ok(text.parse()?)
/// }
/// assert!(parse("x").is_err_and(|error| error.downcast_ref::<std::num::ParseIntError>().is_some()));
/// ```
// Not an `Error` itself: `From` of every error would be `From` of itself.
#[derive(Clone)]
pub struct NodeError(Arc<dyn StdError + Send + Sync>);

impl NodeError {
    /// An error that is a text and nothing else.
    pub fn new(text: impl Into<String>) -> Self {
        let boxed: Box<dyn StdError + Send + Sync> = text.into().into();
        Self(boxed.into())
    }

    /// What it was made from, if that is a `T`.
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    pub(super) fn shared(&self) -> Arc<dyn StdError + Send + Sync> {
        Arc::clone(&self.0)
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for NodeError {
    fn from(error: E) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Debug for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Why a run, a step or a task failed. `source()` is the very error that a node returned.
#[derive(Clone, Debug)]
pub struct WeaveError(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    info: ErrorInfo,
    code: ErrorCode,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl WeaveError {
    pub(super) fn new(code: ErrorCode, info: ErrorInfo, source: Option<Arc<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::new(Parts { info, code, source }))
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The node at fault.
    pub fn node(&self) -> Option<&str> {
        self.0.info.node.as_deref()
    }

    /// The step in which it happened, from 1.
    pub fn step(&self) -> Option<u32> {
        self.0.info.step
    }

    /// As events show it.
    pub fn info(&self) -> &ErrorInfo {
        &self.0.info
    }

    /// What the node returned, if that is a `T`. Of an error that was read back from a store only the text is left.
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        self.0.source.as_ref()?.downcast_ref()
    }
}

impl fmt::Display for WeaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.info.message)
    }
}

impl StdError for WeaveError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// Why a run has no final state.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// It failed, and can be resumed.
    #[error(transparent)]
    Failed(#[from] WeaveError),
    /// It was cancelled, and can be resumed.
    #[error("the run was cancelled{}", .reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}")))]
    Cancelled {
        /// As `cancel` was given it.
        reason: Option<String>,
    },
    /// It waits for answers, and can be resumed with them.
    #[error("the run waits for answers")]
    Interrupted {
        /// What it waits for.
        interrupts: Vec<Interrupt>,
    },
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Failed(error) => error.code(),
            Self::Cancelled { .. } => ErrorCode::RunCancelled,
            Self::Interrupted { .. } => ErrorCode::RunInterrupted,
        }
    }
}

/// Why a channel could not be read as asked.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The graph has no such channel.
    #[error("the graph has no channel `{channel}`; its channels are {known}")]
    UnknownChannel {
        /// As it was asked for.
        channel: String,
        /// Those that there are.
        known: String,
    },
    /// Its value is of another shape.
    #[error("channel `{channel}` cannot be read as asked: {source}")]
    Shape {
        /// Which one.
        channel: String,
        /// Where it differs.
        source: serde_json::Error,
    },
}

impl StateError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownChannel { .. } => ErrorCode::StateUnknownChannel,
            Self::Shape { .. } => ErrorCode::StateInvalidKey,
        }
    }
}
