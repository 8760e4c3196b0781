//! Sub-graphs that run as tasks. The machine works on one frame at a time: `switch` puts the one it worked on away and takes another, so the
//! code of tasks, steps and barriers is the same for any graph.
//!
//! Invariant: a frame is open as long as the attempt that runs it; what it has to say to the frame around it waits until that frame is the
//! one worked on, so no graph ever calls into another.

use super::command::{Abort, Command};
use super::frame::{Child, Frame, Instance, Phase};
use super::input::Outcome;
use super::machine::Machine;
use super::pool::Claim;
use super::random::Random;
use super::task::TaskState;
use super::timers::TimerKind;
use crate::checkpoint::{Fold, Progress};
use crate::error::Failure;
use crate::events::{Place, RunStart};
use crate::graph::{NodeId, Program};
use crate::state::TaskResult;
use std::rc::Rc;

/// How many graphs may be around one.
pub(super) const MAX_DEPTH: u32 = 32;

/// What a sub-graph has to say to the frame around it.
pub(super) enum Report {
    Done {
        frame: u32,
    },
    Failed {
        frame: u32,
        failure: Failure,
    },
    /// Everyone in it is done or waits for an answer.
    Parked {
        frame: u32,
    },
}

/// The nodes of a sub-graph, wherever its node runs, counted over all graphs.
pub(super) struct Nodes {
    /// The number of the first node of the graph around it.
    around: u32,
    node: NodeId,
    first: u32,
    count: u32,
}

impl Machine {
    #[inline]
    pub(super) fn has_children(&self) -> bool {
        !self.instances.is_empty()
    }

    pub(super) fn is_open(&self, frame: u32) -> bool {
        frame == 0 || self.instances.get(frame as usize).is_some_and(Option::is_some)
    }

    /// Works on another frame from here on.
    pub(super) fn switch(&mut self, frame: u32) {
        if frame != self.at && self.is_open(frame) {
            self.exchange(self.at);
            self.exchange(frame);
            self.at = frame;
        }
    }

    fn exchange(&mut self, frame: u32) {
        if let Some(Some(instance)) = self.instances.get_mut(frame as usize) {
            std::mem::swap(&mut self.program, &mut instance.program);
            std::mem::swap(&mut self.place, &mut instance.place);
            std::mem::swap(&mut self.frame, &mut instance.frame);
            std::mem::swap(&mut self.session.graph, &mut instance.graph);
        }
    }

    /// The frame that the next inputs and calls about tasks, folds and routes concern; the session's at first.
    pub fn enter(&mut self, frame: u32) {
        self.told = frame;
    }

    /// Does something in the frame that was entered, if it is there still.
    pub(super) fn within<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.told == self.at {
            return Some(act(self));
        }
        if !self.is_open(self.told) {
            return None;
        }
        self.switch(self.told);
        let done = act(self);
        self.switch(0);
        Some(done)
    }

    /// See `Progress::key_step`, of the frame that was entered.
    pub fn key_step(&mut self) -> u32 {
        self.within(|machine| machine.session.graph.key_step()).unwrap_or_default()
    }

    /// Says what the next commands about tasks, folds and routes concern.
    pub(super) fn say_frame(&mut self) {
        self.said = self.at;
        self.commands.push(Command::Fold(Fold::Enter { frame: self.at }));
    }

    pub(super) fn seed(&self) -> u64 {
        self.frame.child.as_ref().map_or(self.session.seed, |child| child.seed)
    }

    /// A task waits for its slot, to start an attempt.
    #[inline]
    pub(super) fn claim_slot(&mut self, task: u32) {
        // The claim is void as soon as another attempt of the task has a token.
        self.tokens += 1;
        let token = self.tokens;
        self.frame.tasks[task as usize].token = token;
        self.pool.claim(Claim { frame: self.at, task, token, sleep: u32::MAX });
    }

    #[inline]
    pub(super) fn grant(&mut self) -> Option<Claim> {
        let Self { pool, frame, program, instances, at, .. } = self;
        pool.grant(|claim| {
            if claim.frame == *at {
                return frame.slot(program, claim);
            }
            let instance = instances.get(claim.frame as usize)?.as_ref()?;
            instance.frame.slot(&instance.program, claim)
        })
    }

    /// An attempt of a task whose node is a graph: the host makes its contents and answers `Opened`.
    pub(super) fn open_child(&mut self, index: usize) {
        let task = &self.frame.tasks[index];
        let (entry, attempt, token) = (task.entry.clone(), task.attempt, task.token);
        let Some(spec) = entry.node.index().map(|index| &self.program.nodes[index]) else { return };
        let Some(program) = spec.graph.clone() else { return };
        let (has_output, name) = (spec.has_output, Rc::clone(&spec.name));
        let step = self.session.graph.step + 1;
        let known = self.restored.iter().position(|inner| inner.place.is_at(self.place.as_ref(), entry.node, entry.task));
        let restored = known.map(|at| self.restored.swap_remove(at));
        let is_restored = restored.is_some();
        let (frame, place, graph, written) = match restored {
            Some(inner) => (inner.frame, inner.place, inner.graph, inner.written),
            None => {
                let place = Place { up: self.place.clone(), node: entry.node, task: entry.task, program: Rc::clone(&program) };
                (self.free_frame(), Rc::new(place), Progress::new(&program), Vec::new())
            }
        };
        let child = Child {
            parent: self.at,
            task: index as u32,
            token,
            seed: Random::of_attempt(self.seed(), self.session.graph.key_step(), &name, entry.task, attempt).bits(),
            address: self.address(&self.asker(index)),
            first_node: self.number_nodes(entry.node, &program),
            max_steps: 0,
            is_restored,
            has_output,
            start: None,
            written,
        };
        let mut inner = Frame::new(graph.step);
        inner.child = Some(Box::new(child));
        if self.instances.len() <= frame as usize {
            self.instances.resize_with(frame as usize + 1, || None);
        }
        if self.instances[0].is_none() {
            let hole = Rc::new(Program::empty());
            let graph = Progress::new(&hole);
            self.instances[0] = Some(Box::new(Instance { program: hole, place: None, frame: Frame::new(0), graph }));
        }
        self.instances[frame as usize] = Some(Box::new(Instance { program, place: Some(place), frame: inner, graph }));
        self.frame.tasks[index].child = frame;
        self.push(Command::Open {
            frame,
            task: index as u32,
            token,
            node: entry.node,
            attempt,
            step,
            ordinal: entry.task,
            input: entry.input,
            is_restored,
        });
    }

    fn free_frame(&self) -> u32 {
        let is_free = |frame: &u32| {
            self.instances.get(*frame as usize).is_none_or(Option::is_none) && self.restored.iter().all(|inner| inner.frame != *frame)
        };
        (1..).find(is_free).unwrap_or_default()
    }

    fn number_nodes(&mut self, node: NodeId, program: &Program) -> u32 {
        let around = self.frame.first_node();
        if let Some(known) = self.nodes.iter().find(|known| known.around == around && known.node == node) {
            return known.first;
        }
        let first = self.nodes.last().map_or_else(|| self.root.nodes.len() as u32, |last| last.first + last.count);
        self.nodes.push(Nodes { around, node, first, count: program.nodes.len() as u32 });
        first
    }

    /// The host has made a sub-graph's contents: `inputs` are to be folded, unless it goes on where it was left.
    pub(super) fn opened(&mut self, inputs: Vec<TaskResult>, max_steps: u32) {
        let Some(child) = self.frame.child.as_mut().filter(|_| matches!(self.frame.phase, Phase::New)) else { return };
        child.max_steps = max_steps;
        if child.is_restored {
            self.frame.phase = Phase::Boundary;
            return;
        }
        let mut parts = Vec::new();
        for input in inputs {
            if !input.writes.is_empty() {
                parts.push(Rc::new(input));
            }
        }
        self.frame.start = Some(Box::new(RunStart { input: TaskResult { parts, ..TaskResult::default() }, ..RunStart::default() }));
        self.fold_input();
    }

    /// Its first frontier stands.
    pub(super) fn announce_child(&mut self, start: RunStart) {
        if let Some(frontier) = &start.frontier {
            self.session.graph.enter(Rc::clone(frontier));
        }
        if let Some(child) = &mut self.frame.child {
            child.start = Some(Rc::new(start));
        }
    }

    /// What the step that is complete wrote is a part of what the sub-graph returns.
    pub(super) fn keep_written(&mut self) {
        let Some(mut child) = self.frame.child.take() else { return };
        if let Some(place) = self.place.as_ref().filter(|_| !child.has_output) {
            let around = place.up.as_ref().map_or(&self.root, |up| &up.program);
            let shared = place.node.index().and_then(|index| around.nodes.get(index)).map_or(&[][..], |node| &node.shared);
            for result in self.frame.tasks.iter().filter_map(|task| task.result.as_ref()) {
                result.seen_from_outside(shared, &mut child.written);
            }
        }
        self.frame.child = Some(child);
    }

    /// Nothing is left to run in a sub-graph.
    pub(super) fn complete_child(&mut self) {
        self.frame.phase = Phase::Ended;
        if self.frame.child.as_ref().is_some_and(|child| child.has_output) {
            self.push(Command::Output);
        } else {
            self.reports.push_back(Report::Done { frame: self.at });
        }
    }

    /// A sub-graph breaks off: the attempt that runs it fails.
    pub(super) fn fail_child(&mut self, failure: &Failure) {
        let inner = || failure.node.map(|node| self.node_name(node));
        let failure = Failure { inner: failure.inner.clone().or_else(inner), ..failure.clone() };
        self.abort_tasks(Abort::Failure);
        self.frame.phase = Phase::Ended;
        self.reports.push_back(Report::Failed { frame: self.at, failure });
    }

    /// What sub-graphs have to say is heard.
    pub(super) fn hear(&mut self) {
        while let Some(report) = self.reports.pop_front() {
            let (Report::Done { frame } | Report::Failed { frame, .. } | Report::Parked { frame }) = report;
            if !self.is_open(frame) {
                continue;
            }
            self.switch(frame);
            let Some(child) = &mut self.frame.child else { continue };
            let (parent, task, token) = (child.parent, child.task, child.token);
            let written = if let Report::Done { .. } = report { std::mem::take(&mut child.written) } else { Vec::new() };
            self.switch(parent);
            match report {
                Report::Done { .. } => {
                    let result = TaskResult::of_parts(&self.program, written);
                    self.settled(task, token, Outcome::Returned(result));
                }
                Report::Failed { failure, .. } => self.child_failed(task, token, failure),
                Report::Parked { .. } => {
                    if let Some(index) = self.live(task, token) {
                        self.park(index);
                    }
                }
            }
            self.advance_frame();
        }
    }

    fn child_failed(&mut self, task: u32, token: u32, failure: Failure) {
        let Some(index) = self.live(task, token) else { return };
        self.end_attempt(index);
        let node = self.frame.tasks[index].entry.node;
        let failure = Failure { node: Some(node), ..failure };
        self.attempt_failed(index, failure, TaskState::Running);
    }

    /// The attempt that runs a sub-graph is over: what is left within it ends, too.
    pub(super) fn close_child(&mut self, index: usize, why: Abort) {
        let frame = std::mem::take(&mut self.frame.tasks[index].child);
        if frame == 0 {
            return;
        }
        let around = self.at;
        self.switch(frame);
        self.abort_tasks(why);
        self.switch(around);
        self.instances[frame as usize] = None;
        self.push(Command::Close { frame });
    }

    /// The tasks of a sub-graph's step end: what they hold is free again.
    pub(super) fn let_go(&mut self) {
        let frame = self.at;
        self.stop_timers(|kind| kind.frame() == Some(frame));
        for index in 0..self.frame.tasks.len() {
            self.release_slot(index);
        }
    }

    pub(super) fn fired_frame(&self, kind: Option<TimerKind>) -> u32 {
        kind.and_then(TimerKind::frame).unwrap_or(0)
    }
}
