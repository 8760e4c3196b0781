//! Graphs that run as nodes: what they share, what they return, and that one graph never disturbs another.

use super::*;
use crate::graphs::{Kinds, noting_graph};
use std::rc::Rc;
use weavegraph_wasm::checkpoint::Durability;
use weavegraph_wasm::events::Body;
use weavegraph_wasm::state::json_fold::Channel;

/// `sub` runs `a` then `b` inside, after `first` and before `after`.
fn nested() -> Graph {
    noting_graph(&["first"])
        .subgraph("sub", noting_graph(&["a", "b"]).path(&[START, "a", "b", END]))
        .noting("after")
        .path(&[START, "first", "sub", "after", END])
}

#[test]
fn an_inner_graph_runs_step_by_step_inside_one_step() {
    let mut run = nested().run();
    assert_eq!(run.ending(), "completed end");
    assert_eq!(run.value("log"), json!(["first", "a", "b", "after"]));
    assert_eq!(
        run.lines(&["step.", "node."]),
        [
            "step.started 1: first",
            "node.started first",
            "node.completed first",
            "step.completed 1: ran first changed log next sub",
            "step.started 2: sub",
            "node.started sub",
            "step.started sub/1: a",
            "node.started sub/a",
            "node.completed sub/a",
            "step.completed sub/1: ran a changed log next b",
            "step.started sub/2: b",
            "node.started sub/b",
            "node.completed sub/b",
            "step.completed sub/2: ran b changed log next END",
            "node.completed sub",
            "step.completed 2: ran sub changed log next after",
            "step.started 3: after",
            "node.started after",
            "node.completed after",
            "step.completed 3: ran after changed log next END",
        ]
    );
}

#[test]
fn it_sees_what_is_shared_and_keeps_the_rest_to_itself() {
    let inner = graph()
        .channel("log", Channel::append())
        .channel("own", Channel::last(json!(0)))
        .node("look", |call| write("log", json!(format!("{} {}", call.state["log"], call.state["own"]))).and("own", json!(7)))
        .node("again", |call| write("log", call.state["own"].clone()))
        .path(&[START, "look", "again", END]);
    let outer = graph()
        .channel("log", Channel::append())
        .channel("own", Channel::append())
        .node("first", |_| write("log", json!("x")))
        .subgraph("sub", inner)
        .path(&[START, "first", "sub", END]);
    let mut run = outer.run();
    assert_eq!(run.state(), json!({ "log": ["x", "[\"x\"] 0", 7], "own": [] }));
}

#[test]
fn every_kind_is_returned_in_inner_order() {
    let channels = || {
        graph()
            .channel("list", Channel::append())
            .channel("map", Channel::merge())
            .channel("one", Channel::last(json!(null)))
            .channel("sum", Channel::sum())
    };
    let inner = channels()
        .node("a", |_| write("list", json!(1)).and("map", json!({ "x": 1, "y": 1 })).and("one", json!("a")).and("sum", json!(1)))
        .node("b", |_| write("list", json!([2, 3])).and("map", json!({ "x": null, "z": 2 })).and("one", json!("b")).and("sum", json!(2)))
        .node("c", |_| nothing().replacing("list", json!([9])))
        .node("d", |_| write("list", json!(10)))
        .path(&[START, "a", "b", "c", "d", END]);
    let outer = channels().node("s", |_| write("list", json!(0)).and("sum", json!(10))).subgraph("sub", inner);
    let mut run = outer.path(&[START, "s", "sub", END]).run();
    assert_eq!(run.state(), json!({ "list": [9, 10], "map": { "y": 1, "z": 2 }, "one": "b", "sum": 13 }));
}

#[test]
fn two_graphs_that_write_a_last_channel_conflict_and_one_that_writes_it_twice_does_not() {
    let inner = || {
        let one = graph().channel("one", Channel::last(json!(null)));
        one.node("a", |_| write("one", json!(1))).node("b", |_| write("one", json!(2))).path(&[START, "a", "b", END])
    };
    let outer = || graph().channel("one", Channel::last(json!(null))).subgraph("x", inner());
    let mut run = outer().path(&[START, "x", END]).run();
    assert_eq!(run.value("one"), json!(2));
    let run = outer().subgraph("y", inner()).fan(START, &["x", "y"]).path(&["x", END]).path(&["y", END]).run();
    assert_eq!(run.ending(), "failed STATE_CONFLICT");
    assert!(run.message().contains("nodes `x` and `y` wrote channel `one`"), "{}", run.message());
}

#[test]
fn what_goes_in_and_out_can_be_mapped() {
    let inner = graph()
        .channel("log", Channel::append())
        .channel("n", Channel::last(json!(0)))
        .node("double", |call| write("n", json!(call.state["n"].as_i64().unwrap() * 2)).and("log", json!("inner")))
        .path(&[START, "double", END]);
    let outer = graph()
        .channel("log", Channel::append())
        .channel("total", Channel::last(json!(21)))
        .subgraph("sub", inner)
        .mapping_in(|state| Ok(vec![("n", state["total"].clone())]))
        .mapping_out(|state| Ok(vec![("total", state["n"].clone())]))
        .path(&[START, "sub", END]);
    assert_eq!(outer.run().state(), json!({ "log": [], "total": 42 }));
}

#[test]
fn a_mapping_that_throws_fails_the_task() {
    let sub = || graph().channel("log", Channel::append()).subgraph("sub", noting_graph(&["a"]).path(&[START, "a", END]));
    let into = sub().mapping_in(|_| Err("no way in".to_owned())).path(&[START, "sub", END]).run();
    assert_eq!((into.ending(), into.calls.len()), ("failed NODE_THREW".to_owned(), 0));
    let out = sub().mapping_out(|_| Err("no way out".to_owned())).path(&[START, "sub", END]).run();
    assert_eq!(out.message(), "node `sub` failed in step 1: no way out");
}

#[test]
fn sends_are_as_many_instances_each_with_its_input() {
    let inner = graph()
        .channel("log", Channel::append())
        .channel("n", Channel::last(json!(0)))
        .node("work", |call| write("log", call.state["n"].clone()).after(call.state["n"].as_f64().unwrap()))
        .path(&[START, "work", END]);
    let outer = graph()
        .channel("log", Channel::append())
        .subgraph("sub", inner)
        .path(&["sub", END])
        .route(START, |_| (0..5).map(|n| send("sub", json!({ "n": 10 - n }))).collect());
    let mut run = outer.run();
    assert_eq!(run.value("log"), json!([10, 9, 8, 7, 6]));
    assert_eq!(run.lines(&["node.completed sub/"]).len() + run.lines(&["node.completed sub#"]).len(), 10 - 1);
}

#[test]
fn graphs_nest_three_deep() {
    let inmost = noting_graph(&["x"]).path(&[START, "x", END]);
    let middle = noting_graph(&["m"]).subgraph("in", inmost).path(&[START, "m", "in", END]);
    let outer = noting_graph(&["o"]).subgraph("mid", middle).path(&[START, "o", "mid", END]);
    let mut run = outer.run();
    assert_eq!(run.value("log"), json!(["o", "m", "x"]));
    assert_eq!(run.calls, ["o#0!1@0", "mid#0/m#0!1@0", "mid#0/in#0/x#0!1@0"]);
}

#[test]
fn a_tree_that_is_too_deep_is_refused_before_it_begins() {
    let level = |graph: Graph| noting_graph(&[]).subgraph("sub", graph).path(&[START, "sub", END]);
    let deep = |depth: u32| (0..depth).fold(noting_graph(&["x"]).path(&[START, "x", END]), |graph, _| level(graph));
    assert_eq!(deep(32).run().ending(), "completed end");
    let mut run = deep(33).run();
    assert_eq!((run.ending(), run.lines(&["run."])), ("failed RUN_DEPTH_LIMIT".to_owned(), vec!["run.failed RUN_DEPTH_LIMIT".to_owned()]));
}

#[test]
fn an_empty_frontier_inside_completes_the_task() {
    let inner = noting_graph(&["a"]).path(&["a", END]).route(START, |_| to(&[END]));
    let mut run = noting_graph(&["after"]).subgraph("sub", inner).path(&[START, "sub", "after", END]).run();
    assert_eq!((run.ending(), run.value("log")), ("completed end".to_owned(), json!(["after"])));
}

#[test]
fn a_failure_inside_is_the_tasks_failure_and_keeps_its_cause() {
    let inner = noting_graph(&["good"]).node("bad", |_| fail("boom")).fan(START, &["good", "bad"]).path(&["good", END]).path(&["bad", END]);
    let mut run = noting_graph(&[]).subgraph("sub", inner).path(&[START, "sub", END]).run();
    assert_eq!(run.message(), "node `bad` failed in step 1: boom");
    assert_eq!(run.lines(&["node.failed"]), ["node.failed sub/bad NODE_THREW", "node.failed sub NODE_THREW"]);
}

#[test]
fn another_attempt_begins_anew() {
    let tries = std::rc::Rc::new(std::cell::Cell::new(0));
    let count = std::rc::Rc::clone(&tries);
    let inner = noting_graph(&["a"])
        .node("flaky", move |_| {
            count.set(count.get() + 1);
            if count.get() < 3 { fail("not yet") } else { write("log", json!("done")) }
        })
        .path(&[START, "a", "flaky", END]);
    let mut run = noting_graph(&[]).subgraph("sub", inner).retrying(3).path(&[START, "sub", END]).run();
    assert_eq!(run.value("log"), json!(["a", "done"]));
    let began: Vec<_> = run.calls.iter().filter(|call| call.starts_with("sub#0/a")).cloned().collect();
    assert_eq!(began, ["sub#0/a#0!1@0", "sub#0/a#0!1@100", "sub#0/a#0!1@300"]);
}

#[test]
fn on_error_stands_in_for_the_whole_graph() {
    let inner = noting_graph(&["a"]).node("bad", |_| fail("boom")).path(&[START, "a", "bad", END]);
    let outer = noting_graph(&[]).subgraph("sub", inner).on_error(|_, message| write("log", json!(message)));
    let mut run = outer.path(&[START, "sub", END]).run();
    assert_eq!(run.value("log"), json!(["node `bad` failed in step 2: boom"]));
}

#[test]
fn a_time_limit_ends_all_that_runs_inside() {
    let inner = graph().channel("log", Channel::append()).node("slow", |_| never()).path(&[START, "slow", END]);
    let outer = noting_graph(&["next"]).subgraph("sub", inner).with(|node| node.timeout_ms = Some(50.0));
    let mut run = outer.on_error(|_, message| write("log", json!(message))).path(&[START, "sub", "next", END]).run();
    assert_eq!(run.aborts, ["sub#0/slow#0 Failure"]);
    assert!(run.value("log")[0].as_str().unwrap().starts_with("node `sub` did not finish within its timeoutMs of 50"));
}

#[test]
fn a_failure_beside_it_aborts_what_runs_inside() {
    let inner = graph().channel("log", Channel::append()).node("slow", |_| never()).path(&[START, "slow", END]);
    let outer = noting_graph(&[]).subgraph("sub", inner).node("bad", |_| fail("boom").after(5.0));
    let run = outer.fan(START, &["sub", "bad"]).path(&["sub", END]).path(&["bad", END]).run();
    assert_eq!((run.aborts, run.is_finished), (vec!["sub#0/slow#0 Failure".to_owned()], true));
}

#[test]
fn a_cancel_reaches_every_level() {
    let inmost = graph().channel("log", Channel::append()).node("slow", |_| never()).path(&[START, "slow", END]);
    let middle = noting_graph(&[]).subgraph("in", inmost).node("wait", |_| nothing().sleep(1e6));
    let middle = middle.fan(START, &["in", "wait"]).path(&["in", END]).path(&["wait", END]);
    let mut run = noting_graph(&[]).subgraph("mid", middle).path(&[START, "mid", END]).setup().start(json!({}));
    run.run_until(1020.0);
    run.cancel(Some("enough"));
    assert_eq!(run.ending(), "cancelled enough");
    assert_eq!(run.aborts, ["mid#0/in#0/slow#0 Cancel", "mid#0/wait#0 Cancel"]);
}

#[test]
fn one_pool_serves_the_whole_tree() {
    let work =
        |id: &'static str| noting_graph(&[]).node(id, move |call| write("log", json!(format!("{}{}", call.path, call.node))).after(10.0));
    let pair = || {
        let graph = work("a").node("b", |call| write("log", json!(format!("{}{}", call.path, call.node))).after(10.0));
        graph.fan(START, &["a", "b"]).path(&["a", END]).path(&["b", END])
    };
    let outer = || {
        work("o")
            .subgraph("x", pair())
            .subgraph("y", pair())
            .fan(START, &["x", "o", "y"])
            .fan("x", &[END])
            .fan("y", &[END])
            .fan("o", &[END])
    };
    for limit in [1, 2, 3] {
        let mut run = outer().setup().concurrency(limit).run(json!({}));
        assert_eq!((run.ending(), run.peak), ("completed end".to_owned(), limit as usize), "{limit}");
        assert_eq!(run.value("log"), json!(["x#0/a", "x#0/b", "o", "y#0/a", "y#0/b"]));
        assert_eq!(run.now - 1000.0, f64::from(50u32.div_ceil(limit * 10) * 10), "{limit}");
    }
}

#[test]
fn a_nodes_limit_counts_over_all_instances_and_that_of_a_graph_counts_instances() {
    let inner = || {
        let work = noting_graph(&[]).node("work", |_| nothing().after(10.0));
        work.with(|node| node.concurrency = Some(2.0)).path(&[START, "work", END])
    };
    let sends = |_: &Json| (0..6).map(|_| send("sub", json!({}))).collect::<Vec<_>>();
    let run = noting_graph(&[]).subgraph("sub", inner()).path(&["sub", END]).route(START, sends).run();
    assert_eq!((run.peak, run.now - 1000.0), (2, 30.0));
    let free = noting_graph(&[]).node("work", |_| nothing().after(10.0)).path(&[START, "work", END]);
    let outer = noting_graph(&[]).subgraph("sub", free).with(|node| node.concurrency = Some(3.0));
    let mut run = outer.path(&["sub", END]).route(START, sends).run();
    assert_eq!((run.peak, run.now - 1000.0), (3, 20.0));
    assert_eq!(run.lines(&["node.started sub"]).len(), 12);
}

#[test]
fn a_slot_of_a_task_that_was_aborted_inside_is_free_again() {
    let inner = noting_graph(&[]).node("slow", |_| never()).node("bad", |_| fail("boom")).fan(START, &["slow", "bad"]);
    let inner = inner.path(&["slow", END]).path(&["bad", END]);
    let outer = noting_graph(&["o"]).subgraph("sub", inner).on_error(|_, _| write("log", json!("rescued")));
    let outer = outer.node("wait", |_| write("log", json!("waited")).after(5.0));
    let mut run = outer
        .fan(START, &["sub", "wait", "o"])
        .fan("sub", &[END])
        .fan("wait", &[END])
        .fan("o", &[END])
        .setup()
        .concurrency(2)
        .run(json!({}));
    assert_eq!((run.ending(), run.value("log")), ("completed end".to_owned(), json!(["rescued", "waited", "o"])));
}

#[test]
fn steps_inside_count_by_themselves() {
    let looping = |steps: i64| {
        let one =
            graph().channel("n", Channel::last(json!(0))).node("loop", |call| write("n", json!(call.state["n"].as_i64().unwrap() + 1)));
        one.path(&[START, "loop"]).route("loop", move |state| to(&[if state["n"].as_i64().unwrap() < steps { "loop" } else { END }]))
    };
    let outer = |inner: Graph| graph().channel("n", Channel::last(json!(0))).subgraph("sub", inner).path(&[START, "sub", END]);
    assert_eq!(outer(looping(5)).setup().max_steps(5).run(json!({})).value("n"), json!(5));
    let run = outer(looping(6)).setup().max_steps(5).run(json!({}));
    assert_eq!((run.ending(), run.machine.steps()), ("failed RUN_STEP_LIMIT".to_owned(), 0));
    let mut own = looping(6);
    own.max_steps = Some(3);
    assert!(outer(own).run().message().contains("maxSteps, 3 steps"));
}

#[test]
fn gates_and_joins_inside_belong_to_one_invocation() {
    let inner = || {
        let graph = noting_graph(&["a", "b", "join"]).fan(START, &["a", "b"]).join(&["a", "b"], "join");
        graph.path(&["join", END])
    };
    let outer = noting_graph(&["again"]).subgraph("sub", inner()).path(&[START, "sub", "again"]);
    let outer = outer.route("again", |state| to(&[if state["log"].as_array().unwrap().len() < 8 { "sub" } else { END }]));
    let mut run = outer.run();
    assert_eq!(run.value("log"), json!(["a", "b", "join", "again", "a", "b", "join", "again"]));
}

#[test]
fn an_inner_node_that_nothing_changed_for_is_skipped_inside() {
    let inner = graph().channel("n", Channel::last(json!(0))).idle("a").idle("b").path(&[START, "a", "b", "a"]);
    let inner = inner.route("b", |_| to(&["a"]));
    let mut run = graph().channel("n", Channel::last(json!(0))).subgraph("sub", inner).path(&[START, "sub", END]).run();
    assert_eq!(run.lines(&["node.skipped"]), ["node.skipped sub/a"]);
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn numbers_drawn_inside_differ_by_place_and_are_the_same_again() {
    let draw = || graph().channel("n", Channel::append()).node("draw", |_| nothing().draw("n")).path(&[START, "draw", END]);
    let outer = || {
        let graph = graph().channel("n", Channel::append()).subgraph("x", draw()).subgraph("y", draw());
        graph.fan(START, &["x", "y"]).path(&["x", END]).path(&["y", "x"])
    };
    let drawn = outer().run().value("n");
    let numbers: Vec<f64> = drawn.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect();
    assert_eq!(numbers.len(), 3);
    assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] != numbers[2], "{numbers:?}");
    assert_eq!(outer().run().value("n"), drawn);
}

#[test]
fn many_small_graphs_and_many_instances_leave_nothing_behind() {
    let inner = || noting_graph(&[]).node("a", |_| write("log", json!(1))).path(&[START, "a", END]);
    let outer = noting_graph(&[]).subgraph("sub", inner()).path(&[START, "sub"]);
    let outer = outer.route("sub", |state| to(&[if state["log"].as_array().unwrap().len() < 1000 { "sub" } else { END }]));
    let mut run = outer.setup().max_steps(2000).with(|setup| setup.options.capacity = 10).run(json!({}));
    assert_eq!((run.ending(), run.levels.len()), ("completed end".to_owned(), 0));
    assert_eq!(run.value("log").as_array().unwrap().len(), 1000);
    let outer = noting_graph(&[]).subgraph("sub", inner()).path(&["sub", END]);
    let mut run = outer.route(START, |_| (0..1000).map(|_| send("sub", json!({}))).collect()).run();
    assert_eq!((run.value("log").as_array().unwrap().len(), run.levels.len()), (1000, 0));
}

// ───────────────────────────────── the log ─────────────────────────────────

fn slow_nested() -> Graph {
    let inmost = noting_graph(&["x", "y"]).path(&[START, "x", "y", END]);
    let inner = noting_graph(&["a"])
        .subgraph("deep", inmost)
        .node("b", |call| write("log", json!(format!("b{}", call.state["log"].as_array().unwrap().len()))).and("sum", json!(2)).after(3.0))
        .channel("sum", Channel::sum())
        .channel("own", Channel::last(json!(0)))
        .node("c", |call| write("own", json!(call.state["own"].as_i64().unwrap() + 1)).and("log", call.state["own"].clone()))
        .fan(START, &["a", "b", "deep"])
        .join(&["a", "b"], "c")
        .path(&["deep", END])
        .path(&["c", END]);
    noting_graph(&["first", "after"])
        .channel("sum", Channel::sum())
        .subgraph("sub", inner)
        .path(&["first", "sub"])
        .path(&[START, "first"])
        .path(&["sub", "after", END])
}

#[test]
fn a_crash_at_any_record_loses_nothing_and_repeats_no_finished_task() {
    let whole = Store::default();
    let mut run = slow_nested().setup().sync(&whole).run(json!({}));
    let state = run.state();
    assert_eq!((run.ending(), state["sum"].clone()), ("completed end".to_owned(), json!(2)));
    for cut in 1..whole.len() {
        let store = whole.cut(cut);
        let graph = Rc::new(slow_nested());
        let finished: Vec<String> = {
            let log = store.restore_from(0, &graph, &graph.compile()).expect("a log");
            let done = |event: &weavegraph_wasm::events::Event| match &event.body {
                Body::NodeCompleted { task, .. } => {
                    let place = event.place.as_ref().map(|place| format!("{place:?}/"));
                    Some(format!("{}{}.{}", place.unwrap_or_default(), task.node.0, task.step))
                }
                _ => None,
            };
            log.events.iter().filter_map(done).collect()
        };
        let mut run = Setup::new(graph).sync(&store).with(|setup| setup.writer = 2).resume();
        assert_eq!((run.ending(), run.state()), ("completed end".to_owned(), state.clone()), "{cut}");
        let events = run.events();
        for event in events.iter() {
            if let Body::NodeCompleted { task, .. } = &event.body {
                let place = event.place.as_ref().map(|place| format!("{place:?}/"));
                let name = format!("{}{}.{}", place.unwrap_or_default(), task.node.0, task.step);
                assert!(!finished.contains(&name), "{name} ran again after {cut}");
            }
        }
        // What was read of the log is what happened.
        let graph = Rc::new(slow_nested());
        let mut last = Setup::new(Rc::clone(&graph)).sync(&store).with(|setup| setup.writer = 3).resume();
        assert_eq!(last.state(), state, "{cut}");
    }
}

#[test]
fn a_failure_inside_is_gone_on_with_inside() {
    let fails = Rc::new(std::cell::Cell::new(true));
    let build = || {
        let fails = Rc::clone(&fails);
        let inner = noting_graph(&["a", "good"])
            .node("bad", move |_| if fails.get() { fail("boom").after(9.0) } else { write("log", json!("bad")) });
        let inner = inner.path(&[START, "a"]).fan("a", &["good", "bad"]).path(&["good", END]).path(&["bad", END]);
        noting_graph(&[]).errors().subgraph("sub", inner).path(&[START, "sub", END])
    };
    let store = Store::default();
    let run = build().setup().sync(&store).run(json!({}));
    assert_eq!(run.ending(), "failed NODE_THREW");
    fails.set(false);
    let mut run = build().setup().sync(&store).with(|setup| setup.writer = 2).resume();
    assert_eq!(run.calls, ["sub#0/bad#0!1@0"]);
    assert_eq!(run.lines(&["step.started"]), ["step.started 1: sub", "step.started sub/2: bad"]);
    assert_eq!(run.value("log"), json!(["a", "good", "bad"]));
    assert_eq!(run.value("errors")[0]["message"], json!("node `bad` failed in step 2: boom"));
}

#[test]
fn an_abandoned_graph_begins_anew() {
    let fails = Rc::new(std::cell::Cell::new(true));
    let build = || {
        let fails = Rc::clone(&fails);
        let inner =
            noting_graph(&["a"]).node("bad", move |_| if fails.get() { fail("boom") } else { nothing() }).path(&[START, "a", "bad", END]);
        noting_graph(&[]).subgraph("sub", inner).path(&[START, "sub", END])
    };
    let store = Store::default();
    build().setup().sync(&store).run(json!({}));
    fails.set(false);
    let mut run = build().setup().sync(&store).with(|setup| setup.writer = 2).abandon(json!({}));
    assert_eq!(run.value("log"), json!(["a"]));
    assert_eq!(run.calls, ["sub#0/a#0!1@0", "sub#0/bad#0!1@0"]);
    let mut read = build().setup().sync(&store).with(|setup| setup.writer = 3).resume();
    assert_eq!(read.value("log"), json!(["a"]));
}

#[test]
fn a_graph_that_lacks_an_inner_node_refuses_to_go_on() {
    let inner = || noting_graph(&["a"]).node("bad", |_| fail("boom")).path(&[START, "a", "bad", END]);
    let other = || noting_graph(&["a"]).path(&[START, "a", END]);
    let outer = |inner: Graph| noting_graph(&[]).subgraph("sub", inner).path(&[START, "sub", END]);
    let store = Store::default();
    outer(inner()).setup().sync(&store).run(json!({}));
    let run = outer(other()).setup().sync(&store).with(|setup| setup.writer = 2).resume();
    assert_eq!(run.ending(), "failed CHECKPOINT_GRAPH_CHANGED");
    assert!(run.message().contains("its node `bad` is not in this graph"), "{}", run.message());
    // A node of the name may be a function by now.
    let run = noting_graph(&["sub"]).path(&[START, "sub", END]).setup().sync(&store).with(|setup| setup.writer = 2).resume();
    assert_eq!(run.ending(), "failed CHECKPOINT_GRAPH_CHANGED");
}

#[test]
fn inner_nodes_that_come_in_another_order_are_found() {
    let fails = Rc::new(std::cell::Cell::new(true));
    let build = |turned: bool| {
        let bad = Rc::clone(&fails);
        let bad = move |graph: Graph| {
            let fails = Rc::clone(&bad);
            graph.node("bad", move |_| if fails.get() { fail("boom") } else { write("log", json!("bad")) })
        };
        let inner = if turned {
            bad(graph().idle("z").channel("more", Channel::append()).channel("log", Channel::append())).noting("a")
        } else {
            bad(noting_graph(&["a"]))
        };
        let inner = inner.path(&[START, "a", "bad", END]);
        let inner = if turned { inner.path(&["bad", "z", END]) } else { inner };
        let outer = if turned {
            graph().channel("other", Channel::append()).channel("log", Channel::append()).idle("q")
        } else {
            noting_graph(&[])
        };
        let outer = outer.subgraph("sub", inner).path(&[START, "sub", END]);
        if turned { outer.path(&["sub", "q", END]) } else { outer }
    };
    let store = Store::default();
    build(false).setup().sync(&store).run(json!({}));
    fails.set(false);
    let mut run = build(true).setup().sync(&store).with(|setup| setup.writer = 2).resume();
    assert_eq!((run.ending(), run.value("log")), ("completed end".to_owned(), json!(["a", "bad"])));
    assert_eq!(run.calls, ["sub#0/bad#0!1@0", "sub#0/z#0!1@0", "q#0!1@0"]);
}

#[test]
fn events_of_the_log_say_where_they_happened() {
    let store = Store::default();
    let mut run = slow_nested().setup().sync(&store).run(json!({}));
    let told = run.lines(&["step", "node"]);
    let graph = slow_nested();
    let log = store.restore_from(0, &graph, &graph.compile()).expect("a log");
    let read: Vec<String> =
        log.events.iter().map(|event| run.line(event)).filter(|line| line.starts_with("step") || line.starts_with("node")).collect();
    assert_eq!(read, told);
}

#[test]
fn every_durability_stores_the_same_end() {
    for durability in [Durability::Sync, Durability::Async, Durability::Exit] {
        let store = Store::slow(1.0);
        let mut run = slow_nested().setup().stored(durability, &store).run(json!({}));
        assert_eq!(run.ending(), "completed end");
        let mut read = slow_nested().setup().stored(durability, &store).with(|setup| setup.writer = 2).resume();
        assert_eq!(read.state(), run.state());
    }
}
