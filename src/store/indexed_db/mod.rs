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
use transaction::{Mode, Scope, Transaction};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{IdbCursorDirection, IdbCursorWithValue, IdbFactory, IdbKeyRange, IdbRequest};

const RECORDS: &str = "records";
const ROWS: &str = "rows";
const META: &str = "meta";

/// The requests of a transaction whose results are wanted.
type Requests = [Option<IdbRequest>; 2];

/// Makes the requests of a transaction.
type Ask<'a> = dyn Fn(&Connection, &Transaction) -> Result<Requests, Fault> + 'a;

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

    /// Carries out one transaction, and once more on a new connection if the first was lost: a connection that failed never works again,
    /// and goes on losing what is written to it (WebKit). `ask` makes the requests, whose results are there when this returns.
    async fn attempt(&self, scope: Scope, mode: Mode, ask: &Ask<'_>) -> Result<(Rc<Connection>, Requests), Fault> {
        let mut is_second = false;
        loop {
            let connection = self.connect().await;
            let fault = match connection {
                Ok(connection) => match self.transact(&connection, scope, mode, ask).await {
                    Ok(requests) => return Ok((connection, requests)),
                    Err(fault) => {
                        if matches!(fault, Fault::Lost(_) | Fault::Silent) {
                            connection.close();
                        }
                        fault
                    }
                },
                Err(fault) => fault,
            };
            if is_second || !matches!(fault, Fault::Lost(_)) {
                return Err(fault);
            }
            is_second = true;
        }
    }

    async fn transact(&self, connection: &Connection, scope: Scope, mode: Mode, ask: &Ask<'_>) -> Result<Requests, Fault> {
        let transaction = connection.begin(scope, mode)?;
        let requests = ask(connection, &transaction)?;
        transaction.finish().await?;
        Ok(requests)
    }

    /// Keys and values of a range, ascending. `getAll` twice: a cursor is twenty times slower in WebKit.
    async fn page(&self, scope: Scope, range: Result<IdbKeyRange, JsValue>, limit: u32) -> Result<Vec<(JsValue, Uint8Array)>, Fault> {
        // To `getAll`, none means all.
        if limit == 0 {
            return Ok(Vec::new());
        }
        let range = range?;
        let (_, requests) = self
            .attempt(scope, Mode::Read, &|_, transaction| {
                let store = if let Scope::Records = scope { transaction.records()? } else { transaction.rows()? };
                let keys = store.get_all_keys_with_key_and_limit(&range, limit)?;
                let values = store.get_all_with_key_and_limit(&range, limit)?;
                Ok([Some(keys), Some(values)])
            })
            .await?;
        let [keys, values] = [result_of(&requests[0])?, result_of(&requests[1])?].map(JsCast::unchecked_into::<Array>);
        let mut found = Vec::with_capacity(values.length() as usize);
        for index in 0..values.length() {
            found.push((keys.get(index), bytes_of(values.get(index))?));
        }
        Ok(found)
    }

    async fn newest_of(&self, session: &JsValue) -> Result<Option<Slotted<Uint8Array>>, Fault> {
        let range = IdbKeyRange::bound(&key(session, 0), &key_behind(session))?;
        let (connection, requests) = self
            .attempt(Scope::Records, Mode::Read, &|_, transaction| {
                let request = transaction.records()?.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?;
                Ok([Some(request), None])
            })
            .await?;
        let cursor = result_of(&requests[0])?;
        if cursor.is_null() {
            return Ok(None);
        }
        // The log goes on from here.
        self.homes.set(session, &connection.id.into());
        let cursor: IdbCursorWithValue = cursor.unchecked_into();
        Ok(Some((slot_of(&cursor.key()?)?, bytes_of(cursor.value()?)?)))
    }

    fn error(&self, fault: Fault) -> StoreError<JsValue> {
        fault.into_error(&self.settings.name)
    }

    /// Refuses to go on with a log whose beginning is in another database. The first slot begins a log wherever it is.
    fn check_home(&self, session: &JsValue, slot: u32, id: f64) -> Result<(), Fault> {
        match self.homes.get(session).as_f64() {
            Some(home) if home == id => {}
            Some(_) if slot > 0 => return Err(Fault::Cleared),
            _ => drop(self.homes.set(session, &id.into())),
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
        let mode = Mode::Write { is_strict: is_strict || self.settings.is_strict };
        let scope = if row.is_some() { Scope::RecordsAndRows } else { Scope::Records };
        let session = JsValue::from_str(session);
        let ask: &Ask<'_> = &|connection, transaction| {
            self.check_home(&session, slot, connection.id)?;
            transaction.records()?.add_with_key(&record, &key(&session, slot))?;
            match &row {
                Some(row) => drop(transaction.rows()?.put_with_key(row, &session)?),
                None => transaction.commit(),
            }
            Ok(Requests::default())
        };
        match self.attempt(scope, mode, ask).await {
            Ok(_) => Ok(Appended::Stored),
            Err(Fault::Taken) => Ok(Appended::Taken),
            Err(fault) => Err(self.error(fault)),
        }
    }

    async fn read(&self, session: &str, from: u32, limit: u32) -> Result<Vec<Slotted<Uint8Array>>, StoreError<JsValue>> {
        let session = JsValue::from_str(session);
        let range = IdbKeyRange::bound(&key(&session, from), &key_behind(&session));
        let found = self.page(Scope::Records, range, limit).await.map_err(|fault| self.error(fault))?;
        let slots = found.into_iter().map(|(key, bytes)| Ok((slot_of(&key)?, bytes)));
        slots.collect::<Result<_, Fault>>().map_err(|fault| self.error(fault))
    }

    async fn newest(&self, session: &str) -> Result<Option<Slotted<Uint8Array>>, StoreError<JsValue>> {
        self.newest_of(&session.into()).await.map_err(|fault| self.error(fault))
    }

    async fn rows(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Uint8Array)>, StoreError<JsValue>> {
        // The empty text is the first of all.
        let range = IdbKeyRange::lower_bound_with_open(&after.unwrap_or_default().into(), after.is_some());
        let found = self.page(Scope::Rows, range, limit).await.map_err(|fault| self.error(fault))?;
        let rows = found.into_iter().map(|(key, row)| Some((key.as_string()?, row)));
        rows.collect::<Option<_>>().ok_or_else(|| self.error(Fault::Foreign("a session id that is no text", None)))
    }

    async fn drop(&self, session: &str, what: Drop<'_>) -> Result<(), StoreError<JsValue>> {
        let session = JsValue::from_str(session);
        let mode = Mode::Write { is_strict: self.settings.is_strict };
        let ask: &Ask<'_> = &|_, transaction| {
            let records = transaction.records()?;
            match what {
                Drop::All => {
                    records.delete(&IdbKeyRange::bound(&key(&session, 0), &key_behind(&session))?.into())?;
                    transaction.rows()?.delete(&session)?;
                }
                Drop::UpTo { up_to, keep } => {
                    for (first, last) in gaps(up_to, keep) {
                        records.delete(&IdbKeyRange::bound(&key(&session, first), &key(&session, last))?.into())?;
                    }
                }
            }
            Ok(Requests::default())
        };
        self.attempt(Scope::RecordsAndRows, mode, ask).await.map_err(|fault| self.error(fault))?;
        if matches!(what, Drop::All) {
            self.homes.delete(&session);
        }
        Ok(())
    }

    fn close(&self) {
        self.is_closed.set(true);
        self.opening.take();
    }
}

fn key(session: &JsValue, slot: u32) -> JsValue {
    Array::of2(session, &slot.into()).into()
}

/// Behind all keys of a session: an array sorts behind every number.
fn key_behind(session: &JsValue) -> JsValue {
    Array::of2(session, &Array::new()).into()
}

/// What a request has brought, once its transaction is complete.
fn result_of(request: &Option<IdbRequest>) -> Result<JsValue, Fault> {
    request.as_ref().map_or(Ok(JsValue::NULL), |request| Ok(request.result()?))
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
