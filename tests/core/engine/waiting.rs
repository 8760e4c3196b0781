//! Runs that wait for their readers: back-pressure at step boundaries and in flushes.

use super::graphs::noting_graph;
use super::*;
use weavegraph_wasm::engine::Input;
use weavegraph_wasm::events::{Cursor, Mask, Overflow, Pulled};

/// A step has four events.
fn stepping() -> Setup {
    noting_graph(&["a"]).path(&[START, "a"]).route("a", |_| to(&["a"])).setup().max_steps(50)
}

fn waiting_reader(run: &mut Host, capacity: usize) -> u32 {
    run.machine.subscribe(Mask::ALL, capacity, Overflow::Wait, Cursor::Start)
}

/// One that has begun to read: `run.started`, `step.started` and `node.started` are behind it.
fn reading(run: &mut Host, capacity: usize) -> u32 {
    let reader = waiting_reader(run, capacity);
    let Pulled::Events(events) = run.machine.pull(reader, 64, run.now) else { panic!() };
    assert_eq!(events.len(), 3);
    reader
}

fn take(run: &mut Host, reader: u32, count: usize) -> usize {
    match run.pull_raw(reader, count) {
        Pulled::Events(events) => events.len(),
        Pulled::Empty => 0,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_that_nobody_reads_never_waits() {
    let mut run = stepping().start(json!({}));
    let reader = waiting_reader(&mut run, 2);
    run.run();
    assert_eq!(run.machine.steps(), 50);
    // Until its first pull it keeps the newest.
    let lines = run.pulled_lines(reader);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], "stream.gap 1..200 lost 200");
    assert_eq!(lines[2], "run.failed RUN_STEP_LIMIT");
}

#[test]
fn a_full_reader_holds_the_run_at_the_step_boundary_until_it_is_at_half() {
    let mut run = stepping().start(json!({}));
    let reader = reading(&mut run, 8);
    // Two events of the first step, four of each of the next two.
    run.run_until(1001.0);
    assert_eq!(run.machine.steps(), 3);
    for left in [9, 8, 7, 6, 5] {
        assert_eq!(take(&mut run, reader, 1), 1);
        assert_eq!(run.machine.steps(), 3, "{left} are left");
    }
    // Four are left: the next step makes it eight, which is too many for another one.
    assert_eq!(take(&mut run, reader, 1), 1);
    assert_eq!(run.machine.steps(), 4);
}

#[test]
fn a_capacity_of_one_lets_a_step_through_at_a_time() {
    let mut run = stepping().start(json!({}));
    let reader = reading(&mut run, 1);
    let mut total = 3;
    let mut steps = Vec::new();
    while !run.is_finished {
        run.run_until(run.now);
        steps.push(run.machine.steps());
        total += take(&mut run, reader, 1);
    }
    total += run.pull(reader).len();
    assert_eq!(total, 202);
    assert_eq!(steps[..7], [1, 1, 2, 2, 2, 2, 3]);
    assert_eq!(run.machine.hub().dropped(reader), 0);
}

#[test]
fn the_slowest_of_several_readers_counts() {
    let mut run = stepping().start(json!({}));
    let slow = reading(&mut run, 4);
    let fast = reading(&mut run, 4);
    run.run_until(1001.0);
    assert_eq!(run.machine.steps(), 2);
    assert_eq!(run.pull(fast).len(), 6);
    assert_eq!(run.machine.steps(), 2);
    take(&mut run, slow, 3);
    assert_eq!(run.machine.steps(), 2);
    take(&mut run, slow, 1);
    assert_eq!(run.machine.steps(), 3);
}

#[test]
fn a_reader_that_leaves_lets_the_run_go_on() {
    let mut run = stepping().start(json!({}));
    let reader = reading(&mut run, 4);
    run.run_until(2000.0);
    assert_eq!(run.machine.steps(), 2);
    run.machine.hub().unsubscribe(reader);
    run.feed(Input::Pulled);
    run.run();
    assert_eq!(run.machine.steps(), 50);
}

#[test]
fn within_one_step_a_queue_may_reach_16_capacities() {
    let talk = |count: usize| {
        let reply = move |_: &graphs::Call| (0..count).fold(nothing(), |reply, _| reply.message("x"));
        let mut run = noting_graph(&[]).node("a", reply).path(&[START, "a", END]).setup().start(json!({}));
        let reader = reading(&mut run, 4);
        run.run_until(2000.0);
        let dropped = run.machine.hub().dropped(reader);
        let lines = run.pulled_lines(reader);
        (dropped, lines)
    };
    // Beside the words: node.completed, step.completed.
    assert_eq!(talk(62).0, 0);
    let (dropped, lines) = talk(63);
    assert_eq!(dropped, 1);
    assert_eq!(lines[0], "stream.gap 4..4 lost 1");
}

#[test]
fn an_excused_reader_does_not_hold_the_run_until_it_reads_again() {
    let mut run = stepping().start(json!({}));
    let reader = reading(&mut run, 4);
    run.run_until(2000.0);
    assert_eq!(run.machine.steps(), 2);
    // Someone awaits the result in the middle of the reader's loop.
    run.machine.hub().excuse_readers();
    run.feed(Input::Pulled);
    run.run();
    assert_eq!(run.ending(), "failed RUN_STEP_LIMIT");
    assert!(run.machine.hub().dropped(reader) > 0);
}

#[test]
fn a_reader_that_waits_for_events_needs_no_excuse() {
    let mut run = noting_graph(&[])
        .node("a", |_| nothing().after(10.0))
        .always()
        .path(&[START, "a"])
        .route("a", |_| to(&["a"]))
        .setup()
        .max_steps(9)
        .start(json!({}));
    let reader = waiting_reader(&mut run, 4);
    run.settle();
    assert_eq!(run.pull(reader).len(), 3);
    run.machine.hub().excuse_readers();
    run.run_until(2000.0);
    // It was not in the middle of its loop, so it holds the run as before.
    assert_eq!(run.machine.steps(), 2);
}

#[test]
fn a_reader_that_is_full_and_silent_for_30_seconds_turns_to_drop_and_that_is_told() {
    let mut run = stepping().start(json!({}));
    let reader = reading(&mut run, 4);
    let watcher = run.machine.subscribe(Mask::ALL, 10_000, Overflow::Drop, Cursor::Start);
    run.run_until(11_000.0);
    assert_eq!(run.machine.steps(), 2);
    // A sign of life: the 30 seconds begin again.
    take(&mut run, reader, 1);
    run.run_until(40_999.0);
    assert_eq!(run.machine.steps(), 2);
    run.run_until(41_000.0);
    assert_eq!(run.ending(), "failed RUN_STEP_LIMIT");
    let told = run.pulled_lines(watcher);
    let diagnostics: Vec<&String> = told.iter().filter(|line| line.starts_with("diagnostic")).collect();
    assert_eq!(diagnostics.len(), 1);
    assert!(diagnostics[0].starts_with("diagnostic stream: 1 reader"), "{}", diagnostics[0]);
    assert!(run.pulled_lines(reader)[0].starts_with("stream.gap"));
}

#[test]
fn a_reader_that_reads_slowly_is_not_silent() {
    let mut run = stepping().max_steps(5).start(json!({}));
    let reader = reading(&mut run, 4);
    let mut count = 3;
    for turn in 1..=19 {
        run.run_until(1000.0 + 20_000.0 * f64::from(turn));
        count += take(&mut run, reader, 1);
    }
    assert_eq!(count, 22);
    assert_eq!(run.machine.hub().dropped(reader), 0);
    assert!(run.is_finished);
}

#[test]
fn a_flush_waits_for_room() {
    let mut run = noting_graph(&[])
        .node("a", |_| (0..8).fold(nothing(), |reply, _| reply.message("x")).flush().message("y"))
        .path(&[START, "a", END])
        .setup()
        .start(json!({}));
    let reader = reading(&mut run, 4);
    run.run_until(5000.0);
    assert_eq!(run.calls, ["a#0!1@0"]);
    // Eight words wait; at two the node goes on.
    assert_eq!(take(&mut run, reader, 5), 5);
    assert_eq!(run.calls, ["a#0!1@0"]);
    assert_eq!(take(&mut run, reader, 1), 1);
    assert_eq!(run.calls, ["a#0!1@0", "flushed@4000"]);
}

#[test]
fn a_flush_is_let_go_by_a_reader_that_turns_to_drop() {
    let mut run = noting_graph(&[])
        .node("a", |_| (0..8).fold(nothing(), |reply, _| reply.message("x")).flush())
        .path(&[START, "a", END])
        .setup()
        .start(json!({}));
    let _reader = reading(&mut run, 4);
    run.run();
    assert_eq!(run.calls, ["a#0!1@0", "flushed@30000"]);
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn a_reader_that_waits_is_woken_once_for_many_events() {
    let mut run = noting_graph(&[])
        .node("a", |_| (0..100).fold(nothing(), |reply, _| reply.message("x")).after(10.0))
        .path(&[START, "a", END])
        .setup()
        .start(json!({}));
    let reader = run.machine.subscribe(Mask::ALL, 10_000, Overflow::Drop, Cursor::Start);
    for _ in 0..2 {
        drop(run.machine.pull(reader, 64, 1000.0));
    }
    let before = run.wakes;
    run.run_until(1005.0);
    assert_eq!(run.wakes, before + 1);
    assert_eq!(run.pull(reader).len(), 100);
    run.run();
    assert_eq!(run.wakes, before + 2);
}
