//! How an execution ends: complete, failed, cancelled, refused before it began, or left by its store. Exactly one terminal event.

use super::command::{Abort, Command};
use super::machine::{Machine, Phase};
use crate::error::{Failure, RunError, Scope};
use crate::events::{Body, Ending};
use crate::state::Value;
use std::rc::Rc;

impl Machine {
    pub(super) fn complete(&mut self) {
        let ending = Ending::Completed { is_end: self.session.has_reached_end && !self.is_quiescent, waiting: self.session.waiting(&self.program) };
        self.end(ending);
    }

    pub(super) fn fail(&mut self, failure: Failure) {
        self.fail_shared(Rc::new(failure));
    }

    /// The step breaks off; what its finished tasks returned stays.
    pub(super) fn fail_shared(&mut self, failure: Rc<Failure>) {
        self.break_off(Abort::Failure);
        self.end(Ending::Failed(failure));
    }

    pub(super) fn run_timed_out(&mut self) {
        if matches!(self.phase, Phase::New | Phase::Ending | Phase::Ended) {
            return;
        }
        let limit_ms = self.options.timeout_ms.unwrap_or_default() as u32;
        self.fail(RunError::RunTimeout { limit_ms }.failure(Scope::Runner));
    }

    pub(super) fn cancel(&mut self, reason: Option<Value>) {
        match self.phase {
            Phase::Ending | Phase::Ended => {}
            Phase::New => {
                self.started_at = self.now;
                self.conclude(Ending::Cancelled(reason));
            }
            Phase::Folding | Phase::Routing(_) | Phase::Boundary | Phase::Stepping => {
                self.break_off(Abort::Cancel);
                self.end(Ending::Cancelled(reason));
            }
        }
    }

    /// Stops what is under way and keeps the results of finished tasks.
    fn break_off(&mut self, why: Abort) {
        if self.start.is_some() {
            self.push(Command::Commit);
            self.announce();
        } else if matches!(self.phase, Phase::Folding | Phase::Routing(_)) {
            self.push(Command::Rollback);
        }
        if !matches!(self.phase, Phase::Boundary) {
            self.abort_tasks(why);
            for task in &self.tasks {
                if let Some(result) = &task.result {
                    self.session.add_done(task.entry.node, task.entry.task, Rc::clone(result));
                }
            }
        }
        self.tasks.clear();
    }

    fn end(&mut self, ending: Ending) {
        let ending = Rc::new(ending);
        self.duration_ms = (self.now - self.started_at).max(0.0);
        self.phase = Phase::Ending;
        // Whatever the durability, the last word is said only once it is stored.
        self.hub.hold_back();
        self.publish(Body::RunEnded { ending: Rc::clone(&ending), steps: self.steps(), duration_ms: self.duration_ms });
        self.session.end(self.now, &ending);
        self.outcome = Some(ending);
        if self.journal.is_some() {
            self.append(true);
        } else {
            self.close();
        }
    }

    /// Ends without a trace in the log: the execution never began, or its store is lost.
    fn conclude(&mut self, ending: Ending) {
        let ending = Rc::new(ending);
        self.duration_ms = (self.now - self.started_at).max(0.0);
        self.hub.open();
        self.publish_transient(Body::RunEnded { ending: Rc::clone(&ending), steps: self.steps(), duration_ms: self.duration_ms });
        self.outcome = Some(ending);
        self.journal = None;
        self.close();
    }

    /// The execution may not begin.
    pub(super) fn refuse(&mut self, failure: Failure) {
        self.start = None;
        self.conclude(Ending::Failed(Rc::new(failure)));
    }

    /// The store refused for good: what it does not have was never said.
    pub(super) fn lose_store(&mut self, failure: Failure) {
        if matches!(self.phase, Phase::Ended) {
            return;
        }
        if !matches!(self.phase, Phase::Ending) {
            self.break_off(Abort::Failure);
        }
        self.hub.discard_hidden();
        self.conclude(Ending::Failed(Rc::new(failure)));
    }

    pub(super) fn close(&mut self) {
        self.stop_timers(|_| true);
        self.phase = Phase::Ended;
        self.hub.close();
        self.push(Command::Finish);
    }
}
