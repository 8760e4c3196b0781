//! What one task hands in: writes by channel, and a routing command.

use super::Value;
use crate::collected::collected;
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
    /// Of a sub-graph: what its tasks wrote to channels that it shares, in order. Then there is no update.
    pub parts: Vec<Rc<TaskResult>>,
}

impl TaskResult {
    /// Its updates in order, each with its writes.
    pub fn updates(&self) -> impl Iterator<Item = (&Value, &[Write])> {
        let whole = std::iter::once(self).chain(self.parts.iter().map(|part| &**part));
        whole.filter_map(|result| Some((result.update.as_ref()?, &*result.writes)))
    }

    /// Of a sub-graph that wrote these parts. Of several writes to a `last` channel the last one is left.
    pub fn of_parts(program: &Program, mut parts: Vec<Rc<Self>>) -> Self {
        let mut written: Vec<ChannelId> = Vec::new();
        for part in parts.iter_mut().rev() {
            let is_last = |write: &&Write| program.channels.get(write.channel as usize).is_some_and(|spec| spec.kind == ChannelKind::Last);
            let is_over = |write: &&Write| is_last(write) && written.contains(&write.channel);
            if part.writes.iter().any(|write| is_over(&write)) {
                let left = collected(part.writes.iter().filter(|write| !is_over(write)).copied());
                *part = Rc::new(Self { update: part.update.clone(), writes: left.into(), ..Self::default() });
            }
            written.extend(part.writes.iter().filter(is_last).map(|write| write.channel));
        }
        parts.retain(|part| !part.writes.is_empty());
        Self { parts, ..Self::default() }
    }

    /// What the graph around it gets of it, if it writes any of the `shared` channels (the outer one and the inner one).
    pub fn seen_from_outside(&self, shared: &[(ChannelId, ChannelId)], into: &mut Vec<Rc<Self>>) {
        for (update, writes) in self.updates() {
            let outer = |write: &Write| {
                let (channel, _) = shared.iter().find(|(_, inner)| *inner == write.channel)?;
                Some(Write { channel: *channel, is_replace: write.is_replace })
            };
            let writes = collected(writes.iter().filter_map(outer));
            if !writes.is_empty() {
                into.push(Rc::new(Self { update: Some(update.clone()), writes: writes.into(), routing: None, parts: Vec::new() }));
            }
        }
    }
}

/// A `last` channel that two tasks of one step wrote, and the tasks' positions.
pub fn find_conflict<'a>(program: &Program, results: impl Iterator<Item = &'a TaskResult>) -> Option<(ChannelId, Vec<usize>)> {
    let mut writers: Vec<Option<usize>> = Vec::new();
    let mut conflict: Option<(ChannelId, Vec<usize>)> = None;
    for (position, result) in results.enumerate() {
        let mut parts = result.parts.iter();
        let mut writes = &result.writes;
        loop {
            for write in writes.iter() {
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
                    (Some(first), _) if first == position => {}
                    (Some(first), None) => conflict = Some((write.channel, vec![first, position])),
                    (Some(_), Some((channel, positions))) if *channel == write.channel => {
                        if positions.last() != Some(&position) {
                            positions.push(position);
                        }
                    }
                    (Some(_), Some(_)) => {}
                }
            }
            let Some(part) = parts.next() else { break };
            writes = &part.writes;
        }
    }
    conflict
}
