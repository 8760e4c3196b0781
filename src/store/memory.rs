//! The contract in its shortest form, for tests on the host and in browsers. The facade keeps a store in memory of its own, which keeps
//! values instead of bytes.

use super::{Appended, Drop, SessionStore, Slotted, StoreError};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;

type Bytes = Rc<[u8]>;

#[derive(Default)]
struct Stored {
    records: BTreeMap<u32, Bytes>,
    row: Option<Bytes>,
}

/// Sessions as long as a handle on them lives.
#[derive(Default)]
pub struct MemoryStore {
    sessions: Rc<RefCell<BTreeMap<String, Stored>>>,
    is_closed: Cell<bool>,
}

impl MemoryStore {
    /// Another handle on the same data.
    pub fn another(&self) -> Self {
        Self { sessions: Rc::clone(&self.sessions), is_closed: Cell::new(false) }
    }

    fn check(&self) -> Result<(), StoreError<Infallible>> {
        if self.is_closed.get() { Err(StoreError::Unavailable { why: "the store was closed", cause: None }) } else { Ok(()) }
    }
}

impl SessionStore for MemoryStore {
    type Bytes = Bytes;
    type Cause = Infallible;

    async fn append(
        &self,
        session: &str,
        slot: u32,
        record: Bytes,
        row: Option<Bytes>,
        _is_strict: bool,
    ) -> Result<Appended, StoreError<Infallible>> {
        self.check()?;
        let mut sessions = self.sessions.borrow_mut();
        let stored = sessions.entry(session.to_owned()).or_default();
        if stored.records.contains_key(&slot) {
            return Ok(Appended::Taken);
        }
        stored.records.insert(slot, record);
        stored.row = row.or_else(|| stored.row.take());
        Ok(Appended::Stored)
    }

    async fn read(&self, session: &str, from: u32, limit: u32) -> Result<Vec<Slotted<Bytes>>, StoreError<Infallible>> {
        self.check()?;
        let sessions = self.sessions.borrow();
        let records = sessions.get(session).into_iter().flat_map(|stored| stored.records.range(from..));
        Ok(records.take(limit as usize).map(|(slot, record)| (*slot, Rc::clone(record))).collect())
    }

    async fn newest(&self, session: &str) -> Result<Option<Slotted<Bytes>>, StoreError<Infallible>> {
        self.check()?;
        let sessions = self.sessions.borrow();
        let newest = sessions.get(session).and_then(|stored| stored.records.last_key_value());
        Ok(newest.map(|(slot, record)| (*slot, Rc::clone(record))))
    }

    async fn rows(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Bytes)>, StoreError<Infallible>> {
        self.check()?;
        let sessions = self.sessions.borrow();
        let behind = sessions.iter().filter(|(session, _)| after.is_none_or(|after| session.as_str() > after));
        let rows = behind.filter_map(|(session, stored)| stored.row.as_ref().map(|row| (session.clone(), Rc::clone(row))));
        Ok(rows.take(limit as usize).collect())
    }

    async fn drop(&self, session: &str, what: Drop<'_>) -> Result<(), StoreError<Infallible>> {
        self.check()?;
        let mut sessions = self.sessions.borrow_mut();
        match what {
            Drop::All => {
                sessions.remove(session);
            }
            Drop::UpTo { up_to, keep } => {
                if let Some(stored) = sessions.get_mut(session) {
                    stored.records.retain(|slot, _| *slot > up_to || keep.contains(slot));
                }
            }
        }
        Ok(())
    }

    fn close(&self) {
        self.is_closed.set(true);
    }
}
