//! How far a graph is between two of its steps, or in the middle of one: all that a restart needs of it besides the channels' contents.

use crate::collected::collected;
use crate::events::{Entry, LostJoin, StepReport, Waiting};
use crate::graph::{NodeId, Program};
use crate::state::{TaskResult, Versions};
use std::rc::Rc;

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
pub struct Progress {
    /// The last completed superstep.
    pub step: u32,
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
    /// END was reached in this execution.
    pub has_reached_end: bool,
    /// The last completed step.
    pub last: Option<Rc<StepReport>>,
    /// Updates from outside since the step that comes next was first known: its number has risen by as many.
    pub held: u32,
    /// Joins that the graph before had and this one lacks.
    pub lost_joins: Vec<LostJoin>,
}

impl Progress {
    /// Before the first step.
    pub fn new(program: &Program) -> Self {
        Self {
            step: 0,
            versions: Versions::new(program),
            arrivals: collected(program.joins.iter().map(|join| vec![false; join.sources.len()])),
            frontier: Rc::from([]),
            is_entering: false,
            is_half_done: false,
            done: Vec::new(),
            has_reached_end: false,
            last: None,
            held: 0,
            lost_joins: Vec::new(),
        }
    }

    /// The number under which the step that comes next was first known. What is kept for its tasks goes by it, so that it outlives updates from
    /// outside, which are steps of their own.
    pub fn key_step(&self) -> u32 {
        (self.step + 1).saturating_sub(self.held)
    }

    /// The half-done step never was.
    pub fn drop_half_done(&mut self) {
        self.done.clear();
        self.is_half_done = false;
        self.held = 0;
    }

    /// Whether an execution that goes on has anything to do.
    pub fn has_work(&self) -> bool {
        self.is_entering || self.frontier.iter().any(|entry| entry.node != NodeId::END)
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
        self.drop_half_done();
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
}
