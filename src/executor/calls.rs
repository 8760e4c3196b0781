//! Calls of the user's code: nodes, `on_error`, `retry_on`, routes; and what they hand in, as the engine takes it.

use super::arena::{Held, is_too_deep};
use super::checkpointer::Refusal;
use super::context::NodeContext;
use super::driver::{Place, Work};
use super::errors::NodeError;
use super::execution::Execution;
use super::update::{Command as Routes, Target, Update};
use crate::engine::{Command, Input, Outcome, Thrown};
use crate::error::{ErrorCode, Failure};
use crate::graph::{END, NodeId, RouteId};
use crate::state::{self, Routing, Targets, TaskResult, Write};
use serde_json::{Map, Value};

const TOO_DEEP: &str = "what is more than 100 levels deep; flatten it";

/// What is wrong with a result.
pub(super) enum Fault {
    /// Its own.
    Wrong(ErrorCode, String),
    /// It names a node that is not there.
    UnknownTarget(String),
}

impl Fault {
    /// For an input, which has no targets.
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::Wrong(code, text) => Refusal { code, text },
            Self::UnknownTarget(target) => Refusal {
                code: ErrorCode::RouteUnknownTarget,
                text: format!("the input has a command to `{target}`; only a node's result may"),
            },
        }
    }
}

impl Execution {
    pub(super) fn call_node(&self, work: &mut Work, command: Command) {
        let Command::Run { task, token, node, attempt, step, ordinal, input, generation, .. } = command else { return };
        let is_void = self.with_machine(|machine| machine.generation() != generation);
        let Some(part) = node.index().and_then(|index| self.parts.nodes.get(index)).filter(|_| is_void == Some(false)) else { return };
        let input = input.map(|input| self.arena.borrow().value(&input));
        let place = Place { step, ordinal, attempt, input };
        work.set_place(task, place.clone());
        let ctx = NodeContext::new(self, (task, token), &part.name, place);
        work.begin_task(task, token, (part.run)(self.contents.state(), ctx));
    }

    pub(super) fn call_rescue(&self, work: &mut Work, task: u32, token: u32, failure: &Failure) {
        let Some(part) = failure.node.and_then(NodeId::index).and_then(|index| self.parts.nodes.get(index)) else { return };
        let (Some(on_error), Some(place)) = (&part.on_error, work.place(task)) else { return };
        let ctx = NodeContext::new(self, (task, token), &part.name, place);
        work.begin_task(task, token, on_error(self.error(failure), self.contents.state(), ctx));
    }

    pub(super) fn ask_retry(&self, task: u32, token: u32, attempt: u32, failure: &Failure) {
        let part = failure.node.and_then(NodeId::index).and_then(|index| self.parts.nodes.get(index));
        let retry_on = part.and_then(|part| part.retry_on.clone());
        let retries = retry_on.is_none_or(|retry_on| retry_on(&self.error(failure), attempt));
        self.feed(Input::RetryAnswer { task, token, retries });
    }

    /// What a node returned goes to the machine.
    pub(super) fn settle(&self, task: u32, token: u32, returned: Result<Update, NodeError>) {
        let outcome = match returned {
            Err(error) => Outcome::Threw(self.thrown(ErrorCode::NodeThrew, error)),
            Ok(update) => match self.task_result(update, "its update") {
                Ok(result) => Outcome::Returned(result),
                Err(Fault::Wrong(code, text)) => Outcome::Threw(Thrown { code, text, cause: None }),
                Err(Fault::UnknownTarget(target)) => Outcome::UnknownTarget(target),
            },
        };
        self.feed(Input::Settled { task, token, outcome });
    }

    fn thrown(&self, code: ErrorCode, error: NodeError) -> Thrown {
        let text = error.to_string();
        let bytes = text.len() as u32 + 64;
        Thrown { code, text, cause: Some(self.arena.borrow_mut().hold(Held::Cause(error), bytes)) }
    }

    pub(super) fn call_route(&self, call: u32, route: RouteId) {
        let answer = (self.parts.routes[route as usize])(&self.contents.state()).0;
        let input = match answer {
            Err(error) => Input::RouteThrew { call, thrown: self.thrown(ErrorCode::RouteThrew, error) },
            Ok(targets) => match targets.into_iter().map(|target| self.target(target, Some(route))).collect() {
                Ok(targets) => Input::Routed { call, targets: Targets::Many(targets) },
                Err(Fault::UnknownTarget(target)) => Input::RouteUnknown { call, target },
                Err(Fault::Wrong(_, text)) => Input::RouteThrew { call, thrown: Thrown { code: ErrorCode::RouteThrew, text, cause: None } },
            },
        };
        self.feed(input);
    }

    fn target(&self, target: Target, route: Option<RouteId>) -> Result<state::Target, Fault> {
        let Target { node: name, input } = target;
        let closed = route.map(|route| &self.parts.program.routes[route as usize]).filter(|route| route.is_closed);
        let node = match closed {
            Some(route) => route.targets.iter().find(|(label, _)| **label == *name).map(|(_, node)| *node),
            None if name == END => Some(NodeId::END),
            None => self.parts.node_ids.get(name.as_str()).copied(),
        };
        let node = node.filter(|node| input.is_none() || node.index().is_some());
        let Some(node) = node else { return Err(Fault::UnknownTarget(name)) };
        let input = match input {
            Some(Err(error)) => {
                return Err(Fault::Wrong(ErrorCode::NodeInvalidResult, format!("what it sends to `{name}` is no JSON: {error}")));
            }
            Some(Ok(input)) if is_too_deep(&input) => {
                return Err(Fault::Wrong(ErrorCode::StateNotCloneable, format!("it sends to `{name}` {TOO_DEEP}")));
            }
            Some(Ok(input)) => Some(self.arena.borrow_mut().put(input)),
            None => None,
        };
        Ok(state::Target { node, is_send: input.is_some(), input })
    }

    /// An update as the engine takes it. `place` names it in messages.
    pub(super) fn task_result(&self, update: Update, place: &str) -> Result<TaskResult, Fault> {
        if let Some(problem) = update.problem {
            return Err(Fault::Wrong(ErrorCode::StateInvalidUpdate, format!("{place} {problem}")));
        }
        let mut writes: Vec<Write> = Vec::with_capacity(update.writes.len());
        let mut fields = Map::new();
        for (name, value, is_replace) in update.writes {
            let Some(channel) = self.parts.program.channels.iter().position(|channel| *channel.name == *name) else {
                let known = self.contents.known_channels();
                let text = format!("{place} writes channel `{name}`, which the graph does not have; its channels are {known}");
                return Err(Fault::Wrong(ErrorCode::StateUnknownChannel, text));
            };
            if is_too_deep(&value) {
                return Err(Fault::Wrong(ErrorCode::StateNotCloneable, format!("{place} writes to channel `{name}` {TOO_DEEP}")));
            }
            writes.push(Write { channel: channel as u32, is_replace });
            fields.insert(name, value);
        }
        // Writes go in channel order, whatever the order in which they were made.
        writes.sort_by_key(|write| write.channel);
        let routing = update.command.map(|Routes { is_replace, targets }| {
            let targets: Result<Vec<_>, Fault> = targets.into_iter().map(|target| self.target(target, None)).collect();
            targets.map(|targets| Routing { is_replace, targets })
        });
        let update = (!writes.is_empty()).then(|| self.arena.borrow_mut().put(Value::Object(fields)));
        Ok(TaskResult { update, writes: writes.into(), routing: routing.transpose()?, ..TaskResult::default() })
    }
}
