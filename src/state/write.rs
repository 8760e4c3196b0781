//! What one task hands in: writes by channel, and a routing command.

use super::Value;
use crate::graph::{ChannelId, ChannelKind, NodeId, Program};
use std::rc::Rc;

/// One channel of an update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Write {
    /// Which channel.
    pub channel: ChannelId,
    /// `replace(…)`: the whole value instead of a merge.
    pub is_replace: bool,
}

/// Where a command or a route leads: a node, with an input if it is a `send`.
#[derive(Clone, Debug)]
pub struct Target {
    /// A node or END.
    pub node: NodeId,
    /// A `send` starts a task of its own; a plain target joins the others.
    pub is_send: bool,
    /// What `send` gives to its task.
    pub input: Option<Value>,
}

/// The answer of a route; mostly one name.
#[derive(Clone, Debug)]
pub enum Targets {
    /// A node or END.
    One(Target),
    /// In the order given.
    Many(Vec<Target>),
}

impl Targets {
    /// In the order given.
    pub fn as_slice(&self) -> &[Target] {
        match self {
            Self::One(target) => std::slice::from_ref(target),
            Self::Many(targets) => targets,
        }
    }
}

/// The `goto` of a command.
#[derive(Clone, Debug)]
pub struct Routing {
    /// Silences the node's own edges.
    pub is_replace: bool,
    /// In the order given.
    pub targets: Vec<Target>,
}

/// What a task returned. All writes share one value: an object keyed by channel name.
#[derive(Clone, Debug, Default)]
pub struct TaskResult {
    /// The update, absent when nothing was written.
    pub update: Option<Value>,
    /// In channel order.
    pub writes: Rc<[Write]>,
    /// The routing command.
    pub routing: Option<Routing>,
}

/// A `last` channel that two tasks of one step wrote, and the tasks' positions.
pub fn find_conflict<'a>(program: &Program, results: impl Iterator<Item = &'a TaskResult>) -> Option<(ChannelId, Vec<usize>)> {
    let mut writers: Vec<Option<usize>> = Vec::new();
    let mut conflict: Option<(ChannelId, Vec<usize>)> = None;
    for (position, result) in results.enumerate() {
        for write in result.writes.iter() {
            let spec = &program.channels[write.channel as usize];
            if spec.kind != ChannelKind::Last || spec.takes_last {
                continue;
            }
            if writers.is_empty() {
                writers = vec![None; program.channels.len()];
            }
            let channel = write.channel as usize;
            match (writers[channel], &mut conflict) {
                (None, _) => writers[channel] = Some(position),
                (Some(first), None) => conflict = Some((write.channel, vec![first, position])),
                (Some(_), Some((channel, positions))) if *channel == write.channel => positions.push(position),
                (Some(_), Some(_)) => {}
            }
        }
    }
    conflict
}
