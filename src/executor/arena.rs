//! The values of a run, by the engine's handles. Owns them until the engine lets them go; the engine never sees one.

use super::errors::NodeError;
use super::text_stream::OpenStream;
use crate::state::{self, Values};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// What a handle stands for.
pub(super) enum Held {
    Json(Value),
    /// What a node returned as its error: the very object.
    Cause(NodeError),
    /// A text stream, which still grows.
    Stream(Rc<RefCell<OpenStream>>),
}

impl Held {
    /// As events and the log have it.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Json(value) => value.clone(),
            Self::Cause(error) => json!({ "name": "Error", "message": error.to_string() }),
            Self::Stream(stream) => stream.borrow().to_final(),
        }
    }
}

/// See the module's head. A slot that was freed is used again.
pub(super) struct Arena {
    slots: Vec<Option<Held>>,
    nothing: Held,
    free: Vec<u32>,
    values: Values,
}

impl Default for Arena {
    fn default() -> Self {
        Self { slots: Vec::new(), nothing: Held::Json(Value::Null), free: Vec::new(), values: Values::default() }
    }
}

impl Arena {
    pub(super) fn put(&mut self, value: Value) -> state::Value {
        let bytes = size(&value);
        self.hold(Held::Json(value), bytes)
    }

    pub(super) fn hold(&mut self, held: Held, bytes: u32) -> state::Value {
        self.sweep();
        let handle = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        self.slots[handle as usize] = Some(held);
        self.values.adopt(handle, bytes)
    }

    pub(super) fn get(&self, value: &state::Value) -> &Held {
        // INVARIANT: a slot is freed only after its last handle is gone.
        self.slots.get(value.handle() as usize).and_then(Option::as_ref).unwrap_or(&self.nothing)
    }

    pub(super) fn value(&self, value: &state::Value) -> Value {
        self.get(value).to_value()
    }

    /// Frees what the engine has let go.
    fn sweep(&mut self) {
        let Self { slots, free, values, .. } = self;
        values.take_released(|handle| {
            slots[handle as usize] = None;
            free.push(handle);
        });
    }
}

/// Levels of a value: what is deeper cannot be read back from a record, where it lies a few levels below the top of what `serde_json`
/// reads.
const MOST_LEVELS: u32 = 100;

/// Whether a value is deeper than can be stored.
pub(super) fn is_too_deep(value: &Value) -> bool {
    let mut open = vec![(value, 1)];
    while let Some((value, level)) = open.pop() {
        if level > MOST_LEVELS {
            return true;
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, level + 1))),
            Value::Object(fields) => open.extend(fields.values().map(|item| (item, level + 1))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    false
}

/// Roughly, in bytes. Sizes only decide when a snapshot is due.
pub(super) fn size(value: &Value) -> u32 {
    let mut bytes = 0u32;
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        bytes = bytes.saturating_add(8);
        match value {
            Value::String(text) => bytes = bytes.saturating_add(text.len() as u32),
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                for (name, value) in fields {
                    bytes = bytes.saturating_add(name.len() as u32);
                    open.push(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    bytes
}
