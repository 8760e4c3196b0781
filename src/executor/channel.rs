//! Channels as a Rust user declares them. Owns their options and the canonical text of initial values, which is the facade's
//! (`canonical.ts`), so that a graph has one hash in both languages. How a channel folds writes is `state::json_fold`'s.

use super::errors::NodeError;
use crate::graph::{ChannelDefinition, ChannelKind};
use crate::state::json_fold;
use serde::Serialize;
use serde_json::Value;
use std::rc::Rc;

/// How one channel of the state merges what nodes write. Values are [`serde_json::Value`]s.
///
/// ```
/// use weavegraph_wasm::executor::{Channel, GraphBuilder};
///
/// let builder = GraphBuilder::new()
///     .channel("messages", Channel::append())
///     .channel("facts", Channel::merge())
///     .channel("rounds", Channel::last().initial(0))
///     .channel("total", Channel::reduce(0, |total, write| Ok(total.as_i64().unwrap_or(0) + write.as_i64().unwrap_or(0))));
/// # drop(builder);
/// ```
#[derive(Clone)]
pub struct Channel {
    kind: ChannelKind,
    initial: Option<Value>,
    key: Option<json_fold::KeyOf>,
    reducer: Option<json_fold::Reducer>,
    takes_last: bool,
    problem: String,
}

impl Channel {
    fn new(kind: ChannelKind, initial: Option<Value>) -> Self {
        Self { kind, initial, key: None, reducer: None, takes_last: false, problem: String::new() }
    }

    /// A list; writes are appended in node order, an array's items one by one. Empty at first.
    pub fn append() -> Self {
        Self::new(ChannelKind::Append, Some(Value::Array(Vec::new())))
    }

    /// A map; writes merge one level deep, the later node wins a key, null deletes a key (RFC 7396). Empty at first.
    pub fn merge() -> Self {
        Self::new(ChannelKind::Merge, Some(Value::Object(serde_json::Map::new())))
    }

    /// One value, null until it is written. Two nodes of one step that write it fail the step with STATE_CONFLICT, unless
    /// [`takes_last`](Self::takes_last).
    pub fn last() -> Self {
        Self::new(ChannelKind::Last, None)
    }

    /// What a pure function makes of the current value and a write. It is called once per write, in node order, and its whole
    /// result is stored at each change. An error of it fails the step with STATE_REDUCER.
    pub fn reduce<V: Serialize>(initial: impl Serialize, reducer: impl Fn(&Value, &Value) -> Result<V, NodeError> + 'static) -> Self {
        let reducer = move |current: &Value, write: &Value| {
            let value = reducer(current, write).map_err(|error| error.to_string())?;
            serde_json::to_value(value).map(Some).map_err(|error| error.to_string())
        };
        Self { reducer: Some(Rc::new(reducer)), ..Self::new(ChannelKind::Reduce, None).initial(initial) }
    }

    /// The value before the first write.
    pub fn initial(mut self, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => self.initial = Some(value),
            Err(error) => self.problem = format!("its initial value is no JSON: {error}"),
        }
        self
    }

    /// Of a list: an item whose key is that of an item which is there takes its place. A key is a text or a number; items with
    /// null as key are appended.
    pub fn key(mut self, key: impl Fn(&Value) -> Value + 'static) -> Self {
        self.key = Some(Rc::new(move |item| Ok(key(item))));
        self
    }

    /// Of [`last`](Self::last): of several nodes that write it in one step the later one wins.
    pub fn takes_last(mut self) -> Self {
        self.takes_last = true;
        self
    }

    pub(super) fn definition(&self, name: &str, is_exempt: bool) -> ChannelDefinition {
        ChannelDefinition {
            name: name.to_owned(),
            kind: self.kind.as_str().to_owned(),
            keyed: self.key.is_some(),
            takes_last: self.takes_last,
            exempt: is_exempt,
            initial: self.initial.as_ref().map_or_else(String::new, canonical_text),
            problem: self.find_problem(),
        }
    }

    fn find_problem(&self) -> String {
        if !self.problem.is_empty() {
            return self.problem.clone();
        }
        if self.key.is_some() && self.kind != ChannelKind::Append {
            return format!("a {} channel has no keys; key() is of append()", self.kind.as_str());
        }
        if self.takes_last && self.kind != ChannelKind::Last {
            return format!("a {} channel has no conflicts; takes_last() is of last()", self.kind.as_str());
        }
        match (self.kind, &self.initial) {
            (ChannelKind::Append, Some(Value::Array(_))) | (ChannelKind::Last | ChannelKind::Reduce, _) => String::new(),
            (ChannelKind::Append, _) => "the initial value of append() is no array; give one".to_owned(),
            (ChannelKind::Merge, Some(Value::Object(entries))) => match entries.iter().find(|(_, value)| value.is_null()) {
                Some((key, _)) => format!("the initial value of merge() holds null at `{key}`; null deletes a key and cannot be stored"),
                None => String::new(),
            },
            (ChannelKind::Merge, _) => "the initial value of merge() is no object; give one".to_owned(),
        }
    }

    /// As it folds. Only of a channel without problems.
    pub(super) fn fold(&self) -> json_fold::Channel {
        let initial = self.initial.clone();
        match (self.kind, initial) {
            (ChannelKind::Append, Some(Value::Array(initial))) => json_fold::Channel::Append { initial, key: self.key.clone() },
            (ChannelKind::Append, _) => json_fold::Channel::Append { initial: Vec::new(), key: self.key.clone() },
            (ChannelKind::Merge, Some(Value::Object(initial))) => json_fold::Channel::Merge { initial },
            (ChannelKind::Merge, _) => json_fold::Channel::Merge { initial: serde_json::Map::new() },
            (ChannelKind::Last, initial) => json_fold::Channel::Last { initial },
            (ChannelKind::Reduce, initial) => {
                let reducer = self.reducer.clone().unwrap_or_else(|| Rc::new(|_, write: &Value| Ok(Some(write.clone()))));
                json_fold::Channel::Reduce { initial: initial.unwrap_or(Value::Null), reducer }
            }
        }
    }
}

/// The one text of a value: keys sorted as JavaScript sorts them, numbers as JavaScript writes them.
pub(super) fn canonical_text(value: &Value) -> String {
    let mut text = String::new();
    add_canonical(&mut text, value);
    text
}

/// Values come out of `serde_json`, which has a limit to their depth where they are parsed; those made in memory are as deep as
/// their maker's stack let them be.
fn add_canonical(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number_text(number.as_f64().unwrap_or(f64::NAN))),
        Value::String(_) => text.push_str(&value.to_string()),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                add_canonical(text, item);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_by(|left, right| left.encode_utf16().cmp(right.encode_utf16()));
            text.push('{');
            for (index, name) in names.into_iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                add_canonical(text, &fields[name]);
            }
            text.push('}');
        }
    }
}

/// ECMAScript's `Number::toString`: the same shortest digits, another rule for exponents.
fn number_text(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        return if number.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    if (1e-6..1e21).contains(&size) {
        return format!("{number}");
    }
    let text = format!("{number:e}");
    if size >= 1e21 { text.replace('e', "e+") } else { text }
}
