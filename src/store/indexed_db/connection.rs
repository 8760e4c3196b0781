//! One connection to the database: opening, the layout, and what ends it from outside.
//!
//! Invariant: a connection that another tab wants to go (an upgrade, a deletion) goes at once; nobody waits for this one.

use super::arrival::Arrival;
use super::deadline::Deadline;
use super::faults::Fault;
use super::transaction::{Mode, Outcome, Scope, Transaction, Transactions, error_of};
use super::{META, PINS, RECORDS, ROWS, Settings};
use js_sys::{Math, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Event, IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbRequest, IdbTransaction, IdbVersionChangeEvent};

/// The key in `META` of the number that tells this database from one of the same name made later.
const ID: &str = "id";

/// See the module's head. Closed when it is dropped.
pub(super) struct Connection {
    database: IdbDatabase,
    /// Made by chance when the database was made.
    pub id: f64,
    transactions: Transactions,
    is_open: Rc<Cell<bool>>,
    _listener: Closure<dyn FnMut(Event)>,
}

impl Connection {
    pub(super) async fn open(settings: &Settings) -> Result<Self, Fault> {
        let factory = settings.factory.clone().map_or_else(factory, Ok)?;
        let request = factory.open_with_u32(&settings.name, settings.version).map_err(|thrown| Fault::Absent(Some(thrown)))?;
        let database = opened(request, settings).await?;
        let is_open = Rc::new(Cell::new(true));
        let listener = listen(&database, &is_open);
        let mut connection = Self { database, id: 0.0, transactions: Transactions::new(settings.limit_ms), is_open, _listener: listener };
        connection.id = connection.read_id().await?;
        Ok(connection)
    }

    /// Whether requests can be made; false once it was closed from here or from outside.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.get()
    }

    /// Transactions that are under way still end.
    pub(super) fn close(&self) {
        self.is_open.set(false);
        self.database.close();
    }

    pub(super) fn begin(&self, scope: Scope, mode: Mode) -> Result<Transaction, Fault> {
        self.transactions.begin(&self.database, scope, mode)
    }

    async fn read_id(&self) -> Result<f64, Fault> {
        // Over all object stores: a database of somebody else is noticed here.
        let transaction = self.begin(Scope::All, Mode::Read)?;
        let request = transaction.meta()?.get(&ID.into())?;
        transaction.finish().await?;
        request.result()?.as_f64().ok_or(Fault::Foreign("its id is missing", None))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.database.set_onversionchange(None);
        self.database.set_onclose(None);
        self.close();
    }
}

/// The global `indexedDB`; looking at it throws where the page may not use it.
fn factory() -> Result<IdbFactory, Fault> {
    let found = Reflect::get(&js_sys::global(), &"indexedDB".into()).map_err(|thrown| Fault::Absent(Some(thrown)))?;
    if found.is_falsy() { Err(Fault::Absent(None)) } else { Ok(found.unchecked_into()) }
}

fn listen(database: &IdbDatabase, is_open: &Rc<Cell<bool>>) -> Closure<dyn FnMut(Event)> {
    let (raw, is_open) = (database.clone(), Rc::clone(is_open));
    // `close` comes when the browser has closed it, as when storage is cleared; closing once more does nothing.
    let listener = Closure::new(move |_: Event| {
        is_open.set(false);
        raw.close();
    });
    let handler = Some(listener.as_ref().unchecked_ref());
    database.set_onversionchange(handler);
    database.set_onclose(handler);
    listener
}

/// Waits for the answer to a request to open.
async fn opened(request: IdbOpenDbRequest, settings: &Settings) -> Result<IdbDatabase, Fault> {
    let outcome: Rc<Outcome> = Rc::new(Arrival::new());
    let expire = |limit_ms, fault: fn() -> Fault| {
        let outcome = Rc::clone(&outcome);
        Deadline::new(limit_ms, move || {
            outcome.set(Err(fault()));
        })
    };
    // Behind a deletion that is blocked no event comes at all.
    let deadline = Rc::new(RefCell::new(Some(expire(2 * settings.blocked_limit_ms, || Fault::Silent))));
    let on_blocked = {
        let (deadline, outcome) = (Rc::clone(&deadline), Rc::clone(&outcome));
        let (user, limit_ms) = (settings.on_blocked.clone(), settings.blocked_limit_ms);
        move || {
            let outcome = Rc::clone(&outcome);
            deadline.replace(Some(Deadline::new(limit_ms, move || {
                outcome.set(Err(Fault::Blocked));
            })));
            if let Some(user) = &user {
                // It is the facade's, which sees to what the user's own throws.
                let _ = user.call0(&JsValue::UNDEFINED);
            }
        }
    };
    let answer = Rc::clone(&outcome);
    let source = request.clone();
    let listener = Closure::<dyn FnMut(Event)>::new(move |event: Event| match event.type_().as_str() {
        "upgradeneeded" => {
            if let Err(thrown) = upgrade(&source, event.unchecked_ref(), answer.get().is_some()) {
                answer.set(Err(thrown.into()));
            }
        }
        "blocked" => on_blocked(),
        "success" => {
            // Nobody waits any more, and an open connection would be in the way of others.
            if !answer.set(Ok(())) {
                close_result(&source);
            }
        }
        _ => {
            event.prevent_default();
            answer.set(Err(error_of(event.target()).into()));
        }
    });
    let handler: Option<&js_sys::Function> = Some(listener.as_ref().unchecked_ref());
    request.set_onupgradeneeded(handler);
    request.set_onblocked(handler);
    request.set_onsuccess(handler);
    request.set_onerror(handler);
    let result = outcome.wait().await;
    deadline.take();
    if matches!(result, Err(Fault::Blocked | Fault::Silent)) {
        // The answer may still come.
        listener.forget();
    }
    result?;
    Ok(request.result()?.unchecked_into())
}

fn close_result(request: &IdbRequest) {
    if let Ok(database) = request.result() {
        database.unchecked_into::<IdbDatabase>().close();
    }
}

/// Makes the layout, version by version. What it throws, the open request fails with too, and nothing of the upgrade stays.
fn upgrade(request: &IdbOpenDbRequest, event: &IdbVersionChangeEvent, is_given_up: bool) -> Result<(), JsValue> {
    let made = match event.old_version() {
        _ if is_given_up => Err(JsValue::NULL),
        0.0 => make_version_1(request).and_then(|()| make_version_2(request)),
        1.0 => make_version_2(request),
        _ => Ok(()),
    };
    if made.is_err()
        && let Some(transaction) = request.transaction()
    {
        let _: Result<(), JsValue> = IdbTransaction::abort(&transaction);
    }
    made
}

/// `records`: a record by `[session, slot]`. `rows`: a row by session. `meta`: the id.
fn make_version_1(request: &IdbRequest) -> Result<(), JsValue> {
    let database: IdbDatabase = request.result()?.unchecked_into();
    database.create_object_store(RECORDS)?;
    database.create_object_store(ROWS)?;
    database.create_object_store(META)?.put_with_key(&Math::random().into(), &ID.into())?;
    Ok(())
}

/// `pins`: what the log of a forked session shares with another one, by `[session, life]`; see `pins.rs`.
fn make_version_2(request: &IdbRequest) -> Result<(), JsValue> {
    // Throws in a database of somebody else.
    request.transaction().ok_or(JsValue::NULL)?.object_store(META)?;
    request.result()?.unchecked_into::<IdbDatabase>().create_object_store(PINS)?;
    Ok(())
}
