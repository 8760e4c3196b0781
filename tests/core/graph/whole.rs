//! Entry, cycles, reachability and the way to END.

use super::*;

#[test]
fn a_plain_line_has_no_problems() {
    assert_found(&line(), &[]);
}

#[test]
fn start_to_end_without_nodes_is_a_graph() {
    assert_found(&graph().edge(START, END), &[]);
}

#[test]
fn an_empty_graph_misses_its_entry() {
    assert_found(&graph(), &[(MissingEntry, &[START])]);
}

#[test]
fn a_missing_entry_is_not_also_reported_as_unreachable_nodes() {
    let graph = graph().nodes(&["a", "b"]).path(&["a", "b", END]);
    assert_found(&graph, &[(MissingEntry, &[START])]);
    assert!(the_message(&graph).contains("START"));
}

#[test]
fn a_missing_entry_does_not_hide_a_node_without_a_way_out() {
    assert_found(&graph().node("a"), &[(MissingEntry, &[START]), (NoPathToEnd, &["a"])]);
}

#[test]
fn a_route_is_an_entry() {
    assert_found(&graph().node("a").route(START, &["a"]).edge("a", END), &[]);
    assert_found(&graph().node("a").open_route(START).edge("a", END), &[]);
}

#[test]
fn a_cycle_starts_and_ends_with_the_same_node() {
    let graph = graph().nodes(&["a", "b", "c"]).path(&[START, "a", "b", "c", "b"]).edge("c", END);
    assert_found(&graph, &[(Cycle, &["b", "c", "b"])]);
    let message = the_message(&graph);
    assert!(message.contains("`b` -> `c` -> `b`") && message.contains("allowCycles"), "{message}");
}

#[test]
fn every_component_is_reported_once_with_a_shortest_cycle() {
    let graph =
        graph().nodes(&["a", "b", "c", "d", "e"]).path(&[START, "a", "b", "c", "a", "c", "d", "e", "d"]).edge("e", "e").edge("e", END);
    assert_found(&graph, &[(Cycle, &["a", "c", "a"]), (Cycle, &["d", "e", "d"])]);
}

#[test]
fn a_node_that_leads_to_itself_is_a_cycle() {
    assert_found(&line().edge("a", "a"), &[(Cycle, &["a", "a"])]);
}

#[test]
fn a_join_counts_for_cycles_from_each_of_its_sources() {
    let graph = graph().nodes(&["a", "b", "c"]).path(&[START, "a", "b", "c"]).edge(START, "c").join(&["b", "c"], "a").edge("c", END);
    assert_found(&graph, &[(Cycle, &["a", "b", "a"])]);
}

#[test]
fn cycles_are_fine_where_they_are_allowed_and_where_a_route_closes_them() {
    let cycle = line().edge("b", "a");
    assert_found(&cycle.with(|graph| graph.allow_cycles = true), &[]);
    assert_found(&line().route("b", &["a"]), &[]);
    assert_found(&line().open_route("b"), &[]);
}

#[test]
fn nodes_that_nothing_leads_to_are_unreachable_together() {
    let graph = line().nodes(&["y", "x"]).path(&["y", "x", END]);
    assert_found(&graph, &[(Unreachable, &["y", "x"])]);
    let message = the_message(&graph);
    assert!(message.contains("`y`, `x`") && message.contains("targets"), "{message}");
}

#[test]
fn declared_targets_of_routes_nodes_and_joins_make_nodes_reachable() {
    let graph = graph()
        .node_with("a", |node| node.targets = Some(texts(&["goes"])))
        .nodes(&["b", "routed", "joined", "goes"])
        .edge(START, "a")
        .edge(START, "b")
        .route("a", &["routed"])
        .join(&["a", "b"], "joined")
        .edge("routed", END)
        .edge("joined", END)
        .edge("goes", END);
    assert_found(&graph, &[]);
}

#[test]
fn targets_of_an_unreachable_node_reach_nothing() {
    let graph = line().node_with("x", |node| node.targets = Some(texts(&["y"]))).node("y").path(&["x", END]).path(&["y", END]);
    assert_found(&graph, &[(Unreachable, &["x", "y"])]);
}

#[test]
fn one_conditional_edge_does_not_switch_the_checks_off() {
    let graph = line().nodes(&["x", "y"]).route("a", &["y"]).edge("x", END);
    assert_found(&graph, &[(Unreachable, &["x"]), (NoPathToEnd, &["y"])]);
}

#[test]
fn an_open_route_leaves_reachability_unknown_only_if_it_can_be_reached_itself() {
    assert_found(&line().open_route("a").node("x").edge("x", END), &[]);
    assert_found(&line().open_route(START).node("x").edge("x", END), &[]);
    assert_found(&line().node("x").open_route("x"), &[(Unreachable, &["x"])]);
}

#[test]
fn an_open_route_can_end_but_what_it_may_enter_needs_its_own_way_out() {
    assert_found(&graph().node("a").edge(START, "a").open_route("a"), &[]);
    let graph = graph().nodes(&["a", "b"]).edge(START, "a").open_route("a");
    assert_found(&graph, &[(NoPathToEnd, &["b"])]);
}

#[test]
fn all_nodes_that_cannot_end_are_named_and_the_dead_end_is_pointed_at() {
    let graph = graph().nodes(&["a", "b", "c", "d"]).path(&[START, "a", "b"]).path(&["a", "c", END]).path(&["c", "d"]);
    assert_found(&graph, &[(NoPathToEnd, &["b", "d"])]);
    let graph = graph.with(|graph| graph.edges.retain(|edge| edge.to != END));
    assert_found(&graph, &[(NoPathToEnd, &["a", "b", "c", "d"])]);
    assert!(the_message(&graph).contains("nothing leaves `b`, `d`;"), "{}", the_message(&graph));
}

#[test]
fn a_trap_has_no_path_to_end() {
    let graph = line().nodes(&["t", "u"]).route("a", &["t"]).edge("t", "u").route("u", &["t"]);
    assert_found(&graph, &[(NoPathToEnd, &["t", "u"])]);
    assert!(the_message(&graph).contains("only lead to one another"), "{}", the_message(&graph));
    let graph = line().nodes(&["t"]).edge("a", "t").with(|graph| graph.allow_cycles = true).edge("t", "t");
    assert_found(&graph, &[(NoPathToEnd, &["t"])]);
}

#[test]
fn a_node_may_end_through_its_targets() {
    let ends = |targets: &[&str]| {
        let targets = Some(texts(targets));
        line().node_with("x", |node| node.targets = targets).edge("a", "x")
    };
    assert_found(&ends(&[END]), &[]);
    assert_found(&ends(&["b"]), &[]);
    assert_found(&ends(&[]), &[(NoPathToEnd, &["x"])]);
    assert_found(&ends(&["x"]), &[(NoPathToEnd, &["x"])]);
}

#[test]
fn an_edge_back_to_start_is_not_also_a_cycle_or_a_dead_end() {
    let graph = graph().node("a").node("b").path(&[START, "a", "b", START]).edge("a", END);
    assert_found(&graph, &[(EdgeToStart, &["b", START])]);
}

#[test]
fn a_node_reached_by_a_join_without_sources_is_not_also_unreachable() {
    assert_found(&line().node("x").join(&[], "x").edge("x", END), &[(InvalidJoin, &["x"])]);
}
