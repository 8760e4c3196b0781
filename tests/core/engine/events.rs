//! Events: their numbers, their order, what ends a run, and open text streams.

use super::graphs::noting_graph;
use super::*;
use store::Says;
use weavegraph_wasm::checkpoint::Durability::{Async, Sync};
use weavegraph_wasm::events::{Cursor, EventKind, Mask, Overflow};

/// Talks much: messages, tokens, a retry, a sleep, in two tasks at once.
fn talking() -> Graph {
    noting_graph(&["c"])
        .node("a", |call| match call.attempt {
            1 => fail("once").token("x").message("one").token("y").after(3.0),
            _ => nothing().token("z").after(30.0).token("zz").message("two"),
        })
        .retrying(2)
        .node("b", |_| write("log", json!("b")).message("b").after(5.0).token("t").sleep(50.0).message("bb").token("tt"))
        .fan(START, &["a", "b"])
        .path(&["a", "c", END])
        .fan("b", &[END])
}

fn check_numbers(events: &[std::rc::Rc<weavegraph_wasm::events::Event>], before: u64) -> u64 {
    let mut seq = before;
    for event in events {
        seq += u64::from(!event.is_transient);
        assert_eq!(event.seq, seq, "{:?}", event.body.kind());
    }
    seq
}

#[test]
fn durable_events_are_numbered_without_holes_and_transient_ones_repeat() {
    for durability in [None, Some(Sync), Some(Async)] {
        let store = Store::slow(4.0);
        let setup = talking().setup().with(|setup| {
            setup.options.durability = durability;
            setup.store = durability.map(|_| store.clone());
        });
        let mut run = setup.run(json!({}));
        let events = run.events();
        let seq = check_numbers(&events, 0);
        assert_eq!(seq, run.session().seq);
        assert!(events.iter().filter(|event| event.is_transient).count() >= 6);
        if durability.is_some() {
            let mut second = setup.run(json!({}));
            let events = second.events();
            check_numbers(&events, seq);
        }
    }
}

#[test]
fn numbers_that_were_never_seen_are_used_again() {
    let store = Store::slow(4.0);
    store.ok(2).next(Some(4.0), Says::Refuses);
    let setup = talking().setup().sync(&store);
    let mut failed = setup.run(json!({}));
    let events = failed.events();
    let (last, shown) = events.split_last().expect("events");
    let seq = check_numbers(shown, 0);
    assert_eq!((last.seq, last.is_transient), (seq, true));
    let mut resumed = setup.resume();
    let events = resumed.events();
    check_numbers(&events, seq);
}

#[test]
fn the_log_holds_what_readers_saw() {
    let store = Store::slow(4.0);
    let setup = talking().setup().sync(&store);
    let mut run = setup.run(json!({}));
    let durable: Vec<String> = run
        .events()
        .iter()
        .filter(|event| !event.is_transient)
        .map(|event| format!("{} {} {}", event.seq, event.at, run.line(event)))
        .collect();
    let mut reading = setup.open();
    let program = reading.program.clone();
    let log = store.restore_from(0, &setup.graph, &program).expect("a log");
    reading.arena = log.arena;
    let stored: Vec<String> = log.events.iter().map(|event| format!("{} {} {}", event.seq, event.at, reading.line(event))).collect();
    assert_eq!(durable, stored);
}

#[test]
fn a_transient_event_never_overtakes_one_that_waits_for_the_store() {
    let store = Store::slow(20.0);
    let mut run = noting_graph(&[])
        .node("a", |_| nothing().message("first").token("1").after(1.0).token("2").message("second").after(100.0).token("3"))
        .path(&[START, "a", END])
        .setup()
        .sync(&store)
        .start(json!({}));
    let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::Start);
    let mut lines = Vec::new();
    let mut times = Vec::new();
    while !run.is_finished {
        for event in run.pull(reader) {
            lines.push(run.line(&event));
            times.push(run.now);
        }
        run.settle();
        run.pass();
    }
    lines.extend(run.pulled_lines(reader));
    let talk: Vec<&String> = lines.iter().filter(|line| line.starts_with("message") || line.starts_with("llm")).collect();
    let expected = ["message a \"first\"", "llm.chunk a \"1\"", "llm.chunk a \"2\"", "message a \"second\"", "llm.chunk a \"3\""];
    assert_eq!(talk, expected);
    // Nothing waits for the store when the third one comes: it goes out at once.
    let at = lines.iter().position(|line| line.ends_with("\"3\""));
    assert_eq!(at.and_then(|at| times.get(at)).copied(), Some(1121.0));
}

#[test]
fn every_execution_has_one_first_and_one_last_event() {
    let store = Store::default();
    let setups: [(&str, Setup); 5] = [
        ("completed", talking().setup()),
        ("failed", talking().setup().max_steps(1)),
        ("failed", talking().setup().timeout(10.0)),
        ("failed", noting_graph(&[]).node("a", |_| fail("no")).path(&[START, "a", END]).setup()),
        ("completed", talking().setup().sync(&store)),
    ];
    for (status, setup) in setups {
        let mut run = setup.run(json!({}));
        let kinds: Vec<EventKind> = run.events().iter().map(|event| event.body.kind()).collect();
        assert_eq!(kinds.first(), Some(&EventKind::RunStarted));
        assert_eq!(kinds.iter().filter(|kind| **kind == EventKind::RunStarted).count(), 1);
        assert_eq!(kinds.last().map(|kind| kind.as_str()), Some(format!("run.{status}").as_str()));
        assert_eq!(kinds.iter().filter(|kind| kind.is_terminal()).count(), 1);
    }
}

#[test]
fn the_terminal_event_is_the_one_that_was_seen() {
    let store = Store::slow(30.0);
    let mut run = talking().setup().sync(&store).run(json!({}));
    let seen = run.events().last().cloned().expect("events");
    let told = run.machine.terminal_event().expect("an end");
    assert_eq!((told.seq, told.at, told.is_transient), (seen.seq, seen.at, seen.is_transient));
    assert_eq!(run.line(&told), run.line(&seen));
    assert_eq!(run.now, seen.at + 30.0);
}

#[test]
fn durations_and_times_are_those_of_the_clock() {
    use weavegraph_wasm::events::Body;
    let mut run = noting_graph(&[])
        .node("a", |call| if call.attempt == 1 { fail("no").after(7.0) } else { nothing().after(5.0) })
        .retrying(2)
        .path(&[START, "a", END])
        .run();
    let times: Vec<(String, f64)> = run.events().iter().map(|event| (run.line(event), event.at - 1000.0)).collect();
    let at = |wanted: &str| times.iter().find(|(line, _)| line.starts_with(wanted)).map(|(_, at)| *at);
    assert_eq!(at("node.failed a"), Some(7.0));
    assert_eq!(at("node.started a!2"), Some(107.0));
    assert_eq!(at("run.completed"), Some(112.0));
    let durations: Vec<f64> = run
        .events()
        .iter()
        .filter_map(|event| match &event.body {
            Body::NodeFailed { duration_ms, .. } | Body::NodeCompleted { duration_ms, .. } | Body::RunEnded { duration_ms, .. } => {
                Some(*duration_ms)
            }
            _ => None,
        })
        .collect();
    assert_eq!(durations, [7.0, 5.0, 112.0]);
}

#[test]
fn a_stream_left_open_is_closed_as_its_node_settles() {
    let mut run = noting_graph(&[])
        .node("a", |_| write("log", json!("a")).open("left").open("closed").close("closed").after(5.0))
        .path(&[START, "a", END])
        .run();
    let expected = ["llm.final a {\"text\":\"closed\"}", "llm.final a {\"text\":\"left\"}", "node.completed a"];
    assert_eq!(run.lines(&["llm", "node.completed"]), expected);
}

#[test]
fn streams_are_closed_by_a_throw_a_timeout_a_siblings_failure_and_a_cancel() {
    let streaming = |end: fn(Reply) -> Reply| noting_graph(&[]).node("a", move |_| end(nothing().open("s").after(10.0).sleep(90.0)));
    let lines = |mut run: Host| run.lines(&["llm", "node.failed", "run.failed", "run.cancelled"]);
    let closed = "llm.final a {\"text\":\"s\"}";

    let throws = streaming(|reply| Reply { end: End::Throw("no".to_owned()), ..reply }).path(&[START, "a", END]).run();
    assert_eq!(lines(throws), [closed, "node.failed a NODE_THREW", "run.failed NODE_THREW"]);

    let late = streaming(|reply| reply).with(|node| node.timeout_ms = Some(50.0)).path(&[START, "a", END]).run();
    assert_eq!(lines(late), [closed, "node.failed a NODE_TIMEOUT", "run.failed NODE_TIMEOUT"]);

    let failing =
        streaming(|reply| reply).node("b", |_| fail("no").after(50.0)).fan(START, &["a", "b"]).fan("a", &[END]).fan("b", &[END]).run();
    assert_eq!(lines(failing), ["node.failed b NODE_THREW", closed, "run.failed NODE_THREW"]);

    let mut cancelled = streaming(|reply| reply).path(&[START, "a", END]).setup().start(json!({}));
    cancelled.cancel_at(1050.0, "stop");
    cancelled.run();
    assert_eq!(lines(cancelled), [closed, "run.cancelled stop"]);
}

#[test]
fn words_of_an_attempt_that_is_over_are_not_taken() {
    let mut run = noting_graph(&[])
        .node("a", |call| if call.attempt == 1 { fail("no") } else { nothing().after(10.0) })
        .retrying(2)
        .path(&[START, "a", END])
        .setup()
        .start(json!({}));
    run.settle();
    // The first attempt had the token 1, the second one gets another.
    assert!(!run.emit(0, 1, EventKind::Message, json!("in the back-off")));
    run.run_until(1105.0);
    assert!(!run.emit(0, 1, EventKind::Message, json!("of the first")));
    let token = run.attempts.keys().next().map(|(_, token)| *token).expect("an attempt");
    assert!(run.emit(0, token, EventKind::Message, json!("of the second")));
    assert_eq!(run.machine.random(0, 1), None);
    assert!(run.machine.random(0, token).is_some());
    run.run();
    assert!(!run.emit(0, token, EventKind::Message, json!("after the end")));
    assert_eq!(run.lines(&["message"]), ["message a!2 \"of the second\""]);
    assert_eq!(run.lines(&[""]).last().map(String::as_str), Some("run.completed end"));
}

#[test]
fn handles_are_let_go_with_the_run() {
    let store = Store::slow(4.0);
    let mut run = talking().setup().sync(&store).run(json!({ "log": "x" }));
    let events = run.events();
    assert!(run.arena.held() > 0);
    drop(events);
    let Host { machine, mut arena, .. } = run;
    drop(machine);
    arena.sweep();
    assert_eq!(arena.held(), 0);
}

#[test]
fn a_long_run_holds_only_what_its_ring_keeps() {
    let mut setup = noting_graph(&[])
        .node("a", |call| write("log", json!([])).message(&format!("{}", call.step)))
        .always()
        .path(&[START, "a"])
        .route("a", |_| to(&["a"]))
        .setup()
        .max_steps(2000);
    setup.options.capacity = 50;
    let run = setup.run(json!({}));
    assert!(run.arena.held() < 50, "{}", run.arena.held());
}
