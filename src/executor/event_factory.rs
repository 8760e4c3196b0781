//! Makes events of the engine's. It decides nothing: number, time and order come from the engine.

use super::arena::{Arena, Held};
use super::errors::WeaveError;
use super::event::{ErrorInfo, EventBody, Interrupt, Reason, Task, Waiting, WeaveEvent};
use super::frame::path_part;
use crate::error::Failure;
use crate::events::{Body, Ending, Event, EventKind, Kept, KeptKind, Place, StepReport, TaskRef};
use crate::graph::{ChannelId, ChannelKind, END, NodeId, Program, START, hash_text};
use crate::state::TaskResult;
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
        // What happened in a sub-graph has that one's names.
        let inner = event.place.as_ref().map(|place| self.within(&place.program));
        WeaveEvent {
            seq: event.seq,
            at: event.at,
            run_id: self.run_id.to_owned(),
            session_id: self.session_id.to_owned(),
            branch: self.branch,
            is_transient: event.is_transient,
            body: inner.as_ref().unwrap_or(self).body(&event.body, self.path(event.place.as_ref())),
        }
    }

    /// The same for a sub-graph.
    fn within<'b>(&'b self, program: &'b Program) -> EventFactory<'b> {
        let Self { arena, run_id, session_id, branch, store_name, .. } = *self;
        EventFactory { program, foreign: &[], arena, run_id, session_id, branch, store_name }
    }

    /// The tasks around a place, outermost first.
    fn path(&self, place: Option<&Rc<Place>>) -> Vec<String> {
        let mut path = Vec::new();
        let mut at = place;
        while let Some(place) = at {
            let name = match &place.up {
                Some(up) => self.within(&up.program).node(place.node),
                None => self.node(place.node),
            };
            path.push(path_part(&name, place.task));
            at = place.up.as_ref();
        }
        path.reverse();
        path
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

    fn task(&self, task: &TaskRef, path: Vec<String>) -> Task {
        Task { step: task.step, node: self.node(task.node), task: task.task, attempt: task.attempt, path }
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
            node: failure.inner.as_ref().map(|inner| inner.to_string()).or_else(|| failure.node.map(|node| self.node(node))),
            step: failure.step,
            cause: held.map(Held::to_value),
        };
        WeaveError::new(failure.code, info, source)
    }

    pub(super) fn waiting(&self, waiting: &[crate::events::Waiting]) -> Vec<Waiting> {
        waiting.iter().map(|join| Waiting { to: self.node(join.to), missing: self.nodes(&join.missing) }).collect()
    }

    fn body(&self, body: &Body, path: Vec<String>) -> EventBody {
        match body {
            Body::RunStarted(start) => EventBody::RunStarted {
                graph_hash: hash_text(start.graph_hash),
                resumed: start.is_resumed,
                abandoned: self.nodes(&start.abandoned),
                metadata: start.metadata.as_ref().map(|value| self.arena.value(value)),
            },
            Body::RunEnded { ending, steps, duration_ms } => self.ending(ending, *steps, *duration_ms),
            Body::StepStarted { step, frontier, .. } => EventBody::StepStarted { step: *step, path, frontier: self.nodes(frontier.iter()) },
            Body::StepCompleted(report) => self.step(report, path),
            Body::StateUpdated(update) => self.step(&update.report, path),
            Body::NodeStarted(task) => EventBody::NodeStarted { task: self.task(task, path) },
            Body::NodeCompleted { task, duration_ms, result } => {
                EventBody::NodeCompleted { task: self.task(task, path), duration_ms: *duration_ms, changes: self.changes(result) }
            }
            Body::NodeSkipped(task) => {
                EventBody::NodeSkipped { step: task.step, node: self.node(task.node), task: task.task, path, reason: "unchanged" }
            }
            Body::NodeFailed { task, failure, duration_ms, will_retry } => EventBody::NodeFailed {
                task: self.task(task, path),
                error: self.error(failure).info().clone(),
                duration_ms: *duration_ms,
                will_retry: *will_retry,
            },
            Body::NodeRetrying { task, delay_ms } => EventBody::NodeRetrying { task: self.task(task, path), delay_ms: *delay_ms },
            Body::User { kind, task, payload, number } => self.user(*kind, self.task(task, path), self.arena.value(payload), *number),
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

    fn step(&self, report: &StepReport, path: Vec<String>) -> EventBody {
        EventBody::StepCompleted {
            step: report.step,
            path,
            ran: self.nodes(&report.ran),
            skipped: self.nodes(&report.skipped),
            updated_channels: report.updated.iter().map(|channel| self.channel(*channel)).collect(),
            next: report.next.iter().map(|entry| self.node(entry.node)).collect(),
            versions: (0..).zip(&report.versions).map(|(channel, version)| (self.channel(channel), *version)).collect(),
        }
    }

    /// What a task wrote, by channel.
    fn changes(&self, result: &TaskResult) -> Option<Value> {
        if result.parts.is_empty() {
            return result.update.as_ref().map(|value| self.arena.value(value));
        }
        let mut changes = Map::new();
        for (update, writes) in result.updates() {
            let Value::Object(update) = self.arena.value(update) else { continue };
            for write in writes {
                let name = self.channel(write.channel);
                let (Some(spec), Some(value)) = (self.program.channels.get(write.channel as usize), update.get(&name)) else { continue };
                let before = changes.remove(&name);
                changes.insert(name, add_write(spec.kind, before, value.clone(), write.is_replace));
            }
        }
        Some(Value::Object(changes))
    }

    fn ending(&self, ending: &Ending, steps: u32, duration_ms: f64) -> EventBody {
        match ending {
            Ending::Completed { is_end, waiting } => {
                EventBody::RunCompleted { steps, duration_ms, reason: reason(*is_end), waiting: self.waiting(waiting) }
            }
            Ending::Failed(failure) => EventBody::RunFailed { error: self.error(failure).info().clone(), duration_ms },
            Ending::Cancelled(reason) => EventBody::RunCancelled { reason: self.reason(reason.as_ref()), duration_ms },
            Ending::Interrupted(open) => EventBody::RunInterrupted { interrupts: self.interrupts(open) },
        }
    }

    /// What a run waits for.
    pub(super) fn interrupts(&self, open: &[Rc<Kept>]) -> Vec<Interrupt> {
        let interrupt = |kept: &Rc<Kept>| {
            let inner = kept.place.as_ref().map(|place| self.within(&place.program));
            Interrupt {
                id: kept.key.to_string(),
                node: inner.as_ref().unwrap_or(self).node(kept.task.node),
                task: kept.task.task,
                path: self.path(kept.place.as_ref()),
                step: kept.task.step,
                reason: match kept.kind {
                    KeptKind::Before => "before",
                    KeptKind::After => "after",
                    KeptKind::Interrupt | KeptKind::Once | KeptKind::Answer => "node",
                },
                payload: kept.value.as_ref().map(|payload| self.arena.value(payload)),
            }
        };
        open.iter().map(interrupt).collect()
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

/// What a sub-graph wrote to a channel, after one more write: what it appended or merged, the last value, or all writes for a reducer.
fn add_write(kind: ChannelKind, before: Option<Value>, write: Value, is_replace: bool) -> Value {
    let list = |value| match value {
        Value::Array(items) => items,
        other => vec![other],
    };
    match (kind, before, write) {
        (ChannelKind::Reduce, before, write) => Value::Array(before.map(list).into_iter().flatten().chain([write]).collect()),
        (ChannelKind::Append, Some(before), write) if !is_replace => Value::Array(list(before).into_iter().chain(list(write)).collect()),
        (ChannelKind::Merge, Some(Value::Object(mut fields)), Value::Object(write)) if !is_replace => {
            fields.extend(write);
            Value::Object(fields)
        }
        (_, _, write) => write,
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
