//! Events as short lines, so that a test can say what it expects to see.

use super::host::Host;
use std::rc::Rc;
use weavegraph_wasm::events::{Body, Cursor, Ending, Entry, Event, Mask, Overflow, Place, Pulled, StepReport, TaskRef};
use weavegraph_wasm::graph::NodeId;

impl Host {
    pub fn name(&self, node: NodeId) -> String {
        let program = self.lens.borrow();
        let known = program.nodes.len();
        match node {
            NodeId::START => "START".to_owned(),
            NodeId::END => "END".to_owned(),
            NodeId(index) => {
                let node = program.nodes.get(index as usize).map(|node| &node.name);
                let foreign = || self.machine.foreign_names().get(index as usize - known);
                node.or_else(foreign).map_or("?".to_owned(), |name| name.to_string())
            }
        }
    }

    pub fn names(&self, nodes: &[NodeId]) -> String {
        let names: Vec<String> = nodes.iter().map(|node| self.name(*node)).collect();
        names.join(" ")
    }

    /// `node#task` for what `send` made, else the node's name.
    pub fn entries(&self, entries: &[Entry]) -> String {
        let text = |entry: &Entry| match entry.is_send {
            true => format!("{}#{}", self.name(entry.node), entry.task),
            false => self.name(entry.node),
        };
        entries.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    fn task(&self, task: &TaskRef) -> String {
        let ordinal = if task.task > 0 { format!("#{}", task.task) } else { String::new() };
        let attempt = if task.attempt > 1 { format!("!{}", task.attempt) } else { String::new() };
        format!("{}{ordinal}{attempt}", self.name(task.node))
    }

    fn report(&self, report: &StepReport) -> String {
        let channel = |channel: &u32| self.lens.borrow().channels[*channel as usize].name.to_string();
        let updated: Vec<String> = report.updated.iter().map(channel).collect();
        let skipped = if report.skipped.is_empty() { String::new() } else { format!(" skipped {}", self.names(&report.skipped)) };
        let changed = if updated.is_empty() { String::new() } else { format!(" changed {}", updated.join(" ")) };
        format!("{}: ran {}{skipped}{changed} next {}", report.step, self.names(&report.ran), self.entries(&report.next))
    }

    fn details(&self, body: &Body) -> String {
        match body {
            Body::RunStarted(start) => {
                let resumed = if start.is_resumed { " resumed" } else { "" };
                let abandoned =
                    if start.abandoned.is_empty() { String::new() } else { format!(" abandoning {}", self.names(&start.abandoned)) };
                format!("{}{resumed}{abandoned}", start.run_id)
            }
            Body::RunEnded { ending, .. } => self.ending_text(ending),
            Body::StepStarted { step, frontier, .. } => format!("{step}: {}", self.names(frontier)),
            Body::StepCompleted(report) => self.report(report),
            Body::StateUpdated(update) => format!("{} by an update", self.report(&update.report)),
            Body::NodeStarted(task) | Body::NodeSkipped(task) | Body::NodeCompleted { task, .. } => self.task(task),
            Body::NodeFailed { task, failure, will_retry, .. } => {
                let again = if *will_retry { " again" } else { "" };
                format!("{} {}{again}", self.task(task), failure.code.as_str())
            }
            Body::NodeRetrying { task, delay_ms } => format!("{} in {delay_ms}", self.task(task)),
            Body::User { task, payload, .. } => format!("{} {}", self.task(task), self.arena.get(payload)),
            Body::Diagnostic { scope, message } => format!("{scope}: {message}"),
            Body::CheckpointSaved { step, duration_ms } => format!("{step} in {duration_ms}"),
            Body::StreamGap { from, to, count } => format!("{from}..{to} lost {count}"),
            Body::StreamReset { after } => format!("after {after}"),
        }
    }

    fn ending_text(&self, ending: &Ending) -> String {
        match ending {
            Ending::Completed { is_end, waiting } => {
                let reason = if *is_end { "end" } else { "quiescent" };
                let waits = waiting.iter().map(|wait| format!(" {} waits for {}", self.name(wait.to), self.names(&wait.missing)));
                format!("{reason}{}", waits.collect::<String>())
            }
            Ending::Failed(failure) => failure.code.as_str().to_owned(),
            Ending::Cancelled(reason) => {
                reason.as_ref().map_or(String::new(), |reason| self.arena.get(reason).as_str().unwrap_or("?").to_owned())
            }
            Ending::Interrupted(open) => open.iter().map(|kept| kept.key.to_string()).collect::<Vec<_>>().join(" "),
        }
    }

    /// `type details`.
    pub fn line(&self, event: &Event) -> String {
        let path = self.place(event.place.as_ref());
        event.place.iter().for_each(|place| *self.lens.borrow_mut() = Rc::clone(&place.program));
        let line = format!("{} {path}{}", event.body.kind().as_str(), self.details(&event.body)).trim_end().to_owned();
        *self.lens.borrow_mut() = Rc::clone(&self.program);
        line
    }

    /// `node/`, or `node#task/`, of each task around it.
    fn place(&self, place: Option<&Rc<Place>>) -> String {
        let Some(place) = place else { return String::new() };
        let up = self.place(place.up.as_ref());
        *self.lens.borrow_mut() = place.up.as_ref().map_or_else(|| Rc::clone(&self.program), |up| Rc::clone(&up.program));
        let ordinal = if place.task > 0 { format!("#{}", place.task) } else { String::new() };
        format!("{up}{}{ordinal}/", self.name(place.node))
    }

    /// All visible events of this execution.
    pub fn events(&mut self) -> Vec<Rc<Event>> {
        let reader = self.machine.subscribe(Mask::ALL, usize::MAX, Overflow::Drop, Cursor::Start);
        let pulled = self.machine.pull(reader, usize::MAX, self.now);
        self.machine.hub().unsubscribe(reader);
        match pulled {
            Pulled::Events(events) => events,
            Pulled::Empty | Pulled::Ended => Vec::new(),
            Pulled::Refill { after } => panic!("the ring is too small: {after}"),
        }
    }

    /// Lines of the visible events whose type begins with one of `types`.
    pub fn lines(&mut self, types: &[&str]) -> Vec<String> {
        let events = self.events();
        let lines = events.iter().map(|event| self.line(event));
        lines.filter(|line| types.iter().any(|kind| line.starts_with(kind))).collect()
    }

    /// `ran a b | skipped c | next d` of each step.
    pub fn steps(&mut self) -> Vec<String> {
        let lines = self.lines(&["step.completed"]);
        lines.iter().map(|line| line.trim_start_matches("step.completed ").to_owned()).collect()
    }

    /// `completed end`, `failed CODE`, `cancelled reason`.
    pub fn ending(&self) -> String {
        assert!(self.is_finished, "the run is not over");
        let event = self.machine.terminal_event().expect("a terminal event");
        self.line(&event).trim_start_matches("run.").to_owned()
    }

    /// The message of the failure that ended the run.
    pub fn message(&self) -> String {
        let event = self.machine.terminal_event().expect("a terminal event");
        let Body::RunEnded { ending, .. } = event.body else { panic!("no end") };
        match &*ending {
            Ending::Failed(failure) => failure.message.to_string(),
            other => panic!("{other:?}"),
        }
    }
}
