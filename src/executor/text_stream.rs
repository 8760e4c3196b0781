//! A text that a node streams: chunks go out as they come, the whole is kept for the final. The engine says when a stream that the
//! node left open is closed.

use serde_json::{Value, json};

#[derive(Debug, Default)]
pub(super) struct OpenStream {
    pub(super) id: String,
    text: String,
    reasoning: String,
    metadata: Option<Value>,
    /// UTF-16 units so far, of text and reasoning together.
    length: u64,
}

impl OpenStream {
    pub(super) fn new(id: String) -> Self {
        Self { id, ..Self::default() }
    }

    /// Adds a chunk and returns the units before it.
    pub(super) fn add(&mut self, text: &str, is_reasoning: bool, metadata: Option<&Value>) -> u64 {
        let offset = self.length;
        if is_reasoning { &mut self.reasoning } else { &mut self.text }.push_str(text);
        if metadata.is_some() {
            self.metadata = metadata.cloned();
        }
        self.length += text.encode_utf16().count() as u64;
        offset
    }

    /// From now on it has this text.
    pub(super) fn set_text(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }

    /// What `llm.final` shows.
    pub(super) fn to_final(&self) -> Value {
        let mut fields = json!({ "text": self.text, "streamId": self.id });
        if !self.reasoning.is_empty() {
            fields["reasoning"] = self.reasoning.as_str().into();
        }
        if let Some(metadata) = &self.metadata {
            fields["metadata"] = metadata.clone();
        }
        fields
    }
}
