//! A session between two events: all that a restart needs besides the channels' contents. The engine changes it as it runs; a
//! restore changes it in the same way, event by event.

use super::journal::event_bytes;
use crate::collected::collected;
use crate::error::Failure;
use crate::events::{Body, Ending, Entry, Event, LostJoin, RunStart, StepReport, Waiting};
use crate::graph::{ChannelId, ChannelKind, NodeId, Program};
use crate::state::{TaskResult, Value, Versions};
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

/// A finished task of a half-done step.
#[derive(Clone, Debug)]
pub struct Done {
    /// Its node.
    pub node: NodeId,
    /// Its ordinal.
    pub task: u32,
    /// What it returned.
    pub result: Rc<TaskResult>,
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
    /// The last completed superstep.
    pub step: u32,
    /// The last event's number.
    pub seq: u64,
    /// The last event's time.
    pub at: f64,
    /// The first event's time.
    pub created_at: f64,
    /// Channel versions and the gate.
    pub versions: Versions,
    /// By join: whether each source has run since it last fired.
    pub arrivals: Vec<Vec<bool>>,
    /// What runs next, or is half done.
    pub frontier: Rc<[Entry]>,
    /// START's routes have not named the first frontier yet.
    pub is_entering: bool,
    /// The frontier is one that an edge check never applies to: a half-done step is run again.
    pub is_half_done: bool,
    /// Finished tasks of the half-done step, sorted by node and task.
    pub done: Vec<Done>,
    /// For the `errors` channel.
    pub notes: Vec<ErrorNote>,
    /// END was reached in this execution.
    pub has_reached_end: bool,
    /// The last completed step.
    pub last: Option<Rc<StepReport>>,
    /// Of the graph that ran last.
    pub graph_hash: u64,
    /// Roughly what a restore reads of the log, apart from a snapshot.
    pub delta_bytes: u64,
    /// The user's metadata of the run.
    pub metadata: Option<Value>,
    /// Joins that the graph before had and this one lacks.
    pub lost_joins: Vec<LostJoin>,
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
            step: 0,
            seq: 0,
            at: 0.0,
            created_at: 0.0,
            versions: Versions::new(program),
            arrivals: collected(program.joins.iter().map(|join| vec![false; join.sources.len()])),
            frontier: Rc::from([]),
            is_entering: false,
            is_half_done: false,
            done: Vec::new(),
            notes: Vec::new(),
            has_reached_end: false,
            last: None,
            graph_hash: program.hash,
            delta_bytes: 0,
            metadata: None,
            lost_joins: Vec::new(),
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

    /// The result of a task that finished before the half-done step broke off.
    pub fn done_result(&self, node: NodeId, task: u32) -> Option<&Rc<TaskResult>> {
        let at = self.find_done(node, task).ok()?;
        Some(&self.done[at].result)
    }

    fn find_done(&self, node: NodeId, task: u32) -> Result<usize, usize> {
        self.done.binary_search_by(|done| (done.node, done.task).cmp(&(node, task)))
    }

    /// Keeps a task's result for the half-done step.
    pub fn add_done(&mut self, node: NodeId, task: u32, result: Rc<TaskResult>) {
        let done = Done { node, task, result };
        match self.find_done(node, task) {
            Ok(at) => self.done[at] = done,
            Err(at) => self.done.insert(at, done),
        }
    }

    /// Joins that have begun to wait and lack sources.
    pub fn waiting(&self, program: &Program) -> Vec<Waiting> {
        let lacks = |(join, arrived): (&crate::graph::Join, &Vec<bool>)| {
            let missing = collected(join.sources.iter().zip(arrived).filter(|(_, has)| !**has).map(|(source, _)| *source));
            (arrived.contains(&true) && !missing.is_empty()).then_some(Waiting { to: join.target, missing })
        };
        collected(program.joins.iter().zip(&self.arrivals).filter_map(lacks))
    }

    /// Notes that the joins of an entry fire.
    pub fn fire(&mut self, entry: &Entry) {
        for join in &entry.joins {
            if let Some(arrived) = self.arrivals.get_mut(*join as usize) {
                arrived.fill(false);
            }
        }
    }

    /// Notes that a node has run, for each join that waits for it.
    pub fn arrive(&mut self, program: &Program, node: NodeId) {
        let Some(joins) = node.index().and_then(|index| program.nodes.get(index)).map(|node| &node.joins) else { return };
        for join in joins {
            if let Ok(position) = program.joins[*join as usize].sources.binary_search(&node) {
                self.arrivals[*join as usize][position] = true;
            }
        }
    }

    /// Whether every source of a join has run.
    pub fn is_complete(&self, join: u32) -> bool {
        self.arrivals.get(join as usize).is_some_and(|arrived| !arrived.contains(&false))
    }

    /// Takes up a durable event of the log: the session is then as it was when the event was recorded.
    pub fn replay(&mut self, program: &Program, event: &Event, folds: &mut Vec<Fold>) {
        self.seq = event.seq;
        self.at = event.at;
        self.delta_bytes += event_bytes(&event.body);
        match &event.body {
            Body::RunStarted(start) => self.replay_start(program, event.at, start, folds),
            Body::RunEnded { ending, .. } => self.end(event.at, ending),
            Body::StepStarted { .. } => self.is_half_done = true,
            Body::StepCompleted(report) => self.replay_step(program, report, folds),
            Body::NodeCompleted { task, result, .. } => {
                self.add_done(task.node, task.task, Rc::clone(result));
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
            self.versions.bump(program, &start.updated);
        }
        if start.opens_branch {
            self.ends.push(self.seq.saturating_sub(1));
        }
        self.is_lossy = start.is_lossy;
        if start.is_other_graph {
            self.lost_joins = start.lost_joins.clone();
        }
        self.run_id = Rc::clone(&start.run_id);
        self.seed = start.seed;
        self.graph_hash = start.graph_hash;
        self.status = Status::Running;
        self.metadata.clone_from(&start.metadata);
        if !start.is_resumed {
            self.versions.forget_seen();
            self.done.clear();
            self.is_half_done = false;
            self.has_reached_end = false;
            self.is_entering = start.frontier.is_none();
            self.frontier = Rc::from([]);
        }
        if let Some(frontier) = &start.frontier {
            self.done.clear();
            self.is_half_done = false;
            self.enter(Rc::clone(frontier));
            self.is_entering = false;
        }
    }

    /// The next frontier stands.
    pub fn enter(&mut self, frontier: Rc<[Entry]>) {
        self.has_reached_end |= frontier.iter().any(|entry| entry.node == NodeId::END);
        for position in 0..frontier.len() {
            // END never runs, so a join onto it fires as it is reached.
            if frontier[position].node == NodeId::END {
                self.fire(&frontier[position]);
            }
        }
        self.frontier = frontier;
    }

    fn replay_step(&mut self, program: &Program, report: &Rc<StepReport>, folds: &mut Vec<Fold>) {
        for note in self.notes.iter().take(report.errors as usize) {
            folds.push(Fold::Error(note.clone()));
        }
        let frontier = Rc::clone(&self.frontier);
        for entry in frontier.iter() {
            if let Some(result) = self.done_result(entry.node, entry.task) {
                fold_writes(program, &Rc::clone(result), folds);
            }
        }
        load_reduced(&report.reduced, folds);
        let ran = collected(frontier.iter().filter(|entry| self.done_result(entry.node, entry.task).is_some()));
        self.note_run(program, &ran, |entry| entry);
        self.versions.bump(program, &report.updated);
        let report = StepReport { versions: self.versions.channels.clone(), ..(**report).clone() };
        self.complete_step(report, ran.is_empty());
    }

    /// What ran has seen this snapshot; its joins fire, and it arrives at the joins that wait for it. Before the versions rise.
    pub fn note_run<T>(&mut self, program: &Program, ran: &[T], entry: impl Fn(&T) -> &Entry) {
        for each in ran {
            self.versions.record_seen(entry(each).node);
            self.fire(entry(each));
        }
        if !program.joins.is_empty() {
            ran.iter().for_each(|each| self.arrive(program, entry(each).node));
        }
        for join in &mut self.lost_joins {
            for (source, has_run) in &mut join.sources {
                *has_run |= ran.iter().any(|each| entry(each).node == *source);
            }
            if join.sources.iter().all(|(_, has_run)| *has_run) {
                join.sources.iter_mut().for_each(|(_, has_run)| *has_run = false);
            }
        }
    }

    /// A barrier is done; contents are folded and versions risen already. `is_quiescent`: every task was gated, so the execution
    /// ends for that reason, even if END was reached before.
    pub fn complete_step(&mut self, report: StepReport, is_quiescent: bool) -> Rc<StepReport> {
        self.step = report.step;
        self.done.clear();
        if report.errors > 0 {
            self.notes = self.notes.split_off((report.errors as usize).min(self.notes.len()));
        }
        self.is_half_done = false;
        self.has_reached_end &= !is_quiescent;
        self.enter(Rc::clone(&report.next));
        // Often nobody else has the last one: its place is taken.
        let mut last = self.last.take().unwrap_or_default();
        match Rc::get_mut(&mut last) {
            Some(place) => *place = report,
            None => last = Rc::new(report),
        }
        self.last = Some(Rc::clone(&last));
        last
    }

    /// The execution ended.
    pub fn end(&mut self, at: f64, ending: &Ending) {
        self.status = match ending {
            Ending::Completed { .. } => Status::Completed,
            Ending::Failed(failure) => {
                self.notes.push(ErrorNote { at, step: failure.step.unwrap_or(self.step + 1), failure: Rc::clone(failure) });
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
