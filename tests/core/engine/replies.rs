//! What a node does when it is called: a script of acts, then a result, all in virtual time.

use super::*;
use weavegraph_wasm::events::EventKind;

/// One thing that a node does before it ends.
#[derive(Clone, Debug)]
pub enum Act {
    /// Works for so many milliseconds.
    Work(f64),
    /// `ctx.sleep`.
    Sleep(f64),
    /// `ctx.flush`.
    Flush,
    /// Writes `ctx.random()` to a channel.
    Draw(String),
    /// An event of `ctx`.
    Emit(EventKind, Json),
    /// Opens a text stream.
    Open(String),
    /// Closes it.
    Close(String),
    /// `ctx.interrupt` with an id (or none) and a payload; the answer is written to a channel, if that has a name. Unless it `waits`, the script goes on meanwhile.
    Ask { id: Option<String>, payload: Json, channel: String, waits: bool },
    /// `ctx.once` whose function takes so many milliseconds and returns the time; that is written to a channel, if that has a name.
    Once { key: String, channel: String, ms: f64 },
    /// The function of a `once` has returned, or thrown.
    Keep { key: String, channel: String },
    /// The record of a `once` is stored.
    Put { key: String, channel: String, value: Json },
    /// `ctx.sleepUntil`.
    SleepUntil(f64),
}

/// How it ends.
#[derive(Clone, Debug)]
pub enum End {
    Return,
    Throw(String),
    /// Not at all.
    Never,
}

/// A target of a route or a command.
#[derive(Clone, Debug)]
pub enum To {
    Node(String),
    Send(String, Json),
}

#[derive(Clone, Debug)]
pub struct Reply {
    pub acts: Vec<Act>,
    pub end: End,
    /// Channel, write, whether it is `replace(…)`.
    pub writes: Vec<(String, Json, bool)>,
    /// Whether it replaces, and where to.
    pub goto: Option<(bool, Vec<To>)>,
}

/// Ends at once without a result.
pub fn nothing() -> Reply {
    Reply { acts: Vec::new(), end: End::Return, writes: Vec::new(), goto: None }
}

pub fn write(channel: &str, value: Json) -> Reply {
    nothing().and(channel, value)
}

pub fn fail(text: &str) -> Reply {
    Reply { end: End::Throw(text.to_owned()), ..nothing() }
}

pub fn never() -> Reply {
    Reply { end: End::Never, ..nothing() }
}

/// Plain targets.
pub fn to(names: &[&str]) -> Vec<To> {
    let names = names.iter();
    names.map(|name| To::Node((*name).to_owned())).collect()
}

pub fn send(node: &str, input: Json) -> To {
    To::Send(node.to_owned(), input)
}

impl Reply {
    pub fn and(mut self, channel: &str, value: Json) -> Self {
        self.writes.push((channel.to_owned(), value, false));
        self
    }

    pub fn replacing(mut self, channel: &str, value: Json) -> Self {
        self.writes.push((channel.to_owned(), value, true));
        self
    }

    /// A command that silences the node's own edges.
    pub fn goto(mut self, targets: Vec<To>) -> Self {
        self.goto = Some((true, targets));
        self
    }

    /// A command that adds to them.
    pub fn goto_too(mut self, targets: Vec<To>) -> Self {
        self.goto = Some((false, targets));
        self
    }

    fn doing(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// Works on for so long.
    pub fn after(self, ms: f64) -> Self {
        self.doing(Act::Work(ms))
    }

    pub fn sleep(self, ms: f64) -> Self {
        self.doing(Act::Sleep(ms))
    }

    pub fn flush(self) -> Self {
        self.doing(Act::Flush)
    }

    pub fn draw(self, channel: &str) -> Self {
        self.doing(Act::Draw(channel.to_owned()))
    }

    pub fn message(self, text: &str) -> Self {
        self.doing(Act::Emit(EventKind::Message, json!(text)))
    }

    pub fn token(self, text: &str) -> Self {
        self.doing(Act::Emit(EventKind::LlmChunk, json!(text)))
    }

    /// Asks, and writes the answer to a channel.
    pub fn ask(self, payload: &str, channel: &str) -> Self {
        self.doing(Act::Ask { id: None, payload: json!(payload), channel: channel.to_owned(), waits: true })
    }

    /// The same under an id of its own.
    pub fn ask_as(self, id: &str, channel: &str) -> Self {
        self.doing(Act::Ask { id: Some(id.to_owned()), payload: Json::Null, channel: channel.to_owned(), waits: true })
    }

    /// Asks and does not wait.
    pub fn ask_aside(self, id: &str, channel: &str) -> Self {
        self.doing(Act::Ask { id: Some(id.to_owned()), payload: Json::Null, channel: channel.to_owned(), waits: false })
    }

    /// `ctx.once` that takes so long.
    pub fn once(self, key: &str, channel: &str, ms: f64) -> Self {
        self.doing(Act::Once { key: key.to_owned(), channel: channel.to_owned(), ms })
    }

    pub fn sleep_until(self, at: f64) -> Self {
        self.doing(Act::SleepUntil(at))
    }

    pub fn open(self, stream: &str) -> Self {
        self.doing(Act::Open(stream.to_owned()))
    }

    pub fn close(self, stream: &str) -> Self {
        self.doing(Act::Close(stream.to_owned()))
    }
}
