//! Schema 1: names of channels came without their kind, a start did not say whether its execution could lose steps, and there were
//! neither takeover records nor branches.

use crate::checkpoint::codec::Reader;

/// Whether a record has this schema.
pub fn wrote(from: &Reader<'_>) -> bool {
    from.schema == 1
}

/// What stands for the flags of a start: it loses nothing, opens no branch and says nothing about joins.
pub const START_FLAGS: u8 = 0;
