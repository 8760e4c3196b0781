//! The store of browsers: sessions in IndexedDB. Owns the layout's use, the retry on a new connection, and the watch over a database that
//! was wiped and made anew.
//!
//! Bytes stay where they are: a record is a `Uint8Array` that is never copied into the wasm. Invariant: a record is added in one
//! transaction with its row, and only into a log of the database that the session was read from.

mod arrival;
mod connection;
mod deadline;
mod faults;
mod transaction;

use super::{Appended, Drop, SessionStore, Slotted, StoreError};
use arrival::Arrival;
use connection::Connection;
use faults::Fault;
use js_sys::{Array, Function, Map, Uint8Array};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use transaction::{Mode, Transaction};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{IdbCursorDirection, IdbCursorWithValue, IdbFactory, IdbKeyRange};

const RECORDS: &str = "records";
const ROWS: &str = "rows";
const META: &str = "meta";

type Opening = Arrival<Result<Rc<Connection>, Fault>>;

/// How a database is opened.
#[derive(Clone)]
pub struct Settings {
    /// The database's name.
    pub name: String,
    /// The layout's version. Only tests have another than the default.
    pub version: u32,
    /// Whether every append is strict.
    pub is_strict: bool,
    /// How long other connections may block an upgrade.
    pub blocked_limit_ms: u32,
    /// How long a transaction may go without an answer.
    pub limit_ms: u32,
    /// Called when an upgrade is blocked. What it throws is lost.
    pub on_blocked: Option<Function>,
    /// Where databases come from, in place of the global `indexedDB`.
    pub factory: Option<IdbFactory>,
}

impl Settings {
    /// The settings of a published build, for this database.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: 1,
            is_strict: false,
            blocked_limit_ms: 10_000,
            limit_ms: 10_000,
            on_blocked: None,
            factory: None,
        }
    }
}

/// See the module's head. Opens the database at its first use, and again whenever the connection was lost.
pub struct IndexedDb {
    settings: Rc<Settings>,
    opening: RefCell<Option<Rc<Opening>>>,
    /// The id of the database that each session's log was found in or begun in. JavaScript's map: a Rust one is 10 KB.
    homes: Map,
    is_closed: Cell<bool>,
}

impl IndexedDb {
    /// Does nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Rc::new(settings), opening: RefCell::default(), homes: Map::new(), is_closed: Cell::new(false) }
    }

    /// The connection that is open, or else a new one that all who come meanwhile share.
    async fn connect(&self) -> Result<Rc<Connection>, Fault> {
        if self.is_closed.get() {
            return Err(Fault::Closed);
        }
        let known = self.opening.borrow().clone();
        let is_usable = known.as_ref().is_some_and(|known| match known.get() {
            None => true,
            Some(result) => result.is_ok_and(|connection| connection.is_open()),
        });
        let opening = known.filter(|_| is_usable).unwrap_or_else(|| self.open());
        let connection = opening.wait().await?;
        if self.is_closed.get() { Err(Fault::Closed) } else { Ok(connection) }
    }

    fn open(&self) -> Rc<Opening> {
        let opening = Rc::new(Arrival::new());
        self.opening.replace(Some(Rc::clone(&opening)));
        let (settings, arrival) = (Rc::clone(&self.settings), Rc::clone(&opening));
        spawn_local(async move {
            arrival.set(Connection::open(&settings).await.map(Rc::new));
        });
        opening
    }

    /// Does `work`, and once more on a new connection if the first was lost: a connection that failed never works again, and goes on
    /// losing what is written to it (WebKit).
    async fn attempt<T>(&self, work: impl AsyncFn(&Connection) -> Result<T, Fault>) -> Result<T, StoreError<JsValue>> {
        let mut is_second = false;
        loop {
            let result = match self.connect().await {
                Ok(connection) => {
                    let result = work(&connection).await;
                    if matches!(result, Err(Fault::Lost(_) | Fault::Silent)) {
                        connection.close();
                    }
                    result
                }
                Err(fault) => Err(fault),
            };
            match result {
                Err(Fault::Lost(_)) if !is_second => is_second = true,
                result => return result.map_err(|fault| fault.into_error(&self.settings.name)),
            }
        }
    }

    /// Keys and values of a range, ascending. `getAll` twice: a cursor is twenty times slower in WebKit.
    async fn page<Key>(
        &self,
        store: &str,
        range: Result<IdbKeyRange, JsValue>,
        limit: u32,
        key_of: impl Fn(&JsValue) -> Result<Key, Fault>,
    ) -> Result<Vec<(Key, Uint8Array)>, StoreError<JsValue>> {
        // To `getAll`, none means all.
        if limit == 0 {
            return Ok(Vec::new());
        }
        self.attempt(async |connection| {
            let range = range.clone()?;
            let transaction = Transaction::begin(&connection.database, &[store], Mode::Read)?;
            let source = transaction.store(store)?;
            let keys = source.get_all_keys_with_key_and_limit(&range, limit)?;
            let values = source.get_all_with_key_and_limit(&range, limit)?;
            transaction.finish(&connection.watch).await?;
            let (keys, values): (Array, Array) = (keys.result()?.unchecked_into(), values.result()?.unchecked_into());
            let mut found = Vec::with_capacity(values.length() as usize);
            for index in 0..values.length() {
                found.push((key_of(&keys.get(index))?, bytes_of(values.get(index))?));
            }
            Ok(found)
        })
        .await
    }

    /// Refuses to go on with a log whose beginning is in another database. The first slot begins a log wherever it is.
    fn check_home(&self, session: &str, slot: u32, id: f64) -> Result<(), Fault> {
        let session = JsValue::from_str(session);
        match self.homes.get(&session).as_f64() {
            Some(home) if home == id => {}
            Some(_) if slot > 0 => return Err(Fault::Cleared),
            _ => drop(self.homes.set(&session, &id.into())),
        }
        Ok(())
    }
}

impl SessionStore for IndexedDb {
    type Bytes = Uint8Array;
    type Cause = JsValue;

    async fn append(
        &self,
        session: &str,
        slot: u32,
        record: Uint8Array,
        row: Option<Uint8Array>,
        is_strict: bool,
    ) -> Result<Appended, StoreError<JsValue>> {
        let is_strict = is_strict || self.settings.is_strict;
        self.attempt(async |connection| {
            self.check_home(session, slot, connection.id)?;
            let stores: &[&str] = if row.is_some() { &[RECORDS, ROWS] } else { &[RECORDS] };
            let transaction = Transaction::begin(&connection.database, stores, Mode::Write { is_strict })?;
            transaction.store(RECORDS)?.add_with_key(&record, &key(session, slot))?;
            match &row {
                Some(row) => drop(transaction.store(ROWS)?.put_with_key(row, &session.into())?),
                None => transaction.commit(),
            }
            match transaction.finish(&connection.watch).await {
                Ok(()) => Ok(Appended::Stored),
                Err(Fault::Taken) => Ok(Appended::Taken),
                Err(fault) => Err(fault),
            }
        })
        .await
    }

    async fn read(&self, session: &str, from: u32, limit: u32) -> Result<Vec<Slotted<Uint8Array>>, StoreError<JsValue>> {
        let range = IdbKeyRange::bound(&key(session, from), &key_behind(session));
        self.page(RECORDS, range, limit, slot_of).await
    }

    async fn newest(&self, session: &str) -> Result<Option<Slotted<Uint8Array>>, StoreError<JsValue>> {
        self.attempt(async |connection| {
            let range = IdbKeyRange::bound(&key(session, 0), &key_behind(session))?;
            let transaction = Transaction::begin(&connection.database, &[RECORDS], Mode::Read)?;
            let request = transaction.store(RECORDS)?.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?;
            transaction.finish(&connection.watch).await?;
            let cursor = request.result()?;
            if cursor.is_null() {
                return Ok(None);
            }
            // The log goes on from here.
            self.homes.set(&session.into(), &connection.id.into());
            let cursor: IdbCursorWithValue = cursor.unchecked_into();
            Ok(Some((slot_of(&cursor.key()?)?, bytes_of(cursor.value()?)?)))
        })
        .await
    }

    async fn rows(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Uint8Array)>, StoreError<JsValue>> {
        // The empty text is the first of all.
        let range = IdbKeyRange::lower_bound_with_open(&after.unwrap_or_default().into(), after.is_some());
        self.page(ROWS, range, limit, |key| key.as_string().ok_or(Fault::Foreign("a session id that is no text", None))).await
    }

    async fn drop(&self, session: &str, what: Drop<'_>) -> Result<(), StoreError<JsValue>> {
        self.attempt(async |connection| {
            let transaction =
                Transaction::begin(&connection.database, &[RECORDS, ROWS], Mode::Write { is_strict: self.settings.is_strict })?;
            let records = transaction.store(RECORDS)?;
            match what {
                Drop::All => {
                    records.delete(&IdbKeyRange::bound(&key(session, 0), &key_behind(session))?.into())?;
                    transaction.store(ROWS)?.delete(&session.into())?;
                }
                Drop::UpTo { up_to, keep } => {
                    for (first, last) in gaps(up_to, keep) {
                        records.delete(&IdbKeyRange::bound(&key(session, first), &key(session, last))?.into())?;
                    }
                }
            }
            transaction.finish(&connection.watch).await
        })
        .await?;
        if matches!(what, Drop::All) {
            self.homes.delete(&session.into());
        }
        Ok(())
    }

    fn close(&self) {
        self.is_closed.set(true);
        self.opening.take();
    }
}

fn key(session: &str, slot: u32) -> JsValue {
    Array::of2(&session.into(), &slot.into()).into()
}

/// Behind all keys of a session: an array sorts behind every number.
fn key_behind(session: &str) -> JsValue {
    Array::of2(&session.into(), &Array::new()).into()
}

fn slot_of(key: &JsValue) -> Result<u32, Fault> {
    let slot = key.unchecked_ref::<Array>().get(1).as_f64();
    slot.map(|slot| slot as u32).filter(|found| Some(f64::from(*found)) == slot).ok_or(Fault::Foreign("a key that is no slot", None))
}

fn bytes_of(value: JsValue) -> Result<Uint8Array, Fault> {
    value.dyn_into().map_err(|_| Fault::Foreign("a value that is no Uint8Array", None))
}

/// The ranges up to and with `up_to`, but for the slots of `keep`.
fn gaps(up_to: u32, keep: &[u32]) -> Vec<(u32, u32)> {
    let mut ranges = Vec::new();
    let mut first = 0;
    for slot in keep.iter().copied().filter(|slot| *slot <= up_to) {
        if slot > first {
            ranges.push((first, slot - 1));
        }
        first = slot.saturating_add(1);
    }
    if first <= up_to {
        ranges.push((first, up_to));
    }
    ranges
}
