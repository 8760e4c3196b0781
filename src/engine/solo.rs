//! A step of one task in one input: once its node has returned, the host folds its writes and asks its route by itself, as the commands
//! would have told it to, and says all of it at once. What differs from the usual way is only who speaks first.

use super::command::Solo;
use super::frame::Phase;
use super::input::Progress;
use super::machine::Machine;
use crate::graph::{ChannelKind, NodeId};
use crate::state::{Targets, TaskResult};
use std::rc::Rc;

impl Machine {
    /// What the host may do by itself once an attempt of `node` has returned: if it is the only task of its step, nothing else is
    /// folded, no fold has a result that the log keeps, and one route at most is asked.
    pub(super) fn solo(&self, node: NodeId) -> Solo {
        let Some(spec) = node.index().map(|index| &self.program.nodes[index]) else { return Solo::No };
        let is_kept = |kind: ChannelKind| kind == ChannelKind::Reduce && self.journal.is_some();
        if self.frame.tasks.len() != 1
            || !self.session.notes.is_empty()
            || self.program.channels.iter().any(|channel| is_kept(channel.kind))
        {
            return Solo::No;
        }
        match *spec.exits.routes {
            [] => Solo::Fold,
            [route] => Solo::Route(route),
            _ => Solo::No,
        }
    }

    pub(super) fn stepped(&mut self, task: u32, token: u32, result: Option<Rc<TaskResult>>, progress: Progress) {
        let Some(index) = self.running(task, token) else { return };
        self.frame.is_solo = true;
        self.end_attempt(index);
        self.finished(index, result);
        if let (Phase::Folding, Progress::Folded { changed, contents_bytes, answer }) = (&self.frame.phase, progress) {
            self.weigh(contents_bytes);
            self.applied(changed, Vec::new());
            if let Some(target) = answer {
                self.routed(0, Targets::One(target));
            }
        }
        self.frame.is_solo = false;
    }

    /// What a late attempt says is ignored.
    fn running(&self, task: u32, token: u32) -> Option<usize> {
        self.live(task, token).filter(|index| self.frame.tasks[*index].runs_user_code())
    }

    /// The host of a solo attempt can still say `Stepped`.
    pub fn is_running(&mut self, task: u32, token: u32) -> bool {
        self.within(|machine| machine.running(task, token).is_some()).unwrap_or(false)
    }

    /// The result of a solo attempt need not be told: nobody can ever see it, and no graph around has a use for it.
    pub fn forgets_result(&self) -> bool {
        self.told == 0 && self.is_unheard()
    }
}
