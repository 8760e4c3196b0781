//! Why a store could not do what it was asked for, with the words for it. Owns the mapping to the stable codes.

use crate::error::ErrorCode;

/// See the module's head. The cause is what the platform threw.
#[derive(Clone, Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum StoreError<Cause> {
    #[error("{why}")]
    Unavailable { why: &'static str, cause: Option<Cause> },
    #[error("the disk space that the browser grants to this site is used up; prune or delete sessions, then go on with resume")]
    Quota { cause: Cause },
    #[error(
        "another tab keeps an older version of the database `{database}` open, so it could not be upgraded; close the other tabs of this site, or reload them"
    )]
    Blocked { database: String },
    #[error("the database `{database}` was made by a newer version of the package; reload the page")]
    Version { database: String, cause: Cause },
    #[error("the database `{database}` holds something that is not of this package ({what}); delete it, or give another name")]
    Corrupt { database: String, what: &'static str, cause: Option<Cause> },
}

impl<Cause> StoreError<Cause> {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unavailable { .. } => ErrorCode::CheckpointUnavailable,
            Self::Quota { .. } => ErrorCode::CheckpointQuota,
            Self::Blocked { .. } => ErrorCode::CheckpointBlocked,
            Self::Version { .. } => ErrorCode::CheckpointVersion,
            Self::Corrupt { .. } => ErrorCode::CheckpointCorrupt,
        }
    }

    /// What the platform threw, where it threw something.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unavailable { cause, .. } | Self::Corrupt { cause, .. } => cause.as_ref(),
            Self::Quota { cause } | Self::Version { cause, .. } => Some(cause),
            Self::Blocked { .. } => None,
        }
    }
}
