//! Nodes that are graphs: what the program keeps of them, the rule of their depth, and the hash.

use super::*;

/// START -> inner -> END around a graph.
fn around(graph: &Definition) -> Definition {
    super::graph().subgraph("inner", graph).path(&[START, "inner", END])
}

#[test]
fn the_program_keeps_the_graph_of_a_node_and_how_deep_graphs_are_nested() {
    let program = compiled::compiled(&around(&around(&line())));
    assert_eq!((program.depth, program.nodes.len()), (2, 1));
    let inner = program.nodes[0].graph.as_ref().expect("a graph");
    assert_eq!(inner.hash, definition_hash(&around(&line())));
    let innermost = inner.nodes[0].graph.as_ref().expect("a graph");
    assert_eq!((innermost.depth, innermost.nodes.len()), (0, 2));
    assert!(innermost.nodes.iter().all(|node| node.graph.is_none()));
}

#[test]
fn channels_of_one_name_and_kind_are_shared_and_no_others() {
    let inner = line().channel("only", "append").channel("kept", "merge").channel("log", "append").channel("other", "last");
    let outer = around(&inner).channel("log", "append").channel("other", "merge").channel("mine", "append").channel("kept", "merge");
    assert_eq!(compiled::compiled(&outer).nodes[0].shared, [(0, 2), (3, 1)]);
    assert_eq!(compiled::compiled(&around(&inner)).nodes[0].shared, []);
}

#[test]
fn graphs_can_be_nested_a_hundred_levels_deep() {
    let mut graph = line();
    for _ in 0..100 {
        graph = around(&graph);
    }
    assert_found(&graph, &[]);
    assert_found(&around(&graph), &[(Invalid, &["inner"])]);
    assert!(the_message(&around(&graph)).ends_with("sub-graphs are nested more than 100 levels deep; flatten some"));
}

#[test]
fn a_node_without_a_graph_and_without_a_function_is_still_wrong() {
    let mut graph = around(&line());
    graph.nodes[0].graph = None;
    assert_found(&graph, &[(Invalid, &["inner"])]);
}

#[test]
fn the_hash_is_over_the_graphs_and_over_which_node_has_which() {
    let two = |first: &Definition, second: &Definition| {
        let graph = graph().subgraph("a", first).subgraph("b", second).path(&[START, "a", "b", END]);
        definition_hash(&graph)
    };
    let (one, other) = (line(), around(&line()));
    let deeper = line().with(|graph| graph.nodes[0].timeout_ms = Some(1.0));
    let nodes = definition_hash(&graph().nodes(&["a", "b"]).path(&[START, "a", "b", END]));
    let all = [two(&one, &one), two(&one, &other), two(&other, &one), two(&other, &around(&deeper)), nodes];
    let different: std::collections::HashSet<u64> = all.into_iter().collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(two(&one, &other), two(&one, &other));
}

/// Recomputed from the documented format by a program of its own.
const NESTED_HASH: &str = "51222e0b13a89b74";

#[test]
fn the_format_of_the_hash_of_a_sub_graph_never_changes() {
    assert_eq!(hash_text(definition_hash(&around(&line()))), NESTED_HASH);
}
