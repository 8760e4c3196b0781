//! A change of the state from outside: an execution without tasks, whose only event is its record. Nothing stands until the writes
//! are folded and the routes have answered; whatever fails before leaves no trace.

use super::command::Command;
use super::frame::Phase;
use super::input::GraphPolicy;
use super::machine::Machine;
use super::task::Task;
use crate::checkpoint::{Fold, Status};
use crate::error::{RunError, Scope};
use crate::events::{Body, Ending, Event, StateUpdate, StepReport};
use crate::graph::NodeId;
use crate::state::{TaskResult, Value};
use std::rc::Rc;

impl Machine {
    /// With `as_node` this is a step in which that node alone has run, with these writes as its result.
    pub(super) fn begin_update(&mut self, result: TaskResult, as_node: Option<NodeId>) {
        if !matches!(self.frame.phase, Phase::New) {
            return;
        }
        self.started_at = self.now;
        if let Some(what) = self.find_graph_change(GraphPolicy::Compatible, as_node.is_none()) {
            return self.refuse(RunError::GraphChanged { what: &what }.failure(Scope::Runner));
        }
        let is_dead = self.session.status == Status::Running;
        // Only where nobody has said the last word may a writer come back.
        if let Some(journal) = self.journal.as_mut().filter(|_| is_dead) {
            journal.take_over();
        }
        let result = Rc::new(result);
        self.frame.update = Some(Box::new(StateUpdate {
            as_node,
            result: Rc::clone(&result),
            opens_branch: is_dead && self.session.is_lossy,
            report: Rc::default(),
        }));
        if let Some(node) = as_node {
            let entry = self.session.stand_at(node);
            self.frame.tasks.push(Task::new(entry, Some(result)));
            return self.begin_barrier();
        }
        self.frame.phase = Phase::Folding;
        self.push(Command::Begin);
        for write in result.writes.iter() {
            let Some(value) = result.update.clone() else { break };
            self.push(Command::Fold(Fold::Write { channel: write.channel, value, is_replace: write.is_replace }));
        }
        self.push(Command::EndFolds);
    }

    /// All is folded, and no node counts as run.
    pub(super) fn amend(&mut self, updated: Vec<u32>, reduced: Vec<(u32, Value)>) {
        let step = self.session.graph.step + 1;
        let report = self.session.amend(&self.program, StepReport { step, updated, reduced, ..StepReport::default() });
        self.push(Command::Commit);
        self.end_update(report);
    }

    /// The step stands: it is told and stored, and the execution ends with that.
    pub(super) fn end_update(&mut self, report: Rc<StepReport>) {
        let Some(update) = self.frame.update.take() else { return };
        let update = Rc::new(StateUpdate { report, ..*update });
        self.frame.phase = Phase::Ending;
        self.publish(Body::StateUpdated(Rc::clone(&update)));
        self.session.updated(&update);
        // For the host alone: nobody reads an update as a run.
        let body = self.last_word(&Rc::new(Ending::Completed { is_end: true, waiting: Vec::new() }));
        self.terminal = Some(Event { seq: self.hub.seq(), at: self.now, is_transient: true, place: None, body });
        if self.journal.is_some() {
            self.append(true);
        } else {
            self.close();
        }
    }
}
