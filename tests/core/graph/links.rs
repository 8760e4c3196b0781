//! Edges, joins, routes and unknown names, and how problems are reported.

use super::*;
use std::collections::HashSet;

#[test]
fn an_edge_added_twice_is_reported_once() {
    let graph = line().edge("a", "b").edge("a", "b");
    assert_found(&graph, &[(DuplicateEdge, &["a", "b"])]);
}

#[test]
fn a_join_added_twice_is_a_duplicate_in_any_order_of_its_sources() {
    let graph =
        graph().nodes(&["a", "b", "c"]).edge(START, "a").edge(START, "b").join(&["a", "b"], "c").join(&["b", "a"], "c").edge("c", END);
    assert_found(&graph, &[(DuplicateEdge, &["b", "a", "c"])]);
}

#[test]
fn an_edge_a_join_of_one_source_and_a_route_between_the_same_nodes_are_no_duplicates() {
    assert_found(&line().join(&["a"], "b").route("a", &["b"]).route("a", &["b"]), &[]);
}

#[test]
fn nothing_leads_out_of_end() {
    assert_found(&line().edge(END, "a"), &[(EdgeFromEnd, &[END, "a"])]);
    assert_found(&line().open_route(END), &[(EdgeFromEnd, &[END])]);
    assert_found(&line().route(END, &["a"]), &[(EdgeFromEnd, &[END])]);
    assert_found(&line().join(&["a", END], "b"), &[(InvalidJoin, &[END, "b"])]);
}

#[test]
fn nothing_leads_into_start() {
    assert_found(&line().edge("a", START), &[(EdgeToStart, &["a", START])]);
    assert_found(&line().join(&["a", "b"], START), &[(EdgeToStart, &["a", "b", START])]);
    assert_found(&line().route("b", &[START]), &[(EdgeToStart, &["b", START])]);
    let targets = Some(texts(&[START]));
    let graph = line().with(|graph| graph.nodes[1].targets = targets);
    assert_found(&graph, &[(EdgeToStart, &["b", START])]);
}

#[test]
fn every_mention_of_an_unknown_name_counts_and_is_one_problem() {
    assert_found(&line().edge("a", "zzz"), &[(UnknownNode, &["zzz"])]);
    assert_found(&line().edge("zzz", "b"), &[(UnknownNode, &["zzz"])]);
    assert_found(&line().open_route("zzz"), &[(UnknownNode, &["zzz"])]);
    assert_found(&line().route("a", &["zzz"]), &[(UnknownNode, &["zzz"])]);
    assert_found(&line().join(&["a", "zzz"], "b"), &[(UnknownNode, &["zzz"])]);
    let targets = Some(texts(&["zzz"]));
    let graph = line().with(|graph| graph.nodes[0].targets = targets);
    assert_found(&graph, &[(UnknownNode, &["zzz"])]);
    let graph = graph.edge("zzz", END).route("a", &["zzz", "yyy"]);
    assert_found(&graph, &[(UnknownNode, &["zzz"]), (UnknownNode, &["yyy"])]);
}

#[test]
fn a_mistyped_name_gets_a_suggestion_and_no_problems_that_follow_from_it() {
    let right = ["fetch", "summarize"];
    let as_target = graph().nodes(&right).path(&[START, "fetch", "sumarize"]).edge("summarize", END);
    assert_found(&as_target, &[(UnknownNode, &["sumarize"])]);
    assert!(the_message(&as_target).contains("did you mean `summarize`?"));
    let as_source = graph().nodes(&right).path(&[START, "fetch", "summarize"]).edge("summarise", END);
    assert!(the_message(&as_source).contains("`summarise` (the source of the edge to END); did you mean `summarize`?"));
    let swapped = graph().nodes(&right).path(&[START, "fecth", "summarize", END]);
    assert!(the_message(&swapped).contains("did you mean `fetch`?"), "{}", the_message(&swapped));
    let other_case = graph().nodes(&right).path(&[START, "FETCH", "summarize", END]);
    assert!(the_message(&other_case).contains("did you mean `fetch`?"));
}

#[test]
fn what_a_suggestion_would_not_cure_is_reported_beside_the_mistyped_name() {
    let graph = graph().nodes(&["fetch", "summarize", "lost", "stuck"]).path(&[START, "fetch", "sumarize", END]).edge("fetch", "stuck");
    let expected: [(Code, &[&str]); 3] = [(UnknownNode, &["sumarize"]), (Unreachable, &["lost"]), (NoPathToEnd, &["stuck"])];
    // `summarize` itself gets both its edges by the suggestion.
    assert_found(&graph, &[expected[0], expected[1], expected[2]]);
}

#[test]
fn a_name_that_resembles_none_may_stand_for_any_node() {
    let graph = graph().nodes(&["a", "b"]).path(&[START, "a", "ghost", END]).edge("b", END);
    assert_found(&graph, &[(UnknownNode, &["ghost"])]);
    let leads = line().node("c").edge("ghost", "c");
    assert_found(&leads, &[(UnknownNode, &["ghost"]), (NoPathToEnd, &["c"])]);
}

#[test]
fn names_that_are_merely_short_are_not_suggested_for_each_other() {
    let message = the_message(&line().edge("a", "z"));
    assert!(message.contains("add it with addNode"), "{message}");
}

#[test]
fn the_text_start_or_end_points_at_the_constant() {
    let graph = graph().node("a").path(&["START", "a", "end"]);
    assert_found(&graph, &[(UnknownNode, &["START"]), (UnknownNode, &["end"])]);
    let messages: Vec<String> = validate(&graph).into_iter().map(|problem| problem.message).collect();
    assert!(messages[0].contains("the constant START"), "{messages:?}");
    assert!(messages[1].contains("the constant END"), "{messages:?}");
}

#[test]
fn a_join_waits_for_at_least_one_node_and_names_each_once() {
    assert_found(&line().join(&[], "b"), &[(InvalidJoin, &["b"])]);
    assert_found(&line().join(&[START, "a"], "b"), &[(InvalidJoin, &[START, "b"])]);
    assert_found(&line().join(&["a", "a", "a"], "b"), &[(InvalidJoin, &["a", "b"])]);
    assert_found(&line().join(&["a"], END), &[]);
    let plain = EdgeDefinition { from: texts(&["a", "b"]), to: END.to_owned(), join: false };
    assert_found(&line().with(|graph| graph.edges.push(plain)), &[(InvalidJoin, &[END])]);
}

#[test]
fn all_problems_come_at_once_and_in_the_same_order() {
    let graph = graph()
        .nodes(&["a", "b", "b", "", "lost"])
        .node_with("bad", |node| {
            node.timeout_ms = Some(-1.0);
            node.concurrency = Some(f64::NAN);
        })
        .channel("", "what")
        .path(&[START, "a", "b", "a", "b"])
        .edge("b", "")
        .edge("", "bad")
        .edge(END, "a")
        .join(&[START], "a")
        .route("a", &[START, END]);
    let codes: Vec<Code> = validate(&graph).iter().map(|problem| problem.code).collect();
    let expected = [
        DuplicateNode,
        InvalidName,
        Invalid,
        Invalid,
        InvalidChannel,
        InvalidChannel,
        DuplicateEdge,
        EdgeFromEnd,
        InvalidJoin,
        EdgeToStart,
        Cycle,
        Unreachable,
        NoPathToEnd,
    ];
    assert_eq!(codes, expected);
    for _ in 0..3 {
        assert_eq!(validate(&graph.clone()), validate(&graph));
    }
}

#[test]
fn every_message_names_its_nodes_and_ends_without_a_full_stop() {
    let graph = graph().nodes(&["a", "a", "x"]).path(&[START, "a", "b"]).edge(END, "x").join(&["a", "a"], START);
    for problem in validate(&graph) {
        assert!(!problem.message.ends_with('.'));
        for node in problem.nodes.iter().filter(|node| *node != START && *node != END) {
            assert!(problem.message.contains(&format!("`{node}`")), "{problem:?}");
        }
    }
}

#[test]
fn codes_are_unique_and_of_this_area() {
    let texts: HashSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(texts.len(), 14);
    assert!(texts.iter().all(|text| text.starts_with("GRAPH_")));
}
