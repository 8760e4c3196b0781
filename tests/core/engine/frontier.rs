//! Who runs next, in which order, and what the tasks of a step see and write.

use super::graphs::{Answer, Kinds, noting_graph};
use super::*;
use weavegraph_wasm::state::json_fold::Channel;

#[test]
fn a_line_runs_one_node_a_step_and_ends_at_end() {
    let mut run = noting_graph(&["a", "b", "c"]).path(&[START, "a", "b", "c", END]).run();
    let steps = ["1: ran a changed log next b", "2: ran b changed log next c", "3: ran c changed log next END"];
    assert_eq!(run.steps(), steps);
    assert_eq!(run.ending(), "completed end");
    assert_eq!(run.value("log"), json!(["a", "b", "c"]));
}

#[test]
fn a_graph_without_nodes_ends_at_once() {
    let mut run = graph().path(&[START, END]).run();
    assert_eq!(run.lines(&["run", "step"]), ["run.started run-1", "run.completed end"]);
}

#[test]
fn of_one_node_come_plain_edges_then_joins_then_routes_then_its_command() {
    let mut run = noting_graph(&["x", "p", "j", "r", "c"])
        .node("a", |_| write("log", json!("a")).goto_too(to(&["c"])))
        .leading_to(&["c"])
        .fan(START, &["a", "x"])
        .route("a", |_| to(&["r"]))
        .join(&["a", "x"], "j")
        .path(&["a", "p", END])
        .fan("x", &[END])
        .fan("j", &[END])
        .fan("r", &[END])
        .fan("c", &[END])
        .run();
    assert_eq!(run.steps()[0], "1: ran a x changed log next p j r c END");
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn a_node_that_is_named_twice_runs_once_where_it_was_named_first() {
    let mut run = noting_graph(&["a", "b", "c", "d", "e"])
        .fan(START, &["a", "b"])
        .fan("a", &["c", "d"])
        .fan("b", &["d", "c", "e"])
        .route("b", |_| to(&["c", "e", "e", "d"]))
        .fan("c", &[END])
        .fan("d", &[END])
        .fan("e", &[END])
        .run();
    assert_eq!(run.steps()[0], "1: ran a b changed log next c d e");
    assert_eq!(run.steps()[1], "2: ran c d e changed log next END");
}

#[test]
fn a_node_at_the_end_of_two_paths_of_different_length_runs_twice() {
    let mut run = noting_graph(&["a", "b", "c", "d"]).fan(START, &["a", "b"]).path(&["a", "d", END]).path(&["b", "c", "d"]).run();
    assert_eq!(run.value("log"), json!(["a", "b", "d", "c", "d"]));
}

#[test]
fn end_beside_other_nodes_does_not_stop_them() {
    let mut run = noting_graph(&["a", "b", "c"]).fan(START, &["a", "b"]).path(&["a", END]).path(&["b", "c"]).route("c", |_| vec![]).run();
    let steps = ["1: ran a b changed log next END c", "2: ran c changed log next"];
    assert_eq!(run.steps(), steps);
    assert_eq!(run.lines(&["step.started"])[1], "step.started 2: c");
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn a_frontier_that_runs_dry_is_quiescent() {
    let run = noting_graph(&["a"]).path(&[START, "a"]).route("a", |_| vec![]).run();
    assert_eq!(run.ending(), "completed quiescent");
    let empty = graph().route(START, |_| vec![]).run();
    assert_eq!(empty.ending(), "completed quiescent");
}

#[test]
fn routes_see_the_state_after_the_barrier_and_are_called_in_the_order_of_nodes() {
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let watch = std::rc::Rc::clone(&seen);
    let run = noting_graph(&["a", "b"])
        .fan(START, &["a", "b"])
        .route("b", |_| to(&[END]))
        .route("a", move |state| {
            watch.borrow_mut().push(state["log"].clone());
            to(&[END])
        })
        .route("a", |_| to(&[END]))
        .run();
    assert_eq!(*seen.borrow(), [json!(["a", "b"])]);
    let routes: Vec<&String> = run.calls.iter().filter(|call| call.starts_with("route")).collect();
    assert_eq!(routes, ["route of a", "route of a", "route of b"]);
}

#[test]
fn the_order_of_answers_does_not_change_the_frontier() {
    let slow = |ms: f64, target: &'static str| move |_: &Json| Answer { after: Some(ms), targets: Ok(to(&[target])) };
    let mut run = noting_graph(&["a", "b", "c", "d", "e"])
        .slow_route(START, slow(30.0, "b"))
        .slow_route(START, slow(10.0, "a"))
        .slow_route("a", slow(5.0, "c"))
        .slow_route("b", slow(20.0, "d"))
        .slow_route("b", slow(1.0, "e"))
        .fan("c", &[END])
        .fan("d", &[END])
        .fan("e", &[END])
        .run();
    assert_eq!(run.lines(&["step.started"])[0], "step.started 1: b a");
    assert_eq!(run.steps()[0], "1: ran b a changed log next d e c");
}

#[test]
fn labels_of_a_route_stand_for_their_targets() {
    let labels = [("yes", "b"), ("no", END)];
    let mut run =
        noting_graph(&["a", "b"]).path(&[START, "a"]).route("a", |_| to(&["yes", "no", "yes"])).declaring(&labels).path(&["b", END]).run();
    assert_eq!(run.steps()[0], "1: ran a changed log next b END");
    let undeclared = noting_graph(&["a", "b"]).path(&[START, "a"]).route("a", |_| to(&["b"])).declaring(&labels).path(&["b", END]).run();
    assert_eq!(undeclared.ending(), "failed ROUTE_UNKNOWN_TARGET");
    assert!(undeclared.message().contains("`a` named `b`"), "{}", undeclared.message());
}

#[test]
fn writes_fold_in_node_order_whatever_the_order_of_completion() {
    let late = |ms: f64| {
        move |call: &graphs::Call| write("log", json!(call.node)).and("map", json!({ "who": call.node, call.node.as_str(): 1 })).after(ms)
    };
    let mut run = graph()
        .channel("log", Channel::append())
        .channel("map", Channel::merge())
        .node("a", late(30.0))
        .node("b", late(10.0))
        .node("c", late(20.0))
        .fan(START, &["a", "b", "c"])
        .fan("a", &[END])
        .fan("b", &[END])
        .fan("c", &[END])
        .run();
    assert_eq!(run.value("log"), json!(["a", "b", "c"]));
    assert_eq!(run.value("map"), json!({ "who": "c", "a": 1, "b": 1, "c": 1 }));
    let completed = ["node.completed b", "node.completed c", "node.completed a"];
    assert_eq!(run.lines(&["node.completed"]), completed);
}

#[test]
fn tasks_of_a_step_see_the_state_before_it() {
    let look = |ms: f64| move |call: &graphs::Call| write("log", json!(call.state["log"].as_array().map(Vec::len))).after(ms);
    let mut run = graph()
        .channel("log", Channel::append())
        .node("a", look(0.0))
        .node("b", look(5.0))
        .node("c", look(0.0))
        .fan(START, &["a", "b"])
        .fan("a", &["c"])
        .fan("b", &["c"])
        .path(&["c", END])
        .run();
    assert_eq!(run.value("log"), json!([0, 0, 2]));
}

#[test]
fn two_writers_of_a_last_channel_are_a_conflict_unless_the_last_wins() {
    let two = |graph: Graph| {
        graph
            .node("a", |_| write("x", json!("a")).after(9.0))
            .node("b", |_| write("x", json!("b")))
            .fan(START, &["a", "b"])
            .fan("a", &[END])
            .fan("b", &[END])
            .run()
    };
    let mut conflict = two(graph().channel("x", Channel::last(json!("first"))));
    assert_eq!(conflict.ending(), "failed STATE_CONFLICT");
    assert!(conflict.message().contains("`a` and `b` wrote channel `x` in step 1"), "{}", conflict.message());
    assert_eq!(conflict.value("x"), json!("first"));
    let mut later = two(graph().channel_with("x", Channel::last(json!(0)), |channel| {
        channel.takes_last = true;
    }));
    assert_eq!(later.ending(), "completed end");
    assert_eq!(later.value("x"), json!("b"));
}

#[test]
fn a_replace_is_the_whole_value_and_later_writes_of_the_step_come_on_top() {
    let mut run = graph()
        .channel("log", Channel::append())
        .node("a", |_| write("log", json!(["a", "b"])))
        .node("b", |_| nothing().replacing("log", json!(["x"])))
        .node("c", |_| write("log", json!("c")))
        .path(&[START, "a", "b", END])
        .path(&["a", "c", END])
        .run();
    assert_eq!(run.value("log"), json!(["x", "c"]));
}
