//! `once` and `sleepUntil`: what was recorded is not done again, by whatever attempt or execution.

use super::graphs::{Kinds, noting_graph};
use super::*;
use std::cell::Cell;
use std::rc::Rc;
use store::Says;
use weavegraph_wasm::checkpoint::Durability::{Async, Exit, Sync};
use weavegraph_wasm::state::json_fold::Channel;

fn with(node: impl Fn(&graphs::Call) -> Reply + 'static) -> Graph {
    noting_graph(&["a"]).channel("said", Channel::append()).node("n", node).path(&[START, "a", "n", END])
}

/// How often functions of `once` were called.
fn effects(run: &Host) -> Vec<&'static str> {
    run.calls.iter().filter(|call| call.starts_with("once")).map(|call| &*call.clone().leak()).collect()
}

fn failing(reply: Reply, fails: bool) -> Reply {
    if fails { Reply { end: replies::End::Throw("no".to_owned()), ..reply } } else { reply }
}

#[test]
fn a_result_is_recorded_before_it_is_told_and_holds_over_executions() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let fails = Rc::new(Cell::new(true));
        let failed = Rc::clone(&fails);
        let graph = with(move |_| failing(nothing().once("pay", "said", 5.0).after(1.0), failed.get()));
        let setup = graph.setup().stored(durability, &store);
        let mut run = setup.start(json!({}));
        run.run_until(1005.5);
        // As after a crash between the record and the end.
        assert!(store.strict(store.len() - 1), "{durability:?}");
        let cut = store.cut(store.len());
        run.run();
        assert_eq!((run.ending().as_str(), effects(&run)), ("failed NODE_THREW", vec!["once pay@0"]));
        fails.set(false);
        for store in [store, cut] {
            let mut again = setup.clone().stored(durability, &store).with(|setup| (setup.writer, setup.now) = (2, 5000.0)).resume();
            assert_eq!((again.ending().as_str(), effects(&again), again.value("said")), ("completed end", vec![], json!([1005.0])));
        }
    }
}

#[test]
fn a_result_holds_over_retries_without_a_store_too() {
    let graph = with(|call| failing(nothing().once("pay", "said", 5.0), call.attempt == 1)).setup();
    // The node that was added last.
    let graph = Rc::try_unwrap(graph.graph).ok().expect("the only one").retrying(2);
    let mut run = graph.run();
    assert_eq!((run.ending().as_str(), effects(&run), run.value("said")), ("completed end", vec!["once pay@0"], json!([1005.0])));
}

#[test]
fn a_key_counts_for_its_task_and_once_per_attempt() {
    let store = Store::default();
    let graph = noting_graph(&[])
        .channel("said", Channel::append())
        .node("n", |call| nothing().after(f64::from(call.task)).once("pay", "said", 10.0))
        .route(START, |_| vec![send("n", json!(1)), send("n", json!(2))])
        .path(&["n", END]);
    let mut run = graph.setup().sync(&store).run(json!({}));
    assert_eq!((run.ending().as_str(), run.value("said")), ("completed end", json!([1010.0, 1011.0])));
    let twice = with(|_| nothing().once("pay", "said", 0.0).once("pay", "said", 0.0)).setup().sync(&Store::default()).run(json!({}));
    assert_eq!((twice.ending().as_str(), twice.message().contains("Duplicate")), ("failed NODE_THREW", true));
}

#[test]
fn a_pause_waits_for_effects_of_parked_tasks() {
    let store = Store::default();
    let setup = with(|_| nothing().ask_aside("x", "said").once("pay", "said", 50.0)).setup().sync(&store);
    let run = setup.run(json!({}));
    assert_eq!((run.ending().as_str(), run.now), ("interrupted x", 1050.0));
    let mut resumed = setup.answer(json!("yes"));
    assert_eq!((resumed.ending().as_str(), effects(&resumed), resumed.value("said")), ("completed end", vec![], json!(["yes", 1050.0])));
}

#[test]
fn a_record_that_the_store_refuses_fails_the_run() {
    let store = Store::default();
    store.ok(2).next(None, Says::Refuses);
    let setup = with(|_| nothing().once("pay", "said", 1.0)).setup().sync(&store);
    let run = setup.run(json!({}));
    assert_eq!(run.ending(), "failed CHECKPOINT_UNAVAILABLE");
    assert_eq!(run.aborts, ["n#0 Failure"]);
    let mut again = setup.resume();
    assert_eq!((again.ending().as_str(), effects(&again).len(), again.value("said")), ("completed end", 1, json!([1001.0])));
}

#[test]
fn what_comes_late_is_not_recorded() {
    let store = Store::default();
    let graph = with(|call| if call.attempt == 1 { nothing().once("pay", "said", 50.0) } else { nothing().once("pay", "said", 5.0) });
    let graph = graph.retrying(2).with(|node| node.timeout_ms = Some(20.0));
    let mut run = graph.setup().sync(&store).run(json!({}));
    assert_eq!((run.ending().as_str(), effects(&run)), ("completed end", vec!["once pay@0", "once pay@120"]));
    assert_eq!(run.value("said"), json!([1125.0]));
}

#[test]
fn records_go_with_their_step() {
    let store = Store::default();
    let graph = noting_graph(&[])
        .channel("said", Channel::append())
        .node("n", |_| nothing().once("pay", "said", 1.0))
        .route("n", |state| if state["said"].as_array().map_or(0, Vec::len) < 3 { to(&["n"]) } else { to(&[END]) })
        .path(&[START, "n"]);
    let mut run = graph.setup().sync(&store).run(json!({}));
    assert_eq!((run.ending().as_str(), run.value("said")), ("completed end", json!([1001.0, 1002.0, 1003.0])));
}

#[test]
fn a_deadline_is_recorded_and_a_resume_waits_for_what_is_left() {
    let store = Store::default();
    let setup = with(|_| nothing().sleep_until(1500.0).sleep_until(1600.0).draw("said")).setup().sync(&store);
    let mut run = setup.start(json!({}));
    run.run_until(1200.0);
    assert!(!run.is_finished);
    let later = setup.clone().with(|setup| (setup.writer, setup.now) = (2, 1400.0));
    let resumed = later.resume();
    assert_eq!((resumed.ending().as_str(), resumed.now), ("completed end", 1600.0));
}

#[test]
fn a_deadline_that_has_passed_is_not_recorded_and_counts_all_the_same() {
    let store = Store::default();
    let setup = with(|_| nothing().sleep_until(900.0).sleep_until(1500.0).sleep_until(1700.0)).setup().sync(&store);
    setup.start(json!({})).run_until(1600.0);
    let keys: Vec<_> = setup.open().session().kept.all().iter().map(|kept| kept.key.to_string()).collect();
    assert_eq!(keys, ["s1", "s2"]);
    let later = setup.clone().with(|setup| (setup.writer, setup.now) = (2, 1600.0));
    assert_eq!(later.resume().now, 1700.0);
}

#[test]
fn a_recorded_deadline_stands_whatever_the_node_says_later() {
    let store = Store::default();
    let setup = with(|_| nothing().sleep_until(1500.0)).setup().sync(&store);
    setup.start(json!({})).run_until(1200.0);
    let other = with(|_| nothing().sleep_until(9000.0)).setup().sync(&store).with(|setup| (setup.writer, setup.now) = (2, 1300.0));
    assert_eq!(other.resume().now, 1500.0);
}
