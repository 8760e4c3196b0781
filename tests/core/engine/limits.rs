//! `timeoutMs` and `maxSteps` of a run, time slices, and long graphs.

use super::graphs::{Answer, noting_graph};
use super::*;
use std::time::Instant;

fn endless() -> Graph {
    noting_graph(&["a"]).path(&[START, "a"]).route("a", |_| to(&["a"]))
}

#[test]
fn max_steps_ends_the_run_and_a_resume_has_as_many_again() {
    let store = Store::default();
    let setup = endless().setup().sync(&store).max_steps(3);
    let run = setup.run(json!({}));
    assert_eq!(run.ending(), "failed RUN_STEP_LIMIT");
    assert!(run.message().contains("maxSteps, 3 steps"), "{}", run.message());
    assert_eq!(run.machine.steps(), 3);
    let mut resumed = setup.resume();
    assert_eq!(resumed.ending(), "failed RUN_STEP_LIMIT");
    assert_eq!(resumed.machine.steps(), 3);
    assert_eq!(resumed.value("log").as_array().map(Vec::len), Some(6));
    assert_eq!(resumed.session().graph.step, 6);
}

#[test]
fn a_run_that_needs_exactly_max_steps_completes() {
    let run = noting_graph(&["a", "b"]).path(&[START, "a", "b", END]).setup().max_steps(2).run(json!({}));
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn the_step_limit_does_not_leave_a_half_done_step() {
    let mut run = endless().setup().max_steps(1).run(json!({}));
    assert_eq!(run.lines(&["step.started"]), ["step.started 1: a"]);
    assert!(!run.session().graph.is_half_done);
}

#[test]
fn a_timeout_ends_the_run_wherever_it_is() {
    let mut stepping = noting_graph(&[])
        .node("a", |_| write("log", json!("a")).after(100.0))
        .path(&[START, "a", END])
        .setup()
        .timeout(30.0)
        .run(json!({}));
    assert_eq!(stepping.ending(), "failed RUN_TIMEOUT");
    assert_eq!((stepping.now, stepping.value("log")), (1030.0, json!([])));
    assert_eq!(stepping.aborts, ["a#0 Failure"]);
    assert!(stepping.message().contains("timeoutMs of 30"), "{}", stepping.message());

    let slow = |_: &Json| Answer { after: Some(100.0), targets: Ok(to(&["a"])) };
    let mut routing = noting_graph(&["a"]).slow_route(START, slow).path(&["a", END]).setup().timeout(30.0).run(json!({}));
    assert_eq!(routing.lines(&["run"]), ["run.started run-1", "run.failed RUN_TIMEOUT"]);

    let store = Store::slow(20.0);
    let stored = endless().setup().sync(&store).timeout(30.0);
    let mut run = stored.run(json!({}));
    // 1020 the start is stored, step 1 is sent; 1030 the time is over; 1040 step 1 is stored; 1060 the end.
    assert_eq!(run.ending(), "failed RUN_TIMEOUT");
    assert_eq!((run.now, run.value("log")), (1060.0, json!(["a"])));
}

#[test]
fn a_run_that_timed_out_can_be_resumed_and_has_its_time_again() {
    let store = Store::default();
    let setup = noting_graph(&["c"])
        .node("a", |_| write("log", json!("a")).after(20.0))
        .node("b", |_| write("log", json!("b")).after(20.0))
        .path(&[START, "a", "b", "c", END])
        .setup()
        .sync(&store)
        .timeout(30.0);
    assert_eq!(setup.run(json!({})).ending(), "failed RUN_TIMEOUT");
    let mut resumed = setup.resume();
    assert_eq!(resumed.ending(), "completed end");
    assert_eq!(resumed.value("log"), json!(["a", "b", "c"]));
}

#[test]
fn a_run_of_synchronous_steps_yields_after_256_steps() {
    let run = endless().setup().max_steps(1000).run(json!({}));
    assert_eq!(run.machine.steps(), 1000);
    assert_eq!(run.yields, 3);
}

#[test]
fn a_run_of_synchronous_steps_yields_after_8_milliseconds() {
    let mut run = endless().setup().max_steps(20).start(json!({}));
    // Every call takes 3 ms, in which the host cannot do anything else.
    let mut yields = Vec::new();
    while !run.is_finished {
        run.take_time(3.0);
        if run.yields > yields.len() {
            yields.push(run.machine.steps());
            run.feed(weavegraph_wasm::engine::Input::Turn);
        }
    }
    assert_eq!(run.machine.steps(), 20);
    assert_eq!(yields[..3], [3, 6, 9]);
}

#[test]
fn a_yield_can_be_cancelled() {
    let mut run = endless().setup().start(json!({}));
    while run.yields == 0 {
        run.take_time(0.0);
    }
    run.cancel(None);
    assert_eq!(run.ending(), "cancelled");
    run.pass();
    assert_eq!(run.lines(&["run"]), ["run.started run-1", "run.cancelled"]);
}

fn chain(length: usize) -> Graph {
    let names: Vec<String> = (0..length).map(|n| format!("n{n}")).collect();
    let graph = names.iter().fold(graph(), |graph, name| graph.idle(name));
    let mut path = vec![START];
    path.extend(names.iter().map(String::as_str));
    path.push(END);
    graph.path(&path)
}

/// Milliseconds of the engine and its host for a chain of so many nodes.
fn time_of(length: usize) -> f64 {
    let setup = chain(length).setup().max_steps(u32::MAX);
    let begin = Instant::now();
    let run = setup.run(json!({}));
    assert_eq!(run.ending(), "completed end");
    assert_eq!(run.machine.steps() as usize, length);
    begin.elapsed().as_secs_f64() * 1000.0
}

#[test]
fn a_chain_of_a_hundred_thousand_nodes_runs_in_linear_time_on_a_small_stack() {
    let run = || (time_of(10_000), time_of(100_000));
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(run);
    let (short, long) = thread.expect("a thread").join().expect("no overflow");
    assert!(long < 30.0 * short + 100.0, "{short} ms for 10,000 nodes, {long} ms for 100,000");
}

#[test]
fn a_session_of_a_hundred_thousand_steps_is_restored_on_a_small_stack() {
    let run = || {
        let store = Store::default();
        let setup = chain(100_000).setup().stored(weavegraph_wasm::checkpoint::Durability::Async, &store);
        let run = setup.clone().max_steps(99_999).run(json!({}));
        assert_eq!(run.ending(), "failed RUN_STEP_LIMIT");
        assert_eq!(setup.resume().machine.steps(), 1);
    };
    let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(run);
    thread.expect("a thread").join().expect("no overflow");
}
