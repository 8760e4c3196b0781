//! Questions of nodes: they park their tasks, are stored at once, end the run, and are answered by a resume.

use super::graphs::{Kinds, noting_graph};
use super::*;
use store::Says;
use weavegraph_wasm::checkpoint::Durability::{Async, Exit, Sync};
use weavegraph_wasm::checkpoint::Status;
use weavegraph_wasm::state::json_fold::Channel;

/// `a`, then `ask` beside `b`, then `c`.
fn asking(ask: impl Fn(&graphs::Call) -> Reply + 'static) -> Graph {
    noting_graph(&["a", "b", "c"])
        .channel("said", Channel::append())
        .node("ask", ask)
        .path(&[START, "a", "ask", "c", END])
        .path(&["a", "b", "c"])
}

fn simple() -> Graph {
    asking(|_| write("log", json!("ask")).ask("ok?", "said").after(3.0))
}

fn open(host: &Host) -> Vec<String> {
    host.session().open_questions().iter().map(|kept| kept.key.to_string()).collect()
}

#[test]
fn a_question_parks_its_task_and_ends_the_run_once_its_siblings_are_done() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let setup = simple().setup().stored(durability, &store);
        let mut run = setup.run(json!({}));
        assert_eq!(run.ending(), "interrupted 2/ask#0/0", "{durability:?}");
        assert_eq!(run.calls, ["a#0!1@0", "ask#0!1@0", "asks@0", "b#0!1@0"]);
        assert_eq!(run.aborts, ["ask#0 Interrupt"]);
        assert_eq!(
            run.lines(&["node.completed", "run.interrupted"]),
            ["node.completed a", "node.completed b", "run.interrupted 2/ask#0/0"]
        );
        assert_eq!((run.session().status, run.session().graph.step), (Status::Interrupted, 1));
        assert_eq!(run.value("log"), json!(["a"]));

        let mut resumed = setup.answer(json!("yes"));
        assert_eq!(resumed.ending(), "completed end", "{durability:?}");
        assert_eq!(resumed.calls, ["ask#0!1@0", "c#0!1@3"], "b does not run again");
        assert_eq!((resumed.value("said"), resumed.value("log")), (json!(["yes"]), json!(["a", "ask", "b", "c"])));
        assert!(resumed.session().kept.all().is_empty());
        assert!(setup.open().session().kept.all().is_empty());
    }
}

#[test]
fn a_question_is_stored_strictly_with_all_before_it_in_every_mode() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let graph = asking(|_| nothing().after(2.0).ask("ok?", "said")).node("slow", |_| nothing().after(50.0)).path(&["a", "slow", END]);
        let setup = graph.setup().stored(durability, &store);
        let mut run = setup.start(json!({}));
        run.run_until(1030.0);
        assert!(!run.is_finished);
        // As after a crash now.
        let found = setup.open();
        assert_eq!(open(&found), ["2/ask#0/0"], "{durability:?}");
        assert_eq!((found.session().graph.step, found.session().status), (1, Status::Running));
        assert!(store.strict(store.len() - 1), "{durability:?}");
        let other = setup.clone().with(|setup| setup.writer = 2);
        let mut resumed = other.answer(json!(1));
        assert_eq!((resumed.ending().as_str(), resumed.value("said")), ("completed end", json!([1])));
    }
}

#[test]
fn several_questions_of_one_node_and_of_many_are_answered_by_id() {
    let store = Store::default();
    let graph = noting_graph(&["end"])
        .channel("said", Channel::append())
        .node("two", |_| nothing().ask_aside("x", "said").ask_as("y", "said"))
        .node("one", |_| nothing().ask("?", "said"))
        .fan(START, &["two", "one"])
        .join(&["two", "one"], "end")
        .path(&["end", END]);
    let setup = graph.setup().sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "interrupted x y 1/one#0/0");

    let some = setup.answers(&[("1/one#0/0", json!("o"))]);
    assert_eq!((some.ending().as_str(), some.calls.len()), ("interrupted x y", 1), "who was not answered stays parked");
    let half = setup.answers(&[("y", json!("why"))]);
    assert_eq!(half.ending(), "interrupted x");
    assert_eq!(half.calls, ["two#0!1@0", "asks@0"], "asks x again");
    let mut all = setup.answers(&[("x", json!("ex"))]);
    assert_eq!((all.ending().as_str(), all.value("said")), ("completed end", json!(["ex", "why", "o"])));
}

#[test]
fn a_resume_is_refused_without_a_trace_if_its_answers_do_not_fit() {
    let store = Store::default();
    let graph = noting_graph(&[]).channel("said", Channel::append());
    let graph = ["p", "q"].iter().fold(graph, |graph, name| graph.node(name, |_| nothing().ask("?", "said")));
    let setup = graph.fan(START, &["p", "q"]).path(&["p", END]).path(&["q", END]).setup().sync(&store);
    setup.run(json!({}));
    let records = store.len();
    let refused = |run: Host, code: &str, words: &str| {
        assert_eq!(run.ending(), format!("failed {code}"));
        assert!(run.message().contains(words), "{}", run.message());
        assert_eq!((run.calls.len(), store.len()), (0, records));
        assert!(run.machine.terminal_event().expect("an end").is_transient);
    };
    refused(setup.resume(), "INTERRUPT_UNANSWERED", "waits for 2 answers");
    refused(setup.answer(json!(1)), "INTERRUPT_UNANSWERED", "waits for 2 answers");
    refused(setup.answers(&[("1/p#0/0", json!(1)), ("nobody", json!(2))]), "INTERRUPT_UNKNOWN", "`nobody`");
    refused(setup.run(json!({})), "SESSION_UNFINISHED", "interrupted");
    setup.answers(&[("1/p#0/0", json!(1))]);
    let records = store.len();
    let only = setup.resume();
    assert!(only.message().contains("waits for an answer"), "{}", only.message());
    let again = setup.answers(&[("1/p#0/0", json!(1))]);
    assert_eq!((again.ending().as_str(), store.len()), ("failed INTERRUPT_UNKNOWN", records), "it is answered");
    assert_eq!(setup.answer(json!(2)).ending(), "completed end");
    assert_eq!(setup.answer(json!(2)).ending(), "failed INTERRUPT_UNKNOWN");
    assert!(setup.answer(json!(2)).message().contains("no open interrupt to answer"));
}

#[test]
fn answers_stay_until_the_step_is_complete_and_come_in_order() {
    let store = Store::default();
    let failing = std::rc::Rc::new(std::cell::Cell::new(true));
    let fails = std::rc::Rc::clone(&failing);
    let graph = noting_graph(&[])
        .channel("said", Channel::append())
        .node("n", move |_| {
            let reply = nothing().ask("1", "said").ask("2", "said");
            if fails.get() { Reply { end: replies::End::Throw("no".to_owned()), ..reply } } else { reply }
        })
        .path(&[START, "n", END]);
    let setup = graph.setup().sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "interrupted 1/n#0/0");
    assert_eq!(setup.answer(json!("one")).ending(), "interrupted 1/n#0/1");
    assert_eq!(setup.answer(json!("two")).ending(), "failed NODE_THREW");
    failing.set(false);
    let mut run = setup.resume();
    assert_eq!((run.ending().as_str(), run.value("said")), ("completed end", json!(["one", "two"])));
}

#[test]
fn an_answer_that_was_stored_survives_a_crash_of_the_resume() {
    let store = Store::default();
    let setup = simple().setup().sync(&store);
    setup.run(json!({}));
    let answering = setup.clone().with(|setup| (setup.writer, setup.answers) = (2, host::Replies::One(json!("yes"))));
    let mut crashed = answering.open().fed_start("run-2", &json!({}), true, false);
    crashed.run_until(1001.0);
    assert!(!crashed.is_finished);
    let mut run = setup.clone().with(|setup| setup.writer = 3).resume();
    assert_eq!((run.ending().as_str(), run.value("said")), ("completed end", json!(["yes"])));
}

#[test]
fn a_session_that_crashed_before_its_run_had_ended_stays_parked_until_it_is_answered() {
    let store = Store::default();
    let setup = simple().setup().sync(&store);
    setup.run(json!({}));
    // Without the record of the end.
    let cut = store.cut(store.len() - 1);
    let setup = setup.with(|setup| setup.store = Some(cut.clone()));
    let run = setup.resume();
    assert_eq!((run.ending().as_str(), run.calls.iter().any(|call| call.starts_with("ask#"))), ("interrupted 2/ask#0/0", false));
    assert_eq!(setup.answer(json!(1)).ending(), "completed end");
}

#[test]
fn a_sibling_that_fails_fails_the_run_and_the_question_stays_open() {
    let store = Store::default();
    let fails = std::rc::Rc::new(std::cell::Cell::new(true));
    let failing = std::rc::Rc::clone(&fails);
    let graph = noting_graph(&[])
        .channel("said", Channel::append())
        .node("n", |_| nothing().ask("?", "said"))
        .node("f", move |_| if failing.get() { fail("no").after(5.0) } else { nothing() })
        .fan(START, &["n", "f"])
        .path(&["n", END])
        .path(&["f", END]);
    let setup = graph.setup().sync(&store);
    let run = setup.run(json!({}));
    assert_eq!((run.ending().as_str(), run.aborts.clone()), ("failed NODE_THREW", vec!["n#0 Failure".to_owned()]));
    assert_eq!(open(&setup.open()), ["1/n#0/0"]);
    fails.set(false);
    let later = store.cut(store.len());
    let waiting = setup.clone().with(|setup| setup.store = Some(later));
    assert_eq!(waiting.resume().ending(), "interrupted 1/n#0/0");
    assert_eq!(waiting.answer(json!(1)).ending(), "completed end");
    assert_eq!(setup.answer(json!(1)).ending(), "completed end", "it may be answered on the resume after the failure");
}

#[test]
fn a_cancel_while_a_task_is_parked_keeps_its_question() {
    let store = Store::default();
    let graph = asking(|_| nothing().ask("?", "said")).node("slow", |_| nothing().after(50.0)).path(&["a", "slow", END]);
    let setup = graph.setup().sync(&store);
    let mut run = setup.start(json!({}));
    run.cancel_at(1010.0, "enough");
    run.run();
    assert_eq!(run.ending(), "cancelled enough");
    assert_eq!(setup.resume().ending(), "interrupted 2/ask#0/0");
}

#[test]
fn a_parked_task_holds_no_slot_and_its_timeout_does_not_count() {
    let store = Store::default();
    let graph = noting_graph(&["b"])
        .channel("said", Channel::append())
        .node("n", |_| nothing().ask("?", "said"))
        .with(|node| node.timeout_ms = Some(10.0))
        .node("slow", |_| nothing().after(100.0))
        .fan(START, &["n", "slow", "b"])
        .path(&["n", END])
        .path(&["slow", END])
        .path(&["b", END]);
    let setup = graph.setup().sync(&store).concurrency(1);
    let run = setup.run(json!({}));
    assert_eq!(run.ending(), "interrupted 1/n#0/0");
    assert_eq!(run.calls, ["n#0!1@0", "asks@0", "slow#0!1@0", "b#0!1@100"]);
    assert_eq!(run.now, 1100.0);
}

#[test]
fn what_a_parked_attempt_returns_or_throws_does_not_count() {
    for reply in [nothing().ask_aside("x", "said"), fail("no").ask_aside("x", "said"), fail("no").ask_aside("x", "said").after(3.0)] {
        let store = Store::default();
        let setup = asking(move |_| reply.clone()).setup().sync(&store);
        assert_eq!(setup.run(json!({})).ending(), "interrupted x");
    }
}

#[test]
fn an_id_names_one_question_of_a_step() {
    let store = Store::default();
    let graph = |store: &Store, reply: Reply| {
        let graph = noting_graph(&[]).channel("said", Channel::append()).node("p", |_| nothing().ask_as("x", "said"));
        graph
            .node("q", move |_| reply.clone().ask_as("x", "said"))
            .fan(START, &["p", "q"])
            .path(&["p", END])
            .path(&["q", END])
            .setup()
            .sync(store)
    };
    let run = graph(&store, nothing()).run(json!({}));
    assert_eq!((run.ending().as_str(), run.message().contains("Duplicate")), ("failed NODE_THREW", true));
    let twice = asking(|_| nothing().ask_aside("x", "said").ask_as("x", "said")).setup().sync(&Store::default()).run(json!({}));
    assert_eq!(twice.ending(), "interrupted x", "what comes of the second one does not count");
    let without = asking(|_| nothing().ask_as("x", "said")).setup().run(json!({}));
    assert!(without.message().contains("NoStore"));
}

#[test]
fn default_ids_are_told_apart_by_task_and_by_what_asks_and_escape_names() {
    let store = Store::default();
    let graph = noting_graph(&[])
        .channel("said", Channel::append())
        .node("a/b#c%", |call| nothing().ask(&call.task.to_string(), "said").and("log", json!("x")))
        .node("bad", |_| fail("no"))
        .on_error(|_, _| nothing().ask("what now?", "said"))
        .route(START, |_| vec![send("a/b#c%", json!(1)), send("a/b#c%", json!(2)), to(&["bad"]).remove(0)])
        .path(&["a/b#c%", END])
        .path(&["bad", END]);
    let setup = graph.setup().sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "interrupted 1/a%2Fb%23c%25#0/0 1/a%2Fb%23c%25#1/0 1/bad#0/onError/0");
    let answers = [("1/a%2Fb%23c%25#0/0", json!(0)), ("1/a%2Fb%23c%25#1/0", json!(1)), ("1/bad#0/onError/0", json!(2))];
    let mut run = setup.answers(&answers);
    assert_eq!((run.ending().as_str(), run.value("said")), ("completed end", json!([0, 1, 2])));
}

#[test]
fn questions_and_answers_hold_over_retries() {
    let store = Store::default();
    let graph = noting_graph(&[])
        .channel("said", Channel::append())
        .node("n", |call| {
            let reply = nothing().ask("?", "said");
            if call.attempt == 1 { Reply { end: replies::End::Throw("no".to_owned()), ..reply } } else { reply }
        })
        .retrying(2)
        .path(&[START, "n", END]);
    let setup = graph.setup().sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "interrupted 1/n#0/0");
    let mut run = setup.answer(json!("yes"));
    assert_eq!(run.calls, ["n#0!1@0", "n#0!2@100"]);
    assert_eq!((run.ending().as_str(), run.value("said")), ("completed end", json!(["yes"])));
}

#[test]
fn abandoning_drops_questions_and_answers() {
    let store = Store::default();
    let setup = asking(|call| if call.step == 2 { nothing().ask("?", "said") } else { nothing() }).setup().sync(&store);
    setup.run(json!({}));
    let run = setup.abandon(json!({}));
    assert_eq!((run.ending().as_str(), run.session().kept.all().len(), open(&setup.open()).len()), ("completed end", 0, 0));
}

#[test]
fn a_pause_waits_for_its_records_and_one_turn() {
    let store = Store::default();
    store.ok(3).next(Some(40.0), Says::Yes);
    let setup = asking(|_| nothing().ask("?", "said")).setup().sync(&store);
    let run = setup.run(json!({}));
    assert_eq!((run.ending().as_str(), run.now, run.yields), ("interrupted 2/ask#0/0", 1040.0, 1));
}

#[test]
fn a_store_that_refuses_a_question_fails_the_run_and_keeps_nothing_of_it() {
    let store = Store::default();
    store.ok(2).next(None, Says::Refuses);
    let setup = asking(|_| nothing().ask("?", "said")).setup().sync(&store);
    let run = setup.run(json!({}));
    assert_eq!(run.ending(), "failed CHECKPOINT_UNAVAILABLE");
    assert!(open(&setup.open()).is_empty());
    assert_eq!(setup.resume().ending(), "interrupted 2/ask#0/0");
}

#[test]
fn a_snapshot_keeps_questions_and_answers() {
    let store = Store::default();
    let graph = noting_graph(&[])
        .channel("said", Channel::append())
        .node("big", |_| nothing().message(&"x".repeat(300_000)))
        .node("n", |_| nothing().ask("?", "said").ask("!", "said"))
        .path(&[START, "big", "n", END]);
    let setup = graph.setup().sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "interrupted 2/n#0/0");
    assert_eq!(setup.answer(json!(1)).ending(), "interrupted 2/n#0/1");
    let log = store.restore(&setup.graph, &setup.open().program).expect("a log");
    assert!(log.read < store.len(), "there is a snapshot");
    let mut run = setup.answer(json!(2));
    assert_eq!((run.ending().as_str(), run.value("said")), ("completed end", json!([1, 2])));
}

#[test]
fn a_step_in_which_everyone_stays_parked_runs_nobody() {
    let store = Store::default();
    let graph = noting_graph(&[]).channel("said", Channel::append()).node("ask", |_| nothing().ask("?", "said")).path(&[START, "ask", END]);
    let setup = graph.setup().sync(&store);
    setup.run(json!({}));
    let mut run = setup.clone().with(|setup| setup.store = Some(store.cut(store.len() - 1))).resume();
    assert_eq!(run.lines(&["node", "run.interrupted"]), ["run.interrupted 1/ask#0/0"]);
}

/// `sub` runs `x` and then `ask` beside `b`; beside it, `out`.
fn around(ask: impl Fn(&graphs::Call) -> Reply + 'static) -> Graph {
    let inner = noting_graph(&["x", "b", "y"])
        .channel("said", Channel::append())
        .node("ask", ask)
        .path(&[START, "x", "ask", "y", END])
        .path(&["x", "b", "y"]);
    noting_graph(&["out"])
        .channel("said", Channel::append())
        .subgraph("sub", inner)
        .fan(START, &["sub", "out"])
        .path(&["sub", END])
        .path(&["out", END])
}

#[test]
fn a_question_in_a_sub_graph_parks_the_task_around_it() {
    for durability in [Sync, Async, Exit] {
        let store = Store::default();
        let setup = around(|_| nothing().ask("?", "said")).setup().stored(durability, &store).concurrency(1);
        let run = setup.run(json!({}));
        let id = "1/sub#0/2/ask#0/0";
        assert_eq!(run.ending(), format!("interrupted {id}"), "{durability:?}");
        assert_eq!(run.aborts, ["sub#0/ask#0 Interrupt"]);
        let found = setup.open();
        let kept = &found.session().open_questions()[0];
        assert_eq!((kept.task.step, weavegraph_wasm::events::Place::path(kept.place.as_ref()).len()), (2, 1));

        let mut resumed = setup.answers(&[(id, json!("yes"))]);
        assert_eq!((resumed.ending().as_str(), resumed.value("said")), ("completed end", json!(["yes"])), "{durability:?}");
        assert_eq!(resumed.value("log"), json!(["x", "b", "y", "out"]));
        assert_eq!(resumed.calls, ["sub#0/ask#0!1@0", "sub#0/y#0!1@0"], "what had finished does not run again");
        assert!(setup.open().session().kept.all().is_empty());
    }
}

#[test]
fn who_is_not_answered_in_a_sub_graph_stays_parked_there() {
    let store = Store::default();
    let inner = || noting_graph(&[]).channel("said", Channel::append()).node("n", |_| nothing().ask("?", "said")).path(&[START, "n", END]);
    let setup = noting_graph(&[])
        .channel("said", Channel::append())
        .subgraph("p", inner())
        .subgraph("q", inner())
        .node("r", |_| nothing().ask("?", "said"))
        .fan(START, &["p", "q", "r"])
        .path(&["p", END])
        .path(&["q", END])
        .path(&["r", END])
        .setup()
        .sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "interrupted 1/p#0/1/n#0/0 1/q#0/1/n#0/0 1/r#0/0");
    let some = setup.answers(&[("1/q#0/1/n#0/0", json!("q"))]);
    assert_eq!((some.ending().as_str(), some.calls.clone()), ("interrupted 1/p#0/1/n#0/0 1/r#0/0", vec!["q#0/n#0!1@0".to_owned()]));
    let mut all = setup.answers(&[("1/r#0/0", json!("r")), ("1/p#0/1/n#0/0", json!("p"))]);
    assert_eq!((all.ending().as_str(), all.value("said")), ("completed end", json!(["p", "q", "r"])));
}

#[test]
fn a_sub_graph_in_a_sub_graph_asks_three_levels_down_and_in_each_turn_of_a_loop() {
    let store = Store::default();
    let innermost = noting_graph(&[]).channel("said", Channel::append()).node("n", |_| nothing().ask("?", "said")).path(&[START, "n", END]);
    let middle = noting_graph(&[])
        .channel("said", Channel::append())
        .subgraph("deep", innermost)
        .always()
        .route("deep", |state| if state["said"].as_array().map_or(0, Vec::len) < 2 { to(&["deep"]) } else { to(&[END]) })
        .path(&[START, "deep"]);
    let outer = noting_graph(&[]).channel("said", Channel::append()).subgraph("sub", middle).path(&[START, "sub", END]);
    let setup = outer.setup().sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "interrupted 1/sub#0/1/deep#0/1/n#0/0");
    assert_eq!(setup.answer(json!(1)).ending(), "interrupted 1/sub#0/2/deep#0/1/n#0/0", "another turn is another question");
    let mut run = setup.answer(json!(2));
    assert_eq!((run.ending().as_str(), run.value("said")), ("completed end", json!([1, 2])));
}

#[test]
fn answers_and_records_hold_over_another_attempt_of_a_sub_graph() {
    let store = Store::default();
    let inner = noting_graph(&[])
        .channel("said", Channel::append())
        .node("n", |_| nothing().ask("?", "said").once("k", "said", 1.0))
        .node("f", |_| fail("no"))
        .path(&[START, "n", "f", END]);
    let outer = noting_graph(&[]).channel("said", Channel::append()).subgraph("sub", inner).retrying(2).path(&[START, "sub", END]);
    let setup = outer.setup().sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "interrupted 1/sub#0/1/n#0/0");
    let run = setup.answer(json!("yes"));
    assert_eq!(run.ending(), "failed NODE_THREW");
    let effects = run.calls.iter().filter(|call| call.starts_with("once")).count();
    assert_eq!((run.calls.iter().filter(|call| call.starts_with("sub#0/n#")).count(), effects), (2, 1));
}

#[test]
fn a_sub_graph_pauses_at_nodes_of_its_own() {
    for durability in [Sync, Exit] {
        let store = Store::default();
        let inner = noting_graph(&["a", "b", "c"]).path(&[START, "a", "b", "c", END]).pausing(&["b"], &["b"]);
        let outer = noting_graph(&["out"]).subgraph("sub", inner).fan(START, &["sub", "out"]).path(&["sub", END]).path(&["out", END]);
        let setup = outer.setup().stored(durability, &store);
        let run = setup.run(json!({}));
        assert_eq!((run.ending().as_str(), run.calls.len()), ("interrupted before:1/sub#0/2/b#0", 2), "{durability:?}");
        assert_eq!(setup.resume().ending(), "interrupted after:1/sub#0/2/b#0");
        let mut run = setup.resume();
        assert_eq!((run.ending().as_str(), run.value("log")), ("completed end", json!(["a", "b", "c", "out"])));
    }
}

#[test]
fn a_question_outlives_a_change_of_the_state_from_outside() {
    let store = Store::default();
    let setup = simple().setup().sync(&store);
    setup.run(json!({}));
    let update = setup.open().updated(&json!({ "log": "update" }), None);
    assert!(update.is_finished);
    assert_eq!(open(&setup.open()), ["2/ask#0/0"]);
    let mut run = setup.answer(json!("yes"));
    assert_eq!((run.ending().as_str(), run.value("said")), ("completed end", json!(["yes"])));
    assert_eq!(run.value("log"), json!(["a", "update", "ask", "b", "c"]));
}
