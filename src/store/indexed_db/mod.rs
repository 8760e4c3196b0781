//! The store of browsers: sessions in IndexedDB. Owns the layout's use, the retry on a new connection, and the watch over a database that
//! was wiped and made anew.
//!
//! Bytes stay where they are: a record is a `Uint8Array` that is never copied into the wasm. Invariant: a record is added in one
//! transaction with its row, and only into a log of the database that the session was read from.

mod arrival;
mod connection;
mod deadline;
mod faults;
mod keys;
mod pins;
mod transaction;

pub use pins::{Base, Cut, Forked};

use super::{Appended, Drop, SessionStore, Slotted, StoreError};
use arrival::Arrival;
use connection::Connection;
use faults::Fault;
use js_sys::{Array, Function, Map, Uint8Array};
use keys::{Log, TOMB, life_and_slot};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use transaction::{Mode, Scope, Transaction};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{IdbCursorDirection, IdbCursorWithValue, IdbFactory, IdbKeyRange, IdbRequest};

const RECORDS: &str = "records";
const ROWS: &str = "rows";
const PINS: &str = "pins";
const META: &str = "meta";

/// The requests of a transaction whose results are wanted.
type Requests = [Option<IdbRequest>; 3];

/// Makes the requests of a transaction.
type Ask<'a> = dyn Fn(&Connection, &Transaction) -> Result<Requests, Fault> + 'a;

/// Makes the requests that depend on the answers to the first ones.
type Then<'a> = dyn Fn(&Transaction, &Requests) -> Result<(), Fault> + 'a;

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
            version: 2,
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
    /// The life of each session that was looked at; see `keys.rs`.
    lives: Map,
    is_closed: Cell<bool>,
}

impl IndexedDb {
    /// Does nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings: Rc::new(settings), opening: RefCell::default(), homes: Map::new(), lives: Map::new(), is_closed: Cell::new(false) }
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
    async fn attempt(&self, scope: Scope, mode: Mode, ask: &Ask<'_>, then: Option<&Then<'_>>) -> Result<(Rc<Connection>, Requests), Fault> {
        let mut is_second = false;
        loop {
            let connection = self.connect().await;
            let fault = match connection {
                Ok(connection) => match self.transact(&connection, scope, mode, ask, then).await {
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

    async fn transact(
        &self,
        connection: &Connection,
        scope: Scope,
        mode: Mode,
        ask: &Ask<'_>,
        then: Option<&Then<'_>>,
    ) -> Result<Requests, Fault> {
        let transaction = connection.begin(scope, mode)?;
        let requests = ask(connection, &transaction)?;
        if let Some(then) = then {
            // Answers come in order.
            for last in requests.iter().rev().flatten().take(1) {
                transaction.answered(last).await?;
            }
            then(&transaction, &requests)?;
        }
        transaction.finish().await?;
        Ok(requests)
    }

    /// Keys and values of a range, ascending. `getAll` twice: a cursor is twenty times slower in WebKit. With a log, its pin too.
    async fn page(
        &self,
        log: Option<&Log>,
        range: Result<IdbKeyRange, JsValue>,
        limit: u32,
    ) -> Result<(Vec<(JsValue, Uint8Array)>, JsValue), Fault> {
        // To `getAll`, none means all.
        if limit == 0 {
            return Ok((Vec::new(), JsValue::UNDEFINED));
        }
        let range = range?;
        let scope = if log.is_some() { Scope::RecordsAndPins } else { Scope::Rows };
        let ask: &Ask<'_> = &|_, transaction| {
            let store = if log.is_some() { transaction.records()? } else { transaction.rows()? };
            let keys = store.get_all_keys_with_key_and_limit(&range, limit)?;
            let values = store.get_all_with_key_and_limit(&range, limit)?;
            let pin = log.map(|log| Ok::<_, Fault>(transaction.pins()?.get(&log.key())?)).transpose()?;
            Ok([Some(keys), Some(values), pin])
        };
        let (_, requests) = self.attempt(scope, Mode::Read, ask, None).await?;
        let [keys, values] = [result_of(&requests[0])?, result_of(&requests[1])?].map(JsCast::unchecked_into::<Array>);
        let mut found = Vec::with_capacity(values.length() as usize);
        for index in 0..values.length() {
            found.push((keys.get(index), bytes_of(values.get(index))?));
        }
        Ok((found, result_of(&requests[2])?))
    }

    async fn newest_of(&self, session: &JsValue) -> Result<Option<Slotted<Uint8Array>>, Fault> {
        let range = keys::all_of(session)?;
        let ask: &Ask<'_> = &|_, transaction| {
            let request = transaction.records()?.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?;
            Ok([Some(request), None, None])
        };
        let (connection, requests) = self.attempt(Scope::Records, Mode::Read, ask, None).await?;
        let cursor = result_of(&requests[0])?;
        if cursor.is_null() {
            self.lives.set(session, &0.into());
            return Ok(None);
        }
        let cursor: IdbCursorWithValue = cursor.unchecked_into();
        let (life, slot) = life_and_slot(&cursor.key()?)?;
        if slot == TOMB {
            self.lives.set(session, &(life + 1.0).into());
            return Ok(None);
        }
        self.lives.set(session, &life.into());
        // The log goes on from here.
        self.homes.set(session, &connection.id.into());
        Ok(Some((slot, bytes_of(cursor.value()?)?)))
    }

    /// The log that a session has, as far as this object knows.
    fn log(&self, session: &JsValue) -> Log {
        Log { session: session.clone(), life: self.lives.get(session).as_f64().unwrap_or(0.0) }
    }

    /// The log that a session has.
    async fn find_log(&self, session: &JsValue) -> Result<Log, Fault> {
        if !self.lives.has(session) {
            self.newest_of(session).await?;
        }
        Ok(self.log(session))
    }

    fn error(&self, fault: Fault) -> StoreError<JsValue> {
        fault.into_error(&self.settings.name)
    }

    /// Refuses to go on with a log whose beginning is in another database. The first slot begins a log wherever it is.
    fn check_home(&self, session: &JsValue, slot: u32, id: f64) -> Result<(), Fault> {
        match self.homes.get(session).as_f64() {
            Some(home) if home == id => {}
            Some(_) if slot > 0 => return Err(Fault::Cleared),
            home => {
                if home.is_some() {
                    self.lives.delete(session);
                }
                self.homes.set(session, &id.into());
            }
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
            transaction.records()?.add_with_key(&record, &self.log(&session).slot(slot))?;
            match &row {
                Some(row) => drop(transaction.rows()?.put_with_key(row, &session)?),
                None => transaction.commit(),
            }
            Ok(Requests::default())
        };
        match self.attempt(scope, mode, ask, None).await {
            Ok(_) => Ok(Appended::Stored),
            Err(Fault::Taken) => Ok(Appended::Taken),
            Err(fault) => Err(self.error(fault)),
        }
    }

    async fn read(&self, session: &str, from: u32, limit: u32) -> Result<Vec<Slotted<Uint8Array>>, StoreError<JsValue>> {
        let found = self.read_shared(session, from, limit).await?;
        Ok(found.into_iter().map(|(slot, _, bytes)| (slot, bytes)).collect())
    }

    async fn newest(&self, session: &str) -> Result<Option<Slotted<Uint8Array>>, StoreError<JsValue>> {
        self.newest_of(&session.into()).await.map_err(|fault| self.error(fault))
    }

    async fn rows(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Uint8Array)>, StoreError<JsValue>> {
        // The empty text is the first of all.
        let range = IdbKeyRange::lower_bound_with_open(&after.unwrap_or_default().into(), after.is_some());
        let (found, _) = self.page(None, range, limit).await.map_err(|fault| self.error(fault))?;
        let rows = found.into_iter().map(|(key, row)| Some((key.as_string()?, row)));
        rows.collect::<Option<_>>().ok_or_else(|| self.error(Fault::Foreign("a session id that is no text", None)))
    }

    async fn drop(&self, session: &str, what: Drop<'_>) -> Result<(), StoreError<JsValue>> {
        self.forget(session, what).await.map(drop)
    }

    fn close(&self) {
        self.is_closed.set(true);
        self.opening.take();
    }
}

/// What a request has brought, once its transaction is complete.
fn result_of(request: &Option<IdbRequest>) -> Result<JsValue, Fault> {
    request.as_ref().map_or(Ok(JsValue::NULL), |request| Ok(request.result()?))
}

fn bytes_of(value: JsValue) -> Result<Uint8Array, Fault> {
    value.dyn_into().map_err(|_| Fault::Foreign("a value that is no Uint8Array", None))
}
