//! One task of a step: its attempts, retries, the `onError` after the last, its sleeps and open text streams.

use super::command::{Abort, Command};
use super::frame::Phase;
use super::input::{Outcome, Thrown};
use super::keeping::Asks;
use super::machine::Machine;
use super::pool::Claim;
use super::random::Random;
use super::timers::TimerKind;
use crate::error::{ErrorCode, Failure, RunError, Scope};
use crate::events::{Body, Entry, EventKind, TaskRef};
use crate::graph::NodeId;
use crate::state::{TaskResult, Value};
use std::rc::Rc;

/// Where a task stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TaskState {
    /// Waits for a slot.
    Ready,
    /// The node runs.
    Running,
    /// `retryOn` is asked.
    Asking,
    /// Waits before another attempt.
    BackingOff,
    /// `onError` runs.
    Rescuing,
    /// It has asked, and waits for an answer. Its attempt may ask more; what it returns does not count.
    Parked,
    /// It has a result.
    Done,
}

/// What a task holds of the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Held {
    Nothing,
    Slot,
    /// Of its node only: it runs a sub-graph.
    Place,
}

pub(super) struct Task {
    pub entry: Entry,
    pub state: TaskState,
    /// Names the attempt; 0 before the first.
    pub token: u32,
    pub attempt: u32,
    pub started_at: f64,
    pub result: Option<Rc<TaskResult>>,
    /// The frame of the sub-graph that runs; 0 is none.
    pub child: u32,
    timer: Option<u32>,
    held: Held,
    sleeping: u32,
    streams: Vec<Value>,
    random: Option<Random>,
    failure: Option<Rc<Failure>>,
    pub asks: Option<Box<Asks>>,
}

impl Task {
    pub(super) fn new(entry: Entry, done: Option<Rc<TaskResult>>) -> Self {
        Self {
            entry,
            state: if done.is_some() { TaskState::Done } else { TaskState::Ready },
            token: 0,
            attempt: 0,
            started_at: 0.0,
            result: done,
            child: 0,
            timer: None,
            held: Held::Nothing,
            sleeping: 0,
            streams: Vec::new(),
            random: None,
            failure: None,
            asks: None,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        !matches!(self.state, TaskState::Done)
    }

    pub(super) fn runs_user_code(&self) -> bool {
        matches!(self.state, TaskState::Running | TaskState::Rescuing)
    }

    /// Its attempt is heard, if not its result.
    pub(super) fn attends(&self) -> bool {
        self.runs_user_code() || self.state == TaskState::Parked
    }
}

impl Machine {
    /// The task, if `token` still names its attempt and the step goes on.
    pub(super) fn live(&self, task: u32, token: u32) -> Option<usize> {
        let index = task as usize;
        let is_current = matches!(self.frame.phase, Phase::Stepping)
            && self.frame.tasks.get(index).is_some_and(|task| task.token == token && task.is_live());
        is_current.then_some(index)
    }

    pub(super) fn reference(&self, index: usize) -> TaskRef {
        let task = &self.frame.tasks[index];
        TaskRef { step: self.session.graph.step + 1, node: task.entry.node, task: task.entry.task, attempt: task.attempt }
    }

    pub(super) fn node_name(&self, node: NodeId) -> Rc<str> {
        match node {
            NodeId::START => "__start__".into(),
            NodeId::END => "__end__".into(),
            NodeId(index) => self.program.nodes.get(index as usize).map_or_else(|| "?".into(), |node| Rc::clone(&node.name)),
        }
    }

    pub(super) fn fill_slots(&mut self) {
        while let Some(claim) = self.grant() {
            let at = self.at;
            if claim.frame != at {
                self.switch(claim.frame);
            }
            let index = claim.task as usize;
            if claim.sleep == u32::MAX {
                self.start_attempt(index, claim.token);
            } else {
                self.frame.tasks[index].held = Held::Slot;
                if self.frame.tasks[index].runs_user_code() {
                    self.push(Command::WakeSleep { sleep: claim.sleep });
                } else {
                    self.release_slot(index);
                    if self.frame.tasks[index].attends() {
                        self.push(Command::WakeSleep { sleep: claim.sleep });
                    }
                }
            }
            if self.at != at {
                self.switch(at);
            }
        }
    }

    fn start_attempt(&mut self, index: usize, token: u32) {
        let now = self.now;
        let task = &mut self.frame.tasks[index];
        task.state = TaskState::Running;
        task.attempt += 1;
        task.started_at = now;
        task.random = None;
        task.asks = None;
        let (node, attempt, ordinal, input) = (task.entry.node, task.attempt, task.entry.task, task.entry.input.clone());
        if !self.skips(EventKind::NodeStarted) {
            self.publish(Body::NodeStarted(self.reference(index)));
        }
        let spec = node.index().map(|index| &self.program.nodes[index]);
        let timeout_ms = spec.and_then(|spec| spec.timeout_ms);
        if spec.is_some_and(|spec| spec.graph.is_some()) {
            self.frame.tasks[index].held = Held::Place;
            self.open_child(index);
        } else {
            self.frame.tasks[index].held = Held::Slot;
            let (step, generation, solo) = (self.session.graph.step + 1, self.generation(), self.solo(node));
            self.push(Command::Run { task: index as u32, token, node, attempt, step, ordinal, input, generation, solo });
        }
        if let Some(ms) = timeout_ms {
            let kind = TimerKind::Attempt { frame: self.at, task: index as u32, token };
            self.frame.tasks[index].timer = Some(self.start_timer(kind, ms));
        }
    }

    pub(super) fn settled(&mut self, task: u32, token: u32, outcome: Outcome) {
        let Some(index) = self.live(task, token) else { return };
        let state = self.frame.tasks[index].state;
        // While `retryOn` is asked only its own throw counts; what the attempt itself has to say is late.
        let is_awaited = match state {
            TaskState::Running | TaskState::Rescuing => true,
            TaskState::Asking => matches!(outcome, Outcome::Threw(_)),
            TaskState::Ready | TaskState::BackingOff | TaskState::Parked | TaskState::Done => false,
        };
        if !is_awaited {
            return;
        }
        self.end_attempt(index);
        let step = self.session.graph.step + 1;
        let node = self.frame.tasks[index].entry.node;
        match outcome {
            Outcome::Returned(result) => self.finished(index, Some(Rc::new(result))),
            Outcome::Threw(thrown) => {
                let failure = self.node_failure(node, step, &thrown);
                self.attempt_failed(index, failure, state);
            }
            Outcome::UnknownTarget(target) => {
                let error = RunError::CommandTarget { node: &self.node_name(node), target: &target, step };
                let failure = error.failure(Scope::Node).at(Some(node), step);
                self.attempt_failed(index, failure, state);
            }
        }
    }

    fn node_failure(&self, node: NodeId, step: u32, thrown: &Thrown) -> Failure {
        let name = self.node_name(node);
        let error = match thrown.code {
            ErrorCode::NodeThrew => RunError::NodeThrew { node: &name, step, text: &thrown.text },
            code => RunError::NodeResult { code, node: &name, step, text: &thrown.text },
        };
        error.failure(Scope::Node).at(Some(node), step).because(thrown.cause.clone())
    }

    /// Its timer and its streams end with it.
    #[inline]
    pub(super) fn end_attempt(&mut self, index: usize) {
        self.stop_attempt_timer(index);
        self.close_streams(index);
        if self.frame.tasks[index].child != 0 {
            self.close_child(index, Abort::Failure);
        }
    }

    pub(super) fn finished(&mut self, index: usize, result: Option<Rc<TaskResult>>) {
        let duration_ms = (self.now - self.frame.tasks[index].started_at).max(0.0);
        let task = &mut self.frame.tasks[index];
        task.state = TaskState::Done;
        task.result.clone_from(&result);
        if !self.skips(EventKind::NodeCompleted) {
            let result = result.unwrap_or_default();
            self.publish(Body::NodeCompleted { task: self.reference(index), duration_ms, result });
        }
        self.release_slot(index);
        self.frame.unfinished -= 1;
        if self.at == 0 && !self.session.kept.all().is_empty() {
            let address = self.address(&self.asker(index));
            self.session.kept.settle(&address);
        }
        if self.has_children() {
            self.fill_slots();
        }
        if self.frame.unfinished == 0 {
            self.end_step();
        } else {
            self.fill_slots();
        }
    }

    /// Nobody runs any more: the barrier, unless someone waits for an answer.
    pub(super) fn end_step(&mut self) {
        if self.frame.parked == 0 {
            self.begin_barrier();
        }
    }

    pub(super) fn attempt_failed(&mut self, index: usize, failure: Failure, state: TaskState) {
        let failure = Rc::new(failure);
        if state == TaskState::Rescuing {
            return self.fail_shared(failure);
        }
        let task = &mut self.frame.tasks[index];
        task.failure = Some(Rc::clone(&failure));
        let (token, attempt) = (task.token, task.attempt);
        let retry = task.entry.node.index().map_or_else(Default::default, |index| self.program.nodes[index].retry);
        if state == TaskState::Asking || attempt >= retry.max_attempts {
            self.decide(index, false);
        } else if retry.has_retry_on {
            self.frame.tasks[index].state = TaskState::Asking;
            self.push(Command::AskRetry { task: index as u32, token, attempt, failure });
        } else {
            self.decide(index, true);
        }
    }

    pub(super) fn retry_answered(&mut self, task: u32, token: u32, retries: bool) {
        if let Some(index) = self.live(task, token).filter(|index| self.frame.tasks[*index].state == TaskState::Asking) {
            self.decide(index, retries);
        }
    }

    fn decide(&mut self, index: usize, will_retry: bool) {
        let Some(failure) = self.frame.tasks[index].failure.clone() else { return };
        let duration_ms = (self.now - self.frame.tasks[index].started_at).max(0.0);
        let reference = self.reference(index);
        let node = reference.node.index().map(|index| &self.program.nodes[index]);
        let has_on_error = node.is_some_and(|node| node.has_on_error);
        let retry = node.map_or_else(Default::default, |node| node.retry);
        self.publish(Body::NodeFailed { task: reference, failure: Rc::clone(&failure), duration_ms, will_retry });
        if will_retry {
            let grown = retry.initial_delay_ms * retry.factor.powi(reference.attempt as i32 - 1).min(f64::MAX);
            let delay_ms = grown.min(retry.max_delay_ms) * (1.0 - retry.jitter * self.fraction(index));
            self.publish(Body::NodeRetrying { task: reference, delay_ms });
            self.frame.tasks[index].state = TaskState::BackingOff;
            let token = self.frame.tasks[index].token;
            self.start_timer(TimerKind::Backoff { frame: self.at, task: index as u32, token }, delay_ms);
            self.release_slot(index);
            self.fill_slots();
        } else if has_on_error {
            self.tokens += 1;
            let token = self.tokens;
            self.frame.tasks[index].state = TaskState::Rescuing;
            self.frame.tasks[index].token = token;
            self.frame.tasks[index].asks = None;
            self.push(Command::Rescue { task: index as u32, token, failure });
        } else {
            self.fail_shared(failure);
        }
    }

    pub(super) fn retry(&mut self, task: u32, token: u32) {
        let Some(index) = self.live(task, token).filter(|index| self.frame.tasks[*index].state == TaskState::BackingOff) else { return };
        self.frame.tasks[index].state = TaskState::Ready;
        self.claim_slot(task);
        self.fill_slots();
    }

    pub(super) fn timed_out(&mut self, task: u32, token: u32) {
        let Some(index) = self.live(task, token).filter(|index| self.frame.tasks[*index].state == TaskState::Running) else { return };
        self.frame.tasks[index].timer = None;
        self.close_streams(index);
        self.close_child(index, Abort::Failure);
        self.stop_timers(|kind| matches!(kind, TimerKind::Sleep { task: of, token: attempt, .. } if of == task && attempt == token));
        self.push(Command::Abort { task, token, why: Abort::Timeout });
        let step = self.session.graph.step + 1;
        let node = self.frame.tasks[index].entry.node;
        let limit_ms = node.index().and_then(|index| self.program.nodes[index].timeout_ms).unwrap_or_default() as u32;
        let failure = RunError::NodeTimeout { node: &self.node_name(node), step, limit_ms }.failure(Scope::Node).at(Some(node), step);
        self.attempt_failed(index, failure, TaskState::Running);
    }

    pub(super) fn stop_attempt_timer(&mut self, index: usize) {
        if let Some(timer) = self.frame.tasks[index].timer.take() {
            self.timers.close(timer);
            self.push(Command::StopTimer { timer });
        }
    }

    #[inline]
    pub(super) fn release_slot(&mut self, index: usize) {
        let task = &mut self.frame.tasks[index];
        let held = std::mem::replace(&mut task.held, Held::Nothing);
        if held != Held::Nothing {
            let node = task.entry.node.0;
            self.pool.release(self.frame.first_node() + node, held == Held::Place);
        }
    }

    /// A sleeping task holds no slot, and gets one before it wakes.
    pub(super) fn sleep(&mut self, task: u32, token: u32, sleep: u32, ms: f64) {
        let Some(index) = self.attending(task, token) else { return };
        self.frame.tasks[index].sleeping += 1;
        self.start_timer(TimerKind::Sleep { frame: self.at, task, token, sleep }, ms);
        self.release_slot(index);
        self.fill_slots();
    }

    pub(super) fn slept(&mut self, task: u32, token: u32, sleep: u32) {
        let Some(index) = self.live(task, token) else { return };
        self.frame.tasks[index].sleeping -= 1;
        if self.frame.tasks[index].held != Held::Nothing || self.frame.tasks[index].state == TaskState::Parked {
            self.push(Command::WakeSleep { sleep });
        } else {
            self.pool.claim(Claim { frame: self.at, task, token, sleep });
            self.fill_slots();
        }
    }

    /// A user's event. Returns false, and does nothing, once the attempt is over.
    pub fn emit(&mut self, now: f64, task: u32, token: u32, kind: EventKind, payload: Value, number: f64) -> bool {
        if self.told != self.at {
            self.switch(self.told);
            if self.told != self.at {
                return false;
            }
        }
        let is_taken = self.emit_here(now, task, token, kind, payload, number);
        if self.at != 0 {
            self.switch(0);
        }
        is_taken
    }

    #[inline]
    fn emit_here(&mut self, now: f64, task: u32, token: u32, kind: EventKind, payload: Value, number: f64) -> bool {
        let Some(index) = self.attending(task, token) else { return false };
        self.now = now;
        let body = Body::User { kind, task: self.reference(index), payload, number };
        if kind == EventKind::LlmChunk {
            self.publish_transient(body);
        } else {
            self.publish(body);
        }
        if self.hub.take_woken() {
            self.push(Command::WakeReaders);
        }
        true
    }

    /// A text stream that the host folds; the machine closes it with the attempt if the node does not.
    pub fn open_stream(&mut self, task: u32, token: u32, stream: Value) {
        self.within(|machine| {
            if let Some(index) = machine.live(task, token) {
                machine.frame.tasks[index].streams.push(stream);
            }
        });
    }

    /// The node closed a stream itself.
    pub fn close_stream(&mut self, task: u32, token: u32, handle: u32) {
        self.within(|machine| {
            let Some(index) = machine.live(task, token) else { return };
            let streams = &mut machine.frame.tasks[index].streams;
            if let Some(position) = streams.iter().position(|stream| stream.handle() == handle) {
                streams.remove(position);
            }
        });
    }

    pub(super) fn close_streams(&mut self, index: usize) {
        if self.frame.tasks[index].streams.is_empty() {
            return;
        }
        for payload in std::mem::take(&mut self.frame.tasks[index].streams) {
            let task = self.reference(index);
            self.publish(Body::User { kind: EventKind::LlmFinal, task, payload, number: 0.0 });
        }
    }

    fn fraction(&mut self, index: usize) -> f64 {
        let reference = self.reference(index);
        let (seed, step, name) = (self.seed(), self.session.graph.key_step(), self.node_name(reference.node));
        let random = &mut self.frame.tasks[index].random;
        random.get_or_insert_with(|| Random::of_attempt(seed, step, &name, reference.task, reference.attempt)).fraction()
    }

    /// `ctx.random()`: in 0..1; `None` once the attempt is over.
    pub fn random(&mut self, task: u32, token: u32) -> Option<f64> {
        self.within(|machine| {
            let index = machine.live(task, token)?;
            Some(machine.fraction(index))
        })?
    }
}
