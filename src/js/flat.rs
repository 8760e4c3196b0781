//! Definitions as two flat lists, texts and numbers, in the order of their fields. A graph of 100,000 nodes crosses in a few calls, and
//! no decoder of general objects has to be in the wasm. The texts come as one: a list of strings would be a reference to each of them, for
//! which the table of references grows piece by piece, and never shrinks.

use crate::collected::collected;
use crate::graph::{ChannelDefinition, Definition, EdgeDefinition, NodeDefinition, Program, RetryDefinition, RouteDefinition};
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    /// The sub-graphs of the definition that comes next.
    static LENT: RefCell<Vec<Rc<Program>>> = const { RefCell::new(Vec::new()) };
}

/// Adds a sub-graph of the definition that comes next.
pub(super) fn lend(program: &Rc<Program>) {
    LENT.with_borrow_mut(|lent| lent.push(Rc::clone(program)));
}

/// What a definition takes for each of its texts, and again what is compiled from it.
const BYTES_PER_TEXT: usize = 100;

/// Makes room for a definition of so many texts at once. The allocator grows the memory by no more than an allocation lacks, and while the
/// memory is large V8 collects all garbage each time that it grows.
pub(super) fn reserve(texts: usize) {
    let mut room: Vec<u8> = Vec::new();
    // Where there is no room, whoever needs it finds out.
    let _ = room.try_reserve_exact(texts.saturating_mul(BYTES_PER_TEXT));
    std::hint::black_box(&room);
}

/// Reads what the facade's `flatten` wrote: each field in order; a list is its length and its items, an option a flag and its value.
pub(super) struct Flat {
    /// All texts, with one character between two, so that halves of surrogate pairs do not meet.
    joined: String,
    at: usize,
    /// UTF-16 units of each text.
    lengths: std::vec::IntoIter<f64>,
    numbers: std::vec::IntoIter<f64>,
}

impl Flat {
    pub(super) fn new(joined: String, lengths: Vec<f64>, numbers: Vec<f64>) -> Self {
        reserve(lengths.len());
        Self { joined, at: 0, lengths: lengths.into_iter(), numbers: numbers.into_iter() }
    }

    fn text(&mut self) -> String {
        let mut units = self.lengths.next().unwrap_or_default() as usize;
        let rest = self.joined.get(self.at..).unwrap_or_default();
        let mut end = 0;
        for character in rest.chars() {
            if units == 0 {
                break;
            }
            units = units.saturating_sub(character.len_utf16());
            end += character.len_utf8();
        }
        self.at += end + 1;
        String::from(rest.get(..end).unwrap_or_default())
    }

    fn number(&mut self) -> f64 {
        self.numbers.next().unwrap_or_default()
    }

    fn flag(&mut self) -> bool {
        self.number() == 1.0
    }

    fn option(&mut self) -> Option<f64> {
        self.flag().then(|| self.number())
    }

    fn texts(&mut self) -> Vec<String> {
        let count = self.number() as usize;
        collected((0..count).map(|_| self.text()))
    }

    pub(super) fn definition(&mut self) -> Definition {
        let mut definition = Definition { name: self.text(), allow_cycles: self.flag(), ..Definition::default() };
        for _ in 0..self.number() as usize {
            definition.channels.push(self.channel());
        }
        for _ in 0..self.number() as usize {
            definition.nodes.push(self.node());
        }
        for _ in 0..self.number() as usize {
            definition.edges.push(EdgeDefinition { from: self.texts(), to: self.text(), join: self.flag() });
        }
        for _ in 0..self.number() as usize {
            definition.routes.push(self.route());
        }
        // The numbers of the nodes that are graphs, in the order in which these were lent, and whether they map their output.
        for graph in LENT.take() {
            if let Some(node) = definition.nodes.get_mut(self.number() as usize) {
                node.graph = Some(graph);
                node.has_output = self.flag();
            }
        }
        definition
    }

    fn channel(&mut self) -> ChannelDefinition {
        ChannelDefinition {
            name: self.text(),
            kind: self.text(),
            keyed: self.flag(),
            takes_last: self.flag(),
            exempt: self.flag(),
            initial: self.text(),
            problem: self.text(),
        }
    }

    fn node(&mut self) -> NodeDefinition {
        NodeDefinition {
            id: self.text(),
            is_function: self.flag(),
            graph: None,
            has_output: false,
            retry: self.flag().then(|| self.retry()),
            timeout_ms: self.option(),
            concurrency: self.option(),
            run_when: self.flag().then(|| self.text()),
            has_on_error: self.flag(),
            targets: self.flag().then(|| self.texts()),
            metadata: self.text(),
            description: self.flag().then(|| self.text()),
            problem: self.text(),
        }
    }

    fn retry(&mut self) -> RetryDefinition {
        let defaults = RetryDefinition::default();
        RetryDefinition {
            max_attempts: self.option().unwrap_or(defaults.max_attempts),
            initial_delay_ms: self.option().unwrap_or(defaults.initial_delay_ms),
            factor: self.option().unwrap_or(defaults.factor),
            max_delay_ms: self.option().unwrap_or(defaults.max_delay_ms),
            jitter: self.option().unwrap_or(defaults.jitter),
            has_retry_on: self.flag(),
        }
    }

    fn route(&mut self) -> RouteDefinition {
        let from = self.text();
        let is_function = self.flag();
        let targets = self.flag().then(|| {
            let labels = self.texts();
            collected(labels.into_iter().zip(self.texts()))
        });
        RouteDefinition { from, is_function, targets, problem: self.text() }
    }
}
