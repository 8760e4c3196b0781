//! Commands: writes and routing in one result.

use super::graphs::noting_graph;
use super::*;

/// START -> a -> b -> END, and `c`, `d` beside it; `a` returns what is given.
fn line_with(reply: impl Fn(&graphs::Call) -> Reply + 'static) -> Host {
    noting_graph(&["b", "c", "d"])
        .node("a", reply)
        .leading_to(&["a", "b", "c", "d", END])
        .path(&[START, "a", "b", END])
        .fan("c", &[END])
        .fan("d", &[END])
        .run()
}

#[test]
fn replace_silences_the_nodes_own_edges() {
    let mut run = line_with(|_| write("log", json!("a")).goto(to(&["d", "c"])));
    assert_eq!(run.steps()[0], "1: ran a changed log next d c");
    assert_eq!(run.value("log"), json!(["a", "d", "c"]));
}

#[test]
fn append_adds_to_them() {
    let mut run = line_with(|_| nothing().goto_too(to(&["d", "b", "c"])));
    assert_eq!(run.steps()[0], "1: ran a next b d c");
}

#[test]
fn replace_without_targets_ends_the_path() {
    let mut run = line_with(|_| nothing().goto(vec![]));
    assert_eq!(run.steps(), ["1: ran a next"]);
    assert_eq!(run.ending(), "completed quiescent");
}

#[test]
fn append_without_targets_changes_nothing() {
    let mut run = line_with(|_| nothing().goto_too(vec![]));
    assert_eq!(run.steps()[0], "1: ran a next b");
}

#[test]
fn a_command_may_lead_to_end() {
    let mut run = line_with(|_| nothing().goto(to(&[END])));
    assert_eq!(run.steps(), ["1: ran a next END"]);
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn replace_keeps_routes_from_being_called_and_append_does_not() {
    let of = |replaces: bool| {
        let mut run = noting_graph(&["b", "c"])
            .node("a", move |_| Reply { goto: Some((replaces, to(&["c"]))), ..nothing() })
            .leading_to(&["c"])
            .path(&[START, "a"])
            .route("a", |_| to(&["b"]))
            .path(&["b", END])
            .path(&["c", END])
            .run();
        let calls = run.calls.iter().filter(|call| call.starts_with("route")).count();
        (calls, run.steps()[0].clone())
    };
    assert_eq!(of(true), (0, "1: ran a next c".to_owned()));
    assert_eq!(of(false), (1, "1: ran a next b c".to_owned()));
}

#[test]
fn a_command_silences_only_its_own_node() {
    let mut run = noting_graph(&["b", "c", "x"])
        .node("a", |_| nothing().goto(to(&["x"])))
        .leading_to(&["x"])
        .fan(START, &["a", "b"])
        .path(&["a", "c", END])
        .path(&["b", "c"])
        .path(&["x", END])
        .run();
    assert_eq!(run.steps()[0], "1: ran a b changed log next x c");
}

#[test]
fn edges_of_a_node_are_followed_once_unless_every_task_of_it_is_silenced() {
    // Five tasks of `w`; those with an odd input silence its edges.
    let of = |inputs: &'static [i64]| {
        let mut run = noting_graph(&["b", "x"])
            .idle("split")
            .node("w", |call| match call.input.as_i64().unwrap_or(0) % 2 {
                0 => nothing(),
                _ => nothing().goto(to(&["x"])),
            })
            .leading_to(&["x"])
            .path(&[START, "split"])
            .route("split", |_| inputs.iter().map(|n| send("w", json!(n))).collect())
            .path(&["w", "b", END])
            .route("w", |_| to(&["b", END]))
            .path(&["x", END])
            .run();
        let calls = run.calls.iter().filter(|call| *call == "route of w").count();
        (calls, run.steps()[1].clone())
    };
    assert_eq!(of(&[1, 3]), (0, "2: ran w w next x".to_owned()));
    assert_eq!(of(&[1, 2, 3, 4]), (1, "2: ran w w w w next x b END".to_owned()));
    assert_eq!(of(&[2, 4]), (1, "2: ran w w next b END".to_owned()));
}

#[test]
fn a_goto_to_a_node_that_does_not_exist_fails_the_task() {
    let mut run = line_with(|_| write("log", json!("lost")).goto(to(&["nowhere"])));
    assert_eq!(run.ending(), "failed ROUTE_UNKNOWN_TARGET");
    assert!(run.message().contains("`a` named `nowhere`"), "{}", run.message());
    assert_eq!(run.value("log"), json!([]));
    assert_eq!(run.lines(&["node.failed"]), ["node.failed a ROUTE_UNKNOWN_TARGET"]);
}

#[test]
fn a_goto_to_an_undeclared_node_that_exists_is_allowed() {
    let mut run =
        noting_graph(&["b", "c"]).node("a", |_| nothing().goto(to(&["c"]))).leading_to(&["b"]).path(&[START, "a", "b", "c", END]).run();
    assert_eq!(run.steps()[0], "1: ran a next c");
}

#[test]
fn a_node_may_go_to_itself() {
    let mut run = line_with(|call| match call.step {
        1 | 2 => nothing().goto(to(&["a"])),
        _ => nothing(),
    });
    assert_eq!(run.steps()[..3], ["1: ran a next a", "2: ran a next a", "3: ran a next b"]);
}
