//! How an execution ended, and why something failed, in records.

use super::Names;
use super::codec::{Reader, Writer};
use super::entries::{read_nodes, write_nodes};
use crate::error::{ErrorCode, Failure, Scope};
use crate::events::{Ending, EventKind, Waiting};
use std::rc::Rc;

/// In place of whether a failure has a node: it has the node of a sub-graph, and the name of one within that.
const IS_INNER: u8 = 2;

pub fn write_failure(to: &mut Writer, names: &mut Names, failure: &Failure) {
    to.byte(failure.code as u8);
    to.text(&failure.message);
    to.byte(failure.scope as u8);
    to.byte(if failure.inner.is_some() { IS_INNER } else { u8::from(failure.node.is_some()) });
    if let Some(node) = failure.node {
        names.write_node(to, node);
    }
    if let Some(inner) = &failure.inner {
        to.text(inner);
    }
    to.number(failure.step.map_or(0, |step| step + 1));
    to.option(failure.cause.as_ref());
}

pub fn read_failure(from: &mut Reader<'_>, names: &Names) -> Failure {
    let code = ErrorCode::ALL.get(from.byte() as usize).copied().unwrap_or_else(|| {
        from.fail("an error has an unknown code");
        ErrorCode::CheckpointCorrupt
    });
    let message = from.text();
    let scope = match from.byte() {
        0 => Scope::Node,
        1 => Scope::Scheduler,
        2 => Scope::Runner,
        _ => {
            from.fail("an error has an unknown scope");
            Scope::Runner
        }
    };
    let is_inner = from.takes(IS_INNER);
    let node = if is_inner || from.bool() { Some(names.read_node(from)) } else { None };
    let inner = is_inner.then(|| from.text());
    let step = from.small().checked_sub(1);
    Failure { code, message, node, inner, step, cause: from.option(), scope }
}

pub fn write_ending(to: &mut Writer, names: &mut Names, ending: &Ending) {
    match ending {
        Ending::Completed { is_end, waiting } => {
            to.bool(*is_end);
            to.len(waiting.len());
            for wait in waiting {
                names.write_node(to, wait.to);
                write_nodes(to, names, &wait.missing);
            }
        }
        Ending::Failed(failure) => write_failure(to, names, failure),
        Ending::Cancelled(reason) => to.option(reason.as_ref()),
        // What it waits for is in the log already.
        Ending::Interrupted(_) => {}
    }
}

pub fn read_ending(from: &mut Reader<'_>, names: &Names, kind: EventKind) -> Ending {
    match kind {
        EventKind::RunCompleted => Ending::Completed {
            is_end: from.bool(),
            waiting: from.list(|from| Waiting { to: names.read_node(from), missing: read_nodes(from, names) }),
        },
        EventKind::RunFailed => Ending::Failed(Rc::new(read_failure(from, names))),
        EventKind::RunInterrupted => Ending::Interrupted(Vec::new()),
        _ => Ending::Cancelled(from.option()),
    }
}
