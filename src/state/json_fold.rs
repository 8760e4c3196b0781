//! Folds channel contents as JSON, for hosts without JavaScript.
//!
//! The twin of the facade's `contents.ts`: the same rules for `serde_json::Value`, without its lazy views. Must not know nodes
//! or steps: the engine decides what is folded and in which order. `tests/vectors/folding.json` holds the two together.
//!
//! JSON has no `undefined`; a content that was never written and has no initial value is `None`.

use crate::error::ErrorCode;
use serde_json::{Map, Number, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// Names the item of a list that a new one takes the place of: a string or a number, or null for none.
pub type KeyOf = Rc<dyn Fn(&Value) -> Result<Value, String>>;
/// Makes a new value of the current one and a write, or `None` for the current value itself.
pub type Reducer = Rc<dyn Fn(&Value, &Value) -> Result<Option<Value>, String>>;

/// How a channel folds writes, and what it starts with.
#[derive(Clone)]
pub enum Channel {
    /// A list; an array as a write appends its items.
    Append {
        /// The first items.
        initial: Vec<Value>,
        /// Without it every item is appended.
        key: Option<KeyOf>,
    },
    /// A map; writes merge one level deep, null deletes a key (RFC 7396).
    Merge {
        /// The first entries; those that are null are left out.
        initial: Map<String, Value>,
    },
    /// The latest write.
    Last {
        /// The value before the first write.
        initial: Option<Value>,
    },
    /// What a function makes of the current value and each write.
    Reduce {
        /// The value before the first write.
        initial: Value,
        /// Called once per write.
        reducer: Reducer,
    },
}

/// Why a write could not be folded. The content may hold a part of it then: go back to a clone from before.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FoldError {
    /// The channel cannot take such a write.
    #[error("{0}")]
    InvalidUpdate(String),
    /// The reducer or the key function failed.
    #[error("{0}")]
    Reducer(String),
}

impl FoldError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidUpdate(_) => ErrorCode::StateInvalidUpdate,
            Self::Reducer(_) => ErrorCode::StateReducer,
        }
    }
}

/// The content of one channel in one session. Its clones are independent.
#[derive(Clone)]
pub struct Content(Kind);

#[derive(Clone)]
enum Kind {
    Append(List),
    Merge(Map<String, Value>),
    Last(Option<Value>),
    Reduce(Value, Reducer),
}

impl Content {
    /// That of a fresh session: the initial value.
    pub fn new(channel: &Channel) -> Self {
        Self(match channel.clone() {
            Channel::Append { initial, key } => Kind::Append(List { items: initial, key, positions: None }),
            Channel::Merge { initial } => Kind::Merge(without_nulls(initial)),
            Channel::Last { initial } => Kind::Last(initial),
            Channel::Reduce { initial, reducer } => Kind::Reduce(initial, reducer),
        })
    }

    /// The whole value; `None` if there is none yet.
    pub fn view(&self) -> Option<Value> {
        match &self.0 {
            Kind::Append(list) => Some(Value::Array(list.items.clone())),
            Kind::Merge(entries) => Some(Value::Object(entries.clone())),
            Kind::Last(value) => value.clone(),
            Kind::Reduce(value, _) => Some(value.clone()),
        }
    }

    /// Folds one write; with `is_replace` it is the whole value.
    ///
    /// Returns whether the channel changed, by the rule of versions: an array or an object always counts, another value if it
    /// differs from what it replaces. No items, no keys, and null for a key that is not there do not count. Of `Reduce`, the
    /// result counts.
    ///
    /// # Errors
    /// STATE_INVALID_UPDATE for a write that the channel cannot take, STATE_REDUCER for a function that failed.
    pub fn fold(&mut self, write: &Value, is_replace: bool) -> Result<bool, FoldError> {
        match &mut self.0 {
            Kind::Append(list) if is_replace => {
                list.items = write.as_array().ok_or_else(|| invalid("replace() of an append channel takes an array", write))?.clone();
                list.positions = None;
                Ok(true)
            }
            Kind::Append(list) => match write {
                Value::Array(items) => items.iter().try_fold(false, |changed, item| Ok(list.place(item)? || changed)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => list.place(write),
            },
            Kind::Merge(entries) => {
                let expected =
                    if is_replace { "replace() of a merge channel takes a plain object" } else { "a merge channel takes a plain object" };
                let fields = write.as_object().ok_or_else(|| invalid(expected, write))?;
                if is_replace {
                    *entries = without_nulls(fields.clone());
                    return Ok(true);
                }
                Ok(fields.iter().fold(false, |changed, (key, value)| set(entries, key, value) || changed))
            }
            Kind::Last(current) => {
                let changed = current.as_ref().is_none_or(|current| counts(write, current));
                *current = Some(write.clone());
                Ok(changed)
            }
            Kind::Reduce(current, reducer) => {
                let result = if is_replace { Some(write.clone()) } else { reducer(current, write).map_err(FoldError::Reducer)? };
                let Some(result) = result else {
                    return Ok(false);
                };
                let changed = counts(&result, current);
                *current = result;
                Ok(changed)
            }
        }
    }
}

#[derive(Clone)]
struct List {
    items: Vec<Value>,
    key: Option<KeyOf>,
    /// Where the item of a key is, the last one of several. Made at the first keyed write after a whole value came in.
    positions: Option<HashMap<Key, usize>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Text(String),
    /// The bits of the number.
    Number(u64),
}

impl List {
    fn place(&mut self, item: &Value) -> Result<bool, FoldError> {
        let Some(key_of) = self.key.clone() else {
            self.items.push(item.clone());
            return Ok(true);
        };
        let mut positions = match self.positions.take() {
            Some(positions) => positions,
            None => find_positions(&self.items, &key_of)?,
        };
        let key = read_key(&key_of, item)?;
        let held = key.as_ref().and_then(|key| positions.get(key)).and_then(|position| self.items.get_mut(*position));
        let changed = match held {
            Some(held) => {
                let changed = counts(item, held);
                *held = item.clone();
                changed
            }
            None => {
                if let Some(key) = key {
                    positions.insert(key, self.items.len());
                }
                self.items.push(item.clone());
                true
            }
        };
        self.positions = Some(positions);
        Ok(changed)
    }
}

fn find_positions(items: &[Value], key_of: &KeyOf) -> Result<HashMap<Key, usize>, FoldError> {
    let mut positions = HashMap::new();
    for (position, item) in items.iter().enumerate() {
        if let Some(key) = read_key(key_of, item)? {
            positions.insert(key, position);
        }
    }
    Ok(positions)
}

fn read_key(key_of: &KeyOf, item: &Value) -> Result<Option<Key>, FoldError> {
    match key_of(item).map_err(FoldError::Reducer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(Key::Text(text))),
        // As keys, 0 and -0 are one.
        Value::Number(number) => Ok(Some(Key::Number((to_f64(&number) + 0.0).to_bits()))),
        other @ (Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Err(invalid("a key function returns a string, a number or undefined", &other))
        }
    }
}

fn set(entries: &mut Map<String, Value>, key: &str, value: &Value) -> bool {
    if value.is_null() {
        return entries.remove(key).is_some();
    }
    if entries.get(key).is_some_and(|current| !counts(value, current)) {
        return false;
    }
    entries.insert(key.to_owned(), value.clone());
    true
}

fn without_nulls(mut entries: Map<String, Value>) -> Map<String, Value> {
    entries.retain(|_, value| !value.is_null());
    entries
}

/// Whether a value in place of another is a change. Numbers are compared as JavaScript has them.
fn counts(value: &Value, current: &Value) -> bool {
    match (value, current) {
        (Value::Array(_) | Value::Object(_), _) => true,
        (Value::Number(value), Value::Number(current)) => to_f64(value).to_bits() != to_f64(current).to_bits(),
        (value, current) => value != current,
    }
}

fn to_f64(number: &Number) -> f64 {
    // Without `arbitrary_precision` every number of serde_json has one.
    number.as_f64().unwrap_or(f64::NAN)
}

fn invalid(expected: &str, found: &Value) -> FoldError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    FoldError::InvalidUpdate(format!("{expected}, not {found}"))
}
