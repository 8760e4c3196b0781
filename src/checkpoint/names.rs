//! Names of nodes and channels in records. A log mentions a name once, with a number of its own; so records survive a graph
//! whose nodes come in another order, and a name that the graph no longer has is still shown in old events.

use super::codec::{Reader, Writer};
use super::migration::v1;
use crate::collected::collected;
use crate::graph::{ChannelKind, NodeId, Program, sorted_positions};
use std::cell::Cell;
use std::rc::Rc;

/// Both directions: numbers of the log to names and to the program's ids.
///
/// Number 0 is START, 1 is END; others are `2 + 2 * index` for a node, `3 + 2 * index` for a channel, with the index of the program
/// that first mentioned it. A name that this program does not know gets an id after the program's own ("foreign").
#[derive(Default)]
pub struct Names {
    written: Vec<bool>,
    fresh: Vec<u32>,
    read: Map,
    given: Map,
    foreign: Vec<Rc<str>>,
    /// Channels that this program lacks, or has with another kind.
    lost: Vec<Rc<str>>,
    /// The first of them that the log has content for, plus one.
    first_lost: Cell<usize>,
    /// Of the graph that wrote the last record.
    graph_hash: u64,
    highest: u32,
    is_lenient: bool,
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

    /// Names that records mention and the program does not have; the first has the id `program.nodes.len()`.
    pub fn foreign(&self) -> &[Rc<str>] {
        &self.foreign
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
            NodeId(index) => self.mention(2 + 2 * index),
        };
        to.number(number);
    }

    pub(super) fn write_channel(&mut self, to: &mut Writer, channel: u32) {
        let number = self.mention(3 + 2 * channel);
        to.number(number);
    }

    /// The names that were mentioned for the first time since the last call, as the head of a record.
    pub(super) fn write_fresh(&mut self, to: &mut Writer, program: &Program) {
        let fresh = std::mem::take(&mut self.fresh);
        to.len(fresh.len());
        for own in fresh {
            to.number(self.given.get(own).unwrap_or(own));
            let index = ((own - 2) / 2) as usize;
            if own % 2 == 1 {
                let Some(channel) = program.channels.get(index) else { continue };
                to.text(&channel.name);
                to.byte(channel.kind as u8);
            } else {
                let name = program.nodes.get(index).map(|node| &node.name).or_else(|| self.foreign.get(index - program.nodes.len()));
                to.text(name.map_or("", |name| name));
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
                let kind = if v1::wrote(from) { None } else { Some(from.byte()) };
                if kind.is_some_and(|kind| usize::from(kind) >= ChannelKind::ALL.len()) {
                    return from.fail("a channel has an unknown kind");
                }
                let is_same = |channel: &u32| kind.is_none_or(|kind| program.channels[*channel as usize].kind as u8 == kind);
                match index.channel(program, &name).filter(is_same) {
                    Some(channel) => 3 + 2 * channel,
                    None => {
                        self.lost.push(name);
                        LOST + 2 * (self.lost.len() as u32 - 1)
                    }
                }
            } else {
                match index.node(program, &name) {
                    Some(node) => 2 + 2 * node,
                    None => {
                        let known = self.foreign.iter().position(|foreign| *foreign == name);
                        let at = known.unwrap_or_else(|| {
                            self.foreign.push(Rc::clone(&name));
                            self.foreign.len() - 1
                        });
                        2 + 2 * (program.nodes.len() + at) as u32
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

    pub(super) fn read_node(&self, from: &mut Reader<'_>) -> NodeId {
        match from.small() {
            START => NodeId::START,
            END => NodeId::END,
            number => match self.read.get(number) {
                Some(own) if own % 2 == 0 => NodeId((own - 2) / 2),
                None if self.is_lenient => NodeId::END,
                _ => {
                    from.fail("it mentions a node without a name");
                    NodeId::END
                }
            },
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
            Some(own) if own % 2 == 1 => Ok(Some((own - 3) / 2)),
            None if self.is_lenient => Ok(None),
            _ => {
                from.fail("it mentions a channel without a name");
                Ok(None)
            }
        }
    }
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
