//! A graph that runs: that of the session, or a sub-graph as a task of the graph around it. Owns its contents; has no say in what
//! happens.

use super::app::Parts;
use super::driver::Place;
use super::state::Contents;
use crate::graph::NodeId;
use std::rc::Rc;

/// See the module's head.
pub(super) struct Frame {
    /// The engine's number: 0 is the session's graph.
    pub id: u32,
    pub parts: Rc<Parts>,
    pub contents: Rc<Contents>,
    pub around: Option<Around>,
    /// The tasks around it, outermost first, as `node` or `node#task`.
    pub path: Vec<String>,
    /// The same with their steps, which tells one invocation from the next.
    pub key: String,
}

/// The attempt that runs a sub-graph.
pub(super) struct Around {
    pub frame: Rc<Frame>,
    pub task: u32,
    pub token: u32,
    pub node: NodeId,
}

impl Frame {
    pub(super) fn root(parts: Rc<Parts>, contents: Rc<Contents>) -> Self {
        Self { id: 0, parts, contents, around: None, path: Vec::new(), key: String::new() }
    }

    pub(super) fn inner(id: u32, parts: Rc<Parts>, contents: Rc<Contents>, around: Around, place: &Place) -> Self {
        let name = around.frame.parts.name(around.node);
        let mut path = around.frame.path.clone();
        path.push(path_part(&name, place.ordinal));
        let before = &around.frame.key;
        let key = format!("{before}{}{}/{}#{}", if before.is_empty() { "" } else { "/" }, place.step, escaped(&name), place.ordinal);
        Self { id, parts, contents, around: Some(around), path, key }
    }
}

/// A task as a part of a path.
pub(super) fn path_part(node: &str, task: u32) -> String {
    if task == 0 { node.to_owned() } else { format!("{node}#{task}") }
}

/// Keeps the parts of a key apart.
pub(super) fn escaped(part: &str) -> String {
    part.replace('%', "%25").replace('/', "%2F").replace('#', "%23")
}

/// What a sub-graph is made of, and its contents.
pub(super) type Begun = (Rc<Parts>, Rc<Contents>);

/// A sub-graph that begins has contents of its own, and what it shares with the graph around it unless its input is mapped.
pub(super) fn begin_inner(around: &Parts, contents: &Contents, node: NodeId) -> Option<Begun> {
    let index = node.index()?;
    let subgraph = around.nodes.get(index)?.subgraph()?;
    let inner = Contents::new(&subgraph.parts.program, &subgraph.parts.channels, contents.session_id());
    if subgraph.input.is_none() {
        inner.share(contents, &around.program.nodes[index].shared);
    }
    Some((Rc::clone(&subgraph.parts), inner))
}
