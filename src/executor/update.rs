//! What a node returns and a caller hands in: writes by channel, and where to go. Owns the shapes; whether a channel or a node
//! exists is checked as the result is taken (`results`).

use super::errors::NodeError;
use serde::Serialize;
use serde_json::Value;

/// Writes by channel, and perhaps a [`Command`]: what a node returns, and a run's input.
///
/// A JSON object is one too, each field a write: `Ok(json!({ "rounds": 1 }))`. So is `()`, which writes nothing.
///
/// ```
/// use weavegraph_wasm::executor::Update;
///
/// let update = Update::new().write("messages", "hello").replace("facts", serde_json::json!({})).goto("judge");
/// # drop(update);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Update {
    pub(super) writes: Vec<(String, Value, bool)>,
    pub(super) command: Option<Command>,
    /// What could not be read; STATE_INVALID_UPDATE.
    pub(super) problem: Option<String>,
}

impl Update {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a write, which the channel merges by its rule. A second one to the same channel is STATE_INVALID_UPDATE.
    pub fn write(self, channel: impl Into<String>, value: impl Serialize) -> Self {
        self.add(channel.into(), value, false)
    }

    /// Adds a write that stands in place of the channel's whole value, whatever its rule.
    pub fn replace(self, channel: impl Into<String>, value: impl Serialize) -> Self {
        self.add(channel.into(), value, true)
    }

    /// The next node in place of the node's own edges; short for a [`Command`]. Called again, one more.
    pub fn goto(mut self, target: impl Into<Target>) -> Self {
        let command = self.command.get_or_insert_with(|| Command::goto([] as [Target; 0]));
        command.targets.push(target.into());
        self
    }

    /// Where to go.
    pub fn command(mut self, command: Command) -> Self {
        self.command = Some(command);
        self
    }

    fn add(mut self, channel: String, value: impl Serialize, is_replace: bool) -> Self {
        if self.writes.iter().any(|(written, ..)| *written == channel) {
            self.problem.get_or_insert_with(|| format!("writes channel `{channel}` twice; write it once"));
        }
        match serde_json::to_value(value) {
            Ok(value) => self.writes.push((channel, value, is_replace)),
            Err(error) => {
                self.problem.get_or_insert_with(|| format!("writes to channel `{channel}` what is no JSON: {error}"));
            }
        }
        self
    }
}

impl From<()> for Update {
    fn from((): ()) -> Self {
        Self::new()
    }
}

impl From<Command> for Update {
    fn from(command: Command) -> Self {
        Self::new().command(command)
    }
}

impl From<Value> for Update {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::new(),
            Value::Object(fields) => Self { writes: fields.into_iter().map(|(name, value)| (name, value, false)).collect(), ..Self::new() },
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Self { problem: Some("is no object; give an object of writes by channel".to_owned()), ..Self::new() }
            }
        }
    }
}

/// Where a run goes after a node, whatever its edges say.
#[derive(Clone, Debug)]
pub struct Command {
    pub(super) is_replace: bool,
    pub(super) targets: Vec<Target>,
}

impl Command {
    /// These targets in place of the node's own edges; none ends this path.
    pub fn goto<T: Into<Target>>(targets: impl IntoIterator<Item = T>) -> Self {
        Self { is_replace: true, targets: targets.into_iter().map(Into::into).collect() }
    }

    /// These targets on top of the node's own edges.
    pub fn append<T: Into<Target>>(targets: impl IntoIterator<Item = T>) -> Self {
        Self { is_replace: false, targets: targets.into_iter().map(Into::into).collect() }
    }
}

/// Where a route or a command leads: a node's name or [`END`](crate::graph::END), or a task of its own, made by [`send`].
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) node: String,
    /// Of a `send`: its input, or why that is none.
    pub(super) input: Option<Result<Value, String>>,
}

/// Runs `node` in the next step with its own [`NodeContext::input`](super::NodeContext::input). Many sends to one node are as many
/// tasks, whose writes are merged in the order of the sends (map-reduce).
pub fn send(node: impl Into<String>, input: impl Serialize) -> Target {
    Target { node: node.into(), input: Some(serde_json::to_value(input).map_err(|error| error.to_string())) }
}

impl From<&str> for Target {
    fn from(node: &str) -> Self {
        node.to_owned().into()
    }
}

impl From<String> for Target {
    fn from(node: String) -> Self {
        Self { node, input: None }
    }
}

/// What a route answers: one target, or several in a `Vec` or an array, or a `Result` of these.
pub struct Targets(pub(super) Result<Vec<Target>, NodeError>);

impl From<Target> for Targets {
    fn from(target: Target) -> Self {
        Self(Ok(vec![target]))
    }
}

impl From<&str> for Targets {
    fn from(node: &str) -> Self {
        Target::from(node).into()
    }
}

impl From<String> for Targets {
    fn from(node: String) -> Self {
        Target::from(node).into()
    }
}

impl<T: Into<Target>> From<Vec<T>> for Targets {
    fn from(targets: Vec<T>) -> Self {
        Self(Ok(targets.into_iter().map(Into::into).collect()))
    }
}

impl<T: Into<Target>, const N: usize> From<[T; N]> for Targets {
    fn from(targets: [T; N]) -> Self {
        Self(Ok(targets.into_iter().map(Into::into).collect()))
    }
}

impl<T: Into<Targets>> From<Result<T, NodeError>> for Targets {
    fn from(answer: Result<T, NodeError>) -> Self {
        Self(answer.and_then(|targets| targets.into().0))
    }
}
