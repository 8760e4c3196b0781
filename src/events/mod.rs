//! The events of a run: kinds, bodies, the ring of kept ones and its readers. Owns numbering, visibility, filters by kind and
//! every overflow rule; must not know who reads or how an event looks in JavaScript.

mod event;
mod kept;
mod kind;
mod reader;
mod ring;

pub use event::{Body, Ending, Entry, Event, LostJoin, Place, RunStart, StateUpdate, StepReport, TaskRef, Waiting};
pub use kept::{Kept, KeptKind};
pub use kind::{EventKind, Mask};
pub use reader::{Cursor, Overflow, Pulled, Reader, ReaderId};
pub use ring::{Hub, HubOptions};
