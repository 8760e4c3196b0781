//! How an execution pauses: where questions of nodes are open and nothing else is left to do, before and after nodes that were named, and
//! after each step. What a resume answers is taken up here too.
//!
//! Invariant: a pause is recorded with what led to it, so a crash neither skips nor repeats it.

use super::children::Report;
use super::command::{Abort, Command};
use super::frame::{Frame, Phase};
use super::input::{Answers, Pause, Start};
use super::machine::Machine;
use crate::checkpoint::Status;
use crate::error::RunError;
use crate::events::{Ending, Entry, Kept, KeptKind, TaskRef};
use crate::graph::NodeId;
use crate::text::text;
use std::rc::Rc;

const BEFORE: u8 = 1;
const AFTER: u8 = 2;

impl Frame {
    /// Of a graph of so many nodes.
    pub(super) fn break_at(&mut self, nodes: usize, before: &[NodeId], after: &[NodeId]) {
        for (list, mark) in [(before, BEFORE), (after, AFTER)] {
            for node in list {
                if self.breakpoints.is_empty() {
                    self.breakpoints = vec![0; nodes];
                }
                if let Some(marks) = node.index().and_then(|index| self.breakpoints.get_mut(index)) {
                    *marks |= mark;
                }
            }
        }
    }
}

impl Machine {
    /// From now on it pauses before and after these, nodes of the graph that was entered.
    pub fn break_at(&mut self, before: &[NodeId], after: &[NodeId]) {
        self.within(|machine| machine.frame.break_at(machine.program.nodes.len(), before, after));
    }

    fn breaks(&self, node: NodeId, mark: u8) -> bool {
        node.index().and_then(|index| self.frame.breakpoints.get(index)).is_some_and(|marks| marks & mark != 0)
    }

    /// Once per boundary: pauses here are recorded, unless they were before. A run that would end anyway has none.
    pub(super) fn find_pauses(&mut self) {
        let step = self.session.graph.step;
        if self.frame.paused_at.replace(step) == Some(step) {
            return;
        }
        let frontier = Rc::clone(&self.session.graph.frontier);
        let graph = &self.session.graph;
        let is_left = |entry: &&Entry| {
            entry.node != NodeId::END
                && !self.is_gated(entry)
                && graph.done_result(entry.node, entry.task).is_none()
                && !self.is_parked(entry.node, entry.task)
        };
        let mut found: Vec<(KeptKind, TaskRef)> = Vec::new();
        let mut add = |kind: KeptKind, step: u32, node: NodeId, task: u32| {
            let is_known = |other: KeptKind, of: &TaskRef| other == kind && of.node == node && of.step == step;
            if !found.iter().any(|(other, of)| is_known(*other, of))
                && !self.session.kept.all().iter().any(|kept| is_known(kept.kind, &kept.task) && self.is_of_frame(kept))
            {
                found.push((kind, TaskRef { step, node, task, attempt: 0 }));
            }
        };
        if self.steps() > 0 && frontier.iter().any(|entry| is_left(&entry)) {
            let ran = graph.last.iter().flat_map(|last| &last.ran);
            ran.filter(|node| self.breaks(**node, AFTER)).for_each(|node| add(KeptKind::After, step, *node, 0));
        }
        for entry in frontier.iter().filter(|entry| self.breaks(entry.node, BEFORE)).filter(is_left) {
            add(KeptKind::Before, graph.key_step(), entry.node, entry.task);
        }
        for (kind, task) in found {
            let word = if kind == KeptKind::Before { "before:" } else { "after:" };
            let key = text![word, self.label(&task)].into();
            self.keep(self.kept(kind, task, key, None));
        }
    }

    fn is_of_frame(&self, kept: &Kept) -> bool {
        let around = self.around();
        kept.address.len() == around.len() + 3 && kept.address.starts_with(around)
    }

    /// There is a reason to look closer.
    #[inline]
    pub(super) fn may_pause(&self) -> bool {
        self.options.pause != Pause::Never || !self.session.kept.all().is_empty()
    }

    /// Ends it at this boundary if it is to pause here; a sub-graph waits until the session's graph can.
    pub(super) fn has_paused(&mut self) -> bool {
        let is_root = self.at == 0;
        let is_asked = match self.options.pause {
            Pause::Never => false,
            Pause::EachStep => is_root && self.steps() > 0,
            Pause::AtStart => is_root,
        };
        let is_pause = |kept: &&Rc<Kept>| kept.kind != KeptKind::Interrupt && self.is_of_frame(kept);
        if !is_asked && !self.session.kept.open().any(|kept| is_pause(&kept)) {
            return false;
        }
        if is_root {
            self.end(Ending::Interrupted(self.session.open_questions()));
        } else {
            self.frame.is_paused = true;
            self.reports.push_back(Report::Parked { frame: self.at });
        }
        true
    }

    /// A sub-graph in which everybody is done or waits for an answer parks the task that runs it.
    pub(super) fn park_if_done(&mut self) {
        let is_waiting = matches!(self.frame.phase, Phase::Stepping) && self.frame.unfinished == 0;
        if is_waiting && !std::mem::replace(&mut self.frame.has_parked, true) {
            self.reports.push_back(Report::Parked { frame: self.at });
        }
    }

    /// Everybody is done or waits for an answer: it ends, a turn after the last record was stored. Until then a node may ask more.
    pub(super) fn pause_if_still(&mut self) {
        if !self.is_waiting_for_answers() || self.is_yielding {
            return;
        }
        if self.journal.as_ref().is_some_and(|journal| journal.is_urgent() || journal.in_flight().is_some()) {
            return self.append(false);
        }
        if !std::mem::replace(&mut self.is_still, true) {
            self.is_yielding = true;
            return self.push(Command::Yield);
        }
        self.stop(Abort::Interrupt, Ending::Interrupted(self.session.open_questions()));
    }

    /// What a resume answers, as it is to be recorded; or why it may not begin.
    pub(super) fn find_answers(&self, start: &Start) -> Result<Vec<Kept>, RunError<'_>> {
        if !start.is_resume {
            return Ok(Vec::new());
        }
        let session = &*self.session_id;
        let open = self.session.open_questions();
        let is_asked = |kept: &&Rc<Kept>| kept.kind == KeptKind::Interrupt;
        let asked = open.iter().filter(is_asked).count();
        let has_paused = self.session.status == Status::Interrupted;
        let mut answers: Vec<Kept> = Vec::new();
        let mut answer = |kept: &Kept, value| answers.push(Kept { kind: KeptKind::Answer, value, ..kept.clone() });
        match &start.answers {
            Answers::None if asked > 0 && has_paused && start.frontier.is_none() => {
                return Err(RunError::Unanswered { session, count: asked as u32 });
            }
            Answers::None => {}
            Answers::One(value) => match (&*open, open.iter().find(is_asked)) {
                ([], _) => return Err(RunError::UnknownInterrupt { session, id: None }),
                ([only], _) => answer(only, value.clone()),
                (_, Some(only)) if asked == 1 => answer(only, value.clone()),
                (all, _) => return Err(RunError::Unanswered { session, count: all.len() as u32 }),
            },
            Answers::ById(list) => {
                for (id, value) in list {
                    let Some(kept) = open.iter().find(|kept| kept.key == *id) else {
                        return Err(RunError::UnknownInterrupt { session, id: Some(Rc::clone(id)) });
                    };
                    answer(kept, value.clone());
                }
            }
        }
        // Who has been told of a pause goes on.
        for kept in open.iter().filter(|kept| has_paused && !is_asked(kept)) {
            if !answers.iter().any(|answer| answer.key == kept.key) {
                answers.push(Kept { kind: KeptKind::Answer, value: None, ..(**kept).clone() });
            }
        }
        Ok(answers)
    }
}
