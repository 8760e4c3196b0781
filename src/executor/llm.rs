//! What a model writes, as a node hands it on: pieces, and the whole.

use super::arena::Held;
use super::context::NodeContext;
use super::driver::Place;
use super::text_stream::OpenStream;
use crate::events::EventKind;
use crate::state;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// A stream that a node has open.
pub(super) struct Stream {
    name: Option<String>,
    text: Rc<RefCell<OpenStream>>,
    value: state::Value,
}

impl NodeContext {
    /// The stream of this name, opened if need be.
    fn open_stream(&self, name: Option<&str>) -> Option<(Rc<RefCell<OpenStream>>, state::Value)> {
        let execution = self.execution()?;
        if let Some(stream) = self.streams.borrow().iter().find(|stream| stream.name.as_deref() == name) {
            return Some((Rc::clone(&stream.text), stream.value.clone()));
        }
        self.stream_count.set(self.stream_count.get() + 1);
        let Place { step, ordinal, attempt, .. } = &self.place;
        let key = &self.frame.key;
        let own = || {
            format!("{key}{}{step}/{}#{ordinal}/{attempt}.{}", if key.is_empty() { "" } else { "/" }, self.node, self.stream_count.get())
        };
        let text = Rc::new(RefCell::new(OpenStream::new(name.map_or_else(own, str::to_owned))));
        let value = execution.arena.borrow_mut().hold(Held::Stream(Rc::clone(&text)), 64);
        execution.with_machine_in(&self.frame, |machine| machine.open_stream(self.task, self.token, value.clone()));
        self.streams.borrow_mut().push(Stream { name: name.map(str::to_owned), text: Rc::clone(&text), value: value.clone() });
        Some((text, value))
    }

    /// The stream's text, once it is closed.
    fn close_stream(&self, name: Option<&str>) -> Option<Rc<RefCell<OpenStream>>> {
        let (text, value) = self.open_stream(name)?;
        self.streams.borrow_mut().retain(|stream| stream.name.as_deref() != name);
        self.execution()?.with_machine_in(&self.frame, |machine| machine.close_stream(self.task, self.token, value.handle()));
        Some(text)
    }
}

/// A model's text stream. A stream that the node leaves open is closed as the node settles, with all its chunks.
#[must_use]
pub struct Llm<'a> {
    ctx: &'a NodeContext,
    stream_id: Option<&'a str>,
    metadata: Option<Value>,
}

impl<'a> Llm<'a> {
    pub(super) fn new(ctx: &'a NodeContext) -> Self {
        Self { ctx, stream_id: None, metadata: None }
    }

    /// Another stream than the node's own: name it when a node writes several at once.
    pub fn stream(mut self, id: &'a str) -> Self {
        self.stream_id = Some(id);
        self
    }

    /// Goes with the event.
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// A piece of text. Transient: it is not kept, the final is.
    pub fn chunk(self, text: &str) {
        self.add(text, false);
    }

    /// A piece of the model's reasoning.
    pub fn reasoning(self, text: &str) {
        self.add(text, true);
    }

    /// Closes the stream with its whole text: this one, or all its chunks.
    pub fn finish(self, text: Option<&str>) {
        let Some(stream) = self.ctx.close_stream(self.stream_id) else { return };
        if let Some(text) = text {
            stream.borrow_mut().set_text(text);
        }
        stream.borrow_mut().add("", false, self.metadata.as_ref());
        let payload = stream.borrow().to_final();
        self.ctx.emit_value(EventKind::LlmFinal, payload, 0.0);
    }

    /// Closes the stream with an error of the model. The node goes on.
    pub fn error(self, message: &str) {
        let Some(stream) = self.ctx.close_stream(self.stream_id) else { return };
        let mut payload =
            Map::from_iter([("message".to_owned(), message.into()), ("streamId".to_owned(), stream.borrow().id.as_str().into())]);
        payload.extend(self.metadata.map(|metadata| ("metadata".to_owned(), metadata)));
        self.ctx.emit_value(EventKind::LlmError, Value::Object(payload), 0.0);
    }

    fn add(self, text: &str, is_reasoning: bool) {
        let Some((stream, _)) = self.ctx.open_stream(self.stream_id) else { return };
        let offset = stream.borrow_mut().add(text, is_reasoning, self.metadata.as_ref());
        let mut payload = json!({ "text": text, "streamId": stream.borrow().id });
        if is_reasoning {
            payload["kind"] = "reasoning".into();
        }
        if let Some(metadata) = self.metadata {
            payload["metadata"] = metadata;
        }
        self.ctx.emit_value(EventKind::LlmChunk, payload, offset as f64);
    }
}
