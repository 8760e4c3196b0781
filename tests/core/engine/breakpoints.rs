//! Pauses that nobody asked for in a node: before and after named nodes, after each step, and before the first.

use super::graphs::noting_graph;
use super::*;
use weavegraph_wasm::checkpoint::Durability::{Async, Exit, Sync};
use weavegraph_wasm::engine::Pause;
use weavegraph_wasm::graph::NodeId;

fn line() -> Graph {
    noting_graph(&["a", "b", "c"]).path(&[START, "a", "b", "c", END])
}

#[test]
fn a_pause_before_a_node_runs_nothing_of_its_step() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let graph = noting_graph(&["a", "b", "b2", "c"]).path(&[START, "a", "b", "c", END]).path(&["a", "b2", "c"]);
        let setup = graph.setup().stored(durability, &store).before(&["b"]);
        let mut run = setup.run(json!({}));
        assert_eq!((run.ending().as_str(), run.calls.clone()), ("interrupted before:2/b#0", vec!["a#0!1@0".to_owned()]));
        assert_eq!(run.value("log"), json!(["a"]));
        let mut resumed = setup.resume();
        assert_eq!((resumed.ending().as_str(), resumed.value("log")), ("completed end", json!(["a", "b", "b2", "c"])), "{durability:?}");
    }
}

#[test]
fn a_pause_after_a_node_comes_with_its_step_stored() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let setup = line().setup().stored(durability, &store).after(&["b"]);
        let mut run = setup.run(json!({}));
        assert_eq!((run.ending().as_str(), run.value("log")), ("interrupted after:2/b#0", json!(["a", "b"])));
        assert_eq!(setup.open().session().graph.step, 2);
        let mut resumed = setup.resume();
        assert_eq!((resumed.ending().as_str(), resumed.value("log")), ("completed end", json!(["a", "b", "c"])), "{durability:?}");
    }
}

#[test]
fn two_at_one_boundary_are_one_pause() {
    let store = Store::default();
    let setup = line().setup().sync(&store).before(&["b", "c"]).after(&["a", "b", "c"]);
    assert_eq!(setup.run(json!({})).ending(), "interrupted after:1/a#0 before:2/b#0");
    assert_eq!(setup.resume().ending(), "interrupted after:2/b#0 before:3/c#0");
    assert_eq!(setup.resume().ending(), "completed end", "there is no pause where the run ends anyway");
}

#[test]
fn pauses_may_be_answered_like_questions() {
    let store = Store::default();
    let setup = line().setup().sync(&store).before(&["b"]);
    setup.run(json!({}));
    assert_eq!(setup.answers(&[("before:2/c#0", json!(1))]).ending(), "failed INTERRUPT_UNKNOWN");
    assert_eq!(setup.answers(&[("before:2/b#0", json!(1))]).ending(), "completed end");
    setup.run(json!({}));
    assert_eq!(setup.answer(json!(1)).ending(), "completed end");
}

#[test]
fn a_resume_that_crashes_does_not_pause_again_and_one_that_never_told_of_it_does() {
    let store = Store::default();
    let setup = line().setup().sync(&store).before(&["b"]).after(&["a"]);
    setup.run(json!({}));
    let told = store.len();
    // The record of the end is lost: nobody was told.
    let untold = store.cut(told - 1);
    let again = setup.clone().with(|setup| setup.store = Some(untold.clone()));
    assert_eq!(again.resume().ending(), "interrupted after:1/a#0 before:2/b#0");
    assert_eq!(again.resume().ending(), "completed end");
    // The resume crashes after its first record.
    setup.resume();
    let crashed = setup.with(|setup| setup.store = Some(store.cut(told + 1)));
    assert_eq!(crashed.resume().ending(), "completed end");
}

#[test]
fn a_resume_may_pause_elsewhere_at_the_same_boundary() {
    let store = Store::default();
    let setup = line().setup().sync(&store);
    assert_eq!(setup.clone().after(&["a"]).run(json!({})).ending(), "interrupted after:1/a#0");
    assert_eq!(setup.clone().before(&["b"]).resume().ending(), "interrupted before:2/b#0");
    assert_eq!(setup.before(&["b"]).resume().ending(), "completed end");
}

#[test]
fn a_node_that_would_be_skipped_is_no_reason_to_pause() {
    let store = Store::default();
    let graph = noting_graph(&[]).idle("a").idle("b").path(&[START, "a", "a"]).path(&["a", "b", END]);
    let setup = graph.setup().sync(&store).before(&["a"]).after(&["b"]);
    assert_eq!(setup.run(json!({})).ending(), "interrupted before:1/a#0");
    assert_eq!(setup.resume().ending(), "completed end");
}

#[test]
fn every_turn_of_a_loop_pauses_and_many_tasks_of_a_node_are_one_pause() {
    let store = Store::default();
    let graph = noting_graph(&["n", "work"])
        .route("n", |state| {
            if state["log"].as_array().map_or(0, Vec::len) < 3 { to(&["n"]) } else { vec![send("work", json!(1)), send("work", json!(2))] }
        })
        .path(&[START, "n"])
        .path(&["work", END]);
    let setup = graph.setup().sync(&store).before(&["n", "work"]);
    assert_eq!(setup.run(json!({})).ending(), "interrupted before:1/n#0");
    for id in ["2/n#0", "3/n#0", "4/work#0"] {
        assert_eq!(setup.resume().ending(), format!("interrupted before:{id}"));
    }
    assert_eq!(setup.resume().ending(), "completed end");
}

#[test]
fn the_first_step_can_be_paused_before() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let setup = line().setup().stored(durability, &store).before(&["a"]);
        let run = setup.run(json!({ "log": "in" }));
        assert_eq!((run.ending().as_str(), run.calls.len()), ("interrupted before:1/a#0", 0), "{durability:?}");
        let mut resumed = setup.resume();
        assert_eq!((resumed.ending().as_str(), resumed.value("log")), ("completed end", json!(["in", "a", "b", "c"])));
    }
}

#[test]
fn each_step_and_the_start_can_end_an_execution() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let setup = line().setup().stored(durability, &store);
        let start = setup.clone().pausing(Pause::AtStart);
        let each = setup.clone().pausing(Pause::EachStep);
        let run = start.run(json!({ "log": "in" }));
        assert_eq!((run.ending().as_str(), run.calls.len()), ("interrupted", 0), "{durability:?}");
        assert_eq!(start.resume().ending(), "interrupted");
        assert_eq!(
            [each.resume().ending(), each.resume().ending(), each.resume().ending()],
            ["interrupted", "interrupted", "completed end"]
        );
        assert_eq!(start.resume().ending(), "completed end");
        assert_eq!(setup.open().value("log"), json!(["in", "a", "b", "c"]));
    }
}

#[test]
fn an_execution_may_begin_at_given_nodes() {
    let store = Store::default();
    let setup = line().setup().sync(&store);
    setup.run(json!({}));
    let mut entry = setup.with(|setup| setup.frontier = Some(vec![NodeId(1)])).run(json!({ "log": "in" }));
    assert_eq!((entry.ending().as_str(), entry.value("log")), ("completed end", json!(["a", "b", "c", "in", "b", "c"])));
    assert_eq!(entry.lines(&["run.started", "step.started"]), ["run.started run-1", "step.started 4: b", "step.started 5: c"]);
}

#[test]
fn a_start_that_is_to_be_durable_is_stored_before_the_first_step() {
    for durability in [Sync, Async, Exit] {
        for is_durable in [true, false] {
            let store = Store::slow(50.0);
            let setup = line().setup().stored(durability, &store).with(|setup| setup.is_durable = is_durable);
            let mut run = setup.start(json!({}));
            run.run_until(1040.0);
            let waits = is_durable || durability == Sync;
            assert_eq!(run.calls.is_empty(), waits, "{durability:?} {is_durable}");
            run.run();
            assert_eq!(run.ending(), "completed end");
        }
    }
}
