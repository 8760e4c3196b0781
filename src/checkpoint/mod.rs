//! The session log: what one append stores, how a session is rebuilt from records, and when to append. Owns the record format
//! and the group commit; knows nothing of stores: a record is bytes and a list of values.

mod codec;
mod endings;
mod entries;
mod joins;
mod journal;
mod kept;
mod migration;
mod names;
mod progress;
mod record;
mod reports;
mod session;
mod snapshot;

pub use codec::Broken;
pub use journal::{Append, Durability, InFlight, Journal};
pub use kept::{Keeping, address};
pub use names::{Index, Names};
pub use progress::{Done, Progress};
pub use record::{Decoded, Head, RecordError, SCHEMA_VERSION, cut, decode, encode_fork, read_head, snapshot_slot};
pub use session::{ErrorNote, Fold, Fork, Inner, Session, Status};
