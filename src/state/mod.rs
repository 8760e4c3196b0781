//! State without values: handles, writes and versions. Owns the rules of who may write what in one step and when a channel
//! counts as changed; the contents themselves are folded by the host (`json_fold` is the twin of the facade's code).

#[cfg(feature = "json")]
pub mod json_fold;
mod value;
mod versions;
mod write;

pub use value::{Value, Values};
pub use versions::Versions;
pub use write::{Routing, Target, Targets, TaskResult, Write, find_conflict};
