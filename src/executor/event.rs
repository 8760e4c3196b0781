//! Events as a Rust reader sees them: the shape that the JavaScript API has, by serde the very same JSON.
//!
//! Owns the types; `event_factory` makes them of the engine's events.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One event of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WeaveEvent {
    /// From 1 per session, without holes over durable events; a transient event repeats the number that it follows.
    pub seq: u64,
    /// Epoch milliseconds, by the run's clock.
    pub at: f64,
    /// Of the run.
    pub run_id: String,
    /// Of the session.
    pub session_id: String,
    /// From 1; rises when a session is taken up after a crash that may have taken back what readers saw.
    #[serde(skip_serializing_if = "is_one")]
    pub branch: u32,
    /// It is not kept: nobody who reads later sees it.
    #[serde(rename = "transient", skip_serializing_if = "is_false")]
    pub is_transient: bool,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

// Signatures that serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_one(branch: &u32) -> bool {
    *branch == 1
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// An attempt of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// The step, from 1 over the session.
    pub step: u32,
    /// The node.
    pub node: String,
    /// Which of the step's tasks of this node.
    pub task: u32,
    /// From 1.
    pub attempt: u32,
    /// The sub-graph nodes around it, outermost first, as `node` or `node#task`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<String>,
}

/// An error as events show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorInfo {
    /// The stable code.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The node at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The step in which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// What the node returned, as a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Value>,
}

/// A join that still waits as a run completes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its target.
    pub to: String,
    /// Sources that have not run.
    pub missing: Vec<String>,
}

/// A question that a run waits on, or a pause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interrupt {
    /// Of its own among those that are open.
    pub id: String,
    /// The node that asked, or that the run pauses at.
    pub node: String,
    /// Which of the step's tasks of that node.
    pub task: u32,
    /// The sub-graph nodes around it.
    pub path: Vec<String>,
    /// The step.
    pub step: u32,
    /// `node`, `before` or `after`.
    pub reason: &'static str,
    /// What the node gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
}

/// Why a completed run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// END was reached.
    End,
    /// Nothing was left to run: every node that was reached had seen this state already.
    Quiescent,
}

/// What happened. Durations and delays are milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
pub enum EventBody {
    #[serde(rename = "run.started")]
    RunStarted {
        graph_hash: String,
        resumed: bool,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        abandoned: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        metadata: Option<Value>,
    },
    #[serde(rename = "run.completed")]
    RunCompleted {
        steps: u32,
        duration_ms: f64,
        reason: Reason,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        waiting: Vec<Waiting>,
    },
    #[serde(rename = "run.failed")]
    RunFailed { error: ErrorInfo, duration_ms: f64 },
    #[serde(rename = "run.cancelled")]
    RunCancelled {
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        duration_ms: f64,
    },
    #[serde(rename = "run.interrupted")]
    RunInterrupted { interrupts: Vec<Interrupt> },
    #[serde(rename = "step.started")]
    StepStarted {
        step: u32,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        path: Vec<String>,
        frontier: Vec<String>,
    },
    #[serde(rename = "step.completed")]
    StepCompleted {
        step: u32,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        path: Vec<String>,
        ran: Vec<String>,
        skipped: Vec<String>,
        updated_channels: Vec<String>,
        next: Vec<String>,
        versions: BTreeMap<String, u32>,
    },
    #[serde(rename = "node.started")]
    NodeStarted {
        #[serde(flatten)]
        task: Task,
    },
    /// `changes` is what the task wrote, by channel.
    #[serde(rename = "node.completed")]
    NodeCompleted {
        #[serde(flatten)]
        task: Task,
        duration_ms: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        changes: Option<Value>,
    },
    /// No channel changed since it last ran.
    #[serde(rename = "node.skipped")]
    NodeSkipped {
        step: u32,
        node: String,
        task: u32,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        path: Vec<String>,
        reason: &'static str,
    },
    #[serde(rename = "node.failed")]
    NodeFailed {
        #[serde(flatten)]
        task: Task,
        error: ErrorInfo,
        duration_ms: f64,
        will_retry: bool,
    },
    #[serde(rename = "node.retrying")]
    NodeRetrying {
        #[serde(flatten)]
        task: Task,
        delay_ms: f64,
    },
    #[serde(rename = "message")]
    Message {
        #[serde(flatten)]
        task: Task,
        scope: String,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
    /// `offset` counts the UTF-16 units of the stream before it, as JavaScript does.
    #[serde(rename = "llm.chunk")]
    LlmChunk {
        #[serde(flatten)]
        task: Task,
        text: String,
        stream_id: String,
        offset: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        metadata: Option<Value>,
    },
    /// The whole text; it stands for the chunks.
    #[serde(rename = "llm.final")]
    LlmFinal {
        #[serde(flatten)]
        task: Task,
        text: String,
        stream_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        metadata: Option<Value>,
    },
    #[serde(rename = "llm.error")]
    LlmError {
        #[serde(flatten)]
        task: Task,
        message: String,
        stream_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        metadata: Option<Value>,
    },
    #[serde(rename = "tool.call")]
    ToolCall {
        #[serde(flatten)]
        task: Task,
        id: String,
        name: String,
        args: Value,
    },
    #[serde(rename = "tool.result")]
    ToolResult {
        #[serde(flatten)]
        task: Task,
        id: String,
        result: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        is_error: Option<bool>,
    },
    /// From 0 to 1.
    #[serde(rename = "progress")]
    Progress {
        #[serde(flatten)]
        task: Task,
        fraction: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    #[serde(rename = "milestone")]
    Milestone {
        #[serde(flatten)]
        task: Task,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
    #[serde(rename = "custom")]
    Custom {
        #[serde(flatten)]
        task: Task,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
    /// Without a task it is of the engine itself.
    #[serde(rename = "diagnostic")]
    Diagnostic {
        #[serde(flatten)]
        task: Option<Task>,
        scope: String,
        message: String,
    },
    #[serde(rename = "checkpoint.saved")]
    CheckpointSaved { step: u32, backend: String, duration_ms: f64 },
    /// For this reader: events that it lost.
    #[serde(rename = "stream.gap")]
    StreamGap { from: u64, to: u64, count: u64 },
    /// For this reader: the log goes on after this number.
    #[serde(rename = "stream.reset")]
    StreamReset { after: u64 },
}

impl EventBody {
    /// The text of a streamed chunk, if it is one.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::LlmChunk { text, .. } => Some(text),
            _ => None,
        }
    }
}
