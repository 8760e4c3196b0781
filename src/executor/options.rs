//! Options of a run, and of all runs of an app. Owns their merging and their checks.

use super::arena::is_too_deep;
use super::checkpointer::Checkpointer;
use super::clock::{Clock, SystemClock};
use crate::checkpoint::Durability;
use crate::graph::NodeId;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// What a run does. Options of a run replace those that its app was compiled with.
///
/// ```
/// use std::time::Duration;
/// use weavegraph_wasm::executor::{Checkpointer, RunOptions};
///
/// let options = RunOptions::new().checkpointer(Checkpointer::memory()).session_id("book").concurrency(4).timeout(Duration::from_secs(60));
/// # drop(options);
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct RunOptions {
    pub(super) checkpointer: Option<Checkpointer>,
    pub(super) durability: Option<Durability>,
    pub(super) concurrency: Option<u32>,
    pub(super) max_steps: Option<u32>,
    pub(super) timeout: Option<Duration>,
    pub(super) clock: Option<Rc<dyn Clock>>,
    pub(super) session_id: Option<String>,
    pub(super) run_id: Option<String>,
    pub(super) seed: Option<u64>,
    pub(super) abandon: Option<bool>,
    pub(super) capacity: Option<usize>,
    pub(super) metadata: Option<Result<Value, String>>,
    pub(super) interrupt_before: Option<Vec<String>>,
    pub(super) interrupt_after: Option<Vec<String>>,
}

impl RunOptions {
    /// All defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the session. Without one nothing outlives the run.
    pub fn checkpointer(mut self, checkpointer: Checkpointer) -> Self {
        self.checkpointer = Some(checkpointer);
        self
    }

    /// When a step is stored: before the next one (`Sync`, the default), behind it, or once at the end.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = Some(durability);
        self
    }

    /// Tasks at once; at least 1. Default: unlimited.
    pub fn concurrency(mut self, limit: u32) -> Self {
        self.concurrency = Some(limit);
        self
    }

    /// Steps of one run, after which it fails with RUN_STEP_LIMIT and can be resumed. Default 1000.
    pub fn max_steps(mut self, limit: u32) -> Self {
        self.max_steps = Some(limit);
        self
    }

    /// How long one run may take, after which it fails with RUN_TIMEOUT and can be resumed. Default: unlimited.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Everything that waits asks it. Default: [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Rc::new(clock));
        self
    }

    /// The session that the run goes on with or begins. Default: a fresh one.
    pub fn session_id(mut self, id: impl Into<String>) -> Self {
        self.session_id = Some(id.into());
        self
    }

    /// The run's id. Default: a fresh one.
    pub fn run_id(mut self, id: impl Into<String>) -> Self {
        self.run_id = Some(id.into());
        self
    }

    /// Of `ctx.random` and of jitter. A session keeps its first. Default: a random one.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Drops the unfinished step that the session's last run left; otherwise that is SESSION_UNFINISHED.
    pub fn abandon(mut self) -> Self {
        self.abandon = Some(true);
        self
    }

    /// Events that are kept for readers which come late, and that wait for a reader before the run does. Default 1024.
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = Some(events);
        self
    }

    /// Of the run; nodes see it.
    pub fn metadata(mut self, metadata: impl Serialize) -> Self {
        self.metadata = Some(serde_json::to_value(metadata).map_err(|error| error.to_string()));
        self
    }

    /// Pauses before each step that runs one of these nodes; `["*"]` is all of them. A resume goes on. Needs a checkpointer.
    pub fn interrupt_before(mut self, nodes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.interrupt_before = Some(nodes.into_iter().map(Into::into).collect());
        self
    }

    /// Pauses after each step that ran one of these nodes, if something is left to run; `["*"]` is all of them. A resume goes on. Needs a
    /// checkpointer.
    pub fn interrupt_after(mut self, nodes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.interrupt_after = Some(nodes.into_iter().map(Into::into).collect());
        self
    }

    /// The nodes of these names, or the name that is none.
    pub(super) fn breakpoints(names: Option<&[String]>, ids: &HashMap<Rc<str>, NodeId>) -> Result<Vec<NodeId>, String> {
        match names {
            Some([all]) if all == "*" => Ok(ids.values().copied().collect()),
            names => names.into_iter().flatten().map(|name| ids.get(name.as_str()).copied().ok_or_else(|| name.clone())).collect(),
        }
    }

    /// These options, and for what they leave open those of `defaults`.
    pub(super) fn or(self, defaults: &Self) -> Self {
        let defaults = defaults.clone();
        Self {
            checkpointer: self.checkpointer.or(defaults.checkpointer),
            durability: self.durability.or(defaults.durability),
            concurrency: self.concurrency.or(defaults.concurrency),
            max_steps: self.max_steps.or(defaults.max_steps),
            timeout: self.timeout.or(defaults.timeout),
            clock: self.clock.or(defaults.clock),
            session_id: self.session_id.or(defaults.session_id),
            run_id: self.run_id.or(defaults.run_id),
            seed: self.seed.or(defaults.seed),
            abandon: self.abandon.or(defaults.abandon),
            capacity: self.capacity.or(defaults.capacity),
            metadata: self.metadata.or(defaults.metadata),
            interrupt_before: self.interrupt_before.or(defaults.interrupt_before),
            interrupt_after: self.interrupt_after.or(defaults.interrupt_after),
        }
    }

    pub(super) fn clock_or_default(&self) -> Rc<dyn Clock> {
        self.clock.clone().unwrap_or_else(|| Rc::new(SystemClock))
    }

    /// What is wrong with them; RUN_INVALID_OPTION.
    pub(super) fn problem(&self) -> Option<String> {
        let at_least_one = |name: &str, value: Option<u32>| (value == Some(0)).then(|| format!("{name} is 0; give at least 1"));
        let empty = |name: &str, id: &Option<String>| (id.as_deref() == Some("")).then(|| format!("{name} is empty; give a text"));
        at_least_one("concurrency", self.concurrency)
            .or_else(|| at_least_one("max_steps", self.max_steps))
            .or_else(|| (self.timeout == Some(Duration::ZERO)).then(|| "timeout is 0; give more".to_owned()))
            .or_else(|| empty("session_id", &self.session_id))
            .or_else(|| empty("run_id", &self.run_id))
            .or_else(|| match &self.metadata {
                Some(Err(error)) => Some(format!("metadata is no JSON: {error}")),
                Some(Ok(metadata)) if is_too_deep(metadata) => Some("metadata is more than 100 levels deep; flatten it".to_owned()),
                Some(Ok(Value::Object(_))) | None => None,
                Some(Ok(_)) => Some("metadata is no object; give one".to_owned()),
            })
    }
}
