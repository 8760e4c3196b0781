//! Random definitions, most of them wrong.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

/// Few names, so that edges meet; some are reserved, unknown or invalid.
fn name() -> impl Strategy<Value = String> {
    let usual = prop::sample::select(vec!["a", "b", "c", "d", "e", "f"]);
    let odd = prop::sample::select(vec![START, END, "ghost", "START", "", "é\u{7}", "\"]"]);
    prop_oneof![12 => usual, 1 => odd].prop_map(str::to_owned)
}

fn source() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just(START.to_owned()), 4 => name()]
}

fn target() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just(END.to_owned()), 4 => name()]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![8 => Just(1.0), 1 => any::<f64>()]
}

fn node() -> impl Strategy<Value = NodeDefinition> {
    let targets = prop::option::weighted(0.2, prop::collection::vec(target(), 0..3));
    let options = (prop::option::weighted(0.1, number()), prop::option::weighted(0.1, number()));
    (name(), targets, options, prop::bool::weighted(0.98)).prop_map(|(id, targets, (timeout_ms, concurrency), is_function)| {
        NodeDefinition {
            id,
            is_function,
            targets,
            timeout_ms,
            concurrency,
            retry: concurrency.map(|factor| RetryDefinition { factor, ..retry() }),
            ..NodeDefinition::default()
        }
    })
}

fn edge() -> impl Strategy<Value = EdgeDefinition> {
    let plain = (source(), target()).prop_map(|(from, to)| EdgeDefinition { from: vec![from], to, join: false });
    let join = (prop::collection::vec(name(), 0..4), target(), prop::bool::weighted(0.95)).prop_map(|(from, to, join)| EdgeDefinition {
        from,
        to,
        join,
    });
    prop_oneof![5 => plain, 1 => join]
}

fn route() -> impl Strategy<Value = RouteDefinition> {
    let targets = prop::option::weighted(0.8, prop::collection::vec(target(), 0..4));
    (source(), targets).prop_map(|(from, targets)| RouteDefinition {
        from,
        is_function: true,
        targets: targets.map(|targets| targets.into_iter().map(|target| (target.clone(), target)).collect()),
        ..Default::default()
    })
}

prop_compose! {
    fn anything()(
        nodes in prop::collection::vec(node(), 0..8),
        edges in prop::collection::vec(edge(), 0..12),
        routes in prop::collection::vec(route(), 0..3),
        allow_cycles: bool,
    ) -> Definition {
        Definition { nodes, edges, routes, allow_cycles, ..graph() }
    }
}

/// Distinct nodes a..f, edges among them: often valid.
fn sensible() -> impl Strategy<Value = Definition> {
    let ids = ["a", "b", "c", "d", "e", "f"];
    let pair = (0..7_usize, 0..7_usize);
    (1..=6_usize, prop::collection::btree_set(pair, 4..14), any::<bool>()).prop_map(move |(count, pairs, allow_cycles)| {
        let graph = graph().nodes(&ids[..count]).edge(START, "a").with(|graph| graph.allow_cycles = allow_cycles);
        pairs
            .into_iter()
            .filter(|(from, to)| *from < count && (*to < count || *to == 6))
            .fold(graph, |graph, (from, to)| graph.edge(ids[from], if to == 6 { END } else { ids[to] }))
    })
}

/// By the definition of reachability, without any cleverness: repeat until nothing changes.
fn naive_reach<'a>(pairs: &[(&'a str, &'a str)], from: &'a str) -> Vec<&'a str> {
    let mut reached = vec![from];
    loop {
        let next = pairs.iter().find(|(from, to)| reached.contains(from) && !reached.contains(to));
        match next {
            Some((_, to)) => reached.push(to),
            None => return reached,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_graph_compiles_exactly_if_it_has_no_problems(graph in prop_oneof![anything(), sensible()]) {
        let problems = validate(&graph);
        match Program::compile(&graph) {
            Ok(program) => {
                prop_assert!(problems.is_empty());
                prop_assert_eq!(program.nodes.len(), graph.nodes.len());
                prop_assert_eq!(program.metadata().edge_count, graph.edges.len());
            }
            Err(reported) => prop_assert_eq!(reported, problems),
        }
    }

    #[test]
    fn nothing_panics_and_everything_is_repeatable(graph in anything()) {
        prop_assert_eq!(validate(&graph), validate(&graph));
        prop_assert_eq!(to_mermaid(&graph, Direction::TopBottom), to_mermaid(&graph, Direction::TopBottom));
        prop_assert_eq!(to_dot(&graph), to_dot(&graph.clone()));
        prop_assert_eq!(definition_hash(&graph), definition_hash(&graph));
        for problem in validate(&graph) {
            prop_assert!(!problem.message.is_empty() && !problem.message.chars().any(char::is_control));
        }
    }

    #[test]
    fn reachability_agrees_with_its_definition(graph in sensible()) {
        let pairs: Vec<(&str, &str)> = graph.edges.iter().map(|edge| (edge.from[0].as_str(), edge.to.as_str())).collect();
        let reached = naive_reach(&pairs, START);
        let lost: Vec<&str> = graph.nodes.iter().map(|node| node.id.as_str()).filter(|id| !reached.contains(id)).collect();
        let stuck: Vec<&str> = graph.nodes.iter().map(|node| node.id.as_str())
            .filter(|id| reached.contains(id) && !naive_reach(&pairs, id).contains(&END)).collect();
        let has_cycle = pairs.iter().any(|(from, to)| naive_reach(&pairs, to).contains(from));
        let of = |code: Code| found(&graph).into_iter().filter(|found| found.0 == code).map(|found| found.1).collect::<Vec<_>>();
        prop_assert_eq!(of(Unreachable).concat(), lost);
        prop_assert_eq!(of(NoPathToEnd).concat(), stuck);
        prop_assert_eq!(!of(Cycle).is_empty(), has_cycle && !graph.allow_cycles);
        for cycle in of(Cycle) {
            prop_assert_eq!(cycle.first(), cycle.last());
            prop_assert!(cycle.windows(2).all(|step| pairs.contains(&(step[0].as_str(), step[1].as_str()))));
        }
    }

    #[test]
    fn the_order_respects_edges_and_depends_on_the_definition_only(graph in prop_oneof![anything(), sensible()], seed: u64) {
        let order = topological_sort(&graph);
        let place: HashMap<&str, usize> = order.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        prop_assert_eq!(place.len(), order.len());
        prop_assert!(graph.nodes.iter().all(|node| place.contains_key(node.id.as_str())));
        prop_assert_eq!((order.first().map(String::as_str), order.last().map(String::as_str)), (Some(START), Some(END)));
        let mut pairs: Vec<(&str, &str)> = graph.edges.iter()
            .flat_map(|edge| edge.from.iter().map(|from| (from.as_str(), edge.to.as_str()))).collect();
        pairs.retain(|(from, to)| *from != END && *to != START);
        for (from, to) in &pairs {
            if let (Some(before), Some(after)) = (place.get(from), place.get(to)) {
                prop_assert!(before < after || naive_reach(&pairs, to).contains(from));
            }
        }
        let mut shuffled = graph.clone();
        let turn = |length: usize| if length == 0 { 0 } else { seed as usize % length };
        shuffled.nodes.rotate_left(turn(graph.nodes.len()));
        shuffled.edges.rotate_left(turn(graph.edges.len()));
        prop_assert_eq!(topological_sort(&shuffled), order);
        prop_assert_eq!(definition_hash(&shuffled) == definition_hash(&graph), true);
    }
}
