//! A session between two events: all that a restart needs besides the channels' contents. The engine changes it as it runs; a
//! restore changes it in the same way, event by event.

use super::journal::event_bytes;
use super::progress::Progress;
use crate::collected::collected;
use crate::error::Failure;
use crate::events::{Body, Ending, Event, RunStart, StepReport};
use crate::graph::{ChannelId, ChannelKind, Program};
use crate::state::{TaskResult, Value};
use std::rc::Rc;

/// How the session's last execution stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
#[repr(u8)]
pub enum Status {
    Running,
    Completed,
    Failed,
    Cancelled,
    Interrupted,
}

impl Status {
    /// In the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Running, Self::Completed, Self::Failed, Self::Cancelled, Self::Interrupted];

    /// As users see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }
}

/// A change of a channel's content, to be carried out by the host in order.
#[derive(Clone, Debug)]
pub enum Fold {
    /// One write; `value` is an object keyed by channel name.
    Write {
        /// Which channel.
        channel: ChannelId,
        /// The update that holds the write.
        value: Value,
        /// The write is the whole value.
        is_replace: bool,
    },
    /// The channel's whole content.
    Load {
        /// Which channel.
        channel: ChannelId,
        /// What the host's content saved.
        value: Value,
    },
    /// An error event for the `errors` channel.
    Error(ErrorNote),
}

/// A failure that the next completed barrier appends to the `errors` channel.
#[derive(Clone, Debug)]
pub struct ErrorNote {
    /// When it happened.
    pub at: f64,
    /// The step it happened in.
    pub step: u32,
    /// What happened.
    pub failure: Rc<Failure>,
}

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Session {
    /// Of the last execution; empty before the first.
    pub run_id: Rc<str>,
    /// Of the session's random numbers.
    pub seed: u64,
    /// Of the last execution.
    pub status: Status,
    /// How far the graph is.
    pub graph: Progress,
    /// The last event's number.
    pub seq: u64,
    /// The last event's time.
    pub at: f64,
    /// The first event's time.
    pub created_at: f64,
    /// For the `errors` channel.
    pub notes: Vec<ErrorNote>,
    /// Of the graph that ran last.
    pub graph_hash: u64,
    /// Roughly what a restore reads of the log, apart from a snapshot.
    pub delta_bytes: u64,
    /// The user's metadata of the run.
    pub metadata: Option<Value>,
    /// The last execution could lose what readers have seen.
    pub is_lossy: bool,
    /// By branch but the current one: its last event that is in the log.
    pub ends: Vec<u64>,
}

impl Session {
    /// Before its first execution.
    pub fn new(program: &Program) -> Self {
        Self {
            run_id: "".into(),
            seed: 0,
            status: Status::Completed,
            graph: Progress::new(program),
            seq: 0,
            at: 0.0,
            created_at: 0.0,
            notes: Vec::new(),
            graph_hash: program.hash,
            delta_bytes: 0,
            metadata: None,
            is_lossy: false,
            ends: Vec::new(),
        }
    }

    /// From 1; one more each time that a crash may have taken back what readers have seen.
    pub fn branch(&self) -> u32 {
        self.ends.len() as u32 + 1
    }

    /// The last event of a branch; `None` for the current one.
    pub fn branch_end(&self, branch: u32) -> Option<u64> {
        self.ends.get((branch as usize).checked_sub(1)?).copied()
    }

    /// Whether an execution has ever begun.
    pub fn is_fresh(&self) -> bool {
        self.run_id.is_empty()
    }

    /// Takes up a durable event of the log: the session is then as it was when the event was recorded.
    pub fn replay(&mut self, program: &Program, event: &Event, folds: &mut Vec<Fold>) {
        self.seq = event.seq;
        self.at = event.at;
        self.delta_bytes += event_bytes(&event.body);
        match &event.body {
            Body::RunStarted(start) => self.replay_start(program, event.at, start, folds),
            Body::RunEnded { ending, .. } => self.end(event.at, ending),
            Body::StepStarted { .. } => self.graph.is_half_done = true,
            Body::StepCompleted(report) => self.replay_step(program, report, folds),
            Body::NodeCompleted { task, result, .. } => {
                self.graph.add_done(task.node, task.task, Rc::clone(result));
            }
            Body::NodeStarted(_)
            | Body::NodeSkipped(_)
            | Body::NodeFailed { .. }
            | Body::NodeRetrying { .. }
            | Body::User { .. }
            | Body::Diagnostic { .. }
            | Body::CheckpointSaved { .. }
            | Body::StreamGap { .. }
            | Body::StreamReset { .. } => {}
        }
    }

    fn replay_start(&mut self, program: &Program, at: f64, start: &RunStart, folds: &mut Vec<Fold>) {
        fold_writes(program, &start.input, folds);
        load_reduced(&start.reduced, folds);
        self.start(program, at, start);
    }

    /// A new or resumed execution has begun with the last event; contents are folded already.
    pub fn start(&mut self, program: &Program, at: f64, start: &RunStart) {
        if self.is_fresh() {
            self.created_at = at;
        } else {
            self.graph.versions.bump(program, &start.updated);
        }
        if start.opens_branch {
            self.ends.push(self.seq.saturating_sub(1));
        }
        self.is_lossy = start.is_lossy;
        if start.is_other_graph {
            self.graph.lost_joins = start.lost_joins.clone();
        }
        self.run_id = Rc::clone(&start.run_id);
        self.seed = start.seed;
        self.graph_hash = start.graph_hash;
        self.status = Status::Running;
        self.metadata.clone_from(&start.metadata);
        if !start.is_resumed {
            self.graph.versions.forget_seen();
            self.graph.done.clear();
            self.graph.is_half_done = false;
            self.graph.has_reached_end = false;
            self.graph.is_entering = start.frontier.is_none();
            self.graph.frontier = Rc::from([]);
        }
        if let Some(frontier) = &start.frontier {
            self.graph.done.clear();
            self.graph.is_half_done = false;
            self.graph.enter(Rc::clone(frontier));
            self.graph.is_entering = false;
        }
    }

    fn replay_step(&mut self, program: &Program, report: &Rc<StepReport>, folds: &mut Vec<Fold>) {
        for note in self.notes.iter().take(report.errors as usize) {
            folds.push(Fold::Error(note.clone()));
        }
        let frontier = Rc::clone(&self.graph.frontier);
        for entry in frontier.iter() {
            if let Some(result) = self.graph.done_result(entry.node, entry.task) {
                fold_writes(program, &Rc::clone(result), folds);
            }
        }
        load_reduced(&report.reduced, folds);
        let ran = collected(frontier.iter().filter(|entry| self.graph.done_result(entry.node, entry.task).is_some()));
        self.graph.note_run(program, &ran, |entry| entry);
        self.graph.versions.bump(program, &report.updated);
        let report = StepReport { versions: self.graph.versions.channels.clone(), ..(**report).clone() };
        self.complete_step(report, ran.is_empty());
    }

    /// As of [`Progress`]; the errors that the barrier appended are told.
    pub fn complete_step(&mut self, report: StepReport, is_quiescent: bool) -> Rc<StepReport> {
        if report.errors > 0 {
            self.notes = self.notes.split_off((report.errors as usize).min(self.notes.len()));
        }
        self.graph.complete_step(report, is_quiescent)
    }

    /// The execution ended.
    pub fn end(&mut self, at: f64, ending: &Ending) {
        self.status = match ending {
            Ending::Completed { .. } => Status::Completed,
            Ending::Failed(failure) => {
                self.notes.push(ErrorNote { at, step: failure.step.unwrap_or(self.graph.step + 1), failure: Rc::clone(failure) });
                Status::Failed
            }
            Ending::Cancelled(_) => Status::Cancelled,
        };
    }
}

fn fold_writes(program: &Program, result: &TaskResult, folds: &mut Vec<Fold>) {
    let Some(value) = &result.update else { return };
    for write in result.writes.iter() {
        // A reducer is the user's function and may have changed since: its results are in the log.
        if program.channels[write.channel as usize].kind != ChannelKind::Reduce {
            folds.push(Fold::Write { channel: write.channel, value: value.clone(), is_replace: write.is_replace });
        }
    }
}

fn load_reduced(reduced: &[(ChannelId, Value)], folds: &mut Vec<Fold>) {
    for (channel, value) in reduced {
        folds.push(Fold::Load { channel: *channel, value: value.clone() });
    }
}
