//! A superstep's beginning: who of the frontier runs, who is gated, who has run already.

use super::frame::Phase;
use super::machine::Machine;
use super::task::{Task, TaskState};
use crate::collected::collected;
use crate::error::{RunError, Scope};
use crate::events::{Body, Entry, EventKind, TaskRef};
use crate::graph::NodeId;

impl Machine {
    pub(super) fn has_work(&self) -> bool {
        self.session.graph.frontier.iter().any(|entry| entry.node != NodeId::END)
    }

    pub(super) fn begin_step(&mut self) {
        let limit = self.frame.child.as_ref().map_or(self.options.max_steps, |child| child.max_steps);
        if self.steps() >= limit {
            let error = RunError::StepLimit { limit };
            return self.fail(error.failure(Scope::Runner));
        }
        let step = self.session.graph.step + 1;
        let frontier = std::rc::Rc::clone(&self.session.graph.frontier);
        self.frame.phase = Phase::Stepping;
        self.frame.tasks.clear();
        // A run that waits in a narrow step is to be small.
        self.frame.tasks.reserve_exact(frontier.len());
        self.frame.skipped.clear();
        (self.frame.unfinished, self.frame.parked) = (0, 0);
        if self.at == 0 {
            self.pool.clear();
        }
        let start = self.frame.child.as_mut().and_then(|child| child.start.take());
        if !self.skips(EventKind::StepStarted) {
            let is_left = |entry: &&Entry| entry.node != NodeId::END && self.session.graph.done_result(entry.node, entry.task).is_none();
            let left = collected(frontier.iter().filter(is_left).map(|entry| entry.node));
            self.publish(Body::StepStarted { step, frontier: left.into(), start });
        }
        self.session.graph.is_half_done = true;
        let mut gated: Vec<TaskRef> = Vec::new();
        let has_kept = !self.session.kept.all().is_empty();
        for entry in frontier.iter().filter(|entry| entry.node != NodeId::END) {
            if self.is_gated(entry) {
                gated.push(TaskRef { step, node: entry.node, task: entry.task, attempt: 0 });
                self.frame.skipped.push(entry.node);
                continue;
            }
            let done = self.session.graph.done_result(entry.node, entry.task).cloned();
            let mut task = Task::new(entry.clone(), done);
            if task.is_live() {
                if has_kept && self.is_parked(entry.node, entry.task) {
                    task.state = TaskState::Parked;
                    self.frame.parked += 1;
                } else {
                    self.frame.unfinished += 1;
                }
            }
            self.frame.tasks.push(task);
        }
        for task in gated {
            self.publish(Body::NodeSkipped(task));
        }
        self.frame.has_parked = false;
        if self.frame.unfinished == 0 {
            return self.end_step();
        }
        for index in 0..self.frame.tasks.len() as u32 {
            if matches!(self.frame.tasks[index as usize].state, TaskState::Ready) {
                self.claim_slot(index);
            }
        }
        self.fill_slots();
    }

    /// Reached by edges alone, and nothing that counts has changed since it last ran.
    pub(super) fn is_gated(&self, entry: &Entry) -> bool {
        let is_always = entry.node.index().and_then(|index| self.program.nodes.get(index)).is_some_and(|node| node.always);
        entry.is_gated && !is_always && self.session.graph.versions.is_up_to_date(entry.node)
    }
}
