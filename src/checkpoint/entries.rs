//! How one durable event is written in a record, and read back. A lifecycle event takes three to six bytes and is rebuilt from
//! them; user events and what tasks returned bring their value along.

use super::Names;
use super::codec::{Reader, Writer};
use super::endings::{read_ending, read_failure, write_ending, write_failure};
use super::joins::{read_join, write_join};
use super::kept::{Keeping, address};
use super::reports::{read_opening, read_report, read_start, write_opening, write_report, write_start};
use crate::events::{Body, Entry, Event, EventKind, Kept, KeptKind, Place, StateUpdate, TaskRef};
use crate::graph::{NodeId, Program};
use crate::state::{Routing, Target, TaskResult, Value, Write};
use std::rc::Rc;

/// Numbers of what stands among the events and takes no number of theirs: records of `once`, questions and answers. Each is a task (as
/// `write_task` writes it), a text (the key, or the question's id) and perhaps a value. The attempt says which kind of question it is.
const ONCE: u8 = 64;
const QUESTION: u8 = 65;
const ANSWER: u8 = 66;
const QUESTIONS: [KeptKind; 3] = [KeptKind::Interrupt, KeptKind::Before, KeptKind::After];

/// A change of the state from outside; readers see a completed step.
const STATE_UPDATED: u8 = 68;

/// Before events of another graph than the one before them: the tasks that run it, from the outermost on. It takes no number of an event.
const PLACE: u8 = 67;
/// Far above how deep graphs may be nested.
const DEEPEST: usize = 128;
/// In place of whether a result has a routing: it is a sub-graph's, and what it wrote is in its own events.
const HAS_PARTS: u8 = 2;

/// Says where the events that follow happened.
pub fn write_place(to: &mut Writer, names: &mut Names, program: &Program, place: Option<&Rc<Place>>) {
    to.byte(PLACE);
    write_path(to, names, program, place);
    names.enter(program, place);
}

fn write_path(to: &mut Writer, names: &mut Names, program: &Program, place: Option<&Rc<Place>>) {
    let mut levels = Vec::new();
    let mut at = place;
    while let Some(level) = at {
        levels.push(level);
        at = level.up.as_ref();
    }
    to.len(levels.len());
    while let Some(level) = levels.pop() {
        names.enter(program, level.up.as_ref());
        names.write_node(to, level.node);
        to.number(level.task);
    }
}

/// Reads where the next event happened, if that is said; else it happened at `place`.
pub fn read_place(from: &mut Reader<'_>, names: &mut Names, program: &Program, place: &mut Option<Rc<Place>>) {
    if !from.takes(PLACE) {
        return;
    }
    *place = None;
    let levels = from.len();
    if levels > DEEPEST {
        return from.fail("graphs are nested too deep");
    }
    for _ in 0..levels {
        names.enter(program, place.as_ref());
        let (node, task) = (names.read_node(from), from.small());
        let around = place.as_ref().map_or(program, |place| &place.program);
        let graph = node.index().and_then(|index| around.nodes.get(index)).and_then(|node| node.graph.clone());
        let inner = graph.unwrap_or_else(|| Rc::new(Program::empty()));
        *place = Some(Rc::new(Place { up: place.take(), node, task, program: inner }));
    }
    names.enter(program, place.as_ref());
}

pub fn write_kept(to: &mut Writer, names: &mut Names, kept: &Kept) {
    let (number, attempt) = match kept.kind {
        KeptKind::Once => (ONCE, 0),
        KeptKind::Interrupt => (QUESTION, 0),
        KeptKind::Before => (QUESTION, 1),
        KeptKind::After => (QUESTION, 2),
        KeptKind::Answer => (ANSWER, 0),
    };
    to.byte(number);
    write_task(to, names, &TaskRef { attempt, ..kept.task });
    to.text(&kept.key);
    to.option(kept.value.as_ref());
}

/// What `write_kept` wrote, its number being read.
fn read_kept(from: &mut Reader<'_>, names: &Names, number: u8, place: Option<Rc<Place>>) -> Kept {
    let task = read_task(from, names);
    let kind = match number {
        ONCE => KeptKind::Once,
        ANSWER => KeptKind::Answer,
        _ => QUESTIONS.get(task.attempt as usize).copied().unwrap_or_else(|| {
            from.fail("a question is of an unknown kind");
            KeptKind::Interrupt
        }),
    };
    let task = TaskRef { attempt: 0, ..task };
    Kept { kind, place, address: address(&[], &task), task, key: from.text(), value: from.option() }
}

/// What a snapshot's step has kept: it is of the session's graph, since sub-graphs have no snapshots.
pub fn write_keeping(to: &mut Writer, names: &mut Names, keeping: &Keeping) {
    let own = || keeping.all().iter().filter(|kept| kept.place.is_none());
    to.len(own().count());
    own().for_each(|kept| write_kept(to, names, kept));
}

pub fn read_keeping(from: &mut Reader<'_>, names: &Names) -> Keeping {
    let mut keeping = Keeping::default();
    for _ in 0..from.len() {
        let number = from.byte();
        if !(ONCE..=ANSWER).contains(&number) {
            from.fail("a step has kept something unknown");
        }
        keeping.add(Rc::new(read_kept(from, names, number, None)));
    }
    keeping
}

pub fn write(to: &mut Writer, names: &mut Names, program: &Program, event: &Event) {
    to.byte(if let Body::StateUpdated(_) = event.body { STATE_UPDATED } else { event.body.kind() as u8 });
    to.instant(event.at);
    match &event.body {
        Body::RunStarted(start) => write_start(to, names, program, start),
        Body::RunEnded { ending, steps, duration_ms } => {
            to.number(*steps);
            to.duration(*duration_ms);
            write_ending(to, names, ending);
        }
        Body::StepStarted { step, frontier, start } => {
            to.number(*step);
            write_nodes(to, names, frontier);
            if event.place.is_some() {
                to.bool(start.is_some());
                start.iter().for_each(|start| write_opening(to, names, program, start));
            }
        }
        Body::StepCompleted(report) => write_report(to, names, program, report, &report.next, &report.reduced),
        Body::StateUpdated(update) => write_update(to, names, program, update),
        Body::NodeStarted(task) | Body::NodeSkipped(task) => write_task(to, names, task),
        Body::NodeCompleted { task, duration_ms, result } => {
            write_task(to, names, task);
            to.duration(*duration_ms);
            write_result(to, names, result);
        }
        Body::NodeFailed { task, failure, duration_ms, will_retry } => {
            write_task(to, names, task);
            to.duration(*duration_ms);
            to.bool(*will_retry);
            write_failure(to, names, failure);
        }
        Body::NodeRetrying { task, delay_ms } => {
            write_task(to, names, task);
            to.duration(*delay_ms);
        }
        Body::User { task, payload, number, .. } => {
            write_task(to, names, task);
            to.duration(*number);
            to.value(payload);
        }
        // Transient kinds are never stored.
        Body::Diagnostic { .. } | Body::CheckpointSaved { .. } | Body::StreamGap { .. } | Body::StreamReset { .. } => {}
    }
}

/// One entry of a record.
pub enum Item {
    Event(Event),
    Kept(Kept),
}

/// `None` only when the record is broken. `seq`: of the event, if it is one.
pub fn read(from: &mut Reader<'_>, names: &Names, program: &Program, seq: u64, place: Option<Rc<Place>>) -> Option<Item> {
    let number = from.byte();
    if (ONCE..=ANSWER).contains(&number) {
        return Some(Item::Kept(read_kept(from, names, number, place)));
    }
    if number == STATE_UPDATED {
        let at = from.instant();
        let body = Body::StateUpdated(Rc::new(read_update(from, names, program)));
        return Some(Item::Event(Event { seq, at, is_transient: false, place, body }));
    }
    let Some(kind) = EventKind::from_number(u32::from(number)) else {
        from.fail("an event has an unknown type");
        return None;
    };
    let at = from.instant();
    let body = match kind {
        EventKind::RunStarted => Body::RunStarted(Rc::new(read_start(from, names, program))),
        EventKind::RunCompleted | EventKind::RunFailed | EventKind::RunCancelled | EventKind::RunInterrupted => {
            let steps = from.small();
            let duration_ms = from.duration();
            Body::RunEnded { steps, duration_ms, ending: Rc::new(read_ending(from, names, kind)) }
        }
        EventKind::StepStarted => {
            let (step, frontier) = (from.small(), read_nodes(from, names).into());
            let has_start = place.is_some() && from.bool();
            Body::StepStarted { step, frontier, start: has_start.then(|| Rc::new(read_opening(from, names, program))) }
        }
        EventKind::StepCompleted => Body::StepCompleted(Rc::new(read_report(from, names, program))),
        EventKind::NodeStarted => Body::NodeStarted(read_task(from, names)),
        EventKind::NodeSkipped => Body::NodeSkipped(read_task(from, names)),
        EventKind::NodeCompleted => {
            let task = read_task(from, names);
            let duration_ms = from.duration();
            Body::NodeCompleted { task, duration_ms, result: Rc::new(read_result(from, names)) }
        }
        EventKind::NodeFailed => {
            let task = read_task(from, names);
            let duration_ms = from.duration();
            let will_retry = from.bool();
            Body::NodeFailed { task, duration_ms, will_retry, failure: Rc::new(read_failure(from, names)) }
        }
        EventKind::NodeRetrying => Body::NodeRetrying { task: read_task(from, names), delay_ms: from.duration() },
        EventKind::Message
        | EventKind::LlmChunk
        | EventKind::LlmFinal
        | EventKind::LlmError
        | EventKind::ToolCall
        | EventKind::ToolResult
        | EventKind::Progress
        | EventKind::Milestone
        | EventKind::Custom
        | EventKind::Diagnostic => {
            let task = read_task(from, names);
            let number = from.duration();
            Body::User { kind, task, number, payload: from.value()? }
        }
        EventKind::CheckpointSaved | EventKind::StreamGap | EventKind::StreamReset | EventKind::Snapshot => {
            from.fail("an event has a type that is never stored");
            return None;
        }
    };
    Some(Item::Event(Event { seq, at, is_transient: false, place, body }))
}

/// Without the frontier where it stays.
fn write_update(to: &mut Writer, names: &mut Names, program: &Program, update: &StateUpdate) {
    to.bool(update.opens_branch);
    to.bool(update.as_node.is_some());
    if let Some(node) = update.as_node {
        names.write_node(to, node);
    }
    write_result(to, names, &update.result);
    let next = if update.as_node.is_some() { &update.report.next[..] } else { &[] };
    write_report(to, names, program, &update.report, next, &update.report.reduced);
}

fn read_update(from: &mut Reader<'_>, names: &Names, program: &Program) -> StateUpdate {
    StateUpdate {
        opens_branch: from.bool(),
        as_node: if from.bool() { Some(names.read_node(from)) } else { None },
        result: Rc::new(read_result(from, names)),
        report: Rc::new(read_report(from, names, program)),
    }
}

fn write_task(to: &mut Writer, names: &mut Names, task: &TaskRef) {
    to.number(task.step);
    names.write_node(to, task.node);
    to.number(task.task);
    to.number(task.attempt);
}

fn read_task(from: &mut Reader<'_>, names: &Names) -> TaskRef {
    TaskRef { step: from.small(), node: names.read_node(from), task: from.small(), attempt: from.small() }
}

pub fn write_nodes(to: &mut Writer, names: &mut Names, nodes: &[NodeId]) {
    to.len(nodes.len());
    for node in nodes {
        names.write_node(to, *node);
    }
}

pub fn read_nodes(from: &mut Reader<'_>, names: &Names) -> Vec<NodeId> {
    from.list(|from| names.read_node(from))
}

pub fn write_channels(to: &mut Writer, names: &mut Names, channels: &[u32]) {
    to.len(channels.len());
    for channel in channels {
        names.write_channel(to, *channel);
    }
}

pub fn read_channels(from: &mut Reader<'_>, names: &Names) -> Vec<u32> {
    let mut channels = Vec::new();
    for _ in 0..from.len() {
        if let Some(channel) = names.read_channel(from) {
            channels.push(channel);
        }
    }
    channels
}

pub fn write_loads(to: &mut Writer, names: &mut Names, loads: &[(u32, Value)]) {
    to.len(loads.len());
    for (channel, value) in loads {
        names.write_channel(to, *channel);
        to.value(value);
    }
}

pub fn read_loads(from: &mut Reader<'_>, names: &Names) -> Vec<(u32, Value)> {
    let mut loads = Vec::new();
    for _ in 0..from.len() {
        if let (Some(channel), Some(value)) = (names.read_channel(from), from.value()) {
            loads.push((channel, value));
        }
    }
    loads
}

pub fn write_result(to: &mut Writer, names: &mut Names, result: &TaskResult) {
    to.option(result.update.as_ref());
    to.len(result.writes.len());
    for write in result.writes.iter() {
        names.write_channel(to, write.channel);
        to.bool(write.is_replace);
    }
    to.byte(if result.parts.is_empty() { u8::from(result.routing.is_some()) } else { HAS_PARTS });
    if let Some(routing) = &result.routing {
        to.bool(routing.is_replace);
        to.len(routing.targets.len());
        for target in &routing.targets {
            names.write_node(to, target.node);
            to.bool(target.is_send);
            to.option(target.input.as_ref());
        }
    }
}

pub fn read_result(from: &mut Reader<'_>, names: &Names) -> TaskResult {
    let update = from.option();
    let mut writes = Vec::new();
    for _ in 0..from.len() {
        if let (Some(channel), is_replace) = (names.read_channel(from), from.bool()) {
            writes.push(Write { channel, is_replace });
        }
    }
    if from.takes(HAS_PARTS) {
        // What they are is for the replay to say.
        return TaskResult { parts: vec![Rc::default()], ..TaskResult::default() };
    }
    let routing = if from.bool() {
        let is_replace = from.bool();
        let targets = from.list(|from| Target { node: names.read_node(from), is_send: from.bool(), input: from.option() });
        Some(Routing { is_replace, targets })
    } else {
        None
    };
    TaskResult { update, writes: writes.into(), routing, parts: Vec::new() }
}

pub fn write_frontier(to: &mut Writer, names: &mut Names, program: &Program, frontier: &[Entry]) {
    to.len(frontier.len());
    for entry in frontier {
        names.write_node(to, entry.node);
        to.number(entry.task);
        to.byte(
            u8::from(entry.is_send)
                | u8::from(entry.is_gated) << 1
                | u8::from(entry.input.is_some()) << 2
                | u8::from(!entry.joins.is_empty()) << 3,
        );
        if let Some(input) = &entry.input {
            to.value(input);
        }
        if !entry.joins.is_empty() {
            to.len(entry.joins.len());
            entry.joins.iter().for_each(|join| write_join(to, names, program, *join));
        }
    }
}

pub fn read_frontier(from: &mut Reader<'_>, names: &Names, program: &Program) -> Rc<[Entry]> {
    let entries = from.list(|from| {
        let node = names.read_node(from);
        if node == NodeId::START {
            from.fail("START is to run");
        }
        let task = from.small();
        let flags = from.byte();
        let input = if flags & 4 != 0 { from.value() } else { None };
        let mut joins = Vec::new();
        for _ in 0..if flags & 8 != 0 { from.len() } else { 0 } {
            joins.extend(read_join(from, names, program));
        }
        Entry { node, task, is_send: flags & 1 != 0, input, is_gated: flags & 2 != 0, joins }
    });
    entries.into()
}
