//! Events as words: kind, number, time, transience, then what the kind has. The facade's `event-factory` reads the same order.

use super::words::Out;
use crate::events::{Body, Ending, Event, Place, StepReport, TaskRef};
use crate::graph::NodeId;
use crate::state::TaskResult;
use std::rc::Rc;

pub(super) fn write_event(out: &mut Out, event: &Event) {
    let flags = u8::from(event.is_transient) | u8::from(event.place.is_some()) << 1;
    out.words([f64::from(event.body.kind() as u8), event.seq as f64, event.at, f64::from(flags)]);
    if event.place.is_some() {
        write_path(out, event.place.as_ref());
    }
    match &event.body {
        Body::RunStarted(start) => {
            out.words([(start.graph_hash >> 32) as f64, (start.graph_hash & 0xffff_ffff) as f64, f64::from(u8::from(start.is_resumed))]);
            out.option(start.metadata.as_ref());
            write_nodes(out, start.abandoned.iter().copied());
        }
        Body::RunEnded { ending, steps, duration_ms } => {
            out.words([f64::from(*steps), *duration_ms]);
            match &**ending {
                Ending::Completed { is_end, waiting } => {
                    out.words([f64::from(u8::from(*is_end)), waiting.len() as f64]);
                    for wait in waiting {
                        out.word(wait.to.0);
                        write_nodes(out, wait.missing.iter().copied());
                    }
                }
                Ending::Failed(failure) => out.failure(failure),
                Ending::Cancelled(reason) => out.option(reason.as_ref()),
                Ending::Interrupted(open) => {
                    out.word(open.len() as f64);
                    for kept in open {
                        write_path(out, kept.place.as_ref());
                        write_task(out, &TaskRef { attempt: kept.kind as u32, ..kept.task });
                        out.text(&kept.key);
                        out.option(kept.value.as_ref());
                    }
                }
            }
        }
        Body::StepStarted { step, frontier, .. } => {
            out.word(*step);
            write_nodes(out, frontier.iter().copied());
        }
        Body::StepCompleted(report) => write_report(out, report),
        Body::StateUpdated(update) => write_report(out, &update.report),
        Body::NodeStarted(task) | Body::NodeSkipped(task) => write_task(out, task),
        Body::NodeCompleted { task, duration_ms, result } => {
            write_task(out, task);
            out.word(*duration_ms);
            write_changes(out, result);
        }
        Body::NodeFailed { task, failure, duration_ms, will_retry } => {
            write_task(out, task);
            out.words([*duration_ms, f64::from(u8::from(*will_retry))]);
            out.failure(failure);
        }
        Body::NodeRetrying { task, delay_ms } => {
            write_task(out, task);
            out.word(*delay_ms);
        }
        Body::User { task, payload, number, .. } => {
            write_task(out, task);
            out.words([*number, f64::from(payload.handle())]);
        }
        Body::Diagnostic { scope, message } => {
            out.text(&(*scope).into());
            out.text(message);
        }
        Body::CheckpointSaved { step, duration_ms } => out.words([f64::from(*step), *duration_ms]),
        Body::StreamGap { from, to, count } => out.words([*from as f64, *to as f64, *count as f64]),
        Body::StreamReset { after } => out.word(*after as f64),
    }
}

fn write_report(out: &mut Out, report: &StepReport) {
    out.word(report.step);
    write_nodes(out, report.ran.iter().copied());
    write_nodes(out, report.skipped.iter().copied());
    write_numbers(out, &report.updated);
    write_nodes(out, report.next.iter().map(|entry| entry.node));
    write_numbers(out, &report.versions);
}

/// An update; or of a sub-graph, after how many there are as a negative number, its updates, each with the channels that it writes.
fn write_changes(out: &mut Out, result: &TaskResult) {
    if result.parts.is_empty() {
        return out.option(result.update.as_ref());
    }
    // None are known where the log is read from later on.
    out.word(-(result.updates().count() as f64));
    for (update, writes) in result.updates() {
        out.words([f64::from(update.handle()), writes.len() as f64]);
        writes.iter().for_each(|write| out.word(write.channel));
    }
}

fn write_path(out: &mut Out, place: Option<&Rc<Place>>) {
    let path = Place::path(place);
    out.word(path.len() as f64);
    path.iter().for_each(|(node, task)| out.words([node.0.into(), (*task).into()]));
}

fn write_task(out: &mut Out, task: &TaskRef) {
    out.words([task.step.into(), task.node.0.into(), task.task.into(), task.attempt.into()]);
}

fn write_nodes(out: &mut Out, nodes: impl ExactSizeIterator<Item = NodeId>) {
    out.word(nodes.len() as f64);
    nodes.for_each(|node| out.word(node.0));
}

fn write_numbers(out: &mut Out, numbers: &[u32]) {
    out.word(numbers.len() as f64);
    numbers.iter().for_each(|number| out.word(*number));
}
