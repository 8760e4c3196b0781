//! The host's values, and the contents of its channels: what never enters the engine.

use super::*;
use std::rc::Rc;
use weavegraph_wasm::checkpoint::Fold;
use weavegraph_wasm::error::Failure;
use weavegraph_wasm::graph::{ChannelSpec, Program};
use weavegraph_wasm::state::json_fold::{Content, FoldError};
use weavegraph_wasm::state::{Value, Values};

/// Values by handle.
#[derive(Default)]
pub struct Arena {
    slots: Vec<Option<Json>>,
    pub values: Values,
    /// Values count for so many times their size; 0 is once.
    pub scale: u32,
}

impl Arena {
    pub fn put(&mut self, value: Json) -> Value {
        let bytes = size(&value) * self.scale.max(1);
        self.put_sized(value, bytes)
    }

    pub fn put_sized(&mut self, value: Json, bytes: u32) -> Value {
        self.slots.push(Some(value));
        self.values.adopt(self.slots.len() as u32 - 1, bytes)
    }

    pub fn get(&self, value: &Value) -> &Json {
        self.at(value.handle())
    }

    pub fn at(&self, handle: u32) -> &Json {
        self.slots[handle as usize].as_ref().expect("a value that is still held")
    }

    /// Frees what the engine has let go.
    pub fn sweep(&mut self) {
        let Self { slots, values, .. } = self;
        values.take_released(|handle| {
            let freed = slots[handle as usize].take();
            assert!(freed.is_some(), "#{handle} was released twice");
        });
    }

    /// Handles that are still held.
    pub fn held(&self) -> usize {
        self.slots.iter().flatten().count()
    }
}

/// With what its handles stand for; the `#` of a label follows a name.
pub fn text(arena: &Arena, value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    let mut parts = text.split('#');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if out.ends_with(char::is_alphanumeric) {
            out += "#";
            out += part;
            continue;
        }
        let end = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
        let handle: u32 = part[..end].parse().expect("a handle");
        out += &arena.at(handle).to_string();
        out += &part[end..];
    }
    out
}

/// Roughly.
pub fn size(value: &Json) -> u32 {
    match value {
        Json::String(text) => 8 + text.len() as u32,
        Json::Array(items) => items.iter().map(size).sum::<u32>() + 8,
        Json::Object(fields) => fields.iter().map(|(key, value)| key.len() as u32 + size(value)).sum(),
        Json::Null | Json::Bool(_) | Json::Number(_) => 8,
    }
}

/// What stands for a channel without a value in a record, which JSON cannot say.
const UNSET: &str = "\0unset";

/// The contents of a session's channels, and a barrier that may be rolled back.
pub struct Contents {
    names: Vec<String>,
    contents: Vec<Content>,
    fresh: Vec<Content>,
    before: Vec<Option<Content>>,
    changed: Vec<bool>,
    view: Option<Rc<Json>>,
}

impl Contents {
    pub fn new(graph: &Graph) -> Self {
        let names: Vec<String> = graph.definition.channels.iter().map(|channel| channel.name.clone()).collect();
        Self {
            contents: graph.channels.iter().map(Content::new).collect(),
            fresh: graph.channels.iter().map(Content::new).collect(),
            before: names.iter().map(|_| None).collect(),
            changed: vec![false; names.len()],
            names,
            view: None,
        }
    }

    /// Takes over the contents of channels of the same name and kind.
    pub fn share(&mut self, program: &Program, around: &Self, outer: &Program) {
        for (here, spec) in program.channels.iter().enumerate() {
            let is_same = |outer: &ChannelSpec| outer.name == spec.name && outer.kind == spec.kind;
            let Some(there) = outer.channels.iter().position(is_same) else { continue };
            if let Some(value) = around.contents[there].view() {
                self.contents[here].fold(&value, true).expect("a value of the same kind");
            }
        }
    }

    pub fn begin(&mut self) {
        self.changed.fill(false);
    }

    fn open(&mut self, channel: usize) -> &mut Content {
        let content = &mut self.contents[channel];
        self.before[channel].get_or_insert_with(|| content.clone());
        content
    }

    /// The channel at fault with the fault.
    pub fn fold(&mut self, arena: &Arena, fold: &Fold) -> Result<(), (u32, FoldError)> {
        let (channel, changed) = match fold {
            Fold::Write { channel, value, is_replace } => {
                let name = self.names[*channel as usize].clone();
                let write = &arena.get(value)[&name];
                let folded = self.open(*channel as usize).fold(write, *is_replace);
                (*channel, folded.map_err(|error| (*channel, error))?)
            }
            Fold::Load { channel, value } => {
                self.open(*channel as usize);
                if *arena.get(value) == json!({ UNSET: true }) {
                    self.contents[*channel as usize] = self.fresh[*channel as usize].clone();
                    return Ok(());
                }
                let load = self.contents[*channel as usize].fold(arena.get(value), true);
                load.expect("a value that was saved");
                (*channel, true)
            }
            Fold::Enter { .. } | Fold::Open { .. } => unreachable!("the host's"),
            Fold::Error(note) => {
                let errors = self.names.iter().position(|name| name == "errors");
                let Some(channel) = errors else { return Ok(()) };
                let event = describe(arena, note.at, note.step, &note.failure);
                let changed = self.open(channel).fold(&event, false).expect("a list");
                (channel as u32, changed)
            }
        };
        self.changed[channel as usize] |= changed;
        Ok(())
    }

    pub fn changed(&mut self) -> Vec<u32> {
        self.view = None;
        (0u32..).zip(&self.changed).filter(|(_, changed)| **changed).map(|(channel, _)| channel).collect()
    }

    pub fn commit(&mut self) {
        self.before.fill(None);
    }

    pub fn rollback(&mut self) {
        for (content, before) in self.contents.iter_mut().zip(&mut self.before) {
            if let Some(before) = before.take() {
                *content = before;
            }
        }
        self.view = None;
    }

    /// What nodes and routes see.
    pub fn view(&mut self) -> Rc<Json> {
        let view = self.view.get_or_insert_with(|| {
            let values = self.contents.iter().map(|content| content.view().unwrap_or(Json::Null));
            Rc::new(self.names.iter().cloned().zip(values).collect())
        });
        Rc::clone(view)
    }

    /// The whole value of a channel, for a record.
    pub fn save(&self, channel: usize) -> Json {
        self.contents[channel].view().unwrap_or_else(|| json!({ UNSET: true }))
    }

    pub fn len(&self) -> usize {
        self.contents.len()
    }
}

fn describe(arena: &Arena, at: f64, step: u32, failure: &Failure) -> Json {
    let cause = failure.cause.as_ref().map(|cause| arena.get(cause).clone());
    json!({ "at": at, "step": step, "code": failure.code.as_str(), "message": &*failure.message, "cause": cause })
}
