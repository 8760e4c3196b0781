//! A session between two events: all that a restart needs besides the channels' contents. The engine changes it as it runs; a
//! restore changes it in the same way, event by event.

use super::journal::{event_bytes, kept_bytes};
use super::kept::{Keeping, address};
use super::progress::Progress;
use crate::collected::collected;
use crate::error::Failure;
use crate::events::{Body, Ending, Entry, Event, Kept, KeptKind, Place, RunStart, StateUpdate, StepReport, TaskRef};
use crate::graph::{ChannelId, ChannelKind, NodeId, Program};
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
    /// What follows is about this graph: 0 is the session's.
    Enter {
        /// Which.
        frame: u32,
    },
    /// A sub-graph of the graph that was entered begins, with the contents that it shares.
    Open {
        /// Its number; one that had it before is over.
        frame: u32,
        /// The node that it is.
        node: NodeId,
    },
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

/// The beginning of a forked session's own log: what was before it is another session's.
#[derive(Clone, PartialEq, Debug)]
pub struct Fork {
    /// Its executions so far were those of another session.
    pub run_id: Rc<str>,
    /// The session that it was forked from.
    pub parent: Rc<str>,
    /// When.
    pub at: f64,
}

/// A sub-graph in the middle of its task.
#[derive(Clone, Debug)]
pub struct Inner {
    /// Its number, from 1.
    pub frame: u32,
    /// Where it runs.
    pub place: Rc<Place>,
    /// How far it is.
    pub graph: Progress,
    /// The number of the event that it began with.
    pub since: u64,
    /// What its completed steps wrote to channels that it shares, as the graph around it sees it.
    pub written: Vec<Rc<TaskResult>>,
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
    /// Sub-graphs of its half-done step.
    pub inner: Vec<Inner>,
    /// The last event's number.
    pub seq: u64,
    /// The last event's time.
    pub at: f64,
    /// The first event's time.
    pub created_at: f64,
    /// For the `errors` channel.
    pub notes: Vec<ErrorNote>,
    /// What tasks of the step under way, or of a pause before it, have left behind, with those of its sub-graphs.
    pub kept: Keeping,
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
    /// The session and the step that it was forked from.
    pub parent: Option<(Rc<str>, u32)>,
}

impl Session {
    /// Before its first execution.
    pub fn new(program: &Program) -> Self {
        Self {
            run_id: "".into(),
            seed: 0,
            status: Status::Completed,
            graph: Progress::new(program),
            inner: Vec::new(),
            seq: 0,
            at: 0.0,
            created_at: 0.0,
            notes: Vec::new(),
            kept: Keeping::default(),
            graph_hash: program.hash,
            delta_bytes: 0,
            metadata: None,
            is_lossy: false,
            ends: Vec::new(),
            parent: None,
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

    /// Takes up a durable event of the log: the session is then as it was when the event was recorded. What the log leaves out of the
    /// event is filled in.
    pub fn replay(&mut self, program: &Program, event: &mut Event, folds: &mut Vec<Fold>) {
        self.seq = event.seq;
        self.at = event.at;
        self.delta_bytes += event_bytes(&event.body);
        let Some(place) = event.place.clone() else {
            self.replay_here(program, event, folds);
            return match &event.body {
                Body::StepCompleted(_) => self.kept.clear(),
                Body::NodeCompleted { task, .. } => {
                    let step = self.graph.key_step();
                    self.kept.settle(&address(&[], &TaskRef { step, ..*task }));
                }
                _ => {}
            };
        };
        if let Body::StepStarted { start: Some(start), .. } = &event.body {
            self.open(program, &place, start, folds);
        }
        let Some(at) = self.find_inner(&place) else { return };
        std::mem::swap(&mut self.graph, &mut self.inner[at].graph);
        let frame = self.inner[at].frame;
        if let Body::StepCompleted(_) = &event.body {
            let Self { graph, inner, .. } = self;
            let outer = place.up.as_ref().map_or(program, |up| &up.program).nodes.get(place.node.0 as usize);
            for entry in outer.map_or(&[][..], |_| &graph.frontier) {
                if let (Some(outer), Some(result)) = (outer, graph.done_result(entry.node, entry.task)) {
                    result.seen_from_outside(&outer.shared, &mut inner[at].written);
                }
            }
        }
        folds.push(Fold::Enter { frame });
        let before = folds.len();
        self.replay_here(&place.program, event, folds);
        if folds.len() == before {
            folds.pop();
        } else {
            folds.push(Fold::Enter { frame: 0 });
        }
        // Sub-graphs within it may be gone.
        if let Some(inner) = self.inner.iter_mut().find(|inner| inner.frame == frame) {
            std::mem::swap(&mut self.graph, &mut inner.graph);
        }
    }

    /// Takes up what a task has left behind, as `replay` does an event.
    fn replay_kept(&mut self, kept: &Kept) {
        self.delta_bytes += kept_bytes(kept);
        let mut around = Vec::new();
        let mut places = Vec::new();
        let mut at = kept.place.as_ref();
        while let Some(place) = at {
            places.push(place);
            at = place.up.as_ref();
        }
        while let Some(place) = places.pop() {
            let inner = place.up.as_ref().map(|up| self.find_inner(up).map_or(0, |at| self.inner[at].graph.key_step()));
            around.extend([inner.unwrap_or_else(|| self.graph.key_step()), place.node.0, place.task]);
        }
        self.kept.add(Rc::new(Kept { address: address(&around, &kept.task), ..kept.clone() }));
    }

    /// Takes up a record's events and what stands between them. `each` is told of every event and says whether to stop there.
    pub fn replay_all(
        &mut self,
        program: &Program,
        events: &mut [Event],
        kept: &[(usize, Kept)],
        folds: &mut Vec<Fold>,
        mut each: impl FnMut(&Self, &Event) -> bool,
    ) {
        let mut kept = kept.iter().peekable();
        let mut left_behind = |session: &mut Self, at: usize| {
            while let Some((_, kept)) = kept.next_if(|(before, _)| *before <= at) {
                session.replay_kept(kept);
            }
        };
        for (at, event) in events.iter_mut().enumerate() {
            left_behind(self, at);
            self.replay(program, event, folds);
            self.fill_in(event);
            if each(self, event) {
                return;
            }
        }
        left_behind(self, events.len());
    }

    /// What the session's last event waits for, which the log says elsewhere.
    pub fn fill_in(&self, event: &mut Event) {
        if let Body::RunEnded { ending, .. } = &mut event.body
            && matches!(**ending, Ending::Interrupted(_))
        {
            *ending = Rc::new(Ending::Interrupted(self.open_questions()));
        }
    }

    /// Open questions and pauses: pauses after nodes, then the others in node order, each task's with those of its sub-graph.
    pub fn open_questions(&self) -> Vec<Rc<Kept>> {
        let is_after = |kept: &&Rc<Kept>| kept.kind == KeptKind::After && kept.place.is_none();
        let mut open = collected(self.kept.open().filter(is_after).cloned());
        let mut take = |step, node, task| {
            let within = self.kept.within(&address(&[], &TaskRef { step, node, task, attempt: 0 })).iter();
            open.extend(within.filter(|kept| !is_after(kept) && self.kept.is_open(kept)).cloned());
        };
        let step = self.graph.key_step();
        for entry in self.graph.frontier.iter() {
            take(step, entry.node, entry.task);
        }
        open
    }

    fn find_inner(&self, place: &Rc<Place>) -> Option<usize> {
        self.inner.iter().position(|inner| Place::are_same(Some(&inner.place), Some(place)))
    }

    /// A sub-graph begins, or begins anew.
    fn open(&mut self, program: &Program, place: &Rc<Place>, start: &RunStart, folds: &mut Vec<Fold>) {
        self.close(place.up.as_ref(), place.node, place.task);
        let around = place.up.as_ref().and_then(|up| self.find_inner(up)).map_or(0, |at| self.inner[at].frame);
        let is_free = |frame: &u32| self.inner.iter().all(|inner| inner.frame != *frame);
        let frame = (1..).find(is_free).unwrap_or_default();
        let mut graph = Progress::new(&place.program);
        if let Some(frontier) = &start.frontier {
            graph.enter(Rc::clone(frontier));
        }
        let outer = place.up.as_ref().map_or(program, |up| &up.program);
        // A graph that lacks the node has no use for what was in it.
        if outer.nodes.get(place.node.0 as usize).is_some_and(|node| node.graph.is_some()) {
            folds.extend([Fold::Enter { frame: around }, Fold::Open { frame, node: place.node }, Fold::Enter { frame }]);
            fold_writes(&place.program, &start.input, folds);
            load_reduced(&start.reduced, folds);
            folds.push(Fold::Enter { frame: 0 });
        }
        self.inner.push(Inner { frame, place: Rc::clone(place), graph, since: self.seq, written: Vec::new() });
    }

    /// The sub-graph of a task is over, with all within it: what it wrote.
    fn close(&mut self, up: Option<&Rc<Place>>, node: NodeId, task: u32) -> Vec<Rc<TaskResult>> {
        let mut written = Vec::new();
        self.inner.retain_mut(|inner| {
            let mut at = Some(&inner.place);
            while let Some(place) = at.filter(|place| !place.is_at(up, node, task)) {
                at = place.up.as_ref();
            }
            if at.is_some_and(|place| Rc::ptr_eq(place, &inner.place)) {
                written = std::mem::take(&mut inner.written);
            }
            at.is_none()
        });
        written
    }

    fn replay_here(&mut self, program: &Program, event: &mut Event, folds: &mut Vec<Fold>) {
        match &mut event.body {
            Body::RunStarted(start) => self.replay_start(program, event.at, start, folds),
            Body::RunEnded { ending, .. } => self.end(event.at, ending),
            Body::StepStarted { .. } => self.graph.is_half_done = true,
            Body::StepCompleted(report) => {
                *report = self.replay_step(program, report, folds);
            }
            Body::StateUpdated(update) => {
                self.replay_update(program, update, folds);
                if let Some(last) = &self.graph.last {
                    Rc::make_mut(update).report = Rc::clone(last);
                }
            }
            Body::NodeCompleted { task, result, .. } => {
                if program.nodes.get(task.node.0 as usize).is_some_and(|node| node.graph.is_some()) {
                    let written = self.close(event.place.as_ref(), task.node, task.task);
                    if !result.parts.is_empty() {
                        *result = Rc::new(TaskResult::of_parts(program, written));
                    }
                }
                self.graph.add_done(task.node, task.task, Rc::clone(result));
            }
            // Another attempt begins anew.
            Body::NodeFailed { task, will_retry: true, .. } => {
                self.close(event.place.as_ref(), task.node, task.task);
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
        if !start.is_resumed || start.frontier.is_some() {
            self.inner.clear();
            self.kept.clear();
        }
        if !start.is_resumed {
            self.graph.versions.forget_seen();
            self.graph.drop_half_done();
            self.graph.has_reached_end = false;
            self.graph.is_entering = start.frontier.is_none();
            self.graph.frontier = Rc::from([]);
        }
        if let Some(frontier) = &start.frontier {
            self.graph.drop_half_done();
            self.graph.enter(Rc::clone(frontier));
            self.graph.is_entering = false;
        }
    }

    fn replay_step(&mut self, program: &Program, report: &StepReport, folds: &mut Vec<Fold>) -> Rc<StepReport> {
        for note in self.notes.iter().take(report.errors as usize) {
            folds.push(Fold::Error(note.clone()));
        }
        let frontier = Rc::clone(&self.graph.frontier);
        for entry in frontier.iter() {
            if let Some(result) = self.graph.done_result(entry.node, entry.task) {
                fold_writes(program, result, folds);
            }
        }
        load_reduced(&report.reduced, folds);
        let ran = collected(frontier.iter().filter(|entry| self.graph.done_result(entry.node, entry.task).is_some()));
        self.graph.note_run(program, &ran, |entry| entry);
        self.graph.versions.bump(program, &report.updated);
        let report = StepReport { versions: self.graph.versions.channels.clone(), ..report.clone() };
        self.complete_step(report, ran.is_empty())
    }

    fn replay_update(&mut self, program: &Program, update: &StateUpdate, folds: &mut Vec<Fold>) {
        match update.as_node {
            Some(node) => {
                self.stand_at(node);
                self.graph.add_done(node, 0, Rc::clone(&update.result));
                self.replay_step(program, &update.report, folds);
            }
            None => {
                fold_writes(program, &update.result, folds);
                load_reduced(&update.report.reduced, folds);
                self.amend(program, (*update.report).clone());
            }
        }
        self.updated(update);
    }

    /// This node is all that the step which completes next runs, whatever stood there.
    pub fn stand_at(&mut self, node: NodeId) -> Entry {
        let entry = Entry { node, task: 0, is_send: false, input: None, is_gated: false, joins: Vec::new() };
        self.graph.drop_half_done();
        self.inner.clear();
        self.kept.clear();
        self.graph.is_entering = false;
        self.graph.has_reached_end &= self.status != Status::Completed;
        self.graph.frontier = Rc::from([entry.clone()]);
        entry
    }

    /// A step that ran nothing: contents are folded already.
    pub fn amend(&mut self, program: &Program, report: StepReport) -> Rc<StepReport> {
        self.graph.versions.bump(program, &report.updated);
        self.graph.step = report.step;
        self.graph.held += 1;
        let next = Rc::clone(&self.graph.frontier);
        let report = Rc::new(StepReport { next, versions: self.graph.versions.channels.clone(), ..report });
        self.graph.last = Some(Rc::clone(&report));
        report
    }

    /// The update is the last event.
    pub fn updated(&mut self, update: &StateUpdate) {
        if update.opens_branch {
            self.ends.push(self.seq.saturating_sub(1));
        }
        self.is_lossy = false;
        if update.as_node.is_some() {
            self.pause();
        }
    }

    /// It was forked from the session that it was until now.
    pub fn fork(&mut self, fork: &Fork) {
        self.parent = Some((Rc::clone(&fork.parent), self.graph.step));
        self.run_id = Rc::clone(&fork.run_id);
        self.at = fork.at;
        self.created_at = fork.at;
        self.is_lossy = false;
        if self.status == Status::Running {
            self.pause();
        }
    }

    /// No execution is there; a resume goes on with what is left.
    fn pause(&mut self) {
        self.status = if self.graph.has_work() { Status::Interrupted } else { Status::Completed };
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
            Ending::Interrupted(_) => Status::Interrupted,
        };
    }
}

fn fold_writes(program: &Program, result: &TaskResult, folds: &mut Vec<Fold>) {
    for (value, write) in result.updates().flat_map(|(value, writes)| writes.iter().map(move |write| (value, write))) {
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
