//! The contract of a store: an append-only log of slots per session, and one row per session for lists. Owns the trait, its errors and the
//! store in memory; `indexed_db` is the store of browsers.
//!
//! It must not know what a record or a row says: both are bytes. The insert of a record at a free slot is the only hot write, and the
//! fence: who finds the slot taken is not the session's writer any more.

mod error;
#[cfg(feature = "indexed-db")]
pub mod indexed_db;
mod memory;

pub use error::StoreError;
pub use memory::MemoryStore;

/// What became of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// It stands in its slot, and its row with it.
    Stored,
    /// Another record stands there; nothing was written.
    Taken,
}

/// What `drop` forgets of a session.
#[derive(Clone, Copy, Debug)]
pub enum Drop<'a> {
    /// All its records and its row.
    All,
    /// The records up to and with the slot `up_to`, but for those in the slots of `keep` (ascending).
    UpTo {
        /// The last slot that goes.
        up_to: u32,
        /// Slots that stay, ascending; those above `up_to` do not count.
        keep: &'a [u32],
    },
}

/// A record in its slot.
pub type Slotted<Bytes> = (u32, Bytes);

/// See the module's head. Two handles on the same data may be used at once, from one realm or from several.
///
/// Futures are not `Send`: a store belongs to the realm that opened it.
///
/// # Errors
/// Each method, by the codes of [`StoreError`]. After an error nothing is half-written: an append's record and row are there both or not at
/// all. Which of the two may be unknown to the caller (a lost acknowledgement): the slot tells.
#[allow(async_fn_in_trait)]
pub trait SessionStore {
    /// A record or a row, as this store takes and returns it.
    type Bytes;
    /// What the platform threw, for the error's `cause`.
    type Cause;

    /// Inserts `record` at `slot` if that is free, and replaces the session's row if one is given, in one atomic write. With `is_strict` it
    /// is on the disk when this returns, as far as the platform can tell; otherwise it is with the operating system.
    async fn append(
        &self,
        session: &str,
        slot: u32,
        record: Self::Bytes,
        row: Option<Self::Bytes>,
        is_strict: bool,
    ) -> Result<Appended, StoreError<Self::Cause>>;

    /// Records ascending from the slot `from`, at most `limit`.
    async fn read(&self, session: &str, from: u32, limit: u32) -> Result<Vec<Slotted<Self::Bytes>>, StoreError<Self::Cause>>;

    /// The record in the highest slot.
    async fn newest(&self, session: &str) -> Result<Option<Slotted<Self::Bytes>>, StoreError<Self::Cause>>;

    /// Sessions and their rows, ascending by session id behind the id `after`, at most `limit`.
    async fn rows(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Self::Bytes)>, StoreError<Self::Cause>>;

    /// Forgets records, in one atomic write. What is not there is no error.
    async fn drop(&self, session: &str, what: Drop<'_>) -> Result<(), StoreError<Self::Cause>>;

    /// Ends this handle; the data stays. Later calls are [`StoreError::Unavailable`].
    fn close(&self);
}
