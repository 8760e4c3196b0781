//! Updates of the state from outside, and logs that begin in another session's.

use super::graphs::{Kinds, noting_graph};
use super::*;
use std::cell::Cell;
use std::rc::Rc;
use weavegraph_wasm::checkpoint::Durability::{Async, Exit};
use weavegraph_wasm::checkpoint::{Fork, Head, Status, encode_fork, read_head};
use weavegraph_wasm::state::json_fold::Channel;

/// START -> a -> b -> c -> END; `b` fails as long as the switch is on, its sibling `d` does not.
fn breaking(switch: &Rc<Cell<bool>>) -> Graph {
    let switch = Rc::clone(switch);
    noting_graph(&["a", "c", "d"])
        .node("b", move |_| if switch.get() { fail("no") } else { write("log", json!("b")) })
        .path(&[START, "a", "d", "c", END])
        .path(&["a", "b", "c"])
}

fn status(setup: &Setup) -> Status {
    setup.open().session().status
}

#[test]
fn an_update_is_a_step_of_its_own_in_one_record() {
    let store = Store::default();
    let setup = noting_graph(&["a"]).path(&[START, "a", END]).setup().sync(&store);
    setup.run(json!({}));
    let (records, rows) = (store.len(), store.rows());
    let mut host = setup.update(json!({ "log": "x" }), None);
    assert_eq!((host.value("log"), host.session().graph.step), (json!(["a", "x"]), 2));
    assert_eq!((store.len(), store.rows()), (records + 1, rows + 1));
    let head = read_head(&store.record(records).bytes).expect("a head");
    assert!(!head.is_takeover && !head.has_snapshot);
    let events = store.events_after(head.first_seq - 1, 9, &setup.graph, &host.program);
    assert_eq!(
        events.iter().map(|event| host.line(event)).collect::<Vec<_>>(),
        ["step.completed 2: ran  changed log next END by an update"]
    );
    let mut again = setup.open();
    assert_eq!((again.value("log"), status(&setup)), (json!(["a", "x"]), Status::Completed));
    assert_eq!(again.session().graph.versions.channels, host.session().graph.versions.channels);
    assert_eq!(setup.open().fed_start("run-2", &json!({}), false, false).ran().value("log"), json!(["a", "x", "a"]));
}

#[test]
fn a_node_that_counts_as_run_sends_a_complete_session_on_without_a_gate() {
    let store = Store::default();
    let setup = noting_graph(&["a", "b"]).path(&[START, "a", "b", END]).setup().sync(&store);
    setup.run(json!({}));
    // Nothing is written, so the gate would skip `b`.
    setup.update(json!({}), Some("a"));
    assert_eq!(status(&setup), Status::Interrupted);
    assert_eq!(setup.run(json!({})).ending(), "failed SESSION_UNFINISHED");
    let mut run = setup.resume();
    assert_eq!(run.steps(), ["4: ran b changed log next END"]);
    assert_eq!((run.ending().as_str(), run.value("log")), ("completed end", json!(["a", "b", "b"])));
    setup.update(json!({}), Some("b"));
    assert_eq!(status(&setup), Status::Completed);
}

#[test]
fn the_half_done_step_stays_unless_a_node_counts_as_run() {
    for as_node in [None, Some("a")] {
        let (store, switch) = (Store::default(), Rc::new(Cell::new(true)));
        let setup = breaking(&switch).setup().sync(&store);
        setup.run(json!({}));
        switch.set(false);
        let host = setup.update(json!({ "log": "x" }), as_node);
        assert_eq!(host.session().graph.step, 2);
        // What is kept for tasks outlives an update that leaves them.
        assert_eq!(setup.open().session().graph.key_step(), if as_node.is_none() { 2 } else { 3 });
        assert_eq!(status(&setup), if as_node.is_none() { Status::Failed } else { Status::Interrupted });
        let mut run = setup.resume();
        let (ran, log) = if as_node.is_none() {
            (vec!["b", "c"], json!(["a", "x", "d", "b", "c"]))
        } else {
            (vec!["d", "b", "c"], json!(["a", "x", "d", "b", "c"]))
        };
        assert_eq!(run.lines(&["node.started"]), ran.iter().map(|node| format!("node.started {node}")).collect::<Vec<_>>());
        assert_eq!((run.value("log"), run.session().graph.step), (log, 4));
        assert_eq!(run.session().graph.key_step(), 5);
    }
}

#[test]
fn joins_hear_of_a_node_that_counts_as_run_and_its_routes_see_the_new_state() {
    let store = Store::default();
    let graph = noting_graph(&["a", "b", "c", "z"])
        .path(&[START, "a"])
        .route("a", |state| to(&[if state["log"].as_array().is_some_and(|log| log.len() > 1) { "z" } else { END }]))
        .join(&["a", "b"], "c")
        .path(&[START, "z", END])
        .path(&["z", "b"])
        .path(&["c", END]);
    let setup = graph.setup().sync(&store).max_steps(1);
    setup.run(json!({}));
    let host = setup.update(json!({ "log": "more" }), Some("a"));
    assert_eq!(host.session().graph.last.as_ref().map(|last| last.ran.len()), Some(1));
    assert_eq!(setup.max_steps(9).resume().value("log"), json!(["a", "z", "more", "z", "b", "c"]));
}

#[test]
fn what_goes_wrong_leaves_no_trace() {
    let store = Store::default();
    let graph = noting_graph(&["a", "b"])
        .channel("n", Channel::sum())
        .path(&[START, "a"])
        .slow_route("a", |state| graphs::Answer {
            after: Some(5.0),
            targets: if state["n"] == json!(1) { Err("no way".to_owned()) } else { Ok(to(&["b"])) },
        })
        .path(&["b", END]);
    let setup = graph.setup().sync(&store);
    setup.run(json!({}));
    let records = store.len();
    let cases = [
        (json!({ "n": "no number" }), None, "STATE_REDUCER"),
        (json!({ "n": "no number" }), Some("a"), "STATE_REDUCER"),
        (json!({ "n": 1 }), Some("a"), "ROUTE_THREW"),
    ];
    for (update, as_node, code) in cases {
        let mut host = setup.update(update, as_node);
        assert_eq!(host.ending(), format!("failed {code}"));
        assert_eq!((host.value("n"), store.len()), (json!(0), records));
    }
    let mut cancelled = setup.open();
    cancelled.cancel_at(1002.0, "enough");
    let cancelled = cancelled.updated(&json!({}), Some("a"));
    assert_eq!((cancelled.ending().as_str(), store.len()), ("cancelled enough", records));
    store.next(None, store::Says::Refuses);
    assert_eq!(setup.update(json!({ "n": 2 }), None).ending(), "failed CHECKPOINT_UNAVAILABLE");
    store.next(None, store::Says::Taken);
    assert_eq!(setup.update(json!({ "n": 2 }), None).ending(), "failed CHECKPOINT_CONFLICT");
    assert_eq!(setup.sync(&store.cut(records)).open().value("n"), json!(0));
}

#[test]
fn reduced_values_and_snapshots_survive_an_update() {
    let store = Store::default();
    let graph = noting_graph(&["a"]).channel("n", Channel::sum()).channel("big", Channel::last(json!(""))).path(&[START, "a", END]);
    let setup = graph.setup().sync(&store);
    setup.run(json!({}));
    // The second one is worth a snapshot.
    for _ in 0..4 {
        setup.update(json!({ "n": 2, "big": "x".repeat(40_000) }), None);
    }
    let newest = store.record(store.len() - 1);
    assert!((0..store.len()).any(|slot| read_head(&store.record(slot).bytes).is_ok_and(|head| head.has_snapshot)));
    assert!(read_head(&newest.bytes).is_ok_and(|head| head.snapshot_slot > 0));
    let mut host = setup.open();
    assert_eq!((host.value("n"), host.session().graph.step, host.session().graph.key_step()), (json!(8), 5, 2));
}

#[test]
fn an_update_after_a_lossy_crash_opens_a_branch() {
    let store = Store::default();
    let graph = noting_graph(&["a"]).node("b", |_| write("log", json!("b")).flush().after(5.0)).path(&[START, "a", "b", END]);
    let setup = graph.setup().stored(Async, &store);
    let mut run = setup.start(json!({}));
    run.run_until(1002.0);
    setup.clone().sync(&store).with(|setup| setup.writer = 2).update(json!({ "log": "x" }), None);
    assert!(read_head(&store.record(store.len() - 1).bytes).is_ok_and(|head| head.is_takeover));
    let session = setup.open().session().clone();
    assert_eq!((session.branch(), session.is_lossy, session.status), (2, false, Status::Running));
    run.run();
    assert_eq!(run.ending(), "failed CHECKPOINT_CONFLICT");
}

/// A fork of what the store holds.
fn fork(store: &Store, setup: &Setup) -> (Store, Setup) {
    let fork = store.cut(store.len());
    let log = fork.restore(&setup.graph, &setup.graph.compile()).expect("a log");
    let head = Head::new(log.session.graph_hash, 0, log.snapshot_slot, log.session.seq + 1, false);
    fork.put(encode_fork(&head, &Fork { run_id: "run-f".into(), parent: "s".into(), at: 5000.0 }));
    let setup = setup.clone().sync(&fork).with(|setup| setup.writer = 9);
    (fork, setup)
}

#[test]
fn a_fork_goes_on_by_itself_from_a_record_that_is_cut() {
    let store = Store::default();
    let setup = noting_graph(&["a", "b", "c"]).path(&[START, "a", "b", "c", END]).setup();
    let run = setup.clone().stored(Exit, &store).run(json!({}));
    let newest = store.record(store.len() - 1);
    let all = store.restore(&setup.graph, &run.program).expect("a log").events;
    let second = all.iter().filter(|event| event.body.kind().as_str() == "step.completed").nth(1).expect("two steps").seq;
    store.cut_newest(second, 0);
    let (_, forked) = fork(&store, &setup);
    let session = forked.open().session().clone();
    assert_eq!((session.graph.step, session.seq, session.status), (2, second, Status::Interrupted));
    assert_eq!(session.parent, Some(("s".into(), 2)));
    assert_eq!((&*session.run_id, session.created_at), ("run-f", 5000.0));
    let mut run = forked.resume();
    assert_eq!((run.ending().as_str(), run.value("log")), ("completed end", json!(["a", "b", "c"])));
    assert_eq!(run.events()[0].seq, second + 1);
    assert!(newest.bytes.len() > 100);
}

#[test]
fn a_forks_parent_outlives_a_snapshot() {
    let store = Store::default();
    let setup = noting_graph(&["a"]).channel("big", Channel::last(json!(""))).path(&[START, "a", END]).setup().sync(&store);
    setup.run(json!({}));
    let (own, forked) = fork(&store, &setup);
    for _ in 0..3 {
        forked.update(json!({ "big": "x".repeat(60_000) }), None);
    }
    assert!(read_head(&own.record(own.len() - 1).bytes).is_ok_and(|head| head.snapshot_slot > 0));
    assert_eq!(forked.open().session().parent, Some(("s".into(), 1)));
}
