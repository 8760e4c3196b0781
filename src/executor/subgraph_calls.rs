//! Sub-graphs: makes their contents as they begin, and maps what goes in and out.

use super::app::Subgraph;
use super::calls::Fault;
use super::driver::{Place, Work};
use super::errors::NodeError;
use super::execution::Execution;
use super::frame::{Around, Frame, begin_inner};
use super::update::Update;
use crate::engine::{Command, Input, Options, Outcome};
use crate::graph::NodeId;
use crate::state::TaskResult;
use std::rc::Rc;

impl Execution {
    /// A sub-graph begins, or goes on where its log left it.
    pub(super) fn open_inner(&self, work: &mut Work, around: &Rc<Frame>, command: Command) {
        let Command::Open { frame, task, token, node, attempt, step, ordinal, input, is_restored } = command else { return };
        let restored = self.restored.borrow_mut().remove(&frame).filter(|_| is_restored);
        if self.with_machine_in(around, |machine| machine.is_running(task, token)) != Some(true) {
            return;
        }
        let Some((parts, contents)) = restored.or_else(|| begin_inner(&around.parts, &around.contents, node)) else { return };
        let input = input.map(|input| self.arena.borrow().value(&input));
        let place = Place { node, step, ordinal, attempt, input: input.clone() };
        work.set_place(around, task, place.clone());
        let outer = Around { frame: Rc::clone(around), task, token, node };
        let inner = Rc::new(Frame::inner(frame, parts, contents, outer, &place));
        // What the user maps its input with is not asked again when it goes on.
        let mapped = self.subgraph(around, node).and_then(|subgraph| subgraph.input.as_ref()).filter(|_| !is_restored);
        let mapped = mapped.map(|map| map(&around.contents.state())).transpose();
        let inputs = mapped.map_err(|error| self.threw(error)).and_then(|mapped| {
            let sent = input.map(Update::from).filter(|_| !is_restored);
            let updates = mapped
                .map(|update| (update, "what its input is mapped to"))
                .into_iter()
                .chain(sent.map(|update| (update, "what it was sent")));
            updates
                .map(|(update, place)| self.task_result(&inner, update, place).map_err(Fault::outcome))
                .collect::<Result<Vec<TaskResult>, Outcome>>()
        });
        let max_steps = inner.parts.defaults.max_steps.or(self.options.max_steps).unwrap_or(Options::default().max_steps);
        self.frames.borrow_mut().insert(frame, Rc::clone(&inner));
        match inputs {
            Ok(inputs) => self.feed_in(&inner, Input::Opened { inputs, max_steps }),
            Err(outcome) => self.feed_in(around, Input::Settled { task, token, outcome }),
        }
    }

    fn subgraph<'a>(&self, around: &'a Frame, node: NodeId) -> Option<&'a Subgraph> {
        around.parts.nodes.get(node.index()?)?.subgraph()
    }

    /// A sub-graph is done, and the user maps what it returns.
    pub(super) fn output(&self, inner: &Frame) {
        let Some(Around { frame: around, task, token, node }) = &inner.around else { return };
        let Some(output) = self.subgraph(around, *node).and_then(|subgraph| subgraph.output.clone()) else { return };
        let returned: Result<Update, NodeError> = output(&inner.contents.state());
        self.settle(around, *task, *token, returned);
    }
}
