//! A superstep's end: all tasks are done, their writes are folded in node order, routes see the new state, and the next frontier is
//! built. Until the routes have answered nothing stands: a failure rolls the contents back, and the tasks' results stay in the
//! half-done step.

use super::command::Command;
use super::frame::Phase;
use super::input::Thrown;
use super::machine::Machine;
use super::task::Task;
use crate::checkpoint::Fold;
use crate::collected::collected;
use crate::error::{ErrorCode, RunError, Scope};
use crate::events::{Body, Entry, EventKind, StepReport};
use crate::graph::{JoinId, NodeId};
use crate::state::{Target, Targets, TaskResult, Value, find_conflict};
use std::rc::Rc;

/// What a barrier works with. Kept from step to step, so that a step allocates little.
#[derive(Default)]
pub(super) struct Barrier {
    changed: Vec<u32>,
    reduced: Vec<(u32, Value)>,
    /// Nodes that ran and whose own edges are followed, in order.
    sources: Vec<NodeId>,
    /// Routes that were called.
    calls: Vec<Call>,
    frontier: Frontier,
}

struct Call {
    from: NodeId,
    answer: Option<Targets>,
}

/// The frontier that is being built.
#[derive(Default)]
struct Frontier {
    entries: Vec<Entry>,
    /// By node: the round that placed it, and where.
    placed: Vec<(u32, u32)>,
    round: u32,
    end: Option<u32>,
    /// By node, once it was needed: the frontier of that node alone, reached by an edge.
    singles: Vec<Option<Rc<[Entry]>>>,
}

impl Frontier {
    /// A new one, for a graph of `nodes` nodes.
    fn begin(&mut self, nodes: usize) {
        self.round += 2;
        self.end = None;
        self.entries.clear();
        if self.placed.is_empty() {
            self.placed = vec![(0, 0); nodes];
        }
    }

    fn add(&mut self, target: &Target, is_gated: bool, join: Option<u32>) {
        let fresh = Entry {
            node: target.node,
            task: 0,
            is_send: target.is_send,
            input: target.input.clone(),
            is_gated,
            joins: collected(join.into_iter()),
        };
        if target.is_send {
            self.entries.push(fresh);
            return;
        }
        let position = match target.node.index() {
            None => self.end,
            Some(index) => self.placed.get(index).filter(|(round, _)| *round == self.round).map(|(_, position)| *position),
        };
        if let Some(position) = position {
            let entry = &mut self.entries[position as usize];
            entry.is_gated &= is_gated;
            entry.joins.extend(join);
            return;
        }
        let position = self.entries.len() as u32;
        match target.node.index() {
            None => self.end = Some(position),
            Some(index) => self.placed[index] = (self.round, position),
        }
        self.entries.push(fresh);
    }

    fn add_node(&mut self, node: NodeId, is_gated: bool, join: Option<u32>) {
        self.add(&Target { node, is_send: false, input: None }, is_gated, join);
    }

    /// Ordinals count a node's entries in order.
    fn finish(&mut self) -> Rc<[Entry]> {
        let single = match &*self.entries {
            [entry] if entry.is_gated && entry.joins.is_empty() => entry.node.index(),
            _ => None,
        };
        if let Some(index) = single {
            if self.singles.is_empty() {
                self.singles = vec![None; self.placed.len()];
            }
            return Rc::clone(self.singles[index].get_or_insert_with(|| Rc::from([self.entries[0].clone()])));
        }
        for entry in &mut self.entries {
            let Some(index) = entry.node.index() else { continue };
            let (round, count) = &mut self.placed[index];
            if *round != self.round + 1 {
                (*round, *count) = (self.round + 1, 0);
            }
            entry.task = *count;
            *count += 1;
        }
        std::mem::take(&mut self.entries).into()
    }

    /// Several sources of one join may have run in this step; it fires once, where the first of them stands.
    fn add_join(&mut self, target: NodeId, join: u32) {
        let is_there = match target.index() {
            None => self.end,
            Some(index) => self.placed.get(index).filter(|(round, _)| *round == self.round).map(|(_, position)| *position),
        };
        if is_there.is_some_and(|position| self.entries[position as usize].joins.contains(&join)) {
            return;
        }
        self.add_node(target, true, Some(join));
    }
}

impl Machine {
    fn begin_frontier(&mut self) -> &mut Frontier {
        self.frame.barrier.frontier.begin(self.program.nodes.len());
        &mut self.frame.barrier.frontier
    }

    /// These nodes as a frontier, whatever the gate says.
    pub(super) fn frontier_of(&mut self, nodes: &[NodeId]) -> Rc<[Entry]> {
        let frontier = self.begin_frontier();
        nodes.iter().for_each(|node| frontier.add_node(*node, false, None));
        frontier.finish()
    }

    fn results(&self) -> impl Iterator<Item = &TaskResult> {
        self.frame.tasks.iter().filter_map(|task| task.result.as_deref())
    }

    /// The graph has the default `errors` channel.
    fn takes_errors(&self) -> bool {
        self.at == 0 && self.program.channels.iter().any(|channel| channel.is_exempt)
    }

    pub(super) fn begin_barrier(&mut self) {
        let conflict = if self.frame.tasks.len() > 1 { find_conflict(&self.program, self.results()) } else { None };
        if let Some((channel, positions)) = conflict {
            let mut writers = String::new();
            for position in positions {
                writers.push_str(if writers.is_empty() { "`" } else { " and `" });
                writers.push_str(&self.node_name(self.frame.tasks[position].entry.node));
                writers.push('`');
            }
            let step = self.session.graph.step + 1;
            let error = RunError::Conflict { channel: &self.program.channels[channel as usize].name, writers: &writers, step };
            let failure = error.failure(Scope::Scheduler).at(None, step);
            return self.fail(failure);
        }
        self.frame.phase = Phase::Folding;
        if self.frame.is_solo {
            return;
        }
        self.push(Command::Begin);
        let mut is_empty = true;
        if self.takes_errors() {
            for note in self.session.notes.clone() {
                self.push(Command::Fold(Fold::Error(note)));
                is_empty = false;
            }
        }
        for index in 0..self.frame.tasks.len() {
            let Some(result) = self.frame.tasks[index].result.clone() else { continue };
            is_empty &= !self.fold_writes(&result);
            for part in &result.parts {
                is_empty &= !self.fold_writes(part);
            }
        }
        // The size of the contents is asked for once, for snapshots.
        if is_empty && (self.at != 0 || self.journal.is_none() || self.contents_bytes.is_some()) {
            return self.applied(Vec::new(), Vec::new());
        }
        self.push(Command::EndFolds);
    }

    /// Whether there are any.
    #[inline]
    fn fold_writes(&mut self, result: &TaskResult) -> bool {
        let Some(value) = &result.update else { return false };
        for write in result.writes.iter() {
            self.commands.push(Command::Fold(Fold::Write { channel: write.channel, value: value.clone(), is_replace: write.is_replace }));
        }
        !result.writes.is_empty()
    }

    pub(super) fn applied(&mut self, changed: Vec<u32>, reduced: Vec<(u32, Value)>) {
        if !matches!(self.frame.phase, Phase::Folding) {
            return;
        }
        if self.frame.start.is_some() {
            return self.input_applied(changed, reduced);
        }
        if self.frame.tasks.is_empty() && self.frame.update.is_some() {
            return self.amend(changed, reduced);
        }
        self.frame.barrier.changed = changed;
        self.frame.barrier.reduced = reduced;
        self.find_sources();
        self.call_routes();
    }

    pub(super) fn fold_failed(&mut self, channel: u32, thrown: &Thrown) {
        if !matches!(self.frame.phase, Phase::Folding) {
            return;
        }
        let step = self.session.graph.step + 1;
        let name = self.program.channels.get(channel as usize).map_or("?", |channel| &channel.name);
        let error = RunError::Fold { code: thrown.code, channel: name, step, text: &thrown.text };
        let failure = error.failure(Scope::Scheduler).at(None, step).because(thrown.cause.clone());
        if self.frame.start.is_some() {
            self.push(Command::Rollback);
            return self.refuse(failure);
        }
        self.fail(failure);
    }

    /// Nodes that ran and whose own edges are followed: not those whose every task returned a replacing command.
    fn find_sources(&mut self) {
        let sources = &mut self.frame.barrier.sources;
        sources.clear();
        let mut last = NodeId::START;
        for task in &self.frame.tasks {
            let is_silenced = task.result.as_ref().and_then(|result| result.routing.as_ref()).is_some_and(|routing| routing.is_replace);
            let node = task.entry.node;
            // Tasks of one fan-out stand together, so this keeps a wide step linear; stray repeats are removed below.
            if !is_silenced && node != last {
                sources.push(node);
                last = node;
            }
        }
        if sources.len() > 1 {
            let Barrier { sources, frontier, .. } = &mut self.frame.barrier;
            frontier.begin(self.program.nodes.len());
            let round = frontier.round;
            sources.retain(|node| node.index().is_none_or(|index| std::mem::replace(&mut frontier.placed[index].0, round) != round));
        }
    }

    /// START's.
    pub(super) fn call_first_routes(&mut self) {
        self.frame.barrier.sources.clear();
        self.frame.barrier.sources.push(NodeId::START);
        self.call_routes();
    }

    fn call_routes(&mut self) {
        if self.said != self.at {
            self.say_frame();
        }
        let Barrier { sources, calls, .. } = &mut self.frame.barrier;
        calls.clear();
        for from in sources {
            let exits = match from.index() {
                None => &self.program.start,
                Some(index) => &self.program.nodes[index].exits,
            };
            for route in &exits.routes {
                if !self.frame.is_solo {
                    self.commands.push(Command::Route { call: calls.len() as u32, route: *route });
                }
                calls.push(Call { from: *from, answer: None });
            }
        }
        let open = calls.len() as u32;
        self.frame.phase = Phase::Routing { open };
        if open == 0 {
            self.routes_answered();
        }
    }

    pub(super) fn routed(&mut self, call: u32, targets: Targets) {
        let Phase::Routing { open } = &mut self.frame.phase else { return };
        let Some(slot) = self.frame.barrier.calls.get_mut(call as usize).filter(|call| call.answer.is_none()) else { return };
        slot.answer = Some(targets);
        *open -= 1;
        if *open == 0 {
            self.routes_answered();
        }
    }

    fn route_source(&self, call: u32) -> Option<NodeId> {
        let Phase::Routing { .. } = &self.frame.phase else { return None };
        self.frame.barrier.calls.get(call as usize).filter(|call| call.answer.is_none()).map(|call| call.from)
    }

    pub(super) fn route_threw(&mut self, call: u32, thrown: &Thrown) {
        let Some(from) = self.route_source(call) else { return };
        let step = self.session.graph.step + u32::from(self.frame.start.is_none());
        let name = self.node_name(from);
        let failure = RunError::RouteThrew { from: &name, step, text: &thrown.text }.failure(Scope::Scheduler);
        let code = if thrown.code == ErrorCode::NodeThrew { failure.code } else { thrown.code };
        let failure = crate::error::Failure { code, ..failure }.at(from.index().map(|_| from), step).because(thrown.cause.clone());
        self.fail(failure);
    }

    pub(super) fn route_unknown(&mut self, call: u32, target: &str) {
        let Some(from) = self.route_source(call) else { return };
        let step = self.session.graph.step + u32::from(self.frame.start.is_none());
        let name = self.node_name(from);
        let error = RunError::RouteTarget { from: &name, target, step };
        let failure = error.failure(Scope::Scheduler).at(from.index().map(|_| from), step);
        self.fail(failure);
    }

    fn routes_answered(&mut self) {
        self.frame.phase = Phase::Boundary;
        if self.frame.start.is_some() {
            let Barrier { calls, frontier, .. } = &mut self.frame.barrier;
            frontier.begin(self.program.nodes.len());
            for node in &self.program.start.plain {
                frontier.add_node(*node, false, None);
            }
            for target in calls.iter().filter_map(|call| call.answer.as_ref()).flat_map(Targets::as_slice) {
                frontier.add(target, false, None);
            }
            let entries = frontier.finish();
            if let Some(start) = &mut self.frame.start {
                start.frontier = Some(entries);
            }
            self.push(Command::Commit);
            self.announce();
            return;
        }
        self.complete_step();
    }

    /// Joins of these tasks' nodes whose every source has run. They fire whoever completes them: a command silences the edges of
    /// its node, but the node has run.
    fn complete_joins(&self, tasks: &[Task]) -> Vec<(NodeId, JoinId)> {
        let mut complete = Vec::new();
        let mut last = NodeId::START;
        for node in tasks.iter().map(|task| task.entry.node) {
            let Some(index) = node.index().filter(|_| node != std::mem::replace(&mut last, node)) else { continue };
            for join in &self.program.nodes[index].joins {
                if self.session.graph.is_complete(*join) {
                    complete.push((node, *join));
                }
            }
        }
        complete
    }

    /// For each task that ran, in node order: its node's plain edges, joins, routes (once, if not silenced), then its command.
    fn complete_step(&mut self) {
        let program = Rc::clone(&self.program);
        let tasks = std::mem::take(&mut self.frame.tasks);
        self.session.graph.note_run(&program, &tasks, |task| &task.entry);
        let mut fired = self.complete_joins(&tasks).into_iter().peekable();
        let Barrier { sources, calls, frontier, .. } = &mut self.frame.barrier;
        let (mut sources, mut calls) = (sources.iter().peekable(), calls.iter().peekable());
        frontier.begin(program.nodes.len());
        for task in &tasks {
            let node = task.entry.node;
            let routing = task.result.as_ref().and_then(|result| result.routing.as_ref());
            let is_silenced = routing.is_some_and(|routing| routing.is_replace);
            let is_followed = !is_silenced && sources.next_if_eq(&&node).is_some();
            if let Some(spec) = node.index().map(|index| &program.nodes[index]).filter(|_| is_followed) {
                spec.exits.plain.iter().for_each(|target| frontier.add_node(*target, true, None));
            }
            while let Some((_, join)) = fired.next_if(|(source, _)| *source == node) {
                frontier.add_join(program.joins[join as usize].target, join);
            }
            while let Some(call) = calls.next_if(|call| is_followed && call.from == node) {
                let targets = call.answer.as_ref().map_or(&[][..], Targets::as_slice);
                targets.iter().for_each(|target| frontier.add(target, !target.is_send, None));
            }
            routing.iter().flat_map(|routing| &routing.targets).for_each(|target| frontier.add(target, false, None));
        }
        let mut next = frontier.finish();
        if self.frame.update.is_some() {
            next = collected(next.iter().map(|entry| Entry { is_gated: false, ..entry.clone() })).into();
        }
        let updated = std::mem::take(&mut self.frame.barrier.changed);
        let errors = if self.takes_errors() { self.session.notes.len() as u32 } else { 0 };
        self.session.graph.versions.bump(&program, &updated);
        let is_heard = !self.is_unheard();
        let report = StepReport {
            step: self.session.graph.step + 1,
            ran: if is_heard { collected(tasks.iter().map(|task| task.entry.node)) } else { Vec::new() },
            skipped: std::mem::take(&mut self.frame.skipped),
            updated,
            next,
            versions: if is_heard { self.session.graph.versions.channels.clone() } else { Vec::new() },
            reduced: std::mem::take(&mut self.frame.barrier.reduced),
            errors,
        };
        let report = self.session.complete_step(report, tasks.is_empty());
        if self.at == 0 {
            self.session.kept.clear();
        }
        self.frame.tasks = tasks;
        if self.at != 0 {
            self.keep_written();
        }
        self.frame.tasks.clear();
        self.push(Command::Commit);
        if self.frame.update.is_some() {
            return self.end_update(report);
        }
        if !self.skips(EventKind::StepCompleted) {
            self.publish(Body::StepCompleted(report));
        }
    }
}
