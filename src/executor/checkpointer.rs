//! Keeps sessions in a store. Owns who runs which of them here; knows nothing of records, which are `container`'s and the engine's.

use super::container::{SessionSummary, unpack_row};
use super::errors::WeaveError;
use super::event::ErrorInfo;
use crate::error::ErrorCode;
use crate::store::{Appended, Drop as Dropped, MemoryStore, SessionStore, StoreError};
use futures_util::future::LocalBoxFuture;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

/// The bytes of a store, as that takes and returns them.
pub trait StoreBytes {
    /// From these.
    fn from_bytes(bytes: Vec<u8>) -> Self;
    /// As these.
    fn to_bytes(&self) -> Vec<u8>;
}

impl StoreBytes for Vec<u8> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        bytes
    }
    fn to_bytes(&self) -> Vec<u8> {
        self.clone()
    }
}

impl StoreBytes for Rc<[u8]> {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        bytes.into()
    }
    fn to_bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

#[cfg(all(target_arch = "wasm32", feature = "indexed-db"))]
impl StoreBytes for js_sys::Uint8Array {
    fn from_bytes(bytes: Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
    fn to_bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

/// Why a store did not do what it was asked for.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub code: ErrorCode,
    pub text: String,
}

impl Refusal {
    pub(super) fn error(self) -> WeaveError {
        let info = ErrorInfo { code: self.code.as_str(), message: self.text, node: None, step: None, cause: None };
        WeaveError::new(self.code, info, None)
    }
}

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, Refusal>>;

/// A `SessionStore` of any kind of bytes.
pub(super) trait AnyStore {
    fn append<'a>(&'a self, session: &'a str, slot: u32, record: Vec<u8>, row: Option<Vec<u8>>, is_strict: bool) -> Answer<'a, Appended>;
    fn read<'a>(&'a self, session: &'a str, from: u32, limit: u32) -> Answer<'a, Vec<(u32, Vec<u8>)>>;
    fn newest<'a>(&'a self, session: &'a str) -> Answer<'a, Option<(u32, Vec<u8>)>>;
    fn rows<'a>(&'a self, after: Option<&'a str>, limit: u32) -> Answer<'a, Vec<(String, Vec<u8>)>>;
    fn forget<'a>(&'a self, session: &'a str) -> Answer<'a, ()>;
}

fn refusal<Cause>(error: StoreError<Cause>) -> Refusal
where
    StoreError<Cause>: fmt::Display,
{
    Refusal { code: error.code(), text: error.to_string() }
}

impl<S: SessionStore<Bytes: StoreBytes>> AnyStore for S {
    fn append<'a>(&'a self, session: &'a str, slot: u32, record: Vec<u8>, row: Option<Vec<u8>>, is_strict: bool) -> Answer<'a, Appended> {
        let row = row.map(StoreBytes::from_bytes);
        Box::pin(
            async move { SessionStore::append(self, session, slot, StoreBytes::from_bytes(record), row, is_strict).await.map_err(refusal) },
        )
    }

    fn read<'a>(&'a self, session: &'a str, from: u32, limit: u32) -> Answer<'a, Vec<(u32, Vec<u8>)>> {
        Box::pin(async move {
            let records = SessionStore::read(self, session, from, limit).await.map_err(refusal)?;
            Ok(records.into_iter().map(|(slot, record)| (slot, record.to_bytes())).collect())
        })
    }

    fn newest<'a>(&'a self, session: &'a str) -> Answer<'a, Option<(u32, Vec<u8>)>> {
        Box::pin(async move {
            let newest = SessionStore::newest(self, session).await.map_err(refusal)?;
            Ok(newest.map(|(slot, record)| (slot, record.to_bytes())))
        })
    }

    fn rows<'a>(&'a self, after: Option<&'a str>, limit: u32) -> Answer<'a, Vec<(String, Vec<u8>)>> {
        Box::pin(async move {
            let rows = SessionStore::rows(self, after, limit).await.map_err(refusal)?;
            Ok(rows.into_iter().map(|(session, row)| (session, row.to_bytes())).collect())
        })
    }

    fn forget<'a>(&'a self, session: &'a str) -> Answer<'a, ()> {
        Box::pin(async move { SessionStore::drop(self, session, Dropped::All).await.map_err(refusal) })
    }
}

/// Keeps sessions, one fenced append per step. Its clones are one checkpointer.
#[derive(Clone)]
pub struct Checkpointer {
    name: Rc<str>,
    pub(super) store: Rc<dyn AnyStore>,
    /// Sessions that a run of this checkpointer holds.
    held: Rc<RefCell<HashSet<String>>>,
}

impl Checkpointer {
    /// In a store of yours, or one of [`store`](crate::store). `name` is what events call it.
    ///
    /// Two checkpointers on the same data do not know of each other's runs; the store's slots keep them apart: whoever comes late
    /// fails with CHECKPOINT_CONFLICT.
    pub fn new(name: impl Into<Rc<str>>, store: impl SessionStore<Bytes: StoreBytes> + 'static) -> Self {
        Self { name: name.into(), store: Rc::new(store), held: Rc::default() }
    }

    /// In memory, as long as a clone of it lives.
    pub fn memory() -> Self {
        Self::new("memory", MemoryStore::default())
    }

    /// What events call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sessions by id, behind the id `after`, at most `limit`.
    ///
    /// # Errors
    /// CHECKPOINT_*: the store, or what it holds.
    pub async fn list_sessions(&self, after: Option<&str>, limit: u32) -> Result<Vec<SessionSummary>, WeaveError> {
        let rows = self.store.rows(after, limit).await.map_err(Refusal::error)?;
        let corrupt = |session: &str| {
            let text = format!("the row of session `{session}` cannot be read");
            Refusal { code: ErrorCode::CheckpointCorrupt, text }.error()
        };
        rows.iter().map(|(session, row)| unpack_row(session, row).ok_or_else(|| corrupt(session))).collect()
    }

    /// Forgets a session. One that is not there is no error.
    ///
    /// # Errors
    /// SESSION_BUSY while a run of this checkpointer holds it; CHECKPOINT_*.
    pub async fn delete_session(&self, session_id: &str) -> Result<(), WeaveError> {
        let _claim = self.claim(session_id).map_err(Refusal::error)?;
        self.store.forget(session_id).await.map_err(Refusal::error)
    }

    /// Holds a session until the claim is dropped; SESSION_BUSY if it is held.
    pub(super) fn claim(&self, session_id: &str) -> Result<Claim, Refusal> {
        if !self.held.borrow_mut().insert(session_id.to_owned()) {
            let text = format!("session `{session_id}` is held by another run; wait for that, or cancel it");
            return Err(Refusal { code: ErrorCode::SessionBusy, text });
        }
        Ok(Claim { held: Rc::clone(&self.held), session_id: session_id.to_owned() })
    }
}

impl fmt::Debug for Checkpointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Checkpointer").field(&self.name).finish()
    }
}

/// A session that is held.
pub(super) struct Claim {
    held: Rc<RefCell<HashSet<String>>>,
    session_id: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.held.borrow_mut().remove(&self.session_id);
    }
}
