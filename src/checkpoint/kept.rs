//! What tasks of the step under way have left behind, task by task in the order in which it was recorded. It goes with the step of the
//! session's graph: a sub-graph may begin anew until then.

use crate::events::{Kept, KeptKind, TaskRef};
use std::rc::Rc;

/// See the module's head. Sorted by address, so what is within a task's sub-graph follows what is its own.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    entries: Vec<Rc<Kept>>,
}

/// Of a task, within the tasks that `around` has the addresses of.
pub fn address(around: &[u32], task: &TaskRef) -> Rc<[u32]> {
    let mut address = Vec::with_capacity(around.len() + 3);
    address.extend_from_slice(around);
    address.extend_from_slice(&[task.step, task.node.0, task.task]);
    address.into()
}

impl Keeping {
    /// Keeps one more; a question that is asked again stands in place of what was asked before.
    pub fn add(&mut self, kept: Rc<Kept>) {
        if kept.kind.is_question() {
            self.entries.retain(|other| other.kind != kept.kind || other.address != kept.address || other.key != kept.key);
        }
        let at = self.entries.partition_point(|other| other.address <= kept.address);
        self.entries.insert(at, kept);
    }

    /// All of them.
    pub fn all(&self) -> &[Rc<Kept>] {
        &self.entries
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Those of a task and of all within it.
    pub fn within(&self, address: &[u32]) -> &[Rc<Kept>] {
        let from = self.entries.partition_point(|kept| &*kept.address < address);
        let count = self.entries[from..].partition_point(|kept| kept.address.starts_with(address));
        &self.entries[from..from + count]
    }

    /// What a task has left under a key.
    pub fn find(&self, kind: KeptKind, address: &[u32], key: &str) -> Option<&Rc<Kept>> {
        self.within(address).iter().find(|kept| kept.kind == kind && *kept.address == *address && *kept.key == *key)
    }

    /// Nobody has answered a question, or a pause goes on.
    pub fn is_open(&self, kept: &Kept) -> bool {
        kept.kind.is_question() && self.find(KeptKind::Answer, &kept.address, &kept.key).is_none()
    }

    /// All open questions and pauses.
    pub fn open(&self) -> impl Iterator<Item = &Rc<Kept>> {
        self.entries.iter().filter(|kept| self.is_open(kept))
    }

    /// The task has asked, and nothing was answered since: it has nothing new to run for.
    pub fn is_parked(&self, address: &[u32]) -> bool {
        let mut own = self.within(address).iter().rev().filter(|kept| *kept.address == *address);
        own.find(|kept| matches!(kept.kind, KeptKind::Interrupt | KeptKind::Answer)).is_some_and(|kept| kept.kind == KeptKind::Interrupt)
    }

    /// The task is done: what it asked and nobody answered is not asked any more.
    pub fn settle(&mut self, address: &[u32]) {
        if self.within(address).iter().any(|kept| self.is_open(kept)) {
            self.entries.retain(|kept| !kept.address.starts_with(address));
        }
    }
}
