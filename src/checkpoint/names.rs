//! Names of nodes and channels in records. A log mentions a name once, with a number of its own; so records survive a graph
//! whose nodes come in another order, and a name that the graph no longer has is still shown in old events. Ids are those of one graph:
//! `enter` says which, the session's or a sub-graph's, and a name within a sub-graph is told with the names of the nodes around it.

use super::codec::{Reader, Writer};
use super::migration::v1;
use crate::collected::collected;
use crate::events::Place;
use crate::graph::{NodeId, Program, sorted_positions};
use std::cell::Cell;
use std::rc::Rc;

/// Both directions: numbers of the log to names and to the program's ids.
///
/// Number 0 is START, 1 is END; others are `2 + 2 * index` for a node, `3 + 2 * index` for a channel, with the index of the program
/// that first mentioned it. A name that this program does not know gets an id after the program's own ("foreign"). Sub-graphs and foreign
/// names take the indices behind the session's graph as they are met.
#[derive(Default)]
pub struct Names {
    written: Vec<bool>,
    fresh: Vec<u32>,
    read: Map,
    given: Map,
    foreign: Vec<Rc<str>>,
    /// Of each: the name with those of the nodes around it, as in the log.
    foreign_texts: Vec<Rc<str>>,
    /// Of each, ascending: its index.
    foreign_at: Vec<u32>,
    parts: Vec<Part>,
    /// The graph that ids are of: 0 is the session's, else one more than the part.
    at: usize,
    /// Of that graph: the first index, and how many nodes and channels it has.
    start: u32,
    nodes: u32,
    channels: u32,
    /// The first index that is free; 0 before the first is taken.
    next: u32,
    /// Where `enter` was last told to go.
    entered: Option<Rc<Place>>,
    /// Channels that this program lacks, or has with another kind.
    lost: Vec<Rc<str>>,
    /// The first of them that the log has content for, plus one.
    first_lost: Cell<usize>,
    /// Of the graph that wrote the last record.
    graph_hash: u64,
    highest: u32,
    is_lenient: bool,
}

/// A sub-graph, wherever its node runs.
struct Part {
    /// The graph around it, as of `Names::at`.
    up: usize,
    node: NodeId,
    start: u32,
    program: Rc<Program>,
    index: Option<Index>,
}

/// Small numbers by small numbers, sorted: mostly appended to, and much smaller than a hash table's code.
#[derive(Default)]
struct Map(Vec<(u32, u32)>);

impl Map {
    fn get(&self, key: u32) -> Option<u32> {
        let at = self.0.binary_search_by(|(known, _)| known.cmp(&key)).ok()?;
        Some(self.0[at].1)
    }

    fn insert(&mut self, key: u32, value: u32) {
        match self.0.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }
}

/// Between names of nodes, which have no control characters.
const SEPARATOR: u8 = 0x1f;

/// Byte by byte: the standard library's search for a character is code of another licence.
fn separators(name: &str) -> usize {
    name.bytes().filter(|byte| *byte == SEPARATOR).count()
}
/// The kind of a channel takes so many bits; how many nodes stand before its name is told above them.
const KIND_BITS: u8 = 2;
const START: u32 = 0;
const END: u32 = 1;
/// Far above what a log can hold names for.
const HIGHEST: u32 = 1 << 30;
/// From here on, every second number stands for a lost channel.
const LOST: u32 = 2 * HIGHEST + 1;

impl Names {
    /// For one record alone: names that earlier records gave are no fault.
    pub fn lenient() -> Self {
        Self { is_lenient: true, ..Self::default() }
    }

    /// A channel that the log has content for and this program lacks, or has with another kind.
    pub fn lost_channel(&self) -> Option<&str> {
        self.lost.get(self.first_lost.get().checked_sub(1)?).map(|name| &**name)
    }

    /// A record of this graph comes. What an earlier graph kept and the one before it lacked is gone for good.
    pub(super) fn enter_graph(&mut self, graph_hash: u64) {
        if graph_hash != self.graph_hash {
            self.graph_hash = graph_hash;
            self.first_lost.set(0);
        }
    }

    /// Names that records mention and the program does not have; the first has the id `program.nodes.len()`, and so in each sub-graph.
    pub fn foreign(&self) -> &[Rc<str>] {
        &self.foreign
    }

    /// From now on ids are those of the graph at `place`.
    pub(super) fn enter(&mut self, root: &Program, place: Option<&Rc<Place>>) {
        let is_there = match (&self.entered, place) {
            (Some(entered), Some(place)) => Rc::ptr_eq(entered, place),
            (entered, place) => entered.is_none() && place.is_none() && self.nodes as usize == root.nodes.len(),
        };
        if is_there {
            return;
        }
        self.at = self.part_of(root, place);
        self.entered = place.cloned();
        let program = place.map_or(root, |place| &place.program);
        self.start = self.at.checked_sub(1).map_or(0, |part| self.parts[part].start);
        (self.nodes, self.channels) = (program.nodes.len() as u32, program.channels.len() as u32);
    }

    fn part_of(&mut self, root: &Program, place: Option<&Rc<Place>>) -> usize {
        let Some(place) = place else { return 0 };
        // As deep as graphs may be nested.
        let up = self.part_of(root, place.up.as_ref());
        self.part(root, up, place.node, &place.program)
    }

    fn part(&mut self, root: &Program, up: usize, node: NodeId, program: &Rc<Program>) -> usize {
        if let Some(part) = self.parts.iter().position(|part| part.up == up && part.node == node) {
            return part + 1;
        }
        let start = self.take(root, size(program));
        self.parts.push(Part { up, node, start, program: Rc::clone(program), index: None });
        self.parts.len()
    }

    /// Takes free indices.
    fn take(&mut self, root: &Program, count: u32) -> u32 {
        let start = self.next.max(size(root));
        self.next = start + count;
        start
    }

    /// The names of the nodes around a graph, and how many there are.
    fn prefix(&self, root: &Program, at: usize) -> (String, u8) {
        let Some(part) = at.checked_sub(1).map(|part| &self.parts[part]) else { return (String::new(), 0) };
        let (mut prefix, depth) = self.prefix(root, part.up);
        let around = part.up.checked_sub(1).map_or(root, |up| &self.parts[up].program);
        let foreign = || part.node.index().and_then(|index| self.foreign.get(index - around.nodes.len())).map(|name| &**name);
        let name = part.node.index().and_then(|index| around.nodes.get(index)).map(|node| &*node.name).or_else(foreign);
        prefix.push_str(name.unwrap_or("?"));
        prefix.push(char::from(SEPARATOR));
        (prefix, depth + 1)
    }

    /// The graph that an index is of, and its position there.
    fn resolve(&self, root: &Program, index: u32) -> Option<(usize, usize)> {
        if index < size(root) {
            return Some((0, index as usize));
        }
        let part = self.parts.iter().position(|part| (part.start..part.start + size(&part.program)).contains(&index))?;
        Some((part + 1, (index - self.parts[part].start) as usize))
    }

    fn program<'a>(&'a self, root: &'a Program, at: usize) -> &'a Program {
        at.checked_sub(1).map_or(root, |part| &self.parts[part].program)
    }

    /// A record with a snapshot stands for itself: it mentions every name again.
    pub(super) fn forget_written(&mut self) {
        self.written.clear();
    }

    fn mention(&mut self, own: u32) -> u32 {
        // A session that was read keeps the numbers it found; new names go above them.
        let number = match self.given.get(own) {
            Some(number) => number,
            None if self.highest == 0 => own,
            None => {
                self.highest += 2;
                let number = (self.highest & !1) | (own & 1);
                self.given.insert(own, number);
                number
            }
        };
        let at = own as usize;
        if self.written.len() <= at {
            self.written.resize(at + 1, false);
        }
        if !self.written[at] {
            self.written[at] = true;
            self.fresh.push(own);
        }
        number
    }

    pub(super) fn write_node(&mut self, to: &mut Writer, node: NodeId) {
        let number = match node {
            NodeId::START => START,
            NodeId::END => END,
            NodeId(index) if index < self.nodes => self.mention(2 + 2 * (self.start + index)),
            NodeId(index) => {
                let foreign = self.foreign_at.get((index - self.nodes) as usize).copied().unwrap_or_default();
                self.mention(2 + 2 * foreign)
            }
        };
        to.number(number);
    }

    pub(super) fn write_channel(&mut self, to: &mut Writer, channel: u32) {
        let number = self.mention(3 + 2 * (self.start + channel));
        to.number(number);
    }

    /// The names that were mentioned for the first time since the last call, as the head of a record.
    pub(super) fn write_fresh(&mut self, to: &mut Writer, program: &Program) {
        let fresh = std::mem::take(&mut self.fresh);
        to.len(fresh.len());
        for own in fresh {
            to.number(self.given.get(own).unwrap_or(own));
            let index = (own - 2) / 2;
            if let Some(foreign) = self.foreign_at.binary_search(&index).ok().filter(|_| own % 2 == 0) {
                to.text(&self.foreign_texts[foreign]);
                continue;
            }
            let Some((at, index)) = self.resolve(program, index) else { continue };
            let (mut name, depth) = self.prefix(program, at);
            let program = self.program(program, at);
            if own % 2 == 1 {
                let Some(channel) = program.channels.get(index) else { continue };
                name.push_str(&channel.name);
                to.text(&name);
                to.byte(channel.kind as u8 | depth << KIND_BITS);
            } else {
                name.push_str(program.nodes.get(index).map_or("", |node| &node.name));
                to.text(&name);
            }
        }
    }

    /// Reads the head that `write_fresh` wrote.
    pub(super) fn read_fresh(&mut self, from: &mut Reader<'_>, program: &Program, index: &Index) {
        for _ in 0..from.len() {
            let number = from.small();
            let name = from.text();
            if !(2..HIGHEST).contains(&number) {
                return from.fail("a name has an impossible number");
            }
            let own = if number % 2 == 1 {
                let byte = if v1::wrote(from) { None } else { Some(from.byte()) };
                let kind = byte.map(|byte| byte & ((1 << KIND_BITS) - 1));
                let depth = byte.map_or(0, |byte| byte >> KIND_BITS);
                if separators(&name) < depth.into() {
                    return from.fail("a channel has an unknown kind");
                }
                match self.find(program, index, &name, depth.into(), kind) {
                    Some(channel) => 3 + 2 * channel,
                    None => {
                        self.lost.push(name);
                        LOST + 2 * (self.lost.len() as u32 - 1)
                    }
                }
            } else {
                let depth = separators(&name);
                match self.find_node(program, index, &name, depth) {
                    Some(node) => 2 + 2 * node,
                    None => {
                        let known = self.foreign_texts.iter().position(|foreign| *foreign == name);
                        let at = known.unwrap_or_else(|| {
                            let free = self.take(program, 1);
                            self.foreign_at.push(free);
                            let last = name.bytes().rposition(|byte| byte == SEPARATOR).and_then(|end| name.get(end + 1..));
                            self.foreign.push(last.map_or_else(|| Rc::clone(&name), Into::into));
                            self.foreign_texts.push(Rc::clone(&name));
                            self.foreign.len() - 1
                        });
                        2 + 2 * self.foreign_at[at]
                    }
                }
            };
            self.highest = self.highest.max(number | 1);
            self.read.insert(number, own);
            if own < LOST {
                self.given.insert(own, number);
                let at = own as usize;
                if self.written.len() <= at {
                    self.written.resize(at + 1, false);
                }
                self.written[at] = true;
            }
        }
    }

    /// The graph in which a name of so many parts is to be found, and the last part.
    fn walk<'a>(&mut self, root: &Program, index: &Index, name: &'a str, depth: usize) -> Option<(usize, &'a str)> {
        let (mut at, mut name) = (0, name);
        for _ in 0..depth {
            let end = name.bytes().position(|byte| byte == SEPARATOR)?;
            let (node, rest) = (name.get(..end)?, name.get(end + 1..)?);
            let node = self.position(root, index, at, node)?;
            let graph = self.program(root, at).nodes.get(node as usize)?.graph.clone()?;
            at = self.part(root, at, NodeId(node), &graph);
            name = rest;
        }
        Some((at, name))
    }

    /// Of a node in one graph.
    fn position(&mut self, root: &Program, index: &Index, at: usize, name: &str) -> Option<u32> {
        let Some(part) = at.checked_sub(1).and_then(|part| self.parts.get_mut(part)) else { return index.node(root, name) };
        part.index.get_or_insert_with(|| Index::new(&part.program)).node(&part.program, name)
    }

    fn first(&self, at: usize) -> u32 {
        at.checked_sub(1).map_or(0, |part| self.parts[part].start)
    }

    fn find_node(&mut self, root: &Program, index: &Index, name: &str, depth: usize) -> Option<u32> {
        let (at, name) = self.walk(root, index, name, depth)?;
        let node = self.position(root, index, at, name)?;
        Some(self.first(at) + node)
    }

    fn find(&mut self, root: &Program, index: &Index, name: &str, depth: usize, kind: Option<u8>) -> Option<u32> {
        let (at, name) = self.walk(root, index, name, depth)?;
        let channel = match at.checked_sub(1).and_then(|part| self.parts.get_mut(part)) {
            None => index.channel(root, name),
            Some(part) => part.index.get_or_insert_with(|| Index::new(&part.program)).channel(&part.program, name),
        };
        let program = self.program(root, at);
        let channel = channel.filter(|channel| kind.is_none_or(|kind| program.channels[*channel as usize].kind as u8 == kind))?;
        Some(self.first(at) + channel)
    }

    pub(super) fn read_node(&self, from: &mut Reader<'_>) -> NodeId {
        match from.small() {
            START => NodeId::START,
            END => NodeId::END,
            number => match self.read.get(number).and_then(|own| self.local_node(own)) {
                Some(node) => node,
                None if self.is_lenient => NodeId::END,
                None => {
                    from.fail("it mentions a node without a name");
                    NodeId::END
                }
            },
        }
    }

    fn local_node(&self, own: u32) -> Option<NodeId> {
        if own % 2 == 1 {
            return None;
        }
        let index = (own - 2) / 2;
        match index.checked_sub(self.start).filter(|index| *index < self.nodes) {
            Some(node) => Some(NodeId(node)),
            None => Some(NodeId(self.nodes + self.foreign_at.binary_search(&index).ok()? as u32)),
        }
    }

    /// `None` for a channel that the program does not have; then its content is lost.
    pub(super) fn read_channel(&self, from: &mut Reader<'_>) -> Option<u32> {
        self.find_channel(from).unwrap_or_else(|lost| {
            self.lose(lost);
            None
        })
    }

    /// The log has content for a channel that the program lacks.
    pub(super) fn lose(&self, lost: usize) {
        if self.first_lost.get() == 0 {
            self.first_lost.set(lost + 1);
        }
    }

    /// A channel of the program, or the number of a lost one.
    pub(super) fn find_channel(&self, from: &mut Reader<'_>) -> Result<Option<u32>, usize> {
        match self.read.get(from.small()) {
            Some(own) if own % 2 == 1 && own >= LOST => Err(((own - LOST) / 2) as usize),
            Some(own) if own % 2 == 1 && ((own - 3) / 2).wrapping_sub(self.start) < self.channels => Ok(Some((own - 3) / 2 - self.start)),
            None if self.is_lenient => Ok(None),
            _ => {
                from.fail("it mentions a channel without a name");
                Ok(None)
            }
        }
    }
}

/// How many indices a graph takes.
fn size(program: &Program) -> u32 {
    program.nodes.len().max(program.channels.len()) as u32
}

/// Ids by name: positions in the program, sorted by name. Made once per restore.
pub struct Index {
    nodes: Vec<u32>,
    channels: Vec<u32>,
}

impl Index {
    /// The index of a program.
    pub fn new(program: &Program) -> Self {
        let by_name = |names: &[&Rc<str>]| sorted_positions(names.len(), &|left, right| names[left as usize].cmp(names[right as usize]));
        let nodes = collected(program.nodes.iter().map(|node| &node.name));
        let channels = collected(program.channels.iter().map(|channel| &channel.name));
        Self { nodes: by_name(&nodes), channels: by_name(&channels) }
    }

    fn node(&self, program: &Program, name: &str) -> Option<u32> {
        let at = self.nodes.binary_search_by(|node| (*program.nodes[*node as usize].name).cmp(name)).ok()?;
        Some(self.nodes[at])
    }

    fn channel(&self, program: &Program, name: &str) -> Option<u32> {
        let at = self.channels.binary_search_by(|channel| (*program.channels[*channel as usize].name).cmp(name)).ok()?;
        Some(self.channels[at])
    }
}
