//! What the host says of its store beside answers: that it answers in turns of its own, that it is closed, and remarks for readers.

use super::graphs::noting_graph;
use super::*;
use weavegraph_wasm::checkpoint::Durability::{Async, Exit, Sync};
use weavegraph_wasm::engine::{Input, Thrown};
use weavegraph_wasm::error::ErrorCode;
use weavegraph_wasm::events::{Body, Cursor, Event, Mask, Overflow};

fn endless() -> Graph {
    noting_graph(&["a"]).path(&[START, "a"]).route("a", |_| to(&["a"]))
}

/// A node that works for 50 ms, and one behind it.
fn working() -> Graph {
    noting_graph(&["b"]).node("a", |_| write("log", json!("a")).after(50.0)).path(&[START, "a", "b", END])
}

fn closed() -> Input {
    Input::AppendFailed(Thrown { code: ErrorCode::CheckpointUnavailable, text: "it was closed".to_owned(), cause: None })
}

fn is_diagnostic(event: &Event) -> bool {
    matches!(event.body, Body::Diagnostic { .. })
}

#[test]
fn a_run_that_waits_for_a_store_that_answers_in_turns_does_not_yield_besides() {
    let yields = |answers_in_turns| {
        let store = Store::slow(1.0);
        let mut run = endless().setup().sync(&store).max_steps(600).open();
        run.answers_in_turns = answers_in_turns;
        let run = run.fed_start("run-1", &json!({}), false, false).ran();
        assert_eq!((run.machine.steps(), run.ending().as_str()), (600, "failed RUN_STEP_LIMIT"));
        run.yields
    };
    assert_eq!(yields(true), 0);
    assert!(yields(false) > 2);
}

#[test]
fn steps_that_wait_for_no_store_yield_however_it_answers() {
    let store = Store::slow(1e6);
    let mut run = endless().setup().stored(Exit, &store).max_steps(600).open();
    run.answers_in_turns = true;
    assert_eq!(run.fed_start("run-1", &json!({}), false, false).ran().yields, 2);
}

#[test]
fn a_remark_is_seen_takes_no_number_and_is_not_stored() {
    let store = Store::slow(10.0);
    let mut run = working().setup().sync(&store).start(json!({}));
    run.run_until(1030.0);
    run.feed(Input::Remark { is_of_store: true, text: "the disk is nearly full".to_owned() });
    run.run();
    assert_eq!(run.ending(), "completed end");
    let events = run.events();
    let remarks = events.iter().filter(|event| is_diagnostic(event));
    let remarks: Vec<_> = remarks.map(|event| (event.is_transient, format!("{:?}", event.body))).collect();
    assert_eq!(remarks, [(true, r#"Diagnostic { scope: "checkpoint", message: "the disk is nearly full" }"#.to_owned())]);
    let durable: Vec<u64> = events.iter().filter(|event| !event.is_transient).map(|event| event.seq).collect();
    assert_eq!(durable, (1..=durable.len() as u64).collect::<Vec<_>>());
    let stored = store.restore(&run.setup.graph, &run.program).expect("a log");
    assert!(!stored.events.iter().any(is_diagnostic));
}

#[test]
fn a_reader_of_what_is_not_stored_yet_hears_of_it_at_once() {
    let store = Store::slow(10.0);
    let mut run = working().setup().sync(&store).start(json!({}));
    let early = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::Unstored);
    let live = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::Live);
    run.run_until(1062.0);
    assert_eq!(
        run.pulled_lines(early),
        ["step.started 1: a", "node.started a", "node.completed a", "step.completed 1: ran a changed log next b"]
    );
    assert!(!run.pulled_lines(live).iter().any(|line| line.starts_with("node.completed")));
    run.run();
    assert_eq!(run.pulled_lines(live).pop().as_deref(), Some("run.completed end"));
}

#[test]
fn a_remark_after_the_end_changes_nothing() {
    let store = Store::default();
    let mut run = working().setup().sync(&store).run(json!({}));
    let records = store.len();
    run.feed(Input::Remark { is_of_store: false, text: "too late".to_owned() });
    run.settle();
    assert_eq!((run.ending().as_str(), store.len()), ("completed end", records));
}

#[test]
fn a_store_that_is_closed_with_nothing_under_way_ends_the_run_at_once() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let mut run = working().setup().stored(durability, &store).start(json!({}));
        run.run_until(1030.0);
        assert!(!run.is_storing());
        let records = store.len();
        run.feed(closed());
        run.run();
        assert_eq!(run.ending(), "failed CHECKPOINT_UNAVAILABLE", "{durability:?}");
        assert!(run.message().contains("it was closed"), "{}", run.message());
        assert!(run.machine.terminal_event().expect("an end").is_transient);
        assert_eq!((run.aborts.len(), store.len()), (1, records), "{durability:?}");
        // Only the store was lost: the session goes on from what it has, with `exit` from nothing.
        assert_eq!(run.setup.resume().ending(), if records > 0 { "completed end" } else { "completed quiescent" }, "{durability:?}");
    }
}

#[test]
fn a_run_without_a_store_does_not_care_for_one_that_is_closed() {
    let mut run = working().setup().start(json!({}));
    run.run_until(1030.0);
    run.feed(closed());
    run.run();
    assert_eq!(run.ending(), "completed end");
}
