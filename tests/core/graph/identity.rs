//! The definition hash: what it is over, and what it is not over.

use super::*;
use std::collections::HashSet;

/// One difference to [`rich`].
type Change = fn(&mut Definition);

fn rich() -> Definition {
    graph()
        .node_with("a", |node| {
            node.retry = Some(retry());
            node.timeout_ms = Some(10.0);
            node.concurrency = Some(2.0);
            node.run_when = Some("changed".to_owned());
            node.targets = Some(texts(&["b", "c"]));
            node.metadata = "{\"m\":1}".to_owned();
        })
        .nodes(&["b", "c"])
        .path(&[START, "a", "b"])
        .join(&["a", "b"], "c")
        .labelled_route("a", &[("x", "b"), ("y", "c")])
        .open_route("b")
        .channel("one", "append")
        .channel("two", "last")
        .edge("c", END)
}

#[test]
fn the_format_of_the_hash_never_changes() {
    assert_eq!(hash_text(definition_hash(&line())), LINE_HASH);
    assert_eq!(hash_text(definition_hash(&rich())), RICH_HASH);
    assert_eq!(compiled::compiled(&rich()).hash, definition_hash(&rich()));
    assert_eq!(hash_text(0xabc), "0000000000000abc");
}

/// Recomputed from the documented format by a program of its own.
const LINE_HASH: &str = "f917679b6ae8d7f1";
const RICH_HASH: &str = "7bd079f7fff74bd1";

#[test]
fn insertion_order_and_what_is_no_data_do_not_count() {
    let hash = definition_hash(&rich());
    let same: [(&str, Change); 14] = [
        ("order of nodes", |graph| graph.nodes.reverse()),
        ("order of edges", |graph| graph.edges.reverse()),
        ("order of routes", |graph| graph.routes.reverse()),
        ("order of channels", |graph| graph.channels.reverse()),
        ("order of join sources", |graph| graph.edges[2].from.reverse()),
        ("order of labels", |graph| graph.routes[0].targets.iter_mut().for_each(|all| all.reverse())),
        ("order of targets", |graph| graph.nodes[0].targets.iter_mut().for_each(|all| all.reverse())),
        ("graph name", |graph| graph.name = "other".to_owned()),
        ("description", |graph| graph.nodes[0].description = Some("text".to_owned())),
        ("onError", |graph| graph.nodes[0].has_on_error = true),
        ("retryOn", |graph| graph.nodes[0].retry.iter_mut().for_each(|retry| retry.has_retry_on = true)),
        ("runWhen left out", |graph| graph.nodes[0].run_when = None),
        ("retry left out", |graph| graph.nodes[0].retry = None),
        ("allowCycles", |graph| graph.allow_cycles = true),
    ];
    for (what, change) in same {
        assert_eq!(definition_hash(&rich().with(change)), hash, "{what}");
    }
}

#[test]
fn every_change_of_the_definition_changes_it() {
    let changes: [Change; 33] = [
        |_| {},
        |graph| graph.nodes[2].id = "d".to_owned(),
        |graph| drop(graph.nodes.pop()),
        |graph| graph.nodes[0].timeout_ms = Some(11.0),
        |graph| graph.nodes[0].timeout_ms = None,
        |graph| graph.nodes[0].concurrency = Some(3.0),
        |graph| graph.nodes[0].concurrency = None,
        |graph| graph.nodes[1].concurrency = Some(2.0),
        |graph| graph.nodes[0].run_when = Some("always".to_owned()),
        |graph| graph.nodes[0].targets = Some(texts(&["b"])),
        |graph| graph.nodes[0].targets = None,
        |graph| graph.nodes[0].metadata = "{\"m\":2}".to_owned(),
        |graph| graph.nodes[0].retry = Some(RetryDefinition { max_attempts: 2.0, ..retry() }),
        |graph| graph.nodes[0].retry = Some(RetryDefinition { initial_delay_ms: 1.0, ..retry() }),
        |graph| graph.nodes[0].retry = Some(RetryDefinition { factor: 1.0, ..retry() }),
        |graph| graph.nodes[0].retry = Some(RetryDefinition { max_delay_ms: 1.0, ..retry() }),
        |graph| graph.nodes[0].retry = Some(RetryDefinition { jitter: 1.0, ..retry() }),
        |graph| graph.edges[1].to = "c".to_owned(),
        |graph| drop(graph.edges.pop()),
        |graph| graph.edges[2].from = texts(&["a"]),
        |graph| graph.edges[2] = EdgeDefinition { from: texts(&["a"]), to: "c".to_owned(), join: false },
        |graph| graph.routes[0].targets = None,
        |graph| graph.routes[0].targets = Some(Vec::new()),
        |graph| graph.routes[1].targets = Some(Vec::new()),
        |graph| graph.routes[0].targets.iter_mut().for_each(|all| all[0].0 = "z".to_owned()),
        |graph| graph.routes[0].targets.iter_mut().for_each(|all| all[0].1 = "c".to_owned()),
        |graph| graph.routes[1].from = "c".to_owned(),
        |graph| drop(graph.routes.pop()),
        |graph| graph.channels[0].name = "three".to_owned(),
        |graph| graph.channels[0].kind = "merge".to_owned(),
        |graph| graph.channels[0].keyed = true,
        |graph| graph.channels[0].initial = "[]".to_owned(),
        |graph| graph.channels[1].takes_last = true,
    ];
    let hashes: HashSet<u64> = changes.iter().map(|change| definition_hash(&rich().with(change))).collect();
    assert_eq!(hashes.len(), changes.len());
}

#[test]
fn a_name_cannot_pretend_to_be_the_border_between_two_names() {
    let targets = |names: &[&str], metadata: &str| {
        let (targets, metadata) = (Some(texts(names)), metadata.to_owned());
        definition_hash(&line().with(|graph| {
            graph.nodes[0].targets = targets;
            graph.nodes[0].metadata = metadata;
        }))
    };
    let hashes = HashSet::from([targets(&["ab"], ""), targets(&["a", "b"], ""), targets(&["a"], "b"), targets(&[], "ab")]);
    assert_eq!(hashes.len(), 4);
}
