//! What the engine gets.

use super::*;
use std::time::{Duration, Instant};

#[track_caller]
pub fn compiled(graph: &Definition) -> Program {
    Program::compile(graph).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn names(program: &Program, ids: &[NodeId]) -> Vec<String> {
    let name = |id: &NodeId| match id.index() {
        Some(index) => program.nodes[index].name.to_string(),
        None if *id == NodeId::END => END.to_owned(),
        None => START.to_owned(),
    };
    ids.iter().map(name).collect()
}

#[test]
fn nodes_edges_and_channels_keep_the_order_in_which_they_were_added() {
    let program = compiled(
        &graph()
            .nodes(&["z", "a", "m"])
            .channel("second", "merge")
            .channel("first", "append")
            .edge("z", "m")
            .edge(START, "z")
            .edge(START, "a")
            .edge("z", "a")
            .edge("a", END)
            .edge("m", END),
    );
    let order: Vec<&str> = program.nodes.iter().map(|node| &*node.name).collect();
    assert_eq!(order, ["z", "a", "m"]);
    let channels: Vec<&str> = program.channels.iter().map(|channel| &*channel.name).collect();
    assert_eq!(channels, ["second", "first"]);
    assert_eq!(program.channels[0].kind, ChannelKind::Merge);
    assert_eq!(names(&program, &program.start.plain), ["z", "a"]);
    assert_eq!(names(&program, &program.nodes[0].exits.plain), ["m", "a"]);
    assert_eq!(names(&program, &program.nodes[1].exits.plain), [END]);
}

#[test]
fn a_join_knows_its_sources_and_they_know_it() {
    let program = compiled(&graph().nodes(&["a", "b", "c"]).edge(START, "a").edge(START, "b").join(&["b", "a"], "c").join(&["c"], END));
    assert_eq!(names(&program, &program.joins[0].sources), ["a", "b"]);
    assert_eq!(names(&program, &[program.joins[0].target, program.joins[1].target]), ["c", END]);
    let waiting: Vec<&[JoinId]> = program.nodes.iter().map(|node| node.joins.as_slice()).collect();
    assert_eq!(waiting, [&[0][..], &[0], &[1]]);
    assert!(program.nodes.iter().all(|node| node.exits.plain.is_empty()));
}

#[test]
fn routes_keep_labels_and_know_whether_they_are_closed() {
    let program = compiled(&line().open_route(START).labelled_route("a", &[("go", "b"), ("stop", END)]));
    let [open, closed] = program.routes.as_slice() else { panic!("two routes") };
    assert_eq!((open.from, open.is_closed, open.targets.len()), (NodeId::START, false, 0));
    assert_eq!((closed.from, closed.is_closed), (NodeId(0), true));
    let targets: Vec<(&str, NodeId)> = closed.targets.iter().map(|(label, to)| (&**label, *to)).collect();
    assert_eq!(targets, [("go", NodeId(1)), ("stop", NodeId::END)]);
    assert_eq!(program.start.routes, [0]);
    assert_eq!(program.nodes[0].exits.routes, [1]);
}

#[test]
fn options_arrive_and_absent_ones_have_their_defaults() {
    let program = compiled(
        &graph()
            .node("plain")
            .node_with("full", |node| {
                node.retry = Some(RetryDefinition { max_attempts: 1e12, jitter: 0.0, has_retry_on: true, ..retry() });
                node.timeout_ms = Some(250.0);
                node.concurrency = Some(3.0);
                node.run_when = Some("always".to_owned());
                node.has_on_error = true;
            })
            .path(&[START, "plain", "full", END]),
    );
    let [plain, full] = program.nodes.as_slice() else { panic!("two nodes") };
    assert_eq!(plain.retry, RetryPolicy::default());
    assert_eq!((plain.timeout_ms, plain.concurrency, plain.always, plain.has_on_error), (None, None, false, false));
    let expected = RetryPolicy { max_attempts: u32::MAX, jitter: 0.0, has_retry_on: true, ..RetryPolicy::default() };
    assert_eq!(full.retry, expected);
    assert_eq!((full.timeout_ms, full.concurrency, full.always, full.has_on_error), (Some(250.0), Some(3), true, true));
}

#[test]
fn channel_options_arrive() {
    let graph = line().channel("one", "last").channel("errors", "append").with(|graph| {
        graph.channels[0].takes_last = true;
        graph.channels[1].exempt = true;
    });
    let program = compiled(&graph);
    let flags = program.channels.iter().map(|channel| (channel.takes_last, channel.is_exempt));
    assert_eq!(flags.collect::<Vec<_>>(), [(true, false), (false, true)]);
}

#[test]
fn a_graph_with_problems_does_not_compile_and_says_all_of_them() {
    let graph = line().edge("a", "nowhere").node("a");
    assert_eq!(Program::compile(&graph).err(), Some(validate(&graph)));
}

#[test]
fn the_metadata_counts_joins_as_edges_and_routes_once() {
    let graph = line().join(&["a", "b"], END).route("a", &["b", END]).open_route(START);
    let metadata = compiled(&graph).metadata();
    let expected = Metadata { node_count: 2, edge_count: 4, conditional_edge_count: 2 };
    assert_eq!(metadata, expected);
}

#[test]
fn a_definition_is_read_in_the_shape_in_which_builders_send_it() {
    let json = serde_json::json!({
        "name": "g", "allowCycles": false,
        "channels": [{ "name": "n", "kind": "last", "keyed": false, "takesLast": true, "exempt": false, "initial": "0" }],
        "nodes": [
            { "id": "a", "isFunction": true, "hasOnError": true, "metadata": "", "timeoutMs": 5, "runWhen": "always", "targets": ["b"],
              "retry": { "maxAttempts": 2, "initialDelayMs": 1, "factor": 2, "maxDelayMs": 9, "jitter": 0, "hasRetryOn": true } },
            { "id": "b", "isFunction": true, "hasOnError": false, "metadata": "{}", "concurrency": 2, "description": "x" },
        ],
        "edges": [{ "from": ["__start__"], "to": "a", "join": false }, { "from": ["a", "b"], "to": "__end__", "join": true }],
        "routes": [{ "from": "a", "isFunction": true, "targets": [["yes", "b"]] }, { "from": "b", "isFunction": true }],
    });
    let graph: Definition = serde_json::from_value(json).expect("the shape of the boundary");
    let program = compiled(&graph);
    assert_eq!(program.nodes[0].retry.max_attempts, 2);
    assert_eq!(program.joins.len(), 1);
    assert!(!program.routes[1].is_closed);
}

/// Generous, for builds without optimisation; with it, well under a second.
fn assert_quick(what: &str, since: Instant) {
    let elapsed = since.elapsed();
    println!("{what}: {elapsed:?}");
    assert!(elapsed < Duration::from_secs(20), "{what} took {elapsed:?}");
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("node-{number}")).collect()
}

#[test]
fn a_chain_of_100_000_nodes_compiles_is_sorted_and_drawn() {
    let ids = numbered(100_000);
    let mut names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let nodes = graph().nodes(&names);
    names.insert(0, START);
    names.push(END);
    let chain = nodes.path(&names);
    let start = Instant::now();
    let program = compiled(&chain);
    assert_quick("compile", start);
    assert_eq!(program.nodes.len(), 100_000);
    assert_eq!(names_of_order(&chain), names);
    assert_eq!(to_mermaid(&chain, Direction::TopBottom).lines().count(), 1 + 2 + 100_000 + 100_001);
    assert_quick("all", start);

    let cut = chain.clone().with(|graph| graph.edges.retain(|edge| edge.from[0] != "node-50000"));
    let problems = validate(&cut);
    let found: Vec<(Code, usize)> = problems.iter().map(|problem| (problem.code, problem.nodes.len())).collect();
    assert_eq!(found, [(Unreachable, 49_999), (NoPathToEnd, 50_001)]);
    assert!(problems.iter().all(|problem| problem.message.len() < 500));

    let ring = chain.edge("node-99999", "node-0");
    assert_eq!(found_lengths(&ring), [(Cycle, 100_001)]);
    assert_quick("rings and cuts", start);
}

fn names_of_order(graph: &Definition) -> Vec<String> {
    topological_sort(graph)
}

fn found_lengths(graph: &Definition) -> Vec<(Code, usize)> {
    found(graph).into_iter().map(|(code, nodes)| (code, nodes.len())).collect()
}

#[test]
fn many_mistakes_in_a_large_graph_stay_cheap() {
    let ids = numbered(30_000);
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut wrong = graph().nodes(&names).edge(START, "node-0");
    for name in &ids {
        wrong = wrong.edge(name, &format!("{name}-mistyped")).edge(name, END).edge(name, END);
    }
    let start = Instant::now();
    let problems = validate(&wrong);
    assert_eq!(problems.len(), 60_000);
    let star = graph().nodes(&names).join(&names, END).route(START, &names);
    assert_eq!(found(&star), []);
    assert_quick("mistakes", start);
}
