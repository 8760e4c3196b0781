//! Sessions over many executions: new runs, resumes, unfinished ones and what is dropped of them.

use super::graphs::noting_graph;
use super::*;
use std::cell::Cell;
use std::rc::Rc;

fn line() -> Graph {
    noting_graph(&["a", "b"]).path(&[START, "a", "b", END])
}

/// START -> a -> b -> END; `b` fails as long as the switch is on.
fn breaking(switch: &Rc<Cell<bool>>) -> Graph {
    let switch = Rc::clone(switch);
    noting_graph(&["a"]).node("b", move |_| if switch.get() { fail("no") } else { write("log", json!("b")) }).path(&[START, "a", "b", END])
}

#[test]
fn the_next_run_goes_on_with_state_steps_and_numbers() {
    let store = Store::default();
    let setup = line().setup().sync(&store);
    let first = setup.run(json!({ "log": "one" }));
    let seq = first.session().seq;
    let mut second = setup.open().fed_start("run-2", &json!({ "log": "two" }), false, false).ran();
    assert_eq!(second.value("log"), json!(["one", "a", "b", "two", "a", "b"]));
    assert_eq!(second.steps()[0], "3: ran a changed log next b");
    assert_eq!(second.events()[0].seq, seq + 1);
    assert_eq!(second.lines(&["run"]), ["run.started run-2", "run.completed end"]);
    assert_eq!(second.machine.steps(), 2);
    // The first input belongs to the fresh session, the second one is a change of its own.
    assert_eq!(second.session().graph.versions.channels, [6]);
}

#[test]
fn the_input_of_a_fresh_session_does_not_raise_versions() {
    let run = line().setup().run(json!({ "log": ["x", "y"] }));
    assert_eq!(run.session().graph.versions.channels, [3]);
}

#[test]
fn a_new_run_of_an_unfinished_session_is_refused_and_stores_nothing() {
    let (store, switch) = (Store::default(), Rc::new(Cell::new(true)));
    let setup = breaking(&switch).setup().sync(&store);
    setup.run(json!({}));
    let records = store.len();
    let mut refused = setup.run(json!({ "log": "more" }));
    assert_eq!(refused.lines(&[""]), ["run.failed SESSION_UNFINISHED"]);
    assert!(refused.message().contains("`s` has not ended (failed)"), "{}", refused.message());
    assert_eq!(refused.value("log"), json!(["a"]));
    assert_eq!(store.len(), records);
}

#[test]
fn a_cancelled_session_and_a_dead_one_are_unfinished_too() {
    let store = Store::default();
    let setup = line().setup().sync(&store);
    let mut cancelled = setup.start(json!({}));
    cancelled.feed(weavegraph_wasm::engine::Input::Cancel { reason: None });
    cancelled.run();
    assert!(setup.run(json!({})).message().contains("(cancelled)"));
    setup.abandon(json!({}));
    // Its process died: the last record is of a step in the middle.
    let dead = store.cut(store.len() - 1);
    let setup = setup.sync(&dead);
    assert!(setup.run(json!({})).message().contains("(running)"));
    assert_eq!(setup.resume().ending(), "completed end");
}

#[test]
fn abandoning_drops_the_half_done_step_and_says_so() {
    let (store, switch) = (Store::default(), Rc::new(Cell::new(true)));
    let setup = breaking(&switch).setup().sync(&store);
    setup.run(json!({}));
    switch.set(false);
    let mut run = setup.abandon(json!({ "log": "again" }));
    assert_eq!(run.lines(&["run.started"]), ["run.started run-2 abandoning b"]);
    assert_eq!(run.value("log"), json!(["a", "again", "a", "b"]));
    assert_eq!(run.lines(&["step.started"])[0], "step.started 2: a");
    assert_eq!(setup.open().value("log"), json!(["a", "again", "a", "b"]));
}

#[test]
fn abandoning_drops_the_results_of_finished_tasks() {
    let (store, switch) = (Store::default(), Rc::new(Cell::new(true)));
    let breaks = Rc::clone(&switch);
    let setup = noting_graph(&["a"])
        .node("b", move |_| if breaks.get() { fail("no").after(5.0) } else { write("log", json!("b")) })
        .fan(START, &["a", "b"])
        .fan("a", &[END])
        .fan("b", &[END])
        .setup()
        .sync(&store);
    assert_eq!(setup.run(json!({})).session().graph.done.len(), 1);
    switch.set(false);
    let mut run = setup.abandon(json!({}));
    assert_eq!(run.lines(&["run.started"]), ["run.started run-2 abandoning a b"]);
    assert_eq!(run.calls, ["a#0!1@0", "b#0!1@0"]);
    assert_eq!(run.value("log"), json!(["a", "b"]));
}

#[test]
fn abandoning_a_finished_session_changes_nothing() {
    let store = Store::default();
    let setup = line().setup().sync(&store);
    setup.run(json!({}));
    let mut run = setup.abandon(json!({}));
    assert_eq!(run.lines(&["run.started"]), ["run.started run-2"]);
}

#[test]
fn a_resume_keeps_the_id_of_the_run() {
    let (store, switch) = (Store::default(), Rc::new(Cell::new(true)));
    let setup = breaking(&switch).setup().sync(&store);
    setup.run(json!({}));
    switch.set(false);
    let mut resumed = setup.resume();
    assert_eq!(resumed.lines(&["run"]), ["run.started run-1 resumed", "run.completed end"]);
    assert_eq!(&*resumed.session().run_id, "run-1");
}

#[test]
fn resuming_a_completed_session_runs_nothing_and_ends_as_it_had_ended() {
    let store = Store::default();
    let setup = line().setup().sync(&store);
    setup.run(json!({}));
    let mut resumed = setup.resume();
    assert_eq!(resumed.lines(&[""]), ["run.started run-1 resumed", "run.completed end"]);
    assert_eq!(resumed.machine.steps(), 0);
    assert_eq!(resumed.value("log"), json!(["a", "b"]));

    let store = Store::default();
    // END is reached in step 1, but the run goes on and ends with a frontier that is skipped as a whole.
    let setup = graph().idle("a").path(&[START, "a", END]).route("a", |_| to(&["a"])).setup().sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "completed quiescent");
    assert_eq!(setup.resume().ending(), "completed quiescent");
}

#[test]
fn metadata_is_of_the_run_and_kept_with_the_session() {
    let store = Store::default();
    let setup = line().setup().sync(&store).with(|setup| setup.metadata = Some(json!({ "user": 1 })));
    setup.run(json!({}));
    let restored = setup.open();
    let metadata = restored.session().metadata.clone().expect("metadata");
    assert_eq!(restored.arena.get(&metadata), &json!({ "user": 1 }));
}

#[test]
fn times_are_those_of_the_clock() {
    let store = Store::default();
    let setup = line().setup().sync(&store);
    setup.run(json!({}));
    let second = setup.clone().with(|setup| setup.now = 5000.0).run(json!({}));
    assert_eq!((second.session().created_at, second.session().at), (1000.0, 5000.0));
    let restored = setup.open();
    assert_eq!((restored.session().created_at, restored.session().at), (1000.0, 5000.0));
}

#[test]
fn a_node_that_is_gone_from_the_graph_keeps_a_session_from_going_on() {
    let (store, switch) = (Store::default(), Rc::new(Cell::new(true)));
    breaking(&switch).setup().sync(&store).run(json!({}));
    let without = noting_graph(&["a", "c"]).path(&[START, "a", "c", END]).setup().sync(&store);
    let mut refused = without.resume();
    assert_eq!(refused.lines(&[""]), ["run.failed CHECKPOINT_GRAPH_CHANGED"]);
    assert!(refused.message().contains("its node `b` is not in this graph"), "{}", refused.message());
    // A new run does not need it.
    let mut run = without.abandon(json!({}));
    assert_eq!(run.value("log"), json!(["a", "a", "c"]));
    assert_eq!(run.lines(&["run.started"]), ["run.started run-2 abandoning b"]);
}

#[test]
fn a_graph_that_has_all_that_is_needed_may_take_over() {
    let (store, switch) = (Store::default(), Rc::new(Cell::new(true)));
    breaking(&switch).setup().sync(&store).run(json!({}));
    let larger = graph()
        .channel("extra", <weavegraph_wasm::state::json_fold::Channel as graphs::Kinds>::merge())
        .idle("z")
        .channel("log", <weavegraph_wasm::state::json_fold::Channel as graphs::Kinds>::append())
        .node("b", |_| write("log", json!("b2")))
        .noting("a")
        .path(&[START, "a", "b", "z", END]);
    let mut resumed = larger.setup().sync(&store).resume();
    assert_eq!(resumed.steps(), ["2: ran b changed log next z", "3: ran z next END"]);
    assert_eq!(resumed.state(), json!({ "extra": {}, "log": ["a", "b2"] }));
    assert_eq!(resumed.session().graph.versions.channels, [1, 3]);
}
