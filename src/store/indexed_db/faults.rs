//! What a browser's database may answer with instead of success. Owns the way from the names of DOM exceptions to faults, and from faults
//! to errors with a code.

use crate::store::StoreError;
use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// See the module's head. What the browser threw goes along as the error's cause.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The key that an `add` is about is there already.
    Taken,
    /// The connection is gone, or its transaction was aborted, without our doing: another connection may work.
    Lost(JsValue),
    /// At the request or only at the commit.
    Quota(JsValue),
    /// The database has a higher version than ours.
    Version(JsValue),
    /// Other connections keep an upgrade from happening.
    Blocked,
    /// No answer within the limit.
    Silent,
    /// What the database holds is not ours.
    Foreign(&'static str, Option<JsValue>),
    /// The database is another one than the session was read from.
    Cleared,
    /// There is no IndexedDB, or none for this page.
    Absent(Option<JsValue>),
    /// The store was closed by its owner.
    Closed,
    /// Anything else.
    Refused(JsValue),
}

impl From<JsValue> for Fault {
    /// By the exception's name: newer browsers have classes of their own for some, and the names stay.
    fn from(thrown: JsValue) -> Self {
        let name = Reflect::get(&thrown, &"name".into()).ok().and_then(|name| name.as_string());
        match name.as_deref() {
            Some("ConstraintError") => Self::Taken,
            Some("QuotaExceededError") => Self::Quota(thrown),
            Some("VersionError") => Self::Version(thrown),
            Some("NotFoundError") => Self::Foreign("an object store is missing", Some(thrown)),
            // What Chromium says when the file that keeps a large value cannot be read.
            Some("NotReadableError" | "DataError") => Self::Foreign("a stored value cannot be read", Some(thrown)),
            Some("InvalidStateError" | "UnknownError" | "AbortError") | None => Self::Lost(thrown),
            Some(_) => Self::Refused(thrown),
        }
    }
}

impl Fault {
    /// The error for users of the store.
    pub(super) fn into_error(self, database: &str) -> StoreError<JsValue> {
        let unavailable = |why, cause| StoreError::Unavailable { why, cause };
        let database = database.to_owned();
        match self {
            Self::Quota(cause) => StoreError::Quota { cause },
            Self::Version(cause) => StoreError::Version { database, cause },
            Self::Blocked => StoreError::Blocked { database },
            Self::Foreign(what, cause) => StoreError::Corrupt { database, what, cause },
            Self::Taken => StoreError::Corrupt { database, what: "a key stands where none was", cause: None },
            Self::Lost(cause) => {
                unavailable("the browser lost its connection to the database, and a new one failed as well; reload the page", Some(cause))
            }
            Self::Silent => unavailable("the database did not answer in time; try again, or reload the page", None),
            Self::Cleared => {
                unavailable("the site's storage was cleared while the session was open, and its log is gone; start the session anew", None)
            }
            Self::Absent(cause) => {
                unavailable("this runtime has no indexedDB, or refuses it to this page; give another checkpointer", cause)
            }
            Self::Closed => unavailable("the store was closed", None),
            Self::Refused(cause) => unavailable("the database refused a request, see the cause", Some(cause)),
        }
    }
}
