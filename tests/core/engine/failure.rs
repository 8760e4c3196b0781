//! A step that fails: what is kept, what is told, and how a resume goes on.

use super::graphs::{Answer, Call, Kinds, noting_graph};
use super::*;
use std::cell::Cell;
use std::rc::Rc;
use weavegraph_wasm::state::json_fold::Channel;

/// A node that fails as long as the switch is on.
fn switched(switch: &Rc<Cell<bool>>) -> impl Fn(&Call) -> Reply + 'static {
    let switch = Rc::clone(switch);
    move |call| match switch.get() {
        true => fail("broken").after(20.0),
        false => write("log", json!(call.node)),
    }
}

fn switch() -> Rc<Cell<bool>> {
    Rc::new(Cell::new(true))
}

/// `fast` is done when `bad` fails, `slow` is not.
fn three(is_broken: &Rc<Cell<bool>>) -> Graph {
    noting_graph(&[])
        .errors()
        .node("fast", |_| write("log", json!("fast")).after(10.0))
        .node("bad", switched(is_broken))
        .node("slow", |_| write("log", json!("slow")).after(60.0))
        .noting("after")
        .fan(START, &["fast", "bad", "slow"])
        .join(&["fast", "bad", "slow"], "after")
        .path(&["after", END])
}

#[test]
fn a_failure_aborts_the_siblings_and_writes_nothing() {
    let mut run = three(&switch()).run();
    assert_eq!(run.ending(), "failed NODE_THREW");
    assert_eq!(run.now, 1020.0);
    assert_eq!(run.aborts, ["slow#0 Failure"]);
    assert_eq!(run.value("log"), json!([]));
    assert_eq!(run.steps(), Vec::<String>::new());
    let failed = run.lines(&["node.failed", "run.failed"]);
    assert_eq!(failed, ["node.failed bad NODE_THREW", "run.failed NODE_THREW"]);
}

#[test]
fn the_failure_names_node_step_and_keeps_what_was_thrown() {
    let run = three(&switch()).run();
    let events = run.machine.terminal_event().expect("an end");
    let weavegraph_wasm::events::Body::RunEnded { ending, .. } = &events.body else { panic!() };
    let weavegraph_wasm::events::Ending::Failed(failure) = &**ending else { panic!() };
    assert_eq!(run.name(failure.node.expect("a node")), "bad");
    assert_eq!(failure.step, Some(1));
    assert_eq!(&*failure.message, "node `bad` failed in step 1: broken");
    assert_eq!(run.arena.get(failure.cause.as_ref().expect("a cause")), &json!({ "thrown": "broken" }));
}

#[test]
fn a_resume_runs_only_what_had_not_finished_and_the_step_number_stays() {
    let (store, is_broken) = (Store::default(), switch());
    let setup = three(&is_broken).setup().sync(&store);
    setup.run(json!({}));
    is_broken.set(false);
    let mut resumed = setup.resume();
    let expected = [
        "run.started run-1 resumed",
        "step.started 1: bad slow",
        "node.started bad",
        "node.started slow",
        "node.completed bad",
        "node.completed slow",
        "step.completed 1: ran fast bad slow changed log errors next after",
        "step.started 2: after",
        "node.started after",
        "node.completed after",
        "step.completed 2: ran after changed log next END",
        "run.completed end",
    ];
    assert_eq!(resumed.lines(&["run", "step", "node"]), expected);
    assert_eq!(resumed.value("log"), json!(["fast", "bad", "slow", "after"]));
}

#[test]
fn the_error_event_comes_with_the_next_completed_barrier() {
    let (store, is_broken) = (Store::default(), switch());
    let setup = three(&is_broken).setup().sync(&store);
    assert_eq!(setup.run(json!({})).value("errors"), json!([]));
    assert_eq!(setup.resume().value("errors"), json!([]));
    is_broken.set(false);
    let errors = setup.resume().value("errors");
    let found = errors.as_array().expect("a list");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["at"], json!(1020.0));
    assert_eq!(found[0]["step"], json!(1));
    assert_eq!(found[0]["code"], json!("NODE_THREW"));
    assert_eq!(found[0]["cause"], json!({ "thrown": "broken" }));
    assert_eq!(setup.open().value("errors"), errors);
}

#[test]
fn a_graph_without_an_errors_channel_resumes_as_well() {
    let (store, is_broken) = (Store::default(), switch());
    let setup = noting_graph(&["b"]).node("a", switched(&is_broken)).path(&[START, "a", "b", END]).setup().sync(&store);
    setup.run(json!({}));
    is_broken.set(false);
    assert_eq!(setup.resume().value("log"), json!(["a", "b"]));
    assert_eq!(setup.open().value("log"), json!(["a", "b"]));
}

#[test]
fn attempts_of_a_resumed_task_start_at_one() {
    let store = Store::default();
    let left = Rc::new(Cell::new(3));
    let counter = Rc::clone(&left);
    let setup = noting_graph(&[])
        .node("a", move |_| match counter.get() {
            0 => nothing(),
            n => {
                counter.set(n - 1);
                fail("no")
            }
        })
        .retrying(2)
        .path(&[START, "a", END])
        .setup()
        .sync(&store);
    assert_eq!(setup.run(json!({})).calls, ["a#0!1@0", "a#0!2@100"]);
    assert_eq!(setup.resume().calls, ["a#0!1@0", "a#0!2@100"]);
    assert_eq!(left.get(), 0);
}

#[test]
fn results_of_commands_and_sends_are_kept_too() {
    let (store, is_broken) = (Store::default(), switch());
    let setup = noting_graph(&["x"])
        .node("a", |_| write("log", json!("a")).goto(vec![send("w", json!(1)), To::Node("x".to_owned()), send("w", json!(2))]))
        .leading_to(&["x", "w"])
        .node("w", |call| write("log", call.input.clone()))
        .node("bad", switched(&is_broken))
        .fan(START, &["bad", "a"])
        .fan("bad", &[END])
        .fan("x", &[END])
        .fan("w", &[END])
        .setup()
        .sync(&store);
    setup.run(json!({}));
    is_broken.set(false);
    let mut resumed = setup.resume();
    assert_eq!(resumed.calls[0], "bad#0!1@0");
    assert_eq!(resumed.steps()[0], "1: ran bad a changed log next END w#0 x w#1");
    assert_eq!(resumed.value("log"), json!(["bad", "a", 1, "x", 2]));
}

#[test]
fn a_failing_reducer_rolls_the_barrier_back_and_keeps_all_results() {
    let store = Store::default();
    let setup = |graph: Graph| {
        graph
            .channel("log", Channel::append())
            .channel("sum", Channel::sum())
            .node("a", |_| write("log", json!("a")).and("sum", json!(2)))
            .node("b", |_| write("log", json!("b")).and("sum", json!("three")))
            .fan(START, &["a", "b"])
            .fan("a", &[END])
            .fan("b", &[END])
            .setup()
    };
    let stored = setup(graph()).sync(&store);
    let mut run = stored.run(json!({}));
    assert_eq!(run.ending(), "failed STATE_REDUCER");
    assert!(run.message().contains("channel `sum`") && run.message().contains("in step 1"), "{}", run.message());
    assert_eq!(run.state(), json!({ "log": [], "sum": 0 }));
    assert_eq!(run.session().graph.versions.channels, [1, 1]);
    // The results are there, so the barrier is all that is tried again.
    let resumed = stored.resume();
    assert_eq!(resumed.calls, Vec::<String>::new());
    assert_eq!(resumed.ending(), "failed STATE_REDUCER");
}

#[test]
fn an_invalid_write_names_its_channel() {
    let run = graph().channel("map", Channel::merge()).node("a", |_| write("map", json!("text"))).path(&[START, "a", END]).run();
    assert_eq!(run.ending(), "failed STATE_INVALID_UPDATE");
    assert!(run.message().contains("channel `map`"), "{}", run.message());
}

#[test]
fn a_failing_route_rolls_back_and_is_all_that_is_repeated_with_its_siblings() {
    let store = Store::default();
    let is_broken = switch();
    let breaks = Rc::clone(&is_broken);
    let setup = noting_graph(&["a", "b"])
        .fan(START, &["a", "b"])
        .fan("b", &[END])
        .slow_route("a", move |state| {
            assert_eq!(state["log"], json!(["a", "b"]));
            Answer { after: Some(5.0), targets: if breaks.get() { Err("lost".to_owned()) } else { Ok(to(&[END])) } }
        })
        .setup()
        .sync(&store);
    let mut run = setup.run(json!({}));
    assert_eq!(run.ending(), "failed ROUTE_THREW");
    assert_eq!(run.message(), "the route of `a` failed after step 1: lost");
    assert_eq!(run.value("log"), json!([]));
    is_broken.set(false);
    let mut resumed = setup.resume();
    assert_eq!(resumed.calls, ["route of a"]);
    assert_eq!(resumed.value("log"), json!(["a", "b"]));
    assert_eq!(resumed.session().graph.versions.channels, [2]);
}

#[test]
fn a_failing_route_of_start_keeps_the_input_and_is_asked_again() {
    let store = Store::default();
    let is_broken = switch();
    let breaks = Rc::clone(&is_broken);
    let setup = noting_graph(&["a"])
        .slow_route(START, move |_| Answer { after: None, targets: if breaks.get() { Err("lost".to_owned()) } else { Ok(to(&["a"])) } })
        .path(&["a", END])
        .setup()
        .sync(&store);
    let mut run = setup.run(json!({ "log": "input" }));
    assert_eq!(run.lines(&["run"]), ["run.started run-1", "run.failed ROUTE_THREW"]);
    assert_eq!(setup.resume().ending(), "failed ROUTE_THREW");
    is_broken.set(false);
    let mut resumed = setup.resume();
    assert_eq!(resumed.ending(), "completed end");
    assert_eq!(resumed.value("log"), json!(["input", "a"]));
    assert_eq!(resumed.session().graph.versions.channels, [2]);
}

#[test]
fn bad_input_fails_before_anything_is_stored() {
    let store = Store::default();
    let setup =
        graph().channel("map", Channel::merge()).channel("log", Channel::append()).idle("a").path(&[START, "a", END]).setup().sync(&store);
    let mut run = setup.run(json!({ "map": 1, "log": "x" }));
    assert_eq!(run.lines(&[""]), ["run.failed STATE_INVALID_UPDATE"]);
    assert!(run.machine.terminal_event().expect("an end").is_transient);
    assert_eq!(run.state(), json!({ "map": {}, "log": [] }));
    assert_eq!(store.len(), 0);
    assert!(run.session().is_fresh());
}

#[test]
fn two_failures_at_once_are_one_failure() {
    let mut run = noting_graph(&[])
        .node("a", |_| fail("first").after(5.0))
        .node("b", |_| fail("second").after(5.0))
        .fan(START, &["a", "b"])
        .fan("a", &[END])
        .fan("b", &[END])
        .run();
    assert_eq!(run.message(), "node `a` failed in step 1: first");
    assert_eq!(run.lines(&["node.failed", "run.failed"]), ["node.failed a NODE_THREW", "run.failed NODE_THREW"]);
}

#[test]
fn a_sibling_that_was_not_called_yet_is_not_called_any_more() {
    let mut run = noting_graph(&["b"]).node("a", |_| fail("at once")).fan(START, &["a", "b"]).fan("a", &[END]).fan("b", &[END]).run();
    assert_eq!(run.calls, ["a#0!1@0"]);
    assert_eq!(run.value("log"), json!([]));
}
