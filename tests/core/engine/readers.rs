//! Readers: what each gets, what it loses and how it is told, and when a run waits for one.

use super::graphs::noting_graph;
use super::*;
use weavegraph_wasm::checkpoint::Durability::Async;
use weavegraph_wasm::events::{Cursor, EventKind, Mask, Overflow, Pulled};

/// One step in which `a` says so many words, then `b` as many.
fn wordy(count: usize) -> Graph {
    let talk = move |_: &graphs::Call| (0..count).fold(nothing(), |reply, n| reply.message(&n.to_string()));
    noting_graph(&[]).node("a", talk).node("b", talk).path(&[START, "a", "b", END])
}

/// A run of so many steps, four events each, beside the first and the last.
fn stepping(steps: u32) -> Setup {
    let mut setup = noting_graph(&["a"]).path(&[START, "a"]).route("a", |_| to(&["a"])).setup().max_steps(steps);
    setup.options.capacity = 16;
    setup
}

#[test]
fn a_reader_from_the_start_gets_everything_once_and_then_ends() {
    let mut run = wordy(3).setup().start(json!({}));
    let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::Start);
    let mut lines = run.pulled_lines(reader);
    run.run();
    lines.extend(run.pulled_lines(reader));
    assert_eq!(lines, run.lines(&[""]));
    assert!(matches!(run.pull_raw(reader, 1), Pulled::Ended));
    assert_eq!(run.machine.hub().dropped(reader), 0);
}

#[test]
fn a_live_reader_gets_what_comes_after_it() {
    let mut run = noting_graph(&["a"]).node("b", |_| nothing().after(50.0)).path(&[START, "a", "b", END]).setup().start(json!({}));
    run.run_until(1020.0);
    let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::Live);
    assert!(run.pull(reader).is_empty());
    run.run();
    let expected = ["node.completed b", "step.completed 2: ran b next END", "run.completed end"];
    assert_eq!(run.pulled_lines(reader), expected);
}

#[test]
fn a_pull_gives_at_most_what_is_asked_for() {
    let mut run = wordy(5).run();
    let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::Start);
    let Pulled::Events(first) = run.pull_raw(reader, 3) else { panic!() };
    assert_eq!(first.len(), 3);
    assert_eq!(run.pull(reader).len(), run.events().len() - 3);
}

#[test]
fn filters_let_only_their_kinds_pass_and_the_rest_costs_no_room() {
    let mut run = wordy(40).setup().start(json!({}));
    let minimal = run.machine.subscribe(Mask::minimal(), 2, Overflow::Drop, Cursor::Start);
    let chat = run.machine.subscribe(Mask::chat(), 4, Overflow::Drop, Cursor::Start);
    let one = Mask::parse(["custom:x", "node.completed"].into_iter()).expect("a filter");
    let named = run.machine.subscribe(one, 4, Overflow::Drop, Cursor::Start);
    run.run();
    assert_eq!(run.pulled_lines(minimal), ["run.started run-1", "run.completed end"]);
    let steps = ["step.completed 1: ran a next b", "step.completed 2: ran b next END"];
    assert_eq!(run.pulled_lines(chat), ["run.started run-1", steps[0], steps[1], "run.completed end"]);
    assert_eq!(run.pulled_lines(named), ["run.started run-1", "node.completed a", "node.completed b", "run.completed end"]);
    for reader in [minimal, chat, named] {
        assert_eq!(run.machine.hub().dropped(reader), 0);
    }
    assert_eq!(Mask::parse(["nonsense"].into_iter()), Err("nonsense"));
    assert_eq!(Mask::parse(["custom:"].into_iter()), Err("custom:"));
}

#[test]
fn drop_gives_up_the_oldest_and_says_exactly_what_is_gone() {
    let mut run = wordy(20).setup().start(json!({}));
    let only = Mask::parse(["message"].into_iter()).expect("a filter");
    let reader = run.machine.subscribe(only, 5, Overflow::Drop, Cursor::Start);
    run.run();
    let events = run.pull(reader);
    let lines: Vec<String> = events.iter().map(|event| run.line(event)).collect();
    // 42 events pass: the start, 20 words, 20 words, the end; the last five are left.
    assert_eq!(lines[0], format!("stream.gap 1..{} lost 37", events[1].seq - 1 - lost_between(&mut run, 37, &events)));
    assert_eq!(lines[1..], ["message b \"16\"", "message b \"17\"", "message b \"18\"", "message b \"19\"", "run.completed end"]);
    assert_eq!(run.machine.hub().dropped(reader), 37);
    assert!(events[0].is_transient);
}

/// Events that the filter held back between the last one that is gone and the first one that is left.
fn lost_between(run: &mut Host, lost: usize, events: &[std::rc::Rc<weavegraph_wasm::events::Event>]) -> u64 {
    let passes = |kind: EventKind| matches!(kind, EventKind::Message | EventKind::RunStarted | EventKind::RunCompleted);
    let all = run.events();
    let passing: Vec<u64> = all.iter().filter(|event| passes(event.body.kind())).map(|event| event.seq).collect();
    events[1].seq - 1 - passing[lost - 1]
}

#[test]
fn a_gap_is_told_once_and_the_next_one_is_a_new_one() {
    let mut run = stepping(30).with(|setup| setup.is_solo = false).open();
    let reader = run.machine.subscribe(Mask::ALL, 4, Overflow::Drop, Cursor::Start);
    let mut run = run.fed_start("run-1", &json!({}), false, false);
    let mut gaps = Vec::new();
    let mut seen = 0;
    while !run.is_finished {
        // A step has four events; after every tenth one the reader looks.
        (0..10).for_each(|_| run.take_time(0.0));
        let Pulled::Events(events) = run.machine.pull(reader, 64, run.now) else { panic!() };
        let (gap, rest): (Vec<_>, Vec<_>) = events.iter().partition(|event| event.body.kind() == EventKind::StreamGap);
        gaps.extend(gap.iter().map(|event| run.line(event)));
        seen += rest.len() as u64;
    }
    assert_eq!(gaps, ["stream.gap 1..36 lost 36", "stream.gap 41..76 lost 36", "stream.gap 81..116 lost 36"]);
    assert_eq!(run.machine.hub().dropped(reader) + seen, run.session().seq);
}

#[test]
fn a_reader_that_lags_and_one_that_does_not_do_not_disturb_each_other() {
    let mut run = wordy(200).setup().start(json!({}));
    let lazy = run.machine.subscribe(Mask::ALL, 1, Overflow::Drop, Cursor::Start);
    let keen = run.machine.subscribe(Mask::ALL, 1 << 20, Overflow::Drop, Cursor::Start);
    run.run();
    assert_eq!(run.pulled_lines(keen), run.lines(&[""]));
    assert_eq!(run.pulled_lines(lazy).last().map(String::as_str), Some("run.completed end"));
}

#[test]
fn after_a_number_come_the_durable_events_behind_it() {
    let mut run = wordy(3).run();
    let all = run.events();
    for after in 0..all.len() as u64 {
        let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::After(after));
        let expected: Vec<u64> = (after + 1..=all.len() as u64).collect();
        let found: Vec<u64> = run.pull(reader).iter().map(|event| event.seq).collect();
        assert_eq!(found, expected);
    }
    let with_tokens = noting_graph(&[]).node("a", |_| nothing().token("x").message("m").token("y")).path(&[START, "a", END]);
    let mut run = with_tokens.run();
    let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::After(3));
    assert_eq!(run.pulled_lines(reader)[0], "message a \"m\"");
    assert!(run.machine.hub().dropped(reader) == 0);
}

#[test]
fn a_number_that_was_trimmed_away_is_reset_to_the_oldest_that_is_kept() {
    let mut run = stepping(100).run(json!({}));
    let newest = run.session().seq;
    let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::After(5));
    let events = run.pull(reader);
    let oldest = newest - 16;
    assert_eq!(run.line(&events[0]), format!("stream.reset after {oldest}"));
    assert_eq!((events[0].seq, events[0].is_transient), (oldest, true));
    assert_eq!(events[1].seq, oldest + 1);
    assert_eq!(events.last().map(|event| event.seq), Some(newest));
}

#[test]
fn a_number_beyond_the_last_one_is_reset_to_it() {
    let mut run = noting_graph(&["a"]).node("b", |_| nothing().after(50.0)).path(&[START, "a", "b", END]).setup().start(json!({}));
    run.run_until(1020.0);
    let newest = run.session().seq;
    let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::After(newest + 1));
    let exact = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::After(newest));
    assert_eq!(run.pulled_lines(reader), [format!("stream.reset after {newest}")]);
    assert!(run.pull(exact).is_empty());
    run.run();
    assert_eq!(run.pulled_lines(reader), run.pulled_lines(exact));
}

#[test]
fn a_start_that_the_ring_has_lost_is_told_as_a_gap() {
    let mut run = stepping(100).run(json!({}));
    let reader = run.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::Start);
    let lines = run.pulled_lines(reader);
    let total = run.session().seq;
    assert_eq!(lines[0], format!("stream.gap 1..{} lost {}", total - 16, total - 16));
    assert_eq!(lines.len(), 17);
    assert_eq!(run.machine.hub().dropped(reader), total - 16);
}

#[test]
fn with_a_log_a_reader_that_lags_is_filled_up_from_it_without_a_gap() {
    let store = Store::default();
    for (overflow, capacity) in [(Overflow::Drop, 1), (Overflow::Drop, 7), (Overflow::Wait, 1), (Overflow::Wait, 3)] {
        let store = store.cut(0);
        let mut run = stepping(150).sync(&store).open();
        let reader = run.machine.subscribe(Mask::ALL, capacity, overflow, Cursor::Start);
        let chosen = Mask::parse(["step.completed"].into_iter()).expect("a filter");
        let late = run.machine.subscribe(chosen, capacity, Overflow::Drop, Cursor::Start);
        let mut run = run.fed_start("run-1", &json!({}), false, false);
        let mut seen: Vec<u64> = Vec::new();
        let mut durable = |events: Vec<std::rc::Rc<weavegraph_wasm::events::Event>>| {
            seen.extend(events.iter().filter(|event| !event.is_transient).map(|event| event.seq))
        };
        for _ in 0..10_000 {
            run.settle();
            durable(run.pull(reader));
            if run.is_finished || !run.pass() {
                break;
            }
        }
        run.run();
        durable(run.pull(reader));
        let expected: Vec<u64> = (1..=run.session().seq).collect();
        assert_eq!(seen, expected, "{overflow:?} {capacity}");
        let steps: Vec<std::rc::Rc<weavegraph_wasm::events::Event>> =
            run.pull(late).into_iter().filter(|event| event.body.kind() == EventKind::StepCompleted).collect();
        assert_eq!(steps.len(), 150);
    }
}

#[test]
fn a_cursor_of_an_earlier_run_is_filled_up_from_the_log() {
    let store = Store::default();
    let setup = wordy(3).setup().sync(&store);
    let first = setup.run(json!({})).session().seq;
    let mut second = setup.run(json!({}));
    let reader = second.machine.subscribe(Mask::ALL, 1000, Overflow::Drop, Cursor::After(first - 2));
    let found: Vec<u64> = second.pull(reader).iter().filter(|event| !event.is_transient).map(|event| event.seq).collect();
    let expected: Vec<u64> = (first - 1..=second.session().seq).collect();
    assert_eq!(found, expected);
}

#[test]
fn with_a_log_only_transient_events_are_lost_and_they_are_counted() {
    let store = Store::default();
    let mut setup = noting_graph(&[])
        .node("a", |_| (0..50).fold(nothing(), |reply, n| reply.token(&n.to_string())).message("m"))
        .path(&[START, "a", END])
        .setup()
        .sync(&store);
    setup.options.capacity = 8;
    let mut run = setup.start(json!({}));
    let reader = run.machine.subscribe(Mask::ALL, 10, Overflow::Drop, Cursor::Start);
    run.run();
    let events = run.pull(reader);
    let durable: Vec<u64> = events.iter().filter(|event| !event.is_transient).map(|event| event.seq).collect();
    assert_eq!(durable, (1..=run.session().seq).collect::<Vec<_>>());
    let tokens = events.iter().filter(|event| event.is_transient).count() as u64;
    // 50 tokens and a checkpoint were there to be seen.
    assert_eq!(run.machine.hub().dropped(reader) + tokens, 51);
}

#[test]
fn a_reader_that_lags_when_the_store_is_lost_is_not_sent_to_the_log_for_ever() {
    let store = Store::slow(10.0);
    store.next(None, store::Says::Yes).next(Some(10.0), store::Says::Refuses);
    let mut setup = wordy(300).setup().stored(Async, &store);
    setup.options.capacity = 16;
    let mut run = setup.start(json!({}));
    let reader = run.machine.subscribe(Mask::ALL, 4, Overflow::Drop, Cursor::Start);
    run.run();
    assert_eq!(run.ending(), "failed CHECKPOINT_UNAVAILABLE");
    let mut pulls = 0;
    let mut lines = Vec::new();
    loop {
        pulls += 1;
        assert!(pulls < 100, "{lines:?}");
        match run.pull_raw(reader, 64) {
            Pulled::Events(events) => lines.extend(events.iter().map(|event| run.line(event))),
            Pulled::Refill { after } => lines.extend(run.refill(reader, after, 64).iter().map(|event| run.line(event))),
            Pulled::Empty | Pulled::Ended => break,
        }
    }
    assert_eq!(lines.first().map(String::as_str), Some("run.started run-1"));
    assert!(lines.iter().any(|line| line.starts_with("stream.gap")), "{lines:?}");
    assert_eq!(lines.last().map(String::as_str), Some("run.failed CHECKPOINT_UNAVAILABLE"));
}

#[test]
fn the_words_of_filters_are_read_as_sets() {
    assert_eq!(Mask::parse(["chat"].into_iter()), Ok(Mask::chat()));
    assert_eq!(Mask::parse(["all"].into_iter()), Ok(Mask::ALL));
    assert_eq!(Mask::parse(["debug"].into_iter()), Ok(Mask::ALL));
    assert_eq!(Mask::parse([].into_iter()), Ok(Mask::minimal()));
    for kind in EventKind::ALL {
        let one = Mask::parse([kind.as_str()].into_iter()).expect("a filter");
        for other in EventKind::ALL {
            let always = other.as_str().starts_with("run.") || other.as_str().starts_with("stream.") || *other == EventKind::Snapshot;
            assert_eq!(one.has(*other), always || kind == other, "{kind:?} {other:?}");
        }
    }
}
