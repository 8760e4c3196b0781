//! What nodes and routes see of the state, and the contents behind it.
//!
//! A [`State`] is lazy: a channel is copied when it is first read, or when it is about to change under a state that somebody still
//! holds. What nobody reads costs nothing. Invariant: no borrow is held while a reducer or a key function, which are the user's, runs.

use super::arena::{Arena, Held, size};
use super::errors::{StateError, WeaveError};
use crate::checkpoint::Fold;
use crate::error::{Failure, Scope};
use crate::graph::{ChannelId, ChannelKind, Program};
use crate::state::json_fold::{Channel, Content, FoldError};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

/// A channel's value at one moment, once somebody has read it; null stands for none.
type View = Rc<OnceCell<Value>>;

/// The state as of the last finished step: the same for all tasks of a step. It never changes; clones are cheap.
#[derive(Clone)]
pub struct State {
    views: Rc<[View]>,
    contents: Rc<Contents>,
}

impl State {
    /// A channel's value; null if it was never written and has no initial value, `None` if the graph has no such channel.
    pub fn value(&self, channel: &str) -> Option<&Value> {
        let index = self.contents.program.channels.iter().position(|known| *known.name == *channel)?;
        Some(self.read(index))
    }

    /// A channel's value as a type of yours.
    ///
    /// # Errors
    /// The graph has no such channel, or its value is of another shape.
    pub fn get<T: DeserializeOwned>(&self, channel: &str) -> Result<T, StateError> {
        let value = self
            .value(channel)
            .ok_or_else(|| StateError::UnknownChannel { channel: channel.to_owned(), known: self.contents.known_channels() })?;
        T::deserialize(value).map_err(|source| StateError::Shape { channel: channel.to_owned(), source })
    }

    /// All channels, as one object.
    pub fn to_value(&self) -> Value {
        let names = self.contents.program.channels.iter().map(|channel| channel.name.to_string());
        Value::Object(names.zip((0..self.views.len()).map(|index| self.read(index).clone())).collect::<Map<_, _>>())
    }

    fn read(&self, index: usize) -> &Value {
        self.views[index].get_or_init(|| self.contents.slots[index].view_now())
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.to_value(), f)
    }
}

struct Slot {
    /// Away while a write is folded.
    content: RefCell<Option<Content>>,
    /// As it was before the barrier, if that has touched it.
    before: RefCell<Option<Content>>,
    /// Of the content as it stands.
    view: RefCell<Option<View>>,
    has_changed: Cell<bool>,
    /// Roughly, with what was overwritten since it was weighed.
    bytes: Cell<u64>,
    /// When it was last weighed.
    weighed: Cell<u64>,
}

impl Slot {
    fn view_now(&self) -> Value {
        self.content.borrow().as_ref().and_then(Content::view).unwrap_or_default()
    }

    /// The content is about to change: who holds its view reads it now.
    fn close_view(&self) {
        if let Some(view) = self.view.take()
            && Rc::strong_count(&view) > 1
        {
            view.get_or_init(|| self.view_now());
        }
    }

    fn add_bytes(&self, write: &Value, is_whole: bool, is_reduced: bool) {
        let bytes = u64::from(size(write));
        if is_whole {
            self.weighed.set(bytes);
        }
        let before = if is_whole { 0 } else { self.bytes.get() };
        self.bytes.set(if is_reduced { u64::MAX } else { before.saturating_add(bytes) });
    }

    /// Weighed again once it may be half of what it counts as.
    fn weigh(&self) -> u64 {
        if self.bytes.get() > self.weighed.get().saturating_mul(2).saturating_add(4096) {
            let bytes = u64::from(size(&self.view_now()));
            self.bytes.set(bytes);
            self.weighed.set(bytes);
        }
        self.bytes.get()
    }

    fn open(&self) {
        self.close_view();
        let mut before = self.before.borrow_mut();
        if before.is_none() {
            before.clone_from(&self.content.borrow());
        }
    }
}

/// The contents of a session's channels, and a barrier that may be rolled back.
pub(super) struct Contents {
    program: Rc<Program>,
    channels: Rc<[Channel]>,
    slots: Vec<Slot>,
    session_id: Rc<str>,
    views: RefCell<Option<Rc<[View]>>>,
}

impl Contents {
    pub(super) fn new(program: &Rc<Program>, channels: &Rc<[Channel]>, session_id: &str) -> Rc<Self> {
        let slot = |channel| Slot {
            content: RefCell::new(Some(Content::new(channel))),
            before: RefCell::default(),
            view: RefCell::default(),
            has_changed: Cell::new(false),
            bytes: Cell::new(0),
            weighed: Cell::new(0),
        };
        Rc::new(Self {
            slots: channels.iter().map(slot).collect(),
            program: Rc::clone(program),
            channels: Rc::clone(channels),
            session_id: session_id.into(),
            views: RefCell::default(),
        })
    }

    pub(super) fn known_channels(&self) -> String {
        let names: Vec<String> = self.program.channels.iter().map(|channel| format!("`{}`", channel.name)).collect();
        names.join(", ")
    }

    /// The state as it stands.
    pub(super) fn state(self: &Rc<Self>) -> State {
        let mut views = self.views.borrow_mut();
        let views = views.get_or_insert_with(|| {
            self.slots.iter().map(|slot| Rc::clone(slot.view.borrow_mut().get_or_insert_with(Rc::default))).collect()
        });
        State { views: Rc::clone(views), contents: Rc::clone(self) }
    }

    pub(super) fn begin(&self) {
        self.slots.iter().for_each(|slot| slot.has_changed.set(false));
    }

    /// Makes one change. `error` describes a failure that is noted in the `errors` channel.
    ///
    /// # Errors
    /// The channel at fault with the fault.
    pub(super) fn fold(
        &self,
        fold: &Fold,
        arena: &RefCell<Arena>,
        error: impl Fn(&Failure) -> WeaveError,
    ) -> Result<(), (ChannelId, FoldError)> {
        let (channel, write, is_replace) = match fold {
            Fold::Write { channel, value, is_replace } => {
                let name = &*self.program.channels[*channel as usize].name;
                let write = match arena.borrow().get(value) {
                    Held::Json(update) => update.get(name).cloned().unwrap_or_default(),
                    Held::Cause(_) | Held::Stream(_) => Value::Null,
                };
                (*channel, write, *is_replace)
            }
            Fold::Load { channel, value } => match arena.borrow().value(value) {
                Value::Array(saved) => match saved.into_iter().next() {
                    Some(value) => (*channel, value, true),
                    None => {
                        self.reset(*channel as usize);
                        return Ok(());
                    }
                },
                _ => return Err((*channel, FoldError::InvalidUpdate("what was saved of it cannot be read".to_owned()))),
            },
            // About frames, not contents: whoever has frames carries them out.
            Fold::Enter { .. } | Fold::Open { .. } => return Ok(()),
            Fold::Error(note) => {
                let Some(channel) = self.program.channels.iter().position(|channel| &*channel.name == "errors") else { return Ok(()) };
                let failure = error(&note.failure);
                (channel as ChannelId, error_event(&failure, note.at, note.step, note.failure.scope, &self.session_id), false)
            }
        };
        let slot = &self.slots[channel as usize];
        self.forget_views();
        slot.open();
        let Some(mut content) = slot.content.take() else { return Ok(()) };
        let folded = content.fold(&write, is_replace);
        *slot.content.borrow_mut() = Some(content);
        let changed = folded.map_err(|error| (channel, error))?;
        let kind = self.program.channels[channel as usize].kind;
        slot.add_bytes(&write, is_replace || kind == ChannelKind::Last, kind == ChannelKind::Reduce && !is_replace);
        slot.has_changed.set(slot.has_changed.get() || changed);
        Ok(())
    }

    /// Takes over contents of the graph around it, by the pairs of its channel and the one here.
    pub(super) fn share(&self, around: &Self, shared: &[(ChannelId, ChannelId)]) {
        for (there, here) in shared {
            let value = around.slots[*there as usize].content.borrow().as_ref().and_then(Content::view);
            let (Some(value), Some(content)) = (value, &mut *self.slots[*here as usize].content.borrow_mut()) else { continue };
            // INVARIANT: both are of one kind, so a whole value of the one is one of the other; a reducer is not called for it.
            let _ = content.fold(&value, true);
        }
    }

    pub(super) fn session_id(&self) -> &str {
        &self.session_id
    }

    /// As a fresh session has it.
    fn reset(&self, channel: usize) {
        self.forget_views();
        self.slots[channel].open();
        *self.slots[channel].content.borrow_mut() = Some(Content::new(&self.channels[channel]));
    }

    /// Before any slot is opened: what is here must not count as somebody who holds a state.
    fn forget_views(&self) {
        *self.views.borrow_mut() = None;
    }

    pub(super) fn changed(&self) -> Vec<ChannelId> {
        (0..).zip(&self.slots).filter(|(_, slot)| slot.has_changed.get()).map(|(channel, _)| channel).collect()
    }

    pub(super) fn commit(&self) {
        self.slots.iter().for_each(|slot| drop(slot.before.take()));
    }

    pub(super) fn rollback(&self) {
        self.forget_views();
        for slot in &self.slots {
            if let Some(before) = slot.before.take() {
                slot.close_view();
                *slot.content.borrow_mut() = Some(before);
            }
        }
    }

    /// The whole value of a channel, for a record: in an array, which is empty if there is none.
    pub(super) fn save(&self, channel: usize) -> Value {
        let value = self.slots[channel].content.borrow().as_ref().and_then(Content::view);
        Value::Array(value.into_iter().collect())
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Of all channels, roughly.
    pub(super) fn bytes(&self) -> u64 {
        self.slots.iter().map(Slot::weigh).sum()
    }
}

/// The record of a failed step, as the facade's `toErrorEvent` makes it.
fn error_event(error: &WeaveError, at: f64, step: u32, scope: Scope, session: &str) -> Value {
    let (name, place) = match scope {
        Scope::Node => ("node", json!({ "scope": "node", "kind": error.node().unwrap_or("?"), "step": step })),
        Scope::Scheduler => ("scheduler", json!({ "scope": "scheduler", "step": step })),
        Scope::Runner => ("runner", json!({ "scope": "runner", "session": session, "step": step })),
    };
    let mut what = json!({ "message": error.info().message });
    if let Some(cause) = &error.info().cause {
        what["cause"] = cause.clone();
    }
    json!({ "at": at, "scope": place, "error": what, "tags": [name, error.info().code] })
}
