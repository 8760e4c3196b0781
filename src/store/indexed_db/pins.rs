//! Logs that share records: what a fork reads of another log, and what nobody may drop because of that.
//!
//! A pin is the entry of a forked log in `pins`: `[session, life] -> [session, life, slot, snapshot, cut, isHidden]`, where the first two are the
//! log that it goes on from, up to and with `slot`; a restore begins at `snapshot`; of the last record the events up to `cut` count (-1: all);
//! `isHidden`: the session of that log is deleted. Invariant: records that a pin needs are dropped only together with the pin, in one transaction;
//! a hidden log goes with its last pin.

use super::keys::{Log, TOMB, life_and_slot};
use super::transaction::{Mode, Scope, Transaction};
use super::{Ask, Drop, Fault, IndexedDb, Requests, StoreError, Then, keys, result_of};
use js_sys::{Array, Uint8Array};
use std::cell::{Cell, RefCell};
use wasm_bindgen::prelude::*;
use web_sys::{IdbCursor, IdbCursorDirection};

/// Where a fork begins.
#[derive(Clone)]
pub struct Base {
    /// The session.
    pub session: String,
    /// Of its last record.
    pub slot: u32,
    /// Where a restore begins.
    pub snapshot: u32,
    /// The last event of that record that counts; -1: all.
    pub cut: f64,
}

/// What became of a fork.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forked {
    /// It is there.
    Stored,
    /// There is such a session already.
    Taken,
    /// What it would share was dropped meanwhile.
    Gone,
}

/// A record that is to be cut: behind this event, for a restore that begins at that slot.
pub type Cut = Option<(f64, u32)>;

struct Pin {
    fork: Log,
    parent: Log,
    slot: u32,
    snapshot: u32,
    cut: f64,
    is_hidden: bool,
}

impl Pin {
    fn read(fork: Log, value: &JsValue) -> Option<Self> {
        let value: &Array = value.dyn_ref()?;
        let number = |index| value.get(index).as_f64();
        let parent = Log { session: value.get(0), life: number(1)? };
        Some(Self { fork, parent, slot: number(2)? as u32, snapshot: number(3)? as u32, cut: number(4)?, is_hidden: number(5)? > 0.0 })
    }

    fn value(&self) -> JsValue {
        let value = Array::of1(&self.parent.session);
        for number in [self.parent.life, self.slot.into(), self.snapshot.into(), self.cut, f64::from(u8::from(self.is_hidden))] {
            value.push(&number.into());
        }
        value.into()
    }

    fn cut_at(&self, slot: u32) -> Cut {
        (slot == self.slot && self.cut >= 0.0).then_some((self.cut, self.snapshot))
    }
}

/// All pins, in a transaction that changes them.
struct Pins<'a> {
    transaction: &'a Transaction,
    pins: Vec<Pin>,
}

impl<'a> Pins<'a> {
    fn new(transaction: &'a Transaction, requests: &Requests) -> Result<Self, Fault> {
        let [keys, values] = [result_of(&requests[0])?, result_of(&requests[1])?].map(JsCast::unchecked_into::<Array>);
        let mut pins = Vec::new();
        for index in 0..keys.length() {
            let key: Array = keys.get(index).unchecked_into();
            let fork = Log { session: key.get(0), life: key.get(1).as_f64().unwrap_or(0.0) };
            pins.push(Pin::read(fork, &values.get(index)).ok_or(Fault::Foreign("a pin that says nothing", None))?);
        }
        Ok(Self { transaction, pins })
    }

    fn on<'b>(&'b self, log: &'b Log) -> impl Iterator<Item = &'b Pin> {
        self.pins.iter().filter(move |pin| pin.parent == *log)
    }

    fn delete(&self, log: &Log, first: u32, last: u32) -> Result<(), Fault> {
        if first <= last {
            self.transaction.records()?.delete(&log.slots(first, last)?.into())?;
        }
        Ok(())
    }

    /// The log needs its own pin no more; what is freed by that goes too.
    fn release(&mut self, log: &Log) -> Result<(), Fault> {
        let mut log = log.clone();
        while let Some(at) = self.pins.iter().position(|pin| pin.fork == log) {
            let pin = self.pins.swap_remove(at);
            self.transaction.pins()?.delete(&pin.fork.key())?;
            if !pin.is_hidden || self.on(&pin.parent).next().is_some() {
                break;
            }
            log = pin.parent;
            self.delete(&log, 0, TOMB - 1)?;
        }
        Ok(())
    }

    /// The session of this log is no more.
    fn remove(&mut self, log: &Log) -> Result<(), Fault> {
        let Some(last) = self.on(log).map(|pin| pin.slot).max() else {
            self.delete(log, 0, TOMB - 1)?;
            return self.release(log);
        };
        self.delete(log, last + 1, TOMB - 1)?;
        self.transaction.records()?.put_with_key(&Uint8Array::new_with_length(0), &log.slot(TOMB))?;
        for pin in self.pins.iter_mut().filter(|pin| pin.parent == *log) {
            pin.is_hidden = true;
            self.transaction.pins()?.put_with_key(&pin.value(), &pin.fork.key())?;
        }
        Ok(())
    }

    /// Drops slots of a log, and returns the ranges that stay or are another log's.
    fn drop_up_to(&mut self, log: &Log, up_to: u32, keep: &[u32]) -> Result<Vec<(u32, u32)>, Fault> {
        let mut stays: Vec<(u32, u32)> = self.on(log).map(|pin| (pin.snapshot, pin.slot)).collect();
        let needed = stays.iter().map(|(first, _)| *first).fold(up_to.saturating_add(1), u32::min);
        let mut islands = stays.clone();
        islands.extend(keep.iter().map(|slot| (*slot, *slot)));
        let mut first = 0;
        // Without a sort, whose code is large.
        while let Some((from, to)) = islands.iter().filter(|(_, to)| *to >= first).min().filter(|(from, _)| *from <= up_to) {
            if *from > first {
                self.delete(log, first, from - 1)?;
            }
            first = to.saturating_add(1);
        }
        self.delete(log, first, up_to)?;
        if let Some(slot) = self.pins.iter().find(|pin| pin.fork == *log).map(|pin| pin.slot) {
            stays.push((0, slot));
            if needed > slot {
                self.release(log)?;
            }
        }
        Ok(stays)
    }
}

impl IndexedDb {
    /// Makes the session `fork`, which goes on from `base` with `record`. `None` of it is there before all of it is.
    ///
    /// # Errors
    /// By the codes of [`StoreError`].
    pub async fn fork(&self, fork: &str, base: Base, record: Uint8Array, row: Uint8Array) -> Result<Forked, StoreError<JsValue>> {
        match self.try_fork(&fork.into(), base, &record, &row).await {
            Ok(forked) => Ok(forked),
            Err(Fault::Taken) => Ok(Forked::Taken),
            Err(fault) => Err(self.error(fault)),
        }
    }

    async fn try_fork(&self, fork: &JsValue, base: Base, record: &Uint8Array, row: &Uint8Array) -> Result<Forked, Fault> {
        if self.newest_of(fork).await?.is_some() {
            return Ok(Forked::Taken);
        }
        let Base { session, slot, snapshot, mut cut } = base;
        let session = JsValue::from(session);
        self.newest_of(&session).await?;
        let (mut parent, mut start) = (self.log(&session), self.log(&session));
        let (mut is_parents, mut is_starts) = (true, true);
        // What is not the log's own is pinned where it is.
        while let Some(pin) = self.pin_of(&start).await? {
            is_parents &= slot <= pin.slot;
            is_starts &= snapshot <= pin.slot;
            if !is_starts {
                break;
            }
            if is_parents {
                if slot == pin.slot && cut < 0.0 {
                    cut = pin.cut;
                }
                parent = pin.parent.clone();
            }
            start = pin.parent;
        }
        let pin = Pin { fork: self.log(fork), parent, slot, snapshot, cut, is_hidden: false };
        let is_gone = Cell::new(false);
        let ask: &Ask<'_> = &|_, transaction| {
            let records = transaction.records()?;
            Ok([
                Some(records.get_key(&pin.parent.slot(slot))?),
                Some(records.get_key(&start.slot(snapshot))?),
                Some(records.get_key(&pin.parent.slot(TOMB))?),
            ])
        };
        let then: &Then<'_> = &|transaction, requests| {
            let [has_base, has_start, is_hidden] =
                [&requests[0], &requests[1], &requests[2]].map(|request| result_of(request).map(|key| !key.is_undefined()));
            is_gone.set(!(has_base? && has_start?));
            if is_gone.get() {
                return Ok(());
            }
            let value = Pin { is_hidden: is_hidden?, fork: pin.fork.clone(), parent: pin.parent.clone(), ..pin }.value();
            transaction.pins()?.add_with_key(&value, &pin.fork.key())?;
            transaction.records()?.add_with_key(record, &pin.fork.slot(slot + 1))?;
            transaction.rows()?.add_with_key(row, fork)?;
            Ok(())
        };
        self.attempt(Scope::All, Mode::Write { is_strict: self.settings.is_strict }, ask, Some(then)).await?;
        Ok(if is_gone.get() { Forked::Gone } else { Forked::Stored })
    }

    async fn pin_of(&self, log: &Log) -> Result<Option<Pin>, Fault> {
        let ask: &Ask<'_> = &|_, transaction| Ok([Some(transaction.pins()?.get(&log.key())?), None, None]);
        let (_, requests) = self.attempt(Scope::RecordsAndPins, Mode::Read, ask, None).await?;
        Ok(Pin::read(log.clone(), &result_of(&requests[0])?))
    }

    /// Records ascending from the slot `from`, at most `limit`, those that the session shares with others among them.
    ///
    /// # Errors
    /// By the codes of [`StoreError`].
    pub async fn read_shared(&self, session: &str, from: u32, limit: u32) -> Result<Vec<(u32, Cut, Uint8Array)>, StoreError<JsValue>> {
        self.try_read(&session.into(), from, limit).await.map_err(|fault| self.error(fault))
    }

    async fn try_read(&self, session: &JsValue, from: u32, limit: u32) -> Result<Vec<(u32, Cut, Uint8Array)>, Fault> {
        let mut log = self.find_log(session).await?;
        let mut last = TOMB - 1;
        let mut pins: Vec<Pin> = Vec::new();
        let mut pages = Vec::new();
        loop {
            let (page, pin) = self.page(Some(&log), log.slots(from, last), limit).await?;
            pages.push(page);
            let Some(pin) = Pin::read(log, &pin).filter(|pin| from <= pin.slot) else { break };
            last = last.min(pin.slot);
            log = pin.parent.clone();
            pins.push(pin);
        }
        let mut found = Vec::new();
        for (age, page) in pages.into_iter().enumerate().rev() {
            let pin = age.checked_sub(1).and_then(|child| pins.get(child));
            for (key, bytes) in page.into_iter().take(limit as usize - found.len()) {
                let slot = life_and_slot(&key)?.1;
                found.push((slot, pin.and_then(|pin| pin.cut_at(slot)), bytes));
            }
        }
        Ok(found)
    }

    /// Forgets records, in one atomic write, but for what forks need. Returns the ranges of slots that stay because of that, or are
    /// another session's.
    ///
    /// # Errors
    /// By the codes of [`StoreError`].
    pub async fn forget(&self, session: &str, what: Drop<'_>) -> Result<Vec<(u32, u32)>, StoreError<JsValue>> {
        self.try_forget(&session.into(), what).await.map_err(|fault| self.error(fault))
    }

    async fn try_forget(&self, session: &JsValue, what: Drop<'_>) -> Result<Vec<(u32, u32)>, Fault> {
        let log = self.find_log(session).await?;
        let range = keys::all_of(session)?;
        let stays = RefCell::new(Vec::new());
        let ask: &Ask<'_> = &|_, transaction| {
            let pins = transaction.pins()?;
            let (keys, values) = (pins.get_all_keys()?, pins.get_all()?);
            let newest = transaction.records()?.open_key_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?;
            Ok([Some(keys), Some(values), Some(newest)])
        };
        let then: &Then<'_> = &|transaction, requests| {
            let mut pins = Pins::new(transaction, requests)?;
            if let Drop::UpTo { up_to, keep } = what {
                stays.replace(pins.drop_up_to(&log, up_to, keep)?);
                return Ok(());
            }
            transaction.rows()?.delete(session)?;
            let cursor = result_of(&requests[2])?;
            if cursor.is_null() {
                return Ok(());
            }
            // Whatever this object knows, the life that goes is the last one.
            let (life, slot) = life_and_slot(&cursor.unchecked_into::<IdbCursor>().key()?)?;
            if slot == TOMB { Ok(()) } else { pins.remove(&Log { life, ..log.clone() }) }
        };
        self.attempt(Scope::All, Mode::Write { is_strict: self.settings.is_strict }, ask, Some(then)).await?;
        if matches!(what, Drop::All) {
            self.homes.delete(session);
            self.lives.delete(session);
        }
        Ok(stays.take())
    }
}
