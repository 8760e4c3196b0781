//! What readers see, and when.

use super::*;
use futures::StreamExt;
use std::task::Poll;

fn talker() -> App {
    one(async |_: &State, ctx: &NodeContext| {
        ctx.progress(0.5, Some("half"));
        ctx.token("He");
        ctx.llm().metadata(json!({ "model": "m" })).chunk("llo");
        ctx.llm().reasoning("hm");
        ctx.emit_with("scope", "text", json!([1]));
        ctx.tool_call("1", "add", json!({ "a": 1 }));
        ctx.tool_result("1", 2, false);
        ctx.milestone("draft", json!(null));
        ctx.custom("mine", json!({ "x": 1 }));
        ctx.diagnostic("ops", 3);
        ctx.llm().stream("other").chunk("ab");
        ctx.llm().stream("other").finish(Some("abc"));
        ctx.llm().stream("bad").error("overloaded");
        Ok(Update::new().write("list", "done"))
    })
}

fn events_of(app: &App) -> Vec<Json> {
    finish(|options| all(app.invoke_streaming_with((), options.session_id("s").run_id("r"))))
}

#[test]
fn events_are_the_json_that_javascript_has() {
    let events = events_of(&talker());
    let base = json!({ "at": 1000.0, "runId": "r", "sessionId": "s" });
    let task = json!({ "step": 1, "node": "only", "task": 0, "attempt": 1 });
    let with = |parts: &[Json]| {
        let fields = parts.iter().flat_map(|part| part.as_object().expect("fields")).map(|(name, value)| (name.clone(), value.clone()));
        Json::Object(fields.collect())
    };
    let own = "1/only#0/1.1";
    let hash = events[0]["graphHash"].clone();
    let expected = [
        json!({ "type": "run.started", "seq": 1, "graphHash": hash, "resumed": false }),
        json!({ "type": "step.started", "seq": 2, "step": 1, "frontier": ["only"] }),
        with(&[json!({ "type": "node.started", "seq": 3 }), task.clone()]),
        with(&[json!({ "type": "progress", "seq": 4, "fraction": 0.5, "message": "half" }), task.clone()]),
        with(&[json!({ "type": "llm.chunk", "seq": 4, "transient": true, "text": "He", "streamId": own, "offset": 0 }), task.clone()]),
        with(&[
            json!({ "type": "llm.chunk", "seq": 4, "transient": true, "text": "llo", "streamId": own, "offset": 2, "metadata": { "model": "m" } }),
            task.clone(),
        ]),
        with(&[
            json!({ "type": "llm.chunk", "seq": 4, "transient": true, "text": "hm", "streamId": own, "offset": 5, "kind": "reasoning" }),
            task.clone(),
        ]),
        with(&[json!({ "type": "message", "seq": 5, "scope": "scope", "message": "text", "data": [1] }), task.clone()]),
        with(&[json!({ "type": "tool.call", "seq": 6, "id": "1", "name": "add", "args": { "a": 1 } }), task.clone()]),
        with(&[json!({ "type": "tool.result", "seq": 7, "id": "1", "result": 2 }), task.clone()]),
        with(&[json!({ "type": "milestone", "seq": 8, "name": "draft", "data": null }), task.clone()]),
        with(&[json!({ "type": "custom", "seq": 9, "name": "mine", "data": { "x": 1 } }), task.clone()]),
        with(&[json!({ "type": "diagnostic", "seq": 10, "scope": "ops", "message": "3" }), task.clone()]),
        with(&[json!({ "type": "llm.chunk", "seq": 10, "transient": true, "text": "ab", "streamId": "other", "offset": 0 }), task.clone()]),
        with(&[json!({ "type": "llm.final", "seq": 11, "text": "abc", "streamId": "other" }), task.clone()]),
        with(&[json!({ "type": "llm.error", "seq": 12, "message": "overloaded", "streamId": "bad" }), task.clone()]),
        with(&[
            json!({ "type": "llm.final", "seq": 13, "text": "Hello", "streamId": own, "reasoning": "hm", "metadata": { "model": "m" } }),
            task.clone(),
        ]),
        with(&[json!({ "type": "node.completed", "seq": 14, "durationMs": 0.0, "changes": { "list": "done" } }), task]),
        json!({ "type": "step.completed", "seq": 15, "step": 1, "ran": ["only"], "skipped": [], "updatedChannels": ["list"],
            "next": ["__end__"], "versions": { "list": 2 } }),
        json!({ "type": "run.completed", "seq": 16, "steps": 1, "durationMs": 0.0, "reason": "end" }),
    ];
    let expected: Vec<Json> = expected.iter().map(|event| with(&[event.clone(), base.clone()])).collect();
    assert_eq!(events, expected);
}

#[test]
fn a_run_is_a_stream_and_goes_on_only_while_it_is_polled() {
    let ran = Rc::new(Cell::new(false));
    let flag = Rc::clone(&ran);
    let app = one(async move |_: &State, _: &NodeContext| {
        flag.set(true);
        Ok(())
    });
    let run = app.invoke_streaming(());
    assert!(!ran.get());
    let events: Vec<WeaveEvent> = futures::executor::block_on(run.collect());
    assert!(ran.get());
    assert_eq!(events.len(), 6);
}

#[test]
fn tokens_come_while_the_node_still_runs() {
    let app = one(async |_: &State, ctx: &NodeContext| {
        ctx.token("first");
        ctx.sleep(Duration::from_millis(10)).await;
        ctx.token("second");
        Ok(())
    });
    let clock = ManualClock::new(0.0);
    let mut run = app.invoke_streaming_with((), RunOptions::new().clock(clock.clone()));
    let seen = run_on(&clock, async {
        let mut seen = Vec::new();
        while let Some(event) = run.next().await {
            seen.extend(event.body.token().map(|text| (text.to_owned(), clock.now())));
        }
        seen
    });
    assert_eq!(seen, [("first".to_owned(), 0.0), ("second".to_owned(), 10.0)]);
}

#[test]
fn readers_are_independent_and_a_late_one_can_begin_at_the_start() {
    let app = talker();
    let run = app.invoke_streaming(());
    let mut live = run.events(SubscribeOptions::new().filter(Mask::of(&[EventKind::Progress])));
    futures::executor::block_on(run.join()).unwrap();
    let mut late = run.events(SubscribeOptions::new().after(0));
    let read = |reader: &mut EventStream| {
        let events: Vec<WeaveEvent> = futures::executor::block_on(reader.collect());
        events.iter().map(|event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(read(&mut live), ["run.started", "progress", "run.completed"]);
    let durable = read(&mut late);
    assert_eq!((durable.len(), durable.contains(&"llm.chunk".to_owned())), (16, false));
    assert_eq!(futures::executor::block_on(all(run)).len(), 20);
}

#[test]
fn one_task_may_drive_the_run_and_another_read_it() {
    let app = talker();
    let run = app.invoke_streaming(());
    let (join, reader) = (run.join(), run.events(SubscribeOptions::new().from_start()));
    drop(run);
    let (state, events) = futures::executor::block_on(futures::future::join(join, reader.collect::<Vec<_>>()));
    assert_eq!(state.unwrap().to_value()["list"], json!(["done"]));
    assert_eq!(events.len(), 20);
}

#[test]
fn a_full_reader_pauses_the_run_between_steps_until_it_reads_on() {
    let steps = Rc::new(Cell::new(0));
    let count = Rc::clone(&steps);
    let app = GraphBuilder::new()
        .channel("n", Channel::last().initial(0))
        .add_node("count", async move |_: &State, _: &NodeContext| {
            count.set(count.get() + 1);
            Ok(Update::new().write("n", count.get()))
        })
        .add_edge(START, "count")
        .add_conditional_edge("count", |state| if state.get::<u32>("n").is_ok_and(|n| n < 500) { "count" } else { END })
        .compile()
        .unwrap();
    let clock = ManualClock::new(0.0);
    let mut run = app.invoke_streaming_with((), RunOptions::new().capacity(16).clock(clock.clone()));
    let mut driver = run.events(SubscribeOptions::new().filter(Mask::of(&[EventKind::RunCompleted])));
    assert!(matches!(poll_once(&mut Box::pin(run.next())), Poll::Ready(Some(_))));
    // Another reader drives it: it goes no further than the first one lets it.
    while poll_once(&mut Box::pin(driver.next())).is_ready() {}
    let paused_at = steps.get();
    assert!((1..20).contains(&paused_at), "{paused_at}");
    let rest = run_on(&clock, async { (&mut run).count().await });
    assert_eq!((steps.get(), rest), (500, 500 * 4 + 2 - 1));
}

#[test]
fn a_reader_that_drops_is_told_what_it_lost() {
    let app = one(async |_: &State, ctx: &NodeContext| {
        (0..50).for_each(|number| ctx.emit("n", number));
        Ok(())
    });
    let run = app.invoke_streaming(());
    let mut slow = run.events(SubscribeOptions::new().capacity(10));
    futures::executor::block_on(run.join()).unwrap();
    let events: Vec<WeaveEvent> = futures::executor::block_on((&mut slow).collect());
    assert!(matches!(events[0].body, EventBody::StreamGap { from: 1, to: 46, count: 46 }), "{:?}", events[0]);
    assert_eq!((events.len(), slow.dropped()), (11, 46));
}

#[test]
fn a_reader_that_lags_behind_a_store_reads_the_log() {
    let app = one(async |_: &State, ctx: &NodeContext| {
        for number in 0..50 {
            ctx.emit("n", number);
        }
        Ok(())
    });
    let clock = ManualClock::new(0.0);
    let run = app.invoke_streaming_with((), RunOptions::new().clock(clock.clone()).checkpointer(Checkpointer::memory()));
    let mut slow = run.events(SubscribeOptions::new().capacity(10));
    run_on(&clock, run.join()).unwrap();
    let events: Vec<WeaveEvent> = run_on(&clock, async { (&mut slow).collect().await });
    let durable: Vec<u64> = events.iter().filter(|event| !event.is_transient).map(|event| event.seq).collect();
    assert_eq!(durable, (1..=56).collect::<Vec<_>>());
}
