//! A whole session in a record: a restore begins with it.

use super::codec::{Reader, Writer};
use super::migration::v1;
use super::session::{ErrorNote, Fold, Session, Status};
use super::{Names, endings, entries, joins, reports, session};
use crate::collected::collected;
use crate::events::StepReport;
use crate::graph::Program;
use crate::state::Versions;
use std::rc::Rc;

pub fn write_session(to: &mut Writer, names: &mut Names, program: &Program, session: &Session) {
    to.text(&session.run_id);
    to.number(session.seed);
    to.byte(session.status as u8);
    to.number(session.graph.step);
    to.number(session.seq);
    to.float(session.at);
    to.float(session.created_at);
    to.number(session.graph.versions.tick);
    let seen = collected((0u32..).zip(&session.graph.versions.seen).filter(|(_, seen)| **seen > 0));
    to.len(seen.len());
    for (node, seen) in seen {
        names.write_node(to, crate::graph::NodeId(node));
        to.number(*seen);
    }
    joins::write_joins(to, names, program, Some(&session.graph.arrivals));
    entries::write_frontier(to, names, program, &session.graph.frontier);
    to.bool(session.graph.is_entering);
    to.bool(session.graph.is_half_done);
    to.bool(session.graph.has_reached_end);
    to.len(session.graph.done.len());
    for done in &session.graph.done {
        names.write_node(to, done.node);
        to.number(done.task);
        entries::write_result(to, names, &done.result);
    }
    to.len(session.notes.len());
    for note in &session.notes {
        to.float(note.at);
        to.number(note.step);
        endings::write_failure(to, names, &note.failure);
    }
    to.option(session.metadata.as_ref());
    to.bool(session.graph.last.is_some());
    if let Some(last) = &session.graph.last {
        reports::write_report(to, names, program, last, &[], &[]);
    }
    to.bool(session.is_lossy);
    to.len(session.ends.len());
    session.ends.iter().for_each(|end| to.number(*end));
    entries::write_keeping(to, names, &session.kept);
    to.len(program.channels.len());
    for (channel, version) in (0u32..).zip(&session.graph.versions.channels) {
        names.write_channel(to, channel);
        to.number(*version);
    }
}

/// What few sessions have stands behind the rest.
pub fn has_more(session: &Session) -> bool {
    session.parent.is_some() || session.graph.held > 0
}

pub fn write_more(to: &mut Writer, session: &Session) {
    to.number(session.graph.held);
    to.bool(session.parent.is_some());
    if let Some((parent, step)) = &session.parent {
        to.text(parent);
        to.number(*step);
    }
}

pub fn read_more(from: &mut Reader<'_>, session: &mut Session) {
    session.graph.held = from.small();
    session.parent = from.bool().then(|| (from.text(), from.step()));
}

pub fn read_session(from: &mut Reader<'_>, names: &Names, program: &Program) -> (Session, Vec<Fold>) {
    let mut session = Session::new(program);
    session.run_id = from.text();
    session.seed = from.number();
    session.status = Status::from_number(from.byte()).unwrap_or_else(|| {
        from.fail("a status is unknown");
        Status::Failed
    });
    session.graph.step = from.step();
    session.seq = from.count();
    session.at = from.float();
    session.created_at = from.float();
    session.graph.versions = Versions { tick: from.count(), ..session.graph.versions };
    for _ in 0..from.len() {
        let (node, seen) = (names.read_node(from), from.number());
        if let Some(slot) = node.index().and_then(|index| session.graph.versions.seen.get_mut(index)) {
            *slot = seen;
        }
    }
    session.graph.lost_joins = joins::read_joins(from, names, program, &mut session.graph.arrivals);
    session.graph.frontier = entries::read_frontier(from, names, program);
    session.graph.is_entering = from.bool();
    session.graph.is_half_done = from.bool();
    session.graph.has_reached_end = from.bool();
    for _ in 0..from.len() {
        let (node, task) = (names.read_node(from), from.small());
        session.graph.add_done(node, task, Rc::new(entries::read_result(from, names)));
    }
    session.notes = from.list(|from| {
        let (at, step) = (from.float(), from.small());
        ErrorNote { at, step, failure: Rc::new(endings::read_failure(from, names)) }
    });
    session.metadata = from.option();
    let last = from.bool().then(|| reports::read_report(from, names, program));
    if !v1::wrote(from) {
        session.is_lossy = from.bool();
        session.ends = from.list(Reader::count);
        session.kept = entries::read_keeping(from, names);
    }
    let mut loads = Vec::new();
    for _ in 0..from.len() {
        // Values are counted apart from bytes: the contents are the last ones, in the order of these channels.
        let (channel, version, value) = (names.find_channel(from), from.small(), from.value());
        if let Err(lost) = channel
            && version > 1
        {
            names.lose(lost);
        }
        let (Ok(Some(channel)), Some(value)) = (channel, value) else { continue };
        session.graph.versions.channels[channel as usize] = version;
        loads.push(session::Fold::Load { channel, value });
    }
    session.graph.last = last.map(|last| {
        Rc::new(StepReport { next: Rc::clone(&session.graph.frontier), versions: session.graph.versions.channels.clone(), ..last })
    });
    (session, loads)
}
