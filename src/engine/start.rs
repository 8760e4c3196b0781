//! How an execution starts: its input is folded, START's edges and routes name the first frontier, and only then does
//! `run.started` go out, so bad input leaves no trace.

use super::children::MAX_DEPTH;
use super::command::Command;
use super::frame::Phase;
use super::input::{GraphPolicy, Start};
use super::machine::Machine;
use super::timers::TimerKind;
use crate::checkpoint::{Durability, Fold, Status};
use crate::collected::collected;
use crate::error::{RunError, Scope};
use crate::events::{Body, LostJoin, RunStart};
use crate::graph::NodeId;
use crate::text::text;
use std::rc::Rc;

impl Machine {
    pub(super) fn begin(&mut self, start: Start) {
        if !matches!(self.frame.phase, Phase::New) {
            return;
        }
        self.started_at = self.now;
        let is_open = !self.session.is_fresh() && self.session.status != Status::Completed;
        if is_open && !start.is_resume && !start.abandons {
            let error = RunError::Unfinished { session: &self.session_id.clone(), status: self.session.status.as_str() };
            return self.refuse(error.failure(Scope::Runner));
        }
        if self.root.depth > MAX_DEPTH {
            let error = RunError::DepthLimit { depth: self.root.depth, limit: MAX_DEPTH };
            return self.refuse(error.failure(Scope::Runner));
        }
        let keeps_frontier = start.frontier.is_none();
        if let Some(what) = self.find_graph_change(start.policy, keeps_frontier).filter(|_| start.is_resume) {
            return self.refuse(RunError::GraphChanged { what: &what }.failure(Scope::Runner));
        }
        match self.find_answers(&start).map_err(|error| error.failure(Scope::Runner)) {
            Ok(answers) => self.answers = answers,
            Err(failure) => return self.refuse(failure),
        }
        if let Some(ms) = self.options.timeout_ms {
            self.start_timer(TimerKind::Run, ms);
        }
        let abandoned = if is_open && !start.is_resume {
            collected(self.session.graph.frontier.iter().filter(|entry| entry.node != NodeId::END).map(|entry| entry.node))
        } else {
            Vec::new()
        };
        let is_takeover = start.is_resume || (is_open && start.abandons);
        if let Some(journal) = self.journal.as_mut().filter(|_| is_takeover) {
            journal.take_over();
            self.is_taking_over = true;
        }
        if let Some(journal) = self.journal.as_mut().filter(|_| start.is_durable) {
            journal.wait_for_next();
        }
        if start.frontier.is_some() {
            // What they answer goes with the step that asked.
            self.answers.clear();
        }
        let frontier = start.frontier.map(|nodes| self.frontier_of(&nodes));
        if !start.is_resume || frontier.is_some() {
            self.restored.clear();
        }
        self.frame.start = Some(Box::new(RunStart {
            run_id: start.run_id,
            is_resumed: start.is_resume,
            seed: if self.session.is_fresh() { start.seed } else { self.session.seed },
            graph_hash: self.program.hash,
            input: start.input,
            updated: Vec::new(),
            reduced: Vec::new(),
            frontier,
            abandoned,
            metadata: start.metadata,
            is_lossy: self.journal.as_ref().is_some_and(|journal| journal.durability() != Durability::Sync),
            is_other_graph: self.session.is_fresh() || self.session.graph_hash != self.program.hash,
            lost_joins: Vec::new(),
            opens_branch: is_takeover && self.session.status == Status::Running && self.session.is_lossy,
        }));
        self.fold_input();
    }

    pub(super) fn fold_input(&mut self) {
        self.push(Command::Begin);
        let Some(start) = &self.frame.start else { return };
        let mut is_empty = true;
        for (value, writes) in start.input.updates() {
            for write in writes {
                let fold = Fold::Write { channel: write.channel, value: value.clone(), is_replace: write.is_replace };
                self.commands.push(Command::Fold(fold));
                is_empty = false;
            }
        }
        if is_empty {
            return self.begin_graph();
        }
        self.push(Command::EndFolds);
        self.frame.phase = Phase::Folding;
    }

    pub(super) fn input_applied(&mut self, changed: Vec<u32>, reduced: Vec<(u32, crate::state::Value)>) {
        if let Some(start) = &mut self.frame.start {
            start.updated = changed;
            start.reduced = reduced;
        }
        if !self.has_stopped() {
            self.begin_graph();
        }
    }

    /// START's edges, unless a resumed session stands at a frontier already.
    fn begin_graph(&mut self) {
        let stands = |start: &RunStart| start.frontier.is_some() || (start.is_resumed && !self.session.graph.is_entering);
        if self.frame.start.as_deref().is_some_and(stands) {
            self.push(Command::Commit);
            self.announce();
            self.frame.phase = Phase::Boundary;
            return;
        }
        self.call_first_routes();
    }

    /// The first frontier stands, or will never: the execution begins for everyone to see.
    pub(super) fn announce(&mut self) {
        let Some(start) = self.frame.start.take() else { return };
        if self.at != 0 {
            return self.announce_child(*start);
        }
        let start: Rc<RunStart> = start.into();
        // A crash leaves no trace of what was only told: so its start is stored before anyone hears of it, though no step waits for that.
        let is_lossy = self.journal.as_ref().is_some_and(|journal| journal.durability() != Durability::Sync);
        if self.is_taking_over || is_lossy {
            self.hub.hold_back();
        }
        self.publish(Body::RunStarted(Rc::clone(&start)));
        self.session.start(&self.program, self.now, &start);
        for answer in std::mem::take(&mut self.answers) {
            self.keep(answer);
        }
        if self.is_taking_over || is_lossy {
            self.append(false);
        }
    }

    /// A session that another graph left can be taken up only if all that it needs is still there.
    pub(super) fn find_graph_change(&self, policy: GraphPolicy, keeps_frontier: bool) -> Option<String> {
        if self.session.is_fresh() || self.session.graph_hash == self.program.hash {
            return None;
        }
        let is_migrated = policy == GraphPolicy::Migrated;
        if policy == GraphPolicy::Refuse {
            return Some("onGraphChanged is 'error'".to_owned());
        }
        if keeps_frontier {
            let inner = self.restored.iter().map(|inner| (&inner.place.program, &inner.graph));
            let lost = std::iter::once((&self.root, &self.session.graph)).chain(inner).find_map(|(program, graph)| {
                let known = program.nodes.len() as u32;
                let nodes = graph.frontier.iter().map(|entry| entry.node).chain(graph.done.iter().map(|done| done.node));
                let is_lost = |node: &NodeId| *node < NodeId::END && node.0 >= known;
                nodes.into_iter().find(is_lost).map(|node| node.0 - known)
            });
            if let Some(foreign) = lost {
                let name = self.foreign_names().get(foreign as usize).map_or("?", |name| name);
                return Some(text!["its node `", name, "` is not in this graph"]);
            }
        }
        if is_migrated {
            return None;
        }
        let has_begun = |join: &&LostJoin| join.sources.iter().any(|(_, has_run)| *has_run);
        if let Some(join) = self.session.graph.lost_joins.iter().find(has_begun) {
            return Some(text!["its join onto `", self.node_name(join.target), "`, which has begun to wait, is not in this graph"]);
        }
        let lost = self.journal.as_ref().and_then(|journal| journal.names().lost_channel());
        lost.map(|name| text!["its channel `", name, "` is not in this graph, or of another kind"])
    }
}
