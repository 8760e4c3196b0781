//! Channel versions and the version gate.
//!
//! `tick` counts the barriers that changed a channel that counts. A node is up to date when the tick of the snapshot that it
//! was given last is still the current one: the same as comparing every channel's version, at the cost of one number a node.

use crate::graph::{ChannelId, NodeId, Program};

/// The versions of one session.
#[derive(Clone, Debug, PartialEq)]
pub struct Versions {
    /// By channel; starts at 1, one more for each barrier (or later input) that changed the channel.
    pub channels: Vec<u32>,
    /// Barriers that changed something that counts.
    pub tick: u64,
    /// By node: the tick of the snapshot it last ran on, plus one; 0 = not run in this execution.
    pub seen: Vec<u64>,
}

impl Versions {
    /// Those of a fresh session.
    pub fn new(program: &Program) -> Self {
        Self { channels: vec![1; program.channels.len()], tick: 0, seen: vec![0; program.nodes.len()] }
    }

    /// Whether no channel changed since `node` last ran.
    pub fn is_up_to_date(&self, node: NodeId) -> bool {
        node.index().and_then(|index| self.seen.get(index)).is_some_and(|seen| *seen == self.tick + 1)
    }

    /// Notes that `node` runs on the current snapshot.
    pub fn record_seen(&mut self, node: NodeId) {
        if let Some(seen) = node.index().and_then(|index| self.seen.get_mut(index)) {
            *seen = self.tick + 1;
        }
    }

    /// Bumps what a barrier changed.
    pub fn bump(&mut self, program: &Program, changed: &[ChannelId]) {
        let mut counts = false;
        for channel in changed {
            let version = &mut self.channels[*channel as usize];
            *version = version.saturating_add(1);
            counts |= !program.channels[*channel as usize].is_exempt;
        }
        self.tick += u64::from(counts);
    }

    /// A new execution: every node may run again.
    pub fn forget_seen(&mut self) {
        self.seen.fill(0);
    }
}
