//! Names, options and channels.

use super::*;

fn retry_of(node: &mut NodeDefinition) -> &mut RetryDefinition {
    node.retry.get_or_insert_with(retry)
}

#[test]
fn a_node_added_twice_is_reported_once() {
    assert_found(&line().node("a").node("a"), &[(DuplicateNode, &["a"])]);
}

#[test]
fn the_names_of_start_and_end_are_reserved() {
    let graph = line().nodes(&[START, END, END]);
    assert_found(&graph, &[(ReservedName, &[START]), (ReservedName, &[END])]);
    assert!(validate(&graph)[0].message.contains("`__start__`"));
    assert_found(&graph.with(|graph| graph.nodes.truncate(2)).node("START").edge("a", "START").edge("START", END), &[]);
}

#[test]
fn empty_long_and_control_character_names_are_invalid() {
    let with_name = |name: &str| graph().node(name).path(&[START, name, END]);
    assert_found(&with_name(""), &[(InvalidName, &[""])]);
    assert_found(&with_name(&"é".repeat(128)), &[]);
    let long = "é".repeat(129);
    assert_found(&with_name(&long), &[(InvalidName, &[&long])]);
    assert!(the_message(&with_name(&long)).len() < 300);
    assert_found(&with_name("a\nb"), &[(InvalidName, &["a\nb"])]);
    assert!(!the_message(&with_name("a\nb")).contains('\n'));
    for fine in ["constructor", "__proto__", "日本", "a b", "`\"<b>#;]", "🙂"] {
        assert_found(&with_name(fine), &[]);
    }
}

#[test]
fn channels_need_a_name_of_their_own_and_a_known_kind() {
    assert_found(&line().channel("", "last"), &[(InvalidChannel, &[])]);
    assert_found(&line().channel("__proto__", "merge"), &[(InvalidChannel, &[])]);
    assert_found(&line().channel("a", "sum"), &[(InvalidChannel, &[])]);
    let twice = line().channel("x", "last").channel("x", "merge").channel("x", "append");
    assert_found(&twice, &[(InvalidChannel, &[])]);
    assert!(the_message(&twice).contains("`x`"));
    let names = ["constructor", "toString", "hasOwnProperty", "prototype"];
    assert_found(&names.iter().fold(line(), |graph, name| graph.channel(name, "reduce")), &[]);
}

#[test]
fn what_runs_has_to_be_a_function() {
    assert_found(&line().with(|graph| graph.nodes[0].is_function = false), &[(Invalid, &["a"])]);
    let graph = line().route("a", &["b"]).with(|graph| graph.routes[0].is_function = false);
    assert_found(&graph, &[(Invalid, &["a"])]);
}

#[test]
fn numbers_of_options_have_to_make_sense() {
    let with = |change: &dyn Fn(&mut NodeDefinition)| line().with(|graph| change(&mut graph.nodes[0]));
    type Set = fn(&mut NodeDefinition, f64);
    let cases: [(&str, Set, &[f64], &[f64]); 7] = [
        ("timeoutMs", |node, value| node.timeout_ms = Some(value), &[0.5, 1e9], &[0.0, -1.0]),
        ("concurrency", |node, value| node.concurrency = Some(value), &[1.0, 7.0], &[0.0, 1.5, -2.0]),
        ("retry.maxAttempts", |node, value| retry_of(node).max_attempts = value, &[1.0, 1e12], &[0.0, 2.5, -1.0]),
        ("retry.initialDelayMs", |node, value| retry_of(node).initial_delay_ms = value, &[0.0, 0.5], &[-0.1]),
        ("retry.maxDelayMs", |node, value| retry_of(node).max_delay_ms = value, &[0.0, 0.5], &[-0.1]),
        ("retry.factor", |node, value| retry_of(node).factor = value, &[1.0, 1.5], &[0.9, -1.0]),
        ("retry.jitter", |node, value| retry_of(node).jitter = value, &[0.0, 1.0], &[-0.1, 1.1]),
    ];
    for (option, set, good, bad) in cases {
        for value in good {
            assert_found(&with(&|node| set(node, *value)), &[]);
        }
        for value in bad.iter().chain(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]) {
            let graph = with(&|node| set(node, *value));
            assert_found(&graph, &[(Invalid, &["a"])]);
            let message = the_message(&graph);
            assert!(message.contains("`a`") && message.contains(option), "{message}");
        }
    }
}

#[test]
fn run_when_is_changed_or_always() {
    let with = |text: &str| line().with(|graph| graph.nodes[0].run_when = Some(text.to_owned()));
    assert_found(&with("changed"), &[]);
    assert_found(&with("always"), &[]);
    assert_found(&with("Always"), &[(Invalid, &["a"])]);
}

#[test]
fn labels_of_a_route_are_unique_but_may_share_a_target() {
    assert_found(&line().labelled_route("a", &[("yes", "b"), ("no", "b")]), &[]);
    let twice = [("yes", "b"), ("yes", "a"), ("yes", END)];
    assert_found(&line().labelled_route("a", &twice), &[(Invalid, &["a"])]);
}
