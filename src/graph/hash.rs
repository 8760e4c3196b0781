//! The hash by which a stored session recognises its graph. The format below is fixed: a change needs a new version tag.

use super::definition::{ChannelDefinition, Definition, EdgeDefinition, NodeDefinition, RouteDefinition};
use super::program::RetryPolicy;
use super::sorting::sorted_positions;
use crate::collected::collected;
use crate::text::{add_hex, text};

/// The first part of what is hashed.
const VERSION: &str = "weavegraph-wasm-graph-v1";

/// FNV-1a, 64 bit, over parts of UTF-8, each followed by the byte 0xFF (which UTF-8 never has).
///
/// The parts: the version tag; then four lists. A list is its number of items and its items, sorted by their bytes.
/// - nodes: id, maxAttempts, initialDelayMs, factor, maxDelayMs, jitter, timeoutMs, concurrency, runWhen, the list of
///   `targets`, metadata;
/// - edges: `edge` or `join`, the list of sources, target;
/// - routes: source, `open` or `closed`, the list of label and target;
/// - channels: name, kind, keyed, takesLast, exempt, initial.
///
/// Only if there are sub-graphs, a fifth list follows: the node's id, the hash of its graph in hexadecimal digits.
///
/// Lengths are decimal text, numbers the bits of a double in hexadecimal digits, booleans `true` and `false`, absent options the empty text, except that the defaults of retry
/// and `runWhen` count as if written. `targets` and sources are without repetition. Functions, the order of insertion,
/// descriptions, the graph's name and `allowCycles` are not in it.
pub fn definition_hash(definition: &Definition) -> u64 {
    let mut all = Parts::default();
    all.text(VERSION);
    all.list(collected(definition.nodes.iter().map(node_parts)));
    all.list(collected(definition.edges.iter().map(edge_parts)));
    all.list(collected(definition.routes.iter().map(route_parts)));
    all.list(collected(definition.channels.iter().map(channel_parts)));
    let mut graphs = Vec::new();
    for node in &definition.nodes {
        if let Some(graph) = &node.graph {
            let mut parts = Parts::default();
            parts.text(&node.id);
            parts.text(&hash_text(graph.hash));
            graphs.push(parts);
        }
    }
    if !graphs.is_empty() {
        all.list(graphs);
    }
    fnv1a(&all.0)
}

/// The hash of Fowler, Noll and Vo, 64 bits, variant 1a.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

/// A hash as users see it: 16 hexadecimal digits.
pub fn hash_text(hash: u64) -> String {
    let mut text = String::new();
    add_hex(&mut text, hash, 16);
    text
}

/// Parts, each with the byte after it.
#[derive(Default, PartialEq)]
struct Parts(Vec<u8>);

impl Parts {
    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0xFF);
    }

    fn flag(&mut self, flag: bool) {
        self.text(if flag { "true" } else { "false" });
    }

    /// The bits of the IEEE 754 double as 16 hexadecimal digits; 0 has no sign.
    fn number(&mut self, value: f64) {
        self.text(&hash_text((value + 0.0).to_bits()));
    }

    fn option(&mut self, value: Option<f64>) {
        match value {
            Some(value) => self.number(value),
            None => self.text(""),
        }
    }

    fn list(&mut self, items: Vec<Parts>) {
        self.text(&text![items.len()]);
        let bytes = |position: u32| &items[position as usize].0;
        for position in sorted_positions(items.len(), &|left, right| bytes(left).cmp(bytes(right))) {
            self.0.extend_from_slice(bytes(position));
        }
    }

    /// The list of different texts.
    fn set(&mut self, texts: &[String]) {
        let text = |position: u32| &texts[position as usize];
        let mut items = Vec::with_capacity(texts.len());
        for position in sorted_positions(texts.len(), &|left, right| text(left).cmp(text(right))) {
            let mut item = Parts::default();
            item.text(text(position));
            if items.last() != Some(&item) {
                items.push(item);
            }
        }
        self.list(items);
    }
}

fn node_parts(node: &NodeDefinition) -> Parts {
    let defaults = RetryPolicy::default();
    let mut parts = Parts::default();
    parts.text(&node.id);
    match &node.retry {
        Some(retry) => {
            parts.number(retry.max_attempts);
            parts.number(retry.initial_delay_ms);
            parts.number(retry.factor);
            parts.number(retry.max_delay_ms);
            parts.number(retry.jitter);
        }
        None => {
            parts.number(f64::from(defaults.max_attempts));
            parts.number(defaults.initial_delay_ms);
            parts.number(defaults.factor);
            parts.number(defaults.max_delay_ms);
            parts.number(defaults.jitter);
        }
    }
    parts.option(node.timeout_ms);
    parts.option(node.concurrency);
    parts.text(node.run_when.as_deref().unwrap_or("changed"));
    parts.set(node.targets.as_deref().unwrap_or_default());
    parts.text(&node.metadata);
    parts
}

fn edge_parts(edge: &EdgeDefinition) -> Parts {
    let mut parts = Parts::default();
    parts.text(if edge.join { "join" } else { "edge" });
    parts.set(&edge.from);
    parts.text(&edge.to);
    parts
}

fn route_parts(route: &RouteDefinition) -> Parts {
    let mut parts = Parts::default();
    parts.text(&route.from);
    parts.text(if route.targets.is_some() { "closed" } else { "open" });
    let mut items = Vec::new();
    for (label, target) in route.targets.iter().flatten() {
        let mut item = Parts::default();
        item.text(label);
        item.text(target);
        items.push(item);
    }
    parts.list(items);
    parts
}

fn channel_parts(channel: &ChannelDefinition) -> Parts {
    let mut parts = Parts::default();
    parts.text(&channel.name);
    parts.text(&channel.kind);
    parts.flag(channel.keyed);
    parts.flag(channel.takes_last);
    parts.flag(channel.exempt);
    parts.text(&channel.initial);
    parts
}
