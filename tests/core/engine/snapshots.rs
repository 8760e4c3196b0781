//! Snapshots: they appear, they hold what the whole log says, and restores stay short.

use super::graphs::{Kinds, noting_graph};
use super::*;
use std::rc::Rc;
use weavegraph_wasm::checkpoint::Durability::{Async, Exit, Sync};
use weavegraph_wasm::state::json_fold::Channel;

/// Loops, with joins, sends and a reducer; every third step writes 10 KB over what was there.
fn busy() -> Graph {
    graph()
        .channel("log", Channel::append())
        .channel("page", Channel::last(json!("")))
        .channel("map", Channel::merge())
        .channel("sum", Channel::sum())
        .errors()
        .node("a", |call| {
            let page = if call.step % 3 == 0 { "x".repeat(10_000) } else { String::new() };
            write("page", json!(page)).and("map", json!({ "step": call.step, format!("k{}", call.step % 7): 1 })).and("log", json!("a"))
        })
        .node("b", |call| write("sum", json!(call.step)).and("map", json!({ format!("k{}", call.step % 5): null })))
        .node("w", |call| write("sum", call.input.clone()))
        .node("j", |_| write("log", json!("j")))
        .fan(START, &["a", "b"])
        .join(&["a", "b"], "j")
        .route("a", |_| vec![send("w", json!(1)), send("w", json!(2))])
        .route("j", |_| to(&["a", "b"]))
        .path(&["w", END])
}

/// The session and the contents, with what their handles stand for, without what may differ.
fn described(log: &mut store::Restored) -> String {
    let mut session = log.session.clone();
    session.delta_bytes = 0;
    session.graph.last = session.graph.last.map(|last| {
        let mut last = (*last).clone();
        last.reduced.clear();
        Rc::new(last)
    });
    format!("{} {}", super::arena::text(&log.arena, &session), log.contents.view())
}

#[test]
fn snapshots_appear_and_every_restore_from_one_equals_the_whole_log() {
    let store = Store::default();
    let setup = busy().setup().sync(&store).max_steps(80);
    setup.run(json!({ "log": "input" }));
    setup.resume();
    let program = setup.graph.compile();
    let mut found = std::collections::BTreeSet::new();
    for count in (1..=store.len()).rev().step_by(5) {
        let part = store.cut(count);
        let mut newest = part.restore(&setup.graph, &program).expect("a log");
        let mut whole = part.restore_from(0, &setup.graph, &program).expect("a log");
        assert_eq!(described(&mut newest), described(&mut whole), "after {count} records");
        assert!(newest.read <= 50, "{} records read", newest.read);
        found.insert(newest.snapshot_slot);
    }
    assert!(found.len() > 4, "{found:?}");
}

#[test]
fn a_session_that_is_restored_from_a_snapshot_runs_on_as_one_that_was_not() {
    let straight = busy().setup().max_steps(90).run(json!({}));
    let store = Store::default();
    let setup = busy().setup().sync(&store).max_steps(30);
    setup.run(json!({}));
    setup.resume();
    let mut last = setup.resume();
    let mut straight = straight;
    assert!(store.restore(&setup.graph, &last.program).expect("a log").snapshot_slot > 0);
    let state = |run: &mut Host| {
        let mut state = run.state();
        state["errors"] = json!(null);
        state
    };
    assert_eq!(state(&mut last), state(&mut straight));
    assert_eq!(last.session().graph.versions.seen, straight.session().graph.versions.seen);
    assert_eq!(last.session().graph.arrivals, straight.session().graph.arrivals);
}

#[test]
fn a_large_state_that_changes_little_is_not_written_again_and_again() {
    let store = Store::default();
    let setup = noting_graph(&["a"]).path(&[START, "a"]).route("a", |_| to(&["a"])).setup().sync(&store).max_steps(2000);
    setup.run(json!({ "log": "x".repeat(100_000) }));
    let written = |slot: usize| {
        let record = store.record(slot);
        record.bytes.len() + record.values.iter().map(|value| arena::size(value) as usize).sum::<usize>()
    };
    let total: usize = (0..store.len()).map(written).sum();
    assert!(total < 1_000_000, "{total} bytes for 2000 small steps");
}

#[test]
fn many_short_runs_get_snapshots_too() {
    let store = Store::default();
    let setup = noting_graph(&["a"]).path(&[START, "a", END]).setup().sync(&store);
    for _ in 0..800 {
        setup.run(json!({}));
    }
    let restored = store.restore(&setup.graph, &setup.graph.compile()).expect("a log");
    assert!(restored.read < 1100, "{} of {} records read", restored.read, store.len());
    assert_eq!(restored.session.graph.step, 800);
}

#[test]
fn every_durability_writes_snapshots_that_can_be_read() {
    for durability in [Sync, Async, Exit] {
        let store = Store::slow(3.0);
        let setup = busy().setup().stored(durability, &store).max_steps(100);
        let run = setup.run(json!({}));
        let program = setup.graph.compile();
        let mut newest = store.restore(&setup.graph, &program).expect("a log");
        let mut whole = store.restore_from(0, &setup.graph, &program).expect("a log");
        assert_eq!(described(&mut newest), described(&mut whole), "{durability:?}");
        assert_eq!(newest.session.graph.step, run.session().graph.step);
    }
}

#[test]
fn a_snapshot_of_another_graph_is_known_as_such() {
    let store = Store::default();
    let setup = busy().setup().sync(&store).max_steps(50);
    setup.run(json!({}));
    let other = graph().channel("page", Channel::last(json!(""))).idle("z").path(&[START, "z", END]).setup().sync(&store);
    let restored = store.restore(&other.graph, &other.graph.compile()).expect("a log");
    assert!(restored.snapshot_slot > 0);
    assert_eq!(restored.session.graph_hash, setup.graph.compile().hash);
    let mut refused = other.resume();
    assert_eq!(refused.lines(&[""]), ["run.failed CHECKPOINT_GRAPH_CHANGED"]);
}
