//! Taking up a session that another process left: the record that says so, who wins, and what readers of the old one are told.

use super::graphs::noting_graph;
use super::*;
use store::Says;
use weavegraph_wasm::checkpoint::Durability::{Async, Exit, Sync};
use weavegraph_wasm::checkpoint::read_head;
use weavegraph_wasm::engine::Input;

fn line() -> Graph {
    noting_graph(&["a", "b", "c"]).path(&[START, "a", "b", "c", END])
}

/// The session after a crash in its second step.
fn crashed(durability: weavegraph_wasm::checkpoint::Durability) -> (Store, Setup) {
    let store = Store::default();
    let graph = noting_graph(&["a"])
        .node("b", |_| write("log", json!("b")).flush().after(5.0))
        .node("c", |_| write("log", json!("c")))
        .path(&[START, "a", "b", "c", END]);
    let setup = graph.setup().stored(durability, &store);
    let mut run = setup.start(json!({}));
    run.run_until(1002.0);
    assert!(!run.is_finished && store.len() > 0);
    let setup = setup.with(|setup| setup.writer = 2);
    (store, setup)
}

fn takeovers(store: &Store) -> Vec<usize> {
    (0..store.len()).filter(|slot| read_head(&store.record(*slot).bytes).expect("a head").is_takeover).collect()
}

#[test]
fn a_resume_stores_its_start_alone_before_anything_runs() {
    for durability in [Sync, Async, Exit] {
        let (store, setup) = crashed(durability);
        let records = store.len();
        store.next(Some(100.0), Says::Yes);
        let mut run = setup.open().fed_start("run-2", &json!({}), true, false);
        run.run_until(1099.0);
        assert!(run.machine.is_taking_over(), "{durability:?}");
        assert_eq!((run.calls.len(), run.events().len()), (0, 0), "{durability:?}");
        run.run();
        assert!(!run.machine.is_taking_over());
        assert_eq!(run.ending(), "completed end", "{durability:?}");
        assert_eq!(run.value("log"), json!(["a", "b", "c"]));
        assert_eq!(takeovers(&store), [records], "{durability:?}");
        let log = store.cut(records + 1).restore(&setup.graph, &run.program).expect("a log");
        assert_eq!(log.events.last().map(|event| event.body.kind().as_str()), Some("run.started"));
    }
}

#[test]
fn what_was_abandoned_is_taken_over_too_and_a_new_run_takes_nothing_over() {
    let (store, setup) = crashed(Sync);
    let records = store.len();
    assert_eq!(setup.abandon(json!({})).ending(), "completed end");
    assert_eq!(takeovers(&store), [records]);
    assert_eq!(setup.run(json!({})).ending(), "completed end");
    assert_eq!(takeovers(&store), [records]);
}

#[test]
fn a_takeover_that_comes_second_ends_before_anything_is_seen() {
    for durability in [Sync, Async, Exit] {
        let (store, setup) = crashed(durability);
        let first = setup.open().fed_start("run-2", &json!({}), true, false);
        let second = setup.clone().with(|setup| setup.writer = 3).open().fed_start("run-3", &json!({}), true, false);
        let (first, mut second) = (first.ran(), second.ran());
        assert_eq!((first.ending().as_str(), second.ending().as_str()), ("completed end", "failed CHECKPOINT_CONFLICT"));
        assert_eq!(second.lines(&[""]), ["run.failed CHECKPOINT_CONFLICT"], "{durability:?}");
        assert_eq!(second.calls, Vec::<String>::new());
        assert!(second.machine.is_taking_over());
        assert_eq!(takeovers(&store).len(), 1);
    }
}

#[test]
fn a_writer_that_was_left_behind_gets_nothing_in() {
    let store = Store::slow(1.0);
    let setup = line().setup().sync(&store);
    let mut old = setup.start(json!({}));
    old.run_until(1002.0);
    let new = setup.clone().with(|setup| setup.writer = 2).resume();
    let records = store.len();
    old.run();
    assert_eq!((new.ending().as_str(), old.ending().as_str()), ("completed end", "failed CHECKPOINT_CONFLICT"));
    assert_eq!(store.len(), records);
}

#[test]
fn a_session_that_is_lost_ends_at_once_and_waits_for_nothing() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        store.ok(1).next(None, Says::Nothing);
        let mut run = line().setup().stored(durability, &store).start(json!({}));
        run.settle();
        run.feed(Input::Lost);
        run.settle();
        assert_eq!((run.ending().as_str(), run.now), ("failed CHECKPOINT_CONFLICT", 1000.0), "{durability:?}");
        assert!(run.message().contains("taken over by another run"), "{}", run.message());
        assert!(run.machine.terminal_event().expect("an end").is_transient);
    }
    // Before it began, and after it ended.
    let mut run = line().setup().open();
    run.feed(Input::Lost);
    run.settle();
    assert_eq!(run.ending(), "failed CHECKPOINT_CONFLICT");
    run.feed(Input::Lost);
    run.settle();
    assert_eq!(run.lines(&[""]), ["run.failed CHECKPOINT_CONFLICT"]);
}

#[test]
fn a_session_that_is_lost_while_its_input_is_folded_has_no_trace_of_it() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let mut run = line().setup().stored(durability, &store).start(json!({ "log": "in" }));
        run.feed(Input::Lost);
        run.settle();
        assert_eq!((run.ending().as_str(), store.len()), ("failed CHECKPOINT_CONFLICT", 0), "{durability:?}");
        assert_eq!(run.lines(&[""]), ["run.failed CHECKPOINT_CONFLICT"]);
    }
}

#[test]
fn a_branch_opens_when_a_lossy_execution_has_crashed_and_only_then() {
    for (durability, branch) in [(Sync, 1), (Async, 2), (Exit, 2)] {
        let (store, setup) = crashed(durability);
        let end = setup.open().session().seq;
        let resumed = setup.resume();
        assert_eq!(resumed.session().branch(), branch, "{durability:?}");
        assert_eq!(resumed.session().branch_end(1), (branch == 2).then_some(end));
        assert_eq!((resumed.session().branch_end(0), resumed.session().branch_end(branch)), (None, None));
        let restored = setup.open();
        assert_eq!(restored.session().ends, resumed.session().ends);
        // It has ended by itself: nothing was lost.
        assert_eq!(setup.run(json!({})).session().branch(), branch);
        assert_eq!(setup.resume().session().branch(), branch);
        assert!(store.len() > 3);
    }
    // An execution that was cancelled has said its last word.
    let store = Store::default();
    let setup = line().setup().stored(Async, &store);
    let mut cancelled = setup.start(json!({}));
    cancelled.cancel(None);
    cancelled.run();
    assert_eq!(setup.resume().session().branch(), 1);
}
