//! Graphs: what a user defined, the rules that it has to keep, and the compiled program that the engine reads.
//!
//! Owns names and their order, every `GRAPH_*` code, the definition hash and the drawing. Must not know state, runs or
//! JavaScript. Every function is total over any definition, iterative, and linear in its size (up to sorting).

mod arcs;
mod channels;
mod compile;
mod cycles;
mod definition;
mod dot;
mod drawing;
mod edges;
mod hash;
mod mermaid;
mod nodes;
mod numbering;
mod outline;
mod problem;
mod program;
mod reachability;
mod sorting;
mod suggestion;
mod topological;
mod unknown;
mod validate;
mod wording;

pub use definition::{ChannelDefinition, Definition, END, EdgeDefinition, NodeDefinition, RetryDefinition, RouteDefinition, START};
pub use dot::to_dot;
pub(crate) use hash::fnv1a;
pub use hash::{definition_hash, hash_text};
pub use mermaid::{Direction, to_mermaid};
pub use problem::{GraphErrorCode, Problem};
pub use program::{ChannelId, ChannelKind, ChannelSpec, Exits, Join, JoinId, Metadata, Node, NodeId, Program, RetryPolicy, Route, RouteId};
pub(crate) use sorting::sorted_positions;
pub use topological::topological_sort;
pub use validate::validate;
