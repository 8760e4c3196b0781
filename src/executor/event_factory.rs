//! Makes events of the engine's. It decides nothing: number, time and order come from the engine.

use super::arena::{Arena, Held};
use super::errors::WeaveError;
use super::event::{ErrorInfo, EventBody, Reason, Task, Waiting, WeaveEvent};
use crate::error::Failure;
use crate::events::{Body, Ending, Event, EventKind, StepReport, TaskRef};
use crate::graph::{ChannelId, END, NodeId, Program, START, hash_text};
use serde_json::{Map, Value};
use std::rc::Rc;

/// What events do not say themselves.
pub(super) struct EventFactory<'a> {
    pub program: &'a Program,
    /// Nodes that only the log knows.
    pub foreign: &'a [Rc<str>],
    pub arena: &'a Arena,
    pub run_id: &'a str,
    pub session_id: &'a str,
    pub branch: u32,
    pub store_name: &'a str,
}

impl<'a> EventFactory<'a> {
    /// For names and failures alone.
    pub(super) fn nameless(program: &'a Program, foreign: &'a [Rc<str>], arena: &'a Arena) -> Self {
        Self { program, foreign, arena, run_id: "", session_id: "", branch: 1, store_name: "" }
    }

    pub(super) fn event(&self, event: &Event) -> WeaveEvent {
        WeaveEvent {
            seq: event.seq,
            at: event.at,
            run_id: self.run_id.to_owned(),
            session_id: self.session_id.to_owned(),
            branch: self.branch,
            is_transient: event.is_transient,
            body: self.body(&event.body),
        }
    }

    pub(super) fn node(&self, id: NodeId) -> String {
        let known = id.index().and_then(|index| {
            let own = self.program.nodes.get(index).map(|node| &node.name);
            own.or_else(|| self.foreign.get(index.checked_sub(self.program.nodes.len())?))
        });
        match (id, known) {
            (NodeId::START, _) => START.to_owned(),
            (NodeId::END, _) => END.to_owned(),
            (_, Some(name)) => name.to_string(),
            (_, None) => "?".to_owned(),
        }
    }

    fn nodes<'n>(&self, nodes: impl IntoIterator<Item = &'n NodeId>) -> Vec<String> {
        nodes.into_iter().map(|node| self.node(*node)).collect()
    }

    fn channel(&self, id: ChannelId) -> String {
        self.program.channels.get(id as usize).map_or_else(|| "?".to_owned(), |channel| channel.name.to_string())
    }

    fn task(&self, task: &TaskRef) -> Task {
        Task { step: task.step, node: self.node(task.node), task: task.task, attempt: task.attempt }
    }

    /// A failure as an error; what the node returned is its source, as long as it is at hand.
    pub(super) fn error(&self, failure: &Failure) -> WeaveError {
        let held = failure.cause.as_ref().map(|cause| self.arena.get(cause));
        let source = held.and_then(|held| match held {
            Held::Cause(error) => Some(error.shared()),
            Held::Json(_) | Held::Stream(_) => None,
        });
        let info = ErrorInfo {
            code: failure.code.as_str(),
            message: failure.message.to_string(),
            node: failure.node.map(|node| self.node(node)),
            step: failure.step,
            cause: held.map(Held::to_value),
        };
        WeaveError::new(failure.code, info, source)
    }

    pub(super) fn waiting(&self, waiting: &[crate::events::Waiting]) -> Vec<Waiting> {
        waiting.iter().map(|join| Waiting { to: self.node(join.to), missing: self.nodes(&join.missing) }).collect()
    }

    fn body(&self, body: &Body) -> EventBody {
        match body {
            Body::RunStarted(start) => EventBody::RunStarted {
                graph_hash: hash_text(start.graph_hash),
                resumed: start.is_resumed,
                abandoned: self.nodes(&start.abandoned),
                metadata: start.metadata.as_ref().map(|value| self.arena.value(value)),
            },
            Body::RunEnded { ending, steps, duration_ms } => self.ending(ending, *steps, *duration_ms),
            Body::StepStarted { step, frontier, .. } => EventBody::StepStarted { step: *step, frontier: self.nodes(frontier.iter()) },
            Body::StepCompleted(report) => self.step(report),
            Body::StateUpdated(update) => self.step(&update.report),
            Body::NodeStarted(task) => EventBody::NodeStarted { task: self.task(task) },
            Body::NodeCompleted { task, duration_ms, result } => EventBody::NodeCompleted {
                task: self.task(task),
                duration_ms: *duration_ms,
                changes: result.update.as_ref().map(|value| self.arena.value(value)),
            },
            Body::NodeSkipped(task) => {
                EventBody::NodeSkipped { step: task.step, node: self.node(task.node), task: task.task, reason: "unchanged" }
            }
            Body::NodeFailed { task, failure, duration_ms, will_retry } => EventBody::NodeFailed {
                task: self.task(task),
                error: self.error(failure).info().clone(),
                duration_ms: *duration_ms,
                will_retry: *will_retry,
            },
            Body::NodeRetrying { task, delay_ms } => EventBody::NodeRetrying { task: self.task(task), delay_ms: *delay_ms },
            Body::User { kind, task, payload, number } => self.user(*kind, self.task(task), self.arena.value(payload), *number),
            Body::Diagnostic { scope, message } => {
                EventBody::Diagnostic { task: None, scope: (*scope).to_owned(), message: message.to_string() }
            }
            Body::CheckpointSaved { step, duration_ms } => {
                EventBody::CheckpointSaved { step: *step, backend: self.store_name.to_owned(), duration_ms: *duration_ms }
            }
            Body::StreamGap { from, to, count } => EventBody::StreamGap { from: *from, to: *to, count: *count },
            Body::StreamReset { after } => EventBody::StreamReset { after: *after },
        }
    }

    fn step(&self, report: &StepReport) -> EventBody {
        EventBody::StepCompleted {
            step: report.step,
            ran: self.nodes(&report.ran),
            skipped: self.nodes(&report.skipped),
            updated_channels: report.updated.iter().map(|channel| self.channel(*channel)).collect(),
            next: report.next.iter().map(|entry| self.node(entry.node)).collect(),
            versions: (0..).zip(&report.versions).map(|(channel, version)| (self.channel(channel), *version)).collect(),
        }
    }

    fn ending(&self, ending: &Ending, steps: u32, duration_ms: f64) -> EventBody {
        match ending {
            Ending::Completed { is_end, waiting } => {
                EventBody::RunCompleted { steps, duration_ms, reason: reason(*is_end), waiting: self.waiting(waiting) }
            }
            Ending::Failed(failure) => EventBody::RunFailed { error: self.error(failure).info().clone(), duration_ms },
            Ending::Cancelled(reason) => EventBody::RunCancelled { reason: self.reason(reason.as_ref()), duration_ms },
        }
    }

    /// Why a run was cancelled.
    pub(super) fn reason(&self, reason: Option<&crate::state::Value>) -> Option<String> {
        match self.arena.value(reason?) {
            Value::String(reason) => Some(reason),
            _ => None,
        }
    }

    /// `payload` as `NodeContext` made it, or as the log gave it back.
    fn user(&self, kind: EventKind, task: Task, payload: Value, number: f64) -> EventBody {
        let mut fields = Fields(match payload {
            Value::Object(fields) => fields,
            _ => Map::new(),
        });
        match kind {
            EventKind::LlmChunk => EventBody::LlmChunk {
                task,
                text: fields.text("text"),
                stream_id: fields.text("streamId"),
                offset: number as u64,
                kind: fields.some_text("kind"),
                metadata: fields.value("metadata"),
            },
            EventKind::LlmFinal => EventBody::LlmFinal {
                task,
                text: fields.text("text"),
                stream_id: fields.text("streamId"),
                reasoning: fields.some_text("reasoning"),
                metadata: fields.value("metadata"),
            },
            EventKind::LlmError => EventBody::LlmError {
                task,
                message: fields.text("message"),
                stream_id: fields.text("streamId"),
                metadata: fields.value("metadata"),
            },
            EventKind::ToolCall => EventBody::ToolCall {
                task,
                id: fields.text("id"),
                name: fields.text("name"),
                args: fields.value("args").unwrap_or_default(),
            },
            EventKind::ToolResult => EventBody::ToolResult {
                task,
                id: fields.text("id"),
                result: fields.value("result").unwrap_or_default(),
                is_error: fields.value("isError").and_then(|flag| flag.as_bool()),
            },
            EventKind::Progress => EventBody::Progress {
                task,
                fraction: fields.value("fraction").and_then(|fraction| fraction.as_f64()).unwrap_or_default(),
                message: fields.some_text("message"),
            },
            EventKind::Milestone => EventBody::Milestone { task, name: fields.text("name"), data: fields.value("data") },
            EventKind::Custom => EventBody::Custom { task, name: fields.text("name"), data: fields.value("data") },
            EventKind::Message => {
                EventBody::Message { task, scope: fields.text("scope"), message: fields.text("message"), data: fields.value("data") }
            }
            // The engine takes no other kind from a node.
            _ => EventBody::Diagnostic { task: Some(task), scope: fields.text("scope"), message: fields.text("message") },
        }
    }
}

pub(super) fn reason(is_end: bool) -> Reason {
    if is_end { Reason::End } else { Reason::Quiescent }
}

/// A payload that is taken apart.
struct Fields(Map<String, Value>);

impl Fields {
    fn value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    fn some_text(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    fn text(&mut self, name: &str) -> String {
        self.some_text(name).unwrap_or_default()
    }
}
