//! Cancelling, at every moment of a run.

use super::graphs::{Answer, noting_graph};
use super::*;
use store::Says;

fn slow_line() -> Graph {
    noting_graph(&["c"])
        .node("a", |_| write("log", json!("a")).after(10.0))
        .node("b", |_| write("log", json!("b")).after(10.0))
        .path(&[START, "a", "b", "c", END])
}

#[test]
fn cancelling_before_the_start_leaves_no_trace() {
    let store = Store::default();
    let mut run = slow_line().setup().sync(&store).open();
    run.cancel(Some("never mind"));
    assert_eq!(run.ending(), "cancelled never mind");
    assert!(run.machine.terminal_event().expect("an end").is_transient);
    let mut run = run.fed_start("run-1", &json!({}), false, false).ran();
    assert_eq!(run.lines(&[""]), ["run.cancelled never mind"]);
    assert_eq!(run.calls, Vec::<String>::new());
    assert_eq!(store.len(), 0);
}

#[test]
fn cancelling_a_step_aborts_its_tasks_and_keeps_what_is_done() {
    let store = Store::default();
    let setup = noting_graph(&["done"])
        .node("busy", |_| write("log", json!("late")).after(100.0).message("late"))
        .node("asleep", |_| nothing().sleep(100.0))
        .fan(START, &["done", "busy", "asleep"])
        .fan("done", &[END])
        .fan("busy", &[END])
        .fan("asleep", &[END])
        .setup()
        .sync(&store);
    let mut run = setup.start(json!({}));
    run.cancel_at(1030.0, "enough");
    run.run();
    assert_eq!(run.now, 1030.0);
    assert_eq!(run.ending(), "cancelled enough");
    assert_eq!(run.aborts, ["busy#0 Cancel", "asleep#0 Cancel"]);
    assert_eq!(run.value("log"), json!([]));
    // What ignores its signal changes nothing any more.
    run.is_finished = false;
    run.run();
    assert_eq!(run.lines(&["node.completed", "message"]), ["node.completed done"]);
    let mut resumed = setup.resume();
    assert_eq!(resumed.calls, ["busy#0!1@0", "asleep#0!1@0"]);
    assert_eq!(resumed.value("log"), json!(["done", "late"]));
}

#[test]
fn cancelling_during_a_back_off_ends_it() {
    let mut run = noting_graph(&[]).node("a", |_| fail("no")).retrying(9).path(&[START, "a", END]).setup().start(json!({}));
    run.cancel_at(1050.0, "stop");
    run.run();
    assert_eq!((run.ending().as_str(), run.now), ("cancelled stop", 1050.0));
    assert_eq!(run.calls.len(), 1);
}

#[test]
fn cancelling_while_routes_answer_rolls_the_barrier_back() {
    let store = Store::default();
    let setup = noting_graph(&["a"])
        .path(&[START, "a"])
        .slow_route("a", |_| Answer { after: Some(50.0), targets: Ok(to(&[END])) })
        .setup()
        .sync(&store);
    let mut run = setup.start(json!({}));
    run.cancel_at(1020.0, "stop");
    run.run();
    assert_eq!(run.ending(), "cancelled stop");
    assert_eq!(run.value("log"), json!([]));
    let mut resumed = setup.resume();
    assert_eq!(resumed.calls, ["route of a"]);
    assert_eq!(resumed.value("log"), json!(["a"]));
}

#[test]
fn cancelling_while_start_routes_keeps_the_input() {
    let store = Store::default();
    let setup = noting_graph(&["a"])
        .slow_route(START, |_| Answer { after: Some(50.0), targets: Ok(to(&["a"])) })
        .path(&["a", END])
        .setup()
        .sync(&store);
    let mut run = setup.start(json!({ "log": "input" }));
    run.cancel_at(1020.0, "stop");
    run.run();
    assert_eq!(run.lines(&["run"]), ["run.started run-1", "run.cancelled stop"]);
    assert_eq!(setup.resume().value("log"), json!(["input", "a"]));
}

#[test]
fn cancelling_while_the_input_is_folded_keeps_it_with_its_versions() {
    use super::graphs::Kinds;
    use weavegraph_wasm::engine::Input;
    use weavegraph_wasm::state::json_fold::Channel;
    // A reducer that cancels its own run: the word comes between the folds and the host's answer about them.
    let store = Store::default();
    let setup = graph().channel("sum", Channel::sum()).idle("a").path(&[START, "a", END]).setup().sync(&store);
    setup.run(json!({ "sum": 1 }));
    let mut run = setup.start(json!({ "sum": 2 }));
    run.feed(Input::Cancel { reason: None });
    run.run();
    assert_eq!(run.ending(), "cancelled");
    assert_eq!(run.value("sum"), json!(3));
    let versions = run.session().graph.versions.clone();
    let mut again = setup.open();
    assert_eq!(again.value("sum"), json!(3));
    assert_eq!(again.session().graph.versions, versions);
    assert_eq!(versions.channels, [2]);
}

#[test]
fn cancelling_at_a_boundary_waits_for_the_append_in_flight() {
    let store = Store::slow(20.0);
    let setup = slow_line().setup().sync(&store);
    let mut run = setup.start(json!({}));
    // 1000 run.started is sent, 1020 stored, 1028 the first events of step 1 are sent, 1048 stored, and the rest of it is sent.
    run.cancel_at(1055.0, "stop");
    run.run();
    assert_eq!(run.now, 1088.0);
    assert_eq!(run.ending(), "cancelled stop");
    let expected = ["run.started run-1", "step.completed 1: ran a changed log next b", "run.cancelled stop"];
    assert_eq!(run.lines(&["run", "step.completed"]), expected);
    assert_eq!(store.len(), 4);
    assert_eq!(setup.resume().value("log"), json!(["a", "b", "c"]));
}

#[test]
fn cancelling_after_the_last_word_was_sent_changes_nothing() {
    let store = Store::slow(20.0);
    let mut run = slow_line().setup().sync(&store).start(json!({}));
    // 1020 start stored, then steps whose first events are stored apart; 1136+20 the end.
    run.cancel_at(1145.0, "too late");
    run.run();
    assert_eq!(run.ending(), "completed end");
    assert_eq!(run.now, 1156.0);
}

#[test]
fn cancelling_an_ended_run_changes_nothing() {
    let mut run = slow_line().run();
    run.cancel(Some("late"));
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn cancelling_twice_keeps_the_first_reason() {
    let store = Store::slow(20.0);
    let mut run = slow_line().setup().sync(&store).start(json!({}));
    run.cancel_at(1025.0, "first");
    run.cancel_at(1030.0, "second");
    run.run();
    assert_eq!(run.ending(), "cancelled first");
}

#[test]
fn a_store_that_refuses_the_cancellation_makes_it_a_failure() {
    let store = Store::default();
    store.ok(1).next(None, Says::Refuses);
    let mut run = slow_line().setup().sync(&store).start(json!({}));
    run.cancel_at(1005.0, "stop");
    run.run();
    assert_eq!(run.ending(), "failed CHECKPOINT_UNAVAILABLE");
    assert_eq!(run.lines(&["run"]), ["run.started run-1", "run.failed CHECKPOINT_UNAVAILABLE"]);
}

#[test]
fn a_store_that_is_silent_for_ten_seconds_does_not_hold_a_cancellation() {
    for (answers, cancelled_at, sent_at) in [(0, 1005.0, 1000.0), (1, 1005.0, 1005.0), (2, 1012.0, 1010.0)] {
        let store = Store::default();
        store.ok(answers).next(None, Says::Nothing);
        let mut run = slow_line().setup().sync(&store).start(json!({}));
        run.cancel_at(cancelled_at, "stop");
        run.run();
        assert_eq!(run.ending(), "failed CHECKPOINT_UNAVAILABLE", "{answers}");
        assert_eq!(run.now, sent_at + 10_000.0, "{answers}");
        assert!(run.message().contains("10"), "{}", run.message());
    }
}

#[test]
fn a_held_run_can_be_cancelled() {
    use weavegraph_wasm::events::{Cursor, Mask, Overflow};
    let mut run = slow_line().setup().start(json!({}));
    let reader = run.machine.subscribe(Mask::ALL, 2, Overflow::Wait, Cursor::Start);
    run.machine.pull(reader, 1, 1000.0);
    run.run_until(1500.0);
    assert!(!run.is_finished);
    assert_eq!(run.calls, ["a#0!1@0"]);
    run.cancel(None);
    assert_eq!(run.ending(), "cancelled");
}
