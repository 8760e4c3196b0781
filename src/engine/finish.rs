//! How an execution ends: complete, failed, cancelled, refused before it began, or left by its store. Exactly one terminal event.

use super::command::{Abort, Command};
use super::frame::Phase;
use super::machine::Machine;
use crate::error::{Failure, RunError, Scope};
use crate::events::{Body, Ending, Event};
use crate::state::Value;
use std::rc::Rc;

impl Machine {
    pub(super) fn complete(&mut self) {
        let ending = Ending::Completed { is_end: self.session.graph.has_reached_end, waiting: self.session.graph.waiting(&self.program) };
        self.end(ending);
    }

    pub(super) fn fail(&mut self, failure: Failure) {
        self.fail_shared(Rc::new(failure));
    }

    /// The step breaks off; what its finished tasks returned stays.
    pub(super) fn fail_shared(&mut self, failure: Rc<Failure>) {
        if self.at == 0 {
            self.stop(Abort::Failure, Ending::Failed(failure));
        } else {
            self.fail_child(&failure);
        }
    }

    /// Ends it wherever it is.
    pub(super) fn stop(&mut self, why: Abort, ending: Ending) {
        if self.frame.update.take().is_some() {
            self.push(Command::Rollback);
            return self.conclude(ending);
        }
        if matches!(self.frame.phase, Phase::Folding) && self.frame.start.is_some() {
            // What the input changed is told in the event that is to come first.
            self.ends_with.get_or_insert((why, ending));
            return;
        }
        self.break_off(why);
        self.end(ending);
    }

    /// The input is folded; returns whether the execution was to end then.
    pub(super) fn has_stopped(&mut self) -> bool {
        let Some((why, ending)) = self.ends_with.take() else { return false };
        self.break_off(why);
        self.end(ending);
        true
    }

    pub(super) fn run_timed_out(&mut self) {
        if matches!(self.frame.phase, Phase::New | Phase::Ending | Phase::Ended) {
            return;
        }
        let limit_ms = self.options.timeout_ms.unwrap_or_default() as u32;
        self.fail(RunError::RunTimeout { limit_ms }.failure(Scope::Runner));
    }

    pub(super) fn cancel(&mut self, reason: Option<Value>) {
        match self.frame.phase {
            Phase::Ending | Phase::Ended => {}
            Phase::New => self.conclude(Ending::Cancelled(reason)),
            Phase::Folding | Phase::Routing { .. } | Phase::Boundary | Phase::Stepping => {
                self.stop(Abort::Cancel, Ending::Cancelled(reason));
            }
        }
    }

    /// Stops what is under way and keeps the results of finished tasks.
    fn break_off(&mut self, why: Abort) {
        if self.frame.start.is_some() {
            self.push(Command::Commit);
            self.announce();
        } else if matches!(self.frame.phase, Phase::Folding | Phase::Routing { .. }) {
            self.push(Command::Rollback);
        }
        if !matches!(self.frame.phase, Phase::Boundary) {
            self.abort_tasks(why);
            for task in &self.frame.tasks {
                if let Some(result) = &task.result {
                    self.session.graph.add_done(task.entry.node, task.entry.task, Rc::clone(result));
                }
            }
        }
        self.frame.tasks.clear();
        self.instances.clear();
        self.reports.clear();
    }

    pub(super) fn end(&mut self, ending: Ending) {
        let ending = Rc::new(ending);
        self.frame.phase = Phase::Ending;
        // Whatever the durability, the last word is said only once it is stored.
        self.hub.hold_back();
        let body = self.last_word(&ending);
        self.publish(body.clone());
        self.terminal = Some(Event { seq: self.hub.seq(), at: self.now, is_transient: false, place: None, body });
        self.session.end(self.now, &ending);
        if self.journal.is_some() {
            self.append(true);
        } else {
            self.close();
        }
    }

    pub(super) fn last_word(&self, ending: &Rc<Ending>) -> Body {
        Body::RunEnded { ending: Rc::clone(ending), steps: self.steps(), duration_ms: (self.now - self.started_at).max(0.0) }
    }

    /// Ends without a trace in the log: the execution never began, or its store is lost.
    fn conclude(&mut self, ending: Ending) {
        if matches!(self.frame.phase, Phase::New) {
            // What never began took no time.
            self.started_at = self.now;
        }
        let body = self.last_word(&Rc::new(ending));
        self.hub.open();
        self.publish_transient(body.clone());
        self.terminal = Some(Event { seq: self.hub.seq(), at: self.now, is_transient: true, place: None, body });
        self.journal = None;
        self.close();
    }

    /// The execution may not begin.
    pub(super) fn refuse(&mut self, failure: Failure) {
        self.frame.start = None;
        if self.at != 0 {
            return self.fail_child(&failure);
        }
        self.conclude(Ending::Failed(Rc::new(failure)));
    }

    /// The store refused for good: what it does not have was never said.
    pub(super) fn lose_store(&mut self, failure: Failure) {
        if matches!(self.frame.phase, Phase::Ended) {
            return;
        }
        // A start that nobody has heard of leaves nothing.
        self.frame.start = None;
        self.frame.update = None;
        if !matches!(self.frame.phase, Phase::New | Phase::Ending) {
            self.break_off(Abort::Failure);
        }
        self.hub.discard_hidden();
        self.conclude(Ending::Failed(Rc::new(failure)));
    }

    /// Someone else has the session, so the store is not waited for.
    pub(super) fn lose_session(&mut self) {
        self.lose_store(RunError::Stolen.failure(Scope::Runner));
    }

    pub(super) fn close(&mut self) {
        self.stop_timers(|_| true);
        self.frame.phase = Phase::Ended;
        self.hub.close();
        self.push(Command::Finish);
    }
}
