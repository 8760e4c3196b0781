//! Limits of tasks at once, of the run and of a node, and the order in which tasks get their slots.

use super::graphs::{Call, noting_graph};
use super::*;

/// `count` tasks of `w`, each of which replies as given.
fn fan_out(count: usize, reply: impl Fn(&Call) -> Reply + 'static) -> Graph {
    graph().node("w", reply).route(START, move |_| (0..count).map(|n| send("w", json!(n))).collect()).path(&["w", END])
}

fn started(run: &mut Host) -> Vec<String> {
    let calls = run.calls.iter();
    calls.map(|call| call.replace("!1", "")).collect()
}

#[test]
fn without_a_limit_all_run_at_once() {
    let run = fan_out(50, |_| nothing().after(10.0)).run();
    assert_eq!(run.peak, 50);
    assert_eq!(run.now, 1010.0);
}

#[test]
fn the_runs_limit_is_never_passed_and_slots_go_in_task_order() {
    let setup = fan_out(5, |call| nothing().after(if call.task == 0 { 30.0 } else { 10.0 })).setup();
    let mut run = setup.concurrency(2).run(json!({}));
    assert_eq!(run.peak, 2);
    let expected = ["w#0@0", "w#1@0", "w#2@10", "w#3@20", "w#4@30"];
    assert_eq!(&started(&mut run)[1..], expected);
}

#[test]
fn a_limit_of_one_runs_one_after_the_other() {
    let mut run = fan_out(4, |_| nothing().after(5.0)).setup().concurrency(1).run(json!({}));
    assert_eq!(run.peak, 1);
    assert_eq!(&started(&mut run)[1..], ["w#0@0", "w#1@5", "w#2@10", "w#3@15"]);
}

#[test]
fn synchronous_tasks_never_overlap_a_limit() {
    let run = fan_out(1000, |_| nothing()).setup().concurrency(1).run(json!({}));
    assert_eq!(run.peak, 1);
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn a_nodes_limit_holds_back_its_tasks_but_not_others() {
    let graph = graph()
        .node("w", |_| nothing().after(10.0))
        .with(|node| node.concurrency = Some(2.0))
        .node("v", |_| nothing().after(10.0))
        .route(START, |_| {
            let many = (0..5).map(|n| send("w", json!(n)));
            many.chain((0..2).map(|n| send("v", json!(n)))).collect()
        })
        .path(&["w", END])
        .path(&["v", END]);
    let mut run = graph.run();
    assert_eq!(run.peak, 4);
    let expected = ["w#0@0", "w#1@0", "v#0@0", "v#1@0", "w#2@10", "w#3@10", "w#4@20"];
    assert_eq!(&started(&mut run)[1..], expected);
}

#[test]
fn a_nodes_limit_lasts_over_steps() {
    let looping = || {
        fan_out(3, |_| nothing().after(10.0))
            .with(|node| node.concurrency = Some(1.0))
            .route("w", |_| (0..3).map(|n| send("w", json!(n))).collect())
    };
    let mut run = looping().setup().max_steps(3).run(json!({}));
    assert_eq!(run.peak, 1);
    let calls: Vec<String> = started(&mut run).into_iter().filter(|call| call.starts_with("w#")).collect();
    assert_eq!(calls.len(), 9);
    assert_eq!(run.now, 1090.0);
}

#[test]
fn both_limits_hold_together() {
    let graph = graph()
        .node("w", |_| nothing().after(10.0))
        .with(|node| node.concurrency = Some(2.0))
        .node("v", |_| nothing().after(10.0))
        .route(START, |_| {
            let many = (0..4).map(|n| send("w", json!(n)));
            many.chain((0..4).map(|n| send("v", json!(n)))).collect()
        })
        .path(&["w", END])
        .path(&["v", END]);
    let mut run = graph.setup().concurrency(3).run(json!({}));
    assert_eq!(run.peak, 3);
    let expected = ["w#0@0", "w#1@0", "v#0@0", "w#2@10", "w#3@10", "v#1@10", "v#2@20", "v#3@20"];
    assert_eq!(&started(&mut run)[1..], expected);
}

#[test]
fn a_back_off_holds_no_slot_and_its_task_comes_before_later_ones() {
    let graph = fan_out(4, |call| match (call.task, call.attempt) {
        (0, 1) => fail("once").after(10.0),
        _ => nothing().after(60.0),
    })
    .retrying(2);
    let mut run = graph.setup().concurrency(1).run(json!({}));
    let expected = ["w#0!1@0", "w#1!1@10", "w#2!1@70", "w#0!2@130", "w#3!1@190"];
    assert_eq!(&run.calls[1..], expected);
    assert_eq!(run.peak, 1);
    assert_eq!(run.lines(&["node.retrying"]), ["node.retrying w in 100"]);
}

#[test]
fn a_sleep_holds_no_slot_and_gets_one_before_it_wakes() {
    let graph = fan_out(3, |call| match call.task {
        0 => nothing().after(5.0).sleep(10.0).after(5.0),
        _ => nothing().after(20.0),
    });
    let mut run = graph.setup().concurrency(1).run(json!({}));
    // 0..5 task 0, 5..25 task 1; task 0 wakes at 25 instead of 15, before task 2 may start.
    assert_eq!(&started(&mut run)[1..], ["w#0@0", "w#1@5", "w#2@30"]);
    assert_eq!(run.lines(&["node.completed"]), ["node.completed w#1", "node.completed w", "node.completed w#2"]);
    assert_eq!(run.now, 1050.0);
    assert_eq!(run.peak, 1);
}

#[test]
fn sleepers_of_a_limited_node_take_turns() {
    let graph = fan_out(3, |_| nothing().after(10.0).sleep(10.0).after(10.0)).with(|node| node.concurrency = Some(1.0));
    let mut run = graph.run();
    assert_eq!(run.peak, 1);
    // Tasks 0 and 1 wake at 20 and 30, each before task 2 has had its first turn.
    assert_eq!(&started(&mut run)[1..], ["w#0@0", "w#1@10", "w#2@40"]);
    assert_eq!(run.now, 1070.0);
}

#[test]
fn a_sleep_ends_at_once_without_a_limit() {
    let mut run = noting_graph(&[]).node("a", |_| write("log", json!("a")).sleep(7.0).sleep(0.0).sleep(3.0)).path(&[START, "a", END]).run();
    assert_eq!(run.now, 1010.0);
    assert_eq!(run.value("log"), json!(["a"]));
}

#[test]
fn an_attempt_that_ends_while_it_sleeps_frees_nothing_twice() {
    // The timeout cuts tasks off in their sleep; the slots that they do not hold are not given away again.
    let graph = fan_out(4, |call| match call.attempt {
        1 => nothing().after(1.0).sleep(50.0),
        _ => nothing().after(20.0),
    })
    .retrying(2)
    .with(|node| node.timeout_ms = Some(30.0));
    let run = graph.setup().concurrency(2).run(json!({}));
    assert_eq!(run.peak, 2);
    assert_eq!(run.ending(), "completed end");
}
