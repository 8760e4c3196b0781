//! The version gate: a node that is reached by an edge again, with nothing changed since it last ran, is skipped.

use super::graphs::{Kinds, noting_graph};
use super::*;
use weavegraph_wasm::state::json_fold::Channel;

/// START -> a, and a route from `a` back to itself. `reply` is what `a` returns.
fn looping(graph: Graph, reply: impl Fn(&graphs::Call) -> Reply + 'static) -> Graph {
    graph.node("a", reply).path(&[START, "a"]).route("a", |_| to(&["a"]))
}

#[test]
fn a_loop_that_writes_nothing_ends_quiescent_after_a_skipped_event() {
    let mut run = looping(graph(), |_| nothing()).run();
    let expected = [
        "run.started run-1",
        "step.started 1: a",
        "node.started a",
        "node.completed a",
        "step.completed 1: ran a next a",
        "step.started 2: a",
        "node.skipped a",
        "step.completed 2: ran  skipped a next",
        "run.completed quiescent",
    ];
    assert_eq!(run.lines(&[""]), expected);
}

#[test]
fn a_nodes_own_write_lets_it_run_again() {
    let count = |call: &graphs::Call| {
        let n = call.state["n"].as_i64().unwrap_or(0);
        write("n", json!((n + 1).min(3)))
    };
    let mut run = looping(graph().channel("n", Channel::last(json!(0))), count).run();
    assert_eq!(run.value("n"), json!(3));
    assert_eq!(run.machine.steps(), 5);
    assert_eq!(run.ending(), "completed quiescent");
}

#[test]
fn writes_that_change_nothing_do_not_open_the_gate() {
    let channels = || {
        graph()
            .channel("list", Channel::append())
            .channel("map", Channel::merge())
            .channel("one", Channel::last(json!(1)))
            .channel("sum", Channel::sum())
    };
    let same: [(&str, Json); 6] = [
        ("list", json!([])),
        ("map", json!({})),
        ("map", json!({ "absent": null })),
        ("one", json!(1)),
        ("one", json!(1.0)),
        ("sum", json!(0)),
    ];
    for (channel, value) in same {
        let run = looping(channels(), move |_| write(channel, value.clone())).run();
        assert_eq!(run.machine.steps(), 2, "{channel}");
        assert_eq!(run.session().graph.versions.channels, [1, 1, 1, 1], "{channel}");
    }
}

#[test]
fn an_object_counts_as_a_change_even_if_it_is_equal() {
    let run = looping(graph().channel("one", Channel::last(json!({ "x": 1 }))), |_| write("one", json!({ "x": 1 })));
    let run = run.setup().max_steps(4).run(json!({}));
    assert_eq!(run.ending(), "failed RUN_STEP_LIMIT");
    assert_eq!(run.session().graph.versions.channels, [5]);
}

#[test]
fn the_errors_channel_does_not_count_but_has_versions() {
    let mut run = looping(graph().errors(), |_| write("errors", json!({ "message": "odd" }))).run();
    assert_eq!(run.machine.steps(), 2);
    assert_eq!(run.value("errors"), json!([{ "message": "odd" }]));
    assert_eq!(run.session().graph.versions.channels, [2]);
}

#[test]
fn a_node_that_always_runs_is_never_gated() {
    let run = looping(graph(), |_| nothing()).always();
    let run = run.setup().max_steps(5).run(json!({}));
    assert_eq!(run.ending(), "failed RUN_STEP_LIMIT");
}

#[test]
fn goto_and_send_are_never_gated() {
    let forever = [to(&["a"]), vec![send("a", json!(1))]];
    for targets in forever {
        let run = graph().node("a", move |_| nothing().goto(targets.clone())).path(&[START, "a", END]).setup().max_steps(5).run(json!({}));
        assert_eq!(run.ending(), "failed RUN_STEP_LIMIT");
    }
    let sending = graph().idle("a").path(&[START, "a"]).route("a", |_| vec![send("a", json!(1))]).setup().max_steps(5).run(json!({}));
    assert_eq!(sending.ending(), "failed RUN_STEP_LIMIT");
}

#[test]
fn an_edge_and_a_goto_together_are_not_gated() {
    let mut run = noting_graph(&[])
        .idle("a")
        .node("b", |call| match call.step {
            2 => nothing().goto_too(to(&["a"])),
            _ => nothing(),
        })
        .leading_to(&["a"])
        .path(&[START, "a", "b", "a"])
        .path(&["b", END])
        .run();
    let steps = ["1: ran a next b", "2: ran b next a END", "3: ran a next b", "4: ran  skipped b next"];
    assert_eq!(run.steps(), steps);
}

#[test]
fn a_skipped_nodes_edges_are_not_followed_and_others_go_on() {
    let mut run = noting_graph(&[])
        .idle("a")
        .idle("b")
        .node("c", |call| match call.step {
            1 | 2 => nothing().goto_too(to(&["c"])),
            _ => nothing(),
        })
        .leading_to(&["c"])
        .fan(START, &["a", "c"])
        .path(&["a", "b", END])
        .path(&["c", "a"])
        .run();
    let steps = ["1: ran a c next b a c", "2: ran b c skipped a next END a c", "3: ran c skipped a next a", "4: ran  skipped a next"];
    assert_eq!(run.steps(), steps);
}

#[test]
fn a_change_by_anyone_opens_the_gate_for_everyone() {
    let mut run = noting_graph(&["c"]).idle("a").idle("b").path(&[START, "a", "b", "a"]).path(&["b", END]).path(&[START, "c", END]).run();
    let steps = ["1: ran a c changed log next b END", "2: ran b next a END", "3: ran a next b", "4: ran  skipped b next"];
    assert_eq!(run.steps(), steps);
}

#[test]
fn every_execution_begins_with_an_open_gate() {
    let store = Store::default();
    let setup = graph().idle("a").idle("b").path(&[START, "a", "b", END]).setup().sync(&store);
    for _ in 0..3 {
        let mut run = setup.run(json!({}));
        assert_eq!(run.lines(&["node.skipped"]), Vec::<String>::new());
        assert_eq!(run.machine.steps(), 2);
        assert_eq!(run.ending(), "completed end");
    }
}

#[test]
fn a_resumed_execution_remembers_what_ran() {
    let store = Store::default();
    let setup = looping(graph(), |_| nothing()).setup().sync(&store);
    let stopped = setup.clone().max_steps(1).run(json!({}));
    assert_eq!(stopped.ending(), "failed RUN_STEP_LIMIT");
    let mut resumed = setup.resume();
    assert_eq!(resumed.lines(&["node"]), ["node.skipped a"]);
    assert_eq!(resumed.ending(), "completed quiescent");
}
