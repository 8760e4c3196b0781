//! When steps are stored, what waits for the store, and what readers may see before it has answered.

use super::graphs::noting_graph;
use super::*;
use store::Says;
use weavegraph_wasm::checkpoint::Durability::{Async, Exit, Sync};
use weavegraph_wasm::checkpoint::Status;
use weavegraph_wasm::events::{Cursor, Mask, Overflow};

fn line(steps: usize) -> Graph {
    let names: Vec<String> = (0..steps).map(|n| format!("n{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut path = vec![START];
    path.extend(&names);
    path.push(END);
    noting_graph(&names).path(&path)
}

/// Calls of nodes with their time.
fn calls(run: &Host) -> Vec<&str> {
    run.calls.iter().map(|call| call.trim_end_matches("!1")).collect()
}

#[test]
fn sync_stores_each_step_before_the_next_one_begins() {
    let store = Store::slow(10.0);
    let run = line(3).setup().sync(&store).run(json!({}));
    assert_eq!(calls(&run), ["n0#0!1@10", "n1#0!1@20", "n2#0!1@30"]);
    assert_eq!(run.now, 1050.0);
    assert_eq!((store.len(), store.rows()), (5, 2));
}

#[test]
fn sync_shows_an_event_only_once_it_is_stored() {
    let store = Store::slow(10.0);
    let mut run = line(2).setup().sync(&store).start(json!({}));
    let mut seen = Vec::new();
    for time in [1000.0, 1009.0, 1010.0, 1019.0, 1020.0, 1035.0, 1040.0] {
        run.run_until(time);
        seen.push(run.events().iter().filter(|event| !event.is_transient).count());
        let restored = store.restore(&run.setup.graph, &run.program).expect("a log");
        assert!(seen.last().is_some_and(|seen| *seen <= restored.events.len()), "{time}");
    }
    assert_eq!(seen, [0, 0, 1, 1, 5, 9, 10]);
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn async_goes_on_while_the_store_is_busy_and_groups_what_gathers() {
    let store = Store::slow(10.0);
    store.next(None, Says::Yes);
    let mut run = line(20).setup().stored(Async, &store).start(json!({}));
    run.settle();
    assert_eq!(run.machine.steps(), 20);
    assert!(run.events().iter().any(|event| run.line(event).starts_with("step.completed 20")));
    assert!(!run.is_finished);
    run.run();
    // The start, the first step, then all that had gathered, with the end.
    assert_eq!((store.len(), run.now), (3, 1020.0));
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn async_is_at_most_64_steps_ahead_of_the_store() {
    let store = Store::slow(10.0);
    let mut run = line(300).setup().stored(Async, &store).start(json!({}));
    let mut most = 0;
    while !run.is_finished {
        run.settle();
        let stored = store.cut(store.len());
        // What the store has been given but not confirmed does not count as stored.
        let confirmed = stored.cut(store.len().saturating_sub(usize::from(run.is_storing())));
        let step = confirmed.restore(&run.setup.graph, &run.program).expect("a log").session.graph.step;
        most = most.max(run.session().graph.step - step);
        if !run.pass() {
            break;
        }
    }
    assert_eq!(most, 64);
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn async_is_at_most_a_mebibyte_ahead_of_the_store() {
    let store = Store::slow(10.0);
    let big = "x".repeat(400_000);
    let mut run = graph()
        .channel("last", <weavegraph_wasm::state::json_fold::Channel as graphs::Kinds>::last(json!("")))
        .node("a", move |call| write("last", json!(format!("{}{big}", call.step))))
        .path(&[START, "a"])
        .route("a", |_| to(&["a"]))
        .setup()
        .max_steps(20)
        .stored(Async, &store)
        .start(json!({}));
    run.settle();
    assert_eq!(run.machine.steps(), 3);
    run.run();
    assert_eq!(run.ending(), "failed RUN_STEP_LIMIT");
}

#[test]
fn exit_stores_that_it_has_begun_and_then_once_at_the_end() {
    let store = Store::slow(10.0);
    let mut run = line(100).setup().stored(Exit, &store).start(json!({}));
    run.settle();
    assert_eq!((run.machine.steps(), store.len()), (100, 1));
    run.run();
    assert_eq!((store.len(), run.now), (2, 1020.0));
    assert_eq!(line(100).setup().sync(&store).open().session().graph.step, 100);
}

#[test]
fn a_run_whose_steps_are_stored_later_is_told_of_once_its_start_is_stored() {
    for durability in [Async, Exit] {
        let store = Store::slow(10.0);
        let mut run = line(3).setup().stored(durability, &store).start(json!({}));
        run.run_until(1009.0);
        assert_eq!((run.machine.steps(), run.events().len()), (3, 0), "{durability:?}: no step waits for that");
        let restored = store.restore(&run.setup.graph, &run.program).expect("a log");
        assert_eq!((restored.session.status, restored.events.len()), (Status::Running, 1), "{durability:?}");
    }
}

#[test]
fn the_last_word_waits_for_the_store_whatever_the_durability() {
    for durability in [Sync, Async, Exit] {
        let store = Store::slow(10.0);
        let mut run = line(2).setup().stored(durability, &store).start(json!({}));
        run.settle();
        while !run.is_finished {
            let events = run.events();
            let ends = events.iter().any(|event| event.body.kind().is_terminal());
            assert!(!ends, "{durability:?}");
            assert!(run.pass(), "{durability:?}: nothing is left to happen, and the run has not finished");
        }
        let events = run.events();
        let last = events.last().expect("events");
        assert!(last.body.kind().is_terminal() && !last.is_transient, "{durability:?}");
        let stored = store.restore(&run.setup.graph, &run.program).expect("a log");
        assert_eq!(stored.session.seq, last.seq, "{durability:?}");
    }
}

#[test]
fn a_store_that_refuses_ends_the_run_and_nothing_is_seen_that_is_not_stored() {
    for refused in 0..5 {
        let store = Store::slow(10.0);
        store.ok(refused).next(Some(10.0), Says::Refuses);
        let mut run = line(3).setup().sync(&store).run(json!({}));
        assert_eq!(run.ending(), "failed CHECKPOINT_UNAVAILABLE", "{refused}");
        assert!(run.message().contains(&format!("slot {refused}: disk on fire")), "{}", run.message());
        assert!(run.machine.terminal_event().expect("an end").is_transient);
        let events = run.events();
        let (last, shown) = events.split_last().expect("events");
        assert!(last.is_transient && last.body.kind().is_terminal());
        let stored = store.restore(&run.setup.graph, &run.program).expect("a log");
        assert!(shown.iter().all(|event| event.seq <= stored.session.seq), "{refused}");
        assert_eq!(last.seq, stored.session.seq, "{refused}");
    }
}

#[test]
fn a_session_goes_on_after_its_store_has_recovered() {
    let store = Store::slow(10.0);
    store.ok(2).next(Some(10.0), Says::Refuses);
    let setup = line(3).setup().sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "failed CHECKPOINT_UNAVAILABLE");
    let mut resumed = setup.resume();
    assert_eq!(calls(&resumed), ["n1#0!1@10", "n2#0!1@20"]);
    assert_eq!(resumed.value("log"), json!(["n0", "n1", "n2"]));
}

#[test]
fn a_refusal_under_async_does_not_take_back_what_was_seen() {
    let store = Store::slow(10.0);
    store.next(None, Says::Yes).ok(1).next(Some(10.0), Says::Refuses);
    let mut run = line(3).setup().stored(Async, &store).run(json!({}));
    assert_eq!(run.ending(), "failed CHECKPOINT_UNAVAILABLE");
    let lines = run.lines(&["run", "step.completed"]);
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[4], "run.failed CHECKPOINT_UNAVAILABLE");
}

#[test]
fn a_slot_that_someone_else_took_is_a_conflict() {
    let store = Store::default();
    store.ok(2).next(None, Says::Taken);
    let mut run = line(3).setup().sync(&store).run(json!({}));
    assert_eq!(run.ending(), "failed CHECKPOINT_CONFLICT");
    assert!(run.message().contains("slot 2"), "{}", run.message());
    assert_eq!(run.value("log"), json!(["n0", "n1"]));
    assert_eq!(run.lines(&["step.completed"]).len(), 1);
    assert_eq!(store.len(), 3);
}

#[test]
fn a_lost_answer_is_success_because_the_slot_holds_the_writers_own_record() {
    let store = Store::slow(10.0);
    store.ok(1).next(Some(10.0), Says::Lost);
    let mut run = line(2).setup().sync(&store).run(json!({}));
    assert_eq!(run.ending(), "completed end");
    assert_eq!(store.len(), 4);
    assert_eq!(run.value("log"), json!(["n0", "n1"]));
}

#[test]
fn two_executions_of_one_session_do_not_both_go_on() {
    let store = Store::slow(10.0);
    let setup = line(3).setup().sync(&store);
    let first = setup.start(json!({}));
    let second = setup.clone().with(|setup| setup.writer = 2).start(json!({}));
    let (first, second) = (first.ran(), second.ran());
    assert_eq!(first.ending(), "completed end");
    assert_eq!(second.ending(), "failed CHECKPOINT_CONFLICT");
    assert_eq!(second.calls, Vec::<String>::new());
}

#[test]
fn checkpoint_saved_follows_the_events_of_its_commit_and_never_the_last_word() {
    for (durability, expected) in [(Sync, 2), (Async, 1), (Exit, 0)] {
        let store = Store::slow(10.0);
        let mut run = noting_graph(&["a"])
            .node("b", |_| write("log", json!("b")).after(50.0))
            .path(&[START, "a", "b", END])
            .setup()
            .stored(durability, &store)
            .run(json!({}));
        let lines = run.lines(&[""]);
        let saved: Vec<&String> = lines.iter().filter(|line| line.starts_with("checkpoint.saved")).collect();
        assert_eq!(saved.len(), expected, "{durability:?} {lines:#?}");
        assert_eq!(lines.last().map(String::as_str), Some("run.completed end"), "{durability:?}");
        let at = |wanted: &str| lines.iter().position(|line| line.starts_with(wanted));
        if expected > 0 {
            assert!(at("checkpoint.saved 1 in 10") > at("step.completed 1"), "{lines:#?}");
        }
    }
}

/// A reader that has begun to read.
fn watch(run: &mut Host) -> u32 {
    let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::Start);
    run.pull(reader);
    reader
}

#[test]
fn events_of_an_unfinished_step_are_stored_8_ms_after_the_first() {
    let busy = || {
        noting_graph(&[])
            .node("a", |_| nothing().message("first").after(5.0).message("second").after(95.0).message("third").after(50.0))
            .path(&[START, "a", END])
    };
    let store = Store::default();
    let mut run = busy().setup().sync(&store).start(json!({}));
    let reader = watch(&mut run);
    run.run_until(1007.0);
    assert_eq!(store.len(), 1);
    run.run_until(1008.0);
    assert_eq!(store.len(), 2);
    let shown: Vec<String> = run.pull(reader).iter().map(|event| run.line(event)).collect();
    assert_eq!(shown.last().map(String::as_str), Some("message a \"second\""));
    run.run_until(1108.0);
    assert_eq!((store.len(), run.pull(reader).len()), (3, 1));

    for (durability, stored) in [(Sync, 3), (Async, 3), (Exit, 1)] {
        let unread = Store::default();
        let mut run = busy().setup().stored(durability, &unread).start(json!({}));
        run.run_until(1140.0);
        assert_eq!(unread.len(), stored, "{durability:?}");
    }
}

#[test]
fn a_fast_step_costs_one_append_and_fast_steps_one_timer() {
    for durability in [Sync, Async] {
        let store = Store::default();
        let names: Vec<String> = (0..50).map(|n| format!("n{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let graph = names.iter().fold(noting_graph(&[]), |graph, name| graph.node(name, |_| nothing().after(0.25)));
        let run = graph.path(&[&[START][..], &names, &[END]].concat()).setup().stored(durability, &store).run(json!({}));
        assert_eq!(run.ending(), "completed end");
        // A start, 50 steps and an end; the timer fired once, at 8 ms, in the middle of a step.
        assert!((52..=54).contains(&store.len()), "{durability:?} {}", store.len());
        assert!(run.most_timers <= 2, "{durability:?} {}", run.most_timers);
    }
}

#[test]
fn what_gathers_while_an_early_append_is_in_flight_is_stored_after_it() {
    let store = Store::slow(100.0);
    let mut run = noting_graph(&[])
        .node("a", |_| nothing().message("first").after(20.0).message("second").after(5000.0))
        .path(&[START, "a", END])
        .setup()
        .sync(&store)
        .start(json!({}));
    let reader = watch(&mut run);
    // 1100 the start is stored, 1108 the first message is sent, 1120 the second one is there, 1208 the first is stored.
    run.run_until(1400.0);
    let shown: Vec<String> = run.pull(reader).iter().map(|event| run.line(event)).collect();
    assert_eq!(shown.last().map(String::as_str), Some("message a \"second\""));
}

#[test]
fn a_flush_stores_what_is_pending_at_once() {
    for durability in [Sync, Async, Exit] {
        let store = Store::slow(10.0);
        let run = noting_graph(&[])
            .node("a", |_| nothing().message("x").flush().after(1000.0))
            .path(&[START, "a", END])
            .setup()
            .stored(durability, &store)
            .start(json!({}));
        let mut run = run;
        run.run_until(1500.0);
        let flushed: Vec<&String> = run.calls.iter().filter(|call| call.starts_with("flushed")).collect();
        // The start is in flight when the flush comes.
        assert_eq!(flushed, ["flushed@20"], "{durability:?}");
        let restored = store.restore(&run.setup.graph, &run.program).expect("a log");
        assert!(restored.events.iter().any(|event| event.body.kind().as_str() == "message"), "{durability:?}");
    }
}

#[test]
fn a_flush_does_not_wait_for_what_came_after_it() {
    let store = Store::slow(10.0);
    let mut run = noting_graph(&[])
        .node("a", |_| nothing().message("x").flush().after(1000.0))
        .node("b", |_| (0..100).fold(nothing(), |reply, _| reply.message("y").after(3.0).flush()))
        .fan(START, &["a", "b"])
        .fan("a", &[END])
        .fan("b", &[END])
        .setup()
        .sync(&store)
        .start(json!({}));
    run.run_until(1900.0);
    // Sent at 10, stored at 20; what `b` said meanwhile is in the next append.
    let first = run.calls.iter().find(|call| call.starts_with("flushed")).cloned();
    assert_eq!(first.as_deref(), Some("flushed@20"));
}

#[test]
fn a_flush_without_a_store_is_done_at_once() {
    let run = noting_graph(&[]).node("a", |_| nothing().message("x").flush()).path(&[START, "a", END]).run();
    assert_eq!(run.calls, ["a#0!1@0", "flushed@0"]);
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn a_store_that_is_silent_for_ten_seconds_is_lost() {
    for durability in [Sync, Async] {
        let store = Store::slow(10.0);
        store.ok(1).next(None, Says::Nothing);
        let run = line(3).setup().stored(durability, &store).run(json!({}));
        assert_eq!(run.ending(), "failed CHECKPOINT_UNAVAILABLE", "{durability:?}");
        assert!(run.message().contains("it has not answered for 10 s"), "{}", run.message());
        assert!((11_010.0..11_040.0).contains(&run.now), "{durability:?} {}", run.now);
    }
}

#[test]
fn a_page_that_slept_while_the_store_answered_does_not_take_it_for_silent() {
    let store = Store::slow(10.0);
    store.ok(1).next(Some(60_000.0), Says::Yes);
    let mut run = line(2).setup().sync(&store).start(json!({}));
    run.run_until(1020.0);
    // The page sleeps for a minute: what was due meanwhile comes at once, the timer before the answer.
    run.now = 61_000.0;
    run.run();
    assert_eq!(run.ending(), "completed end");
}
