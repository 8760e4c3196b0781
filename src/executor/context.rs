//! What a node gets beside the state: who it is, its run, and the ways to emit events and to wait.
//!
//! It knows its execution weakly: after the attempt, and after the run was dropped, every call of it does nothing.

use super::arena::is_too_deep;
use super::driver::Place;
use super::errors::NodeError;
use super::execution::Execution;
use super::frame::{Frame, escaped};
use super::llm::{Llm, Stream};
use crate::engine::Input;
use crate::events::EventKind;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::Poll;
use std::time::Duration;

/// See the module's head. Emitting never fails for want of a reader.
pub struct NodeContext {
    execution: Weak<Execution>,
    pub(super) frame: Rc<Frame>,
    pub(super) task: u32,
    pub(super) token: u32,
    pub(super) node: Rc<str>,
    pub(super) place: Place,
    run_id: Rc<str>,
    session_id: Rc<str>,
    pub(super) streams: RefCell<Vec<Stream>>,
    pub(super) stream_count: Cell<u32>,
}

impl NodeContext {
    pub(super) fn new(execution: &Execution, frame: &Rc<Frame>, (task, token): (u32, u32), place: Place) -> Self {
        Self {
            execution: Weak::clone(&execution.me),
            task,
            token,
            node: frame.parts.name(place.node),
            frame: Rc::clone(frame),
            place,
            run_id: Rc::clone(&execution.run_id.borrow()),
            session_id: Rc::clone(&execution.session_id),
            streams: RefCell::default(),
            stream_count: Cell::new(0),
        }
    }

    /// The node's name.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The step that this task belongs to, from 1 over the session.
    pub fn step(&self) -> u32 {
        self.place.step
    }

    /// From 1; rises with each retry.
    pub fn attempt(&self) -> u32 {
        self.place.attempt
    }

    /// Which of this step's tasks of this node it is: 0, or the position among its sends.
    pub fn task(&self) -> u32 {
        self.place.ordinal
    }

    /// Of the run.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Of the session.
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// The sub-graph nodes around it, outermost first, as `node` or `node#task`.
    pub fn path(&self) -> &[String] {
        &self.frame.path
    }

    /// What [`send`](super::send) gave this task.
    ///
    /// # Errors
    /// It is of another shape; a task that no send made has null.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, NodeError> {
        Ok(T::deserialize(self.place.input.as_ref().unwrap_or(&Value::Null))?)
    }

    /// The run's metadata; null if it has none.
    pub fn metadata(&self) -> Value {
        let metadata = self.execution().and_then(|execution| {
            let machine = execution.machine.borrow();
            let metadata = machine.as_ref()?.session().metadata.clone()?;
            Some(execution.arena.borrow().value(&metadata))
        });
        metadata.unwrap_or_default()
    }

    /// `session/path/step/node#task`: the same over retries, pauses and crashes. What payment APIs ask for.
    pub fn idempotency_key(&self) -> String {
        let Place { step, ordinal, .. } = &self.place;
        format!("{}/{}/{step}/{}#{ordinal}", escaped(&self.session_id), self.frame.key, escaped(&self.node))
    }

    /// Epoch milliseconds of the run's clock.
    pub fn now(&self) -> f64 {
        self.execution().map_or(0.0, |execution| execution.clock.now())
    }

    /// 0 to 1, 1 excluded, from the run's seed: the same numbers for the same step, node, task and attempt.
    pub fn random(&self) -> f64 {
        let drawn = self
            .execution()
            .and_then(|execution| execution.with_machine_in(&self.frame, |machine| machine.random(self.task, self.token))?);
        drawn.unwrap_or_default()
    }

    /// Waits on the run's clock. A task that sleeps does not count for the limits of concurrency.
    pub async fn sleep(&self, duration: Duration) {
        let (task, token, ms) = (self.task, self.token, super::node::millis(duration));
        self.wait(|sleep| Input::Sleep { task, token, sleep, ms }).await;
    }

    /// Stores what is pending, then waits for room while a reader that the run waits for is full.
    pub async fn flush(&self) {
        self.wait(|flush| Input::Flush { flush }).await;
    }

    async fn wait(&self, ask: impl FnOnce(u32) -> Input) {
        // The run is not held while it is waited for.
        let number = self.execution().map(|execution| execution.begin_wait(&self.frame, ask));
        match number {
            Some(number) => self.wait_for(number).await,
            None => std::future::pending().await,
        }
    }

    /// Until the engine ends the wait of this number.
    pub(super) async fn wait_for(&self, number: u32) {
        let wait = Waiting { execution: Weak::clone(&self.execution), number };
        poll_fn(|cx| wait.execution.upgrade().map_or(Poll::Pending, |execution| execution.poll_wait(wait.number, cx.waker()))).await;
    }

    /// A `message` event.
    pub fn emit(&self, scope: &str, message: impl fmt::Display) {
        self.send(EventKind::Message, json!({ "scope": scope, "message": message.to_string() }), None::<(_, ())>);
    }

    /// A `message` event with data.
    pub fn emit_with(&self, scope: &str, message: impl fmt::Display, data: impl Serialize) {
        self.send(EventKind::Message, json!({ "scope": scope, "message": message.to_string() }), Some(("data", data)));
    }

    /// A `progress` event; `fraction` goes from 0 to 1.
    pub fn progress(&self, fraction: f64, message: Option<&str>) {
        self.send(EventKind::Progress, json!({ "fraction": fraction }), message.map(|message| ("message", message)));
    }

    /// A named result on the way.
    pub fn milestone(&self, name: &str, data: impl Serialize) {
        self.send(EventKind::Milestone, json!({ "name": name }), Some(("data", data)));
    }

    /// An event of your own.
    pub fn custom(&self, name: &str, data: impl Serialize) {
        self.send(EventKind::Custom, json!({ "name": name }), Some(("data", data)));
    }

    /// A note for whoever operates this.
    pub fn diagnostic(&self, scope: &str, message: impl fmt::Display) {
        self.send(EventKind::Diagnostic, json!({ "scope": scope, "message": message.to_string() }), None::<(_, ())>);
    }

    /// A call of a tool.
    pub fn tool_call(&self, id: &str, name: &str, args: impl Serialize) {
        self.send(EventKind::ToolCall, json!({ "id": id, "name": name }), Some(("args", args)));
    }

    /// What a tool gave.
    pub fn tool_result(&self, id: &str, result: impl Serialize, is_error: bool) {
        let payload = if is_error { json!({ "id": id, "isError": true }) } else { json!({ "id": id }) };
        self.send(EventKind::ToolResult, payload, Some(("result", result)));
    }

    /// A piece of text as a model writes it: short for `ctx.llm().chunk(text)`.
    pub fn token(&self, text: &str) {
        self.llm().chunk(text);
    }

    /// A model's output, as it comes.
    pub fn llm(&self) -> Llm<'_> {
        Llm::new(self)
    }

    pub(super) fn execution(&self) -> Option<Rc<Execution>> {
        self.execution.upgrade()
    }

    /// What is no JSON goes out as the text that says so: an event must not fail a node.
    fn send<T: Serialize>(&self, kind: EventKind, mut payload: Value, data: Option<(&str, T)>) {
        if let (Some((name, data)), Value::Object(fields)) = (data, &mut payload) {
            let data = serde_json::to_value(data).unwrap_or_else(|error| error.to_string().into());
            let data = if is_too_deep(&data) { "more than 100 levels deep".into() } else { data };
            fields.insert(name.to_owned(), data);
        }
        self.emit_value(kind, payload, 0.0);
    }

    pub(super) fn emit_value(&self, kind: EventKind, payload: Value, number: f64) {
        let Some(execution) = self.execution() else { return };
        let payload = execution.arena.borrow_mut().put(payload);
        let now = execution.clock.now();
        execution.with_machine_in(&self.frame, |machine| machine.emit(now, self.task, self.token, kind, payload, number));
    }
}

impl fmt::Debug for NodeContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NodeContext").field(&self.idempotency_key()).finish()
    }
}

/// A wait that is given up is forgotten.
struct Waiting {
    execution: Weak<Execution>,
    number: u32,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(execution) = self.execution.upgrade() {
            execution.forget_wait(self.number);
        }
    }
}
