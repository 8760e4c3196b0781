//! Calls of the user's code: nodes, `on_error`, `retry_on`, routes; and what they hand in, as the engine takes it.

use super::app::NodeCall;
use super::arena::{Held, is_too_deep};
use super::checkpointer::Refusal;
use super::context::NodeContext;
use super::driver::{Place, Work};
use super::errors::NodeError;
use super::execution::Execution;
use super::frame::Frame;
use super::update::{Command as Routes, Target, Update};
use crate::engine::{Command, Input, Outcome, Thrown};
use crate::error::{ErrorCode, Failure};
use crate::graph::{END, NodeId, RouteId};
use crate::state::{self, Routing, Targets, TaskResult, Write};
use serde_json::{Map, Value};
use std::rc::Rc;

const TOO_DEEP: &str = "what is more than 100 levels deep; flatten it";

/// What is wrong with a result.
pub(super) enum Fault {
    /// Its own.
    Wrong(ErrorCode, String),
    /// It names a node that is not there.
    UnknownTarget(String),
}

impl Fault {
    /// Of an attempt.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Wrong(code, text) => Outcome::Threw(Thrown { code, text, cause: None }),
            Self::UnknownTarget(target) => Outcome::UnknownTarget(target),
        }
    }

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
    pub(super) fn call_node(&self, work: &mut Work, frame: &Rc<Frame>, command: Command) {
        let Command::Run { task, token, node, attempt, step, ordinal, input, generation, .. } = command else { return };
        // Of what is void in a sub-graph the generation says nothing.
        let is_due = self.with_machine_in(frame, |machine| machine.generation() == generation && machine.is_running(task, token));
        let Some(part) = node.index().and_then(|index| frame.parts.nodes.get(index)).filter(|_| is_due == Some(true)) else { return };
        let NodeCall::Run(run) = &part.call else { return };
        let input = input.map(|input| self.arena.borrow().value(&input));
        let place = Place { node, step, ordinal, attempt, input };
        work.set_place(frame, task, place.clone());
        let ctx = NodeContext::new(self, frame, (task, token), place);
        work.begin_task(frame, (task, token), run(frame.contents.state(), ctx));
    }

    pub(super) fn call_rescue(&self, work: &mut Work, frame: &Rc<Frame>, task: u32, token: u32, failure: &Failure) {
        let Some(place) = work.place(frame, task) else { return };
        let Some(on_error) = place.node.index().and_then(|index| frame.parts.nodes[index].on_error.as_ref()) else { return };
        let ctx = NodeContext::new(self, frame, (task, token), place);
        let call = on_error(self.error(frame, failure), frame.contents.state(), ctx);
        work.begin_task(frame, (task, token), call);
    }

    pub(super) fn ask_retry(&self, work: &Work, frame: &Frame, (task, token): (u32, u32), attempt: u32, failure: &Failure) {
        let node = work.place(frame, task).and_then(|place| place.node.index());
        let retry_on = node.and_then(|index| frame.parts.nodes[index].retry_on.clone());
        let retries = retry_on.is_none_or(|retry_on| retry_on(&self.error(frame, failure), attempt));
        self.feed_in(frame, Input::RetryAnswer { task, token, retries });
    }

    /// What a node returned goes to the machine.
    pub(super) fn settle(&self, frame: &Frame, task: u32, token: u32, returned: Result<Update, NodeError>) {
        let outcome = match returned {
            Err(error) => self.threw(error),
            Ok(update) => self.task_result(frame, update, "its update").map_or_else(Fault::outcome, Outcome::Returned),
        };
        self.feed_in(frame, Input::Settled { task, token, outcome });
    }

    pub(super) fn threw(&self, error: NodeError) -> Outcome {
        Outcome::Threw(self.thrown(ErrorCode::NodeThrew, error))
    }

    fn thrown(&self, code: ErrorCode, error: NodeError) -> Thrown {
        let text = error.to_string();
        let bytes = text.len() as u32 + 64;
        Thrown { code, text, cause: Some(self.arena.borrow_mut().hold(Held::Cause(error), bytes)) }
    }

    pub(super) fn call_route(&self, frame: &Frame, call: u32, route: RouteId) {
        let answer = (frame.parts.routes[route as usize])(&frame.contents.state()).0;
        let input = match answer {
            Err(error) => Input::RouteThrew { call, thrown: self.thrown(ErrorCode::RouteThrew, error) },
            Ok(targets) => match targets.into_iter().map(|target| self.target(frame, target, Some(route))).collect() {
                Ok(targets) => Input::Routed { call, targets: Targets::Many(targets) },
                Err(Fault::UnknownTarget(target)) => Input::RouteUnknown { call, target },
                Err(Fault::Wrong(_, text)) => Input::RouteThrew { call, thrown: Thrown { code: ErrorCode::RouteThrew, text, cause: None } },
            },
        };
        self.feed_in(frame, input);
    }

    fn target(&self, frame: &Frame, target: Target, route: Option<RouteId>) -> Result<state::Target, Fault> {
        let Target { node: name, input } = target;
        let closed = route.map(|route| &frame.parts.program.routes[route as usize]).filter(|route| route.is_closed);
        let node = match closed {
            Some(route) => route.targets.iter().find(|(label, _)| **label == *name).map(|(_, node)| *node),
            None if name == END => Some(NodeId::END),
            None => frame.parts.node_ids.get(name.as_str()).copied(),
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
    pub(super) fn task_result(&self, frame: &Frame, update: Update, place: &str) -> Result<TaskResult, Fault> {
        if let Some(problem) = update.problem {
            return Err(Fault::Wrong(ErrorCode::StateInvalidUpdate, format!("{place} {problem}")));
        }
        let mut writes: Vec<Write> = Vec::with_capacity(update.writes.len());
        let mut fields = Map::new();
        for (name, value, is_replace) in update.writes {
            let Some(channel) = frame.parts.program.channels.iter().position(|channel| *channel.name == *name) else {
                let known = frame.contents.known_channels();
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
            let targets: Result<Vec<_>, Fault> = targets.into_iter().map(|target| self.target(frame, target, None)).collect();
            targets.map(|targets| Routing { is_replace, targets })
        });
        let update = (!writes.is_empty()).then(|| self.arena.borrow_mut().put(Value::Object(fields)));
        Ok(TaskResult { update, writes: writes.into(), routing: routing.transpose()?, ..TaskResult::default() })
    }
}
