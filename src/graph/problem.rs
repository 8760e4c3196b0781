//! What can be wrong with a graph. Owns the `GRAPH_*` codes, which are API and never change meaning.

use crate::collected::collected;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// The stable code of a problem.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum GraphErrorCode { $($(#[$doc])* $variant,)* }

        impl GraphErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as users see it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    /// START has no edge and no route.
    MissingEntry = "GRAPH_MISSING_ENTRY",
    /// Plain and join edges lead back to where they came from.
    Cycle = "GRAPH_CYCLE",
    /// Nothing leads from START to a node.
    Unreachable = "GRAPH_UNREACHABLE",
    /// A node can be entered but END cannot be reached from it.
    NoPathToEnd = "GRAPH_NO_PATH_TO_END",
    /// The same edge was added twice.
    DuplicateEdge = "GRAPH_DUPLICATE_EDGE",
    /// The same node was added twice.
    DuplicateNode = "GRAPH_DUPLICATE_NODE",
    /// END is a target only.
    EdgeFromEnd = "GRAPH_EDGE_FROM_END",
    /// START is a source only.
    EdgeToStart = "GRAPH_EDGE_TO_START",
    /// A name that no node has.
    UnknownNode = "GRAPH_UNKNOWN_NODE",
    /// A node is called as START or END.
    ReservedName = "GRAPH_RESERVED_NAME",
    /// A node's name is empty, too long, or has control characters.
    InvalidName = "GRAPH_INVALID_NAME",
    /// A channel's name or kind cannot be used.
    InvalidChannel = "GRAPH_INVALID_CHANNEL",
    /// The sources of a join cannot be waited for.
    InvalidJoin = "GRAPH_INVALID_JOIN",
    /// Any other option that cannot be used.
    Invalid = "GRAPH_INVALID",
}

/// One thing that is wrong with a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The stable code.
    pub code: GraphErrorCode,
    /// Names the nodes and the remedy.
    pub message: String,
    /// All nodes concerned, in the order of the message, which may cut a long list short. A cycle starts and ends with the same one.
    pub nodes: Vec<String>,
}

impl Problem {
    pub(super) fn new(code: GraphErrorCode, nodes: &[&str], message: String) -> Self {
        Self { code, message, nodes: collected(nodes.iter().map(|name| (*name).to_owned())) }
    }
}
