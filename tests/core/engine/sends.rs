//! Sends: tasks of their own with an input of their own, merged in send order.

use super::graphs::{Kinds, noting_graph};
use super::*;
use weavegraph_wasm::state::json_fold::Channel;

#[test]
fn each_send_is_a_task_with_its_input_and_ordinal() {
    let mut run = graph()
        .channel("log", Channel::append())
        .idle("split")
        .node("w", |call| write("log", json!([[call.task, call.input]])))
        .path(&[START, "split"])
        .route("split", |_| vec![send("w", json!("x")), send("w", json!({ "n": 1 })), send("w", json!(null))])
        .path(&["w", END])
        .run();
    assert_eq!(run.steps(), ["1: ran split next w#0 w#1 w#2", "2: ran w w w changed log next END"]);
    assert_eq!(run.value("log"), json!([[0, "x"], [1, { "n": 1 }], [2, null]]));
}

#[test]
fn sends_and_a_plain_target_of_one_node_are_separate_tasks() {
    let mut run = noting_graph(&["a"])
        .node("w", |call| write("log", json!(format!("w{} {}", call.task, call.input))))
        .path(&[START, "a", "w", END])
        .route("a", |_| vec![send("w", json!(1)), To::Node("w".to_owned()), send("w", json!(2))])
        .run();
    assert_eq!(run.steps()[0], "1: ran a changed log next w w#1 w#2");
    assert_eq!(run.value("log"), json!(["a", "w0 null", "w1 1", "w2 2"]));
}

#[test]
fn sends_of_several_sources_stand_in_node_order() {
    let mut run = graph()
        .channel("log", Channel::append())
        .node("a", |_| nothing().goto(vec![send("w", json!("a1")), send("v", json!("a2"))]).after(20.0))
        .leading_to(&["v", "w"])
        .node("b", |_| nothing().goto(vec![send("w", json!("b1"))]))
        .leading_to(&["w"])
        .node("w", |call| write("log", call.input.clone()).after(if call.task == 0 { 9.0 } else { 1.0 }))
        .node("v", |call| write("log", call.input.clone()))
        .fan(START, &["a", "b"])
        .path(&["w", END])
        .path(&["v", END])
        .run();
    assert_eq!(run.steps()[0], "1: ran a b next w#0 v#0 w#1");
    assert_eq!(run.value("log"), json!(["a1", "a2", "b1"]));
}

#[test]
fn start_may_send() {
    let mut run = graph()
        .channel("log", Channel::append())
        .node("w", |call| write("log", call.input.clone()))
        .route(START, |_| (0..3).map(|n| send("w", json!(n))).collect())
        .path(&["w", END])
        .run();
    assert_eq!(run.value("log"), json!([0, 1, 2]));
}

#[test]
fn a_target_of_a_send_follows_its_edges_once() {
    let mut run = noting_graph(&["b"])
        .idle("split")
        .idle("w")
        .path(&[START, "split"])
        .route("split", |_| (0..5).map(|n| send("w", json!(n))).collect())
        .path(&["w", "b", END])
        .run();
    assert_eq!(run.steps()[1], "2: ran w w w w w next b");
}

#[test]
fn ten_thousand_sends_are_merged_in_send_order_whatever_the_order_of_completion() {
    const COUNT: usize = 10_000;
    let store = Store::default();
    let setup = graph()
        .channel("log", Channel::append())
        .idle("split")
        .node("w", |call| {
            // Spread over a second, in no order.
            let n = call.input.as_u64().unwrap_or(0);
            write("log", json!(n)).after((n * 7919 % 1009) as f64)
        })
        .path(&[START, "split"])
        .route("split", |_| (0..COUNT).map(|n| send("w", json!(n))).collect())
        .path(&["w", END])
        .setup()
        .sync(&store)
        .concurrency(100);
    let mut run = setup.run(json!({}));
    let expected: Vec<usize> = (0..COUNT).collect();
    assert_eq!(run.value("log"), json!(expected));
    assert_eq!(run.peak, 100);
    assert_eq!(run.session().graph.versions.channels, [2]);
    let mut again = setup.open();
    assert_eq!(again.value("log"), json!(expected));
}

#[test]
fn a_half_done_step_of_ten_thousand_tasks_goes_on_with_those_that_are_left() {
    const COUNT: usize = 10_000;
    let store = Store::default();
    let is_broken = std::rc::Rc::new(std::cell::Cell::new(true));
    let breaks = std::rc::Rc::clone(&is_broken);
    let setup = graph()
        .channel("log", Channel::append())
        .idle("split")
        .node("w", move |call| {
            let n = call.input.as_u64().unwrap_or(0);
            match n == 4242 && breaks.get() {
                true => fail("broken").after(5.0),
                false => write("log", json!(n)).after(if n < 9000 { 1.0 } else { 9.0 }),
            }
        })
        .path(&[START, "split"])
        .route("split", |_| (0..COUNT).map(|n| send("w", json!(n))).collect())
        .path(&["w", END])
        .setup()
        .sync(&store);
    let failed = setup.run(json!({}));
    assert_eq!(failed.ending(), "failed NODE_THREW");
    assert_eq!(failed.session().graph.done.len(), 8999);
    is_broken.set(false);
    let mut resumed = setup.resume();
    assert_eq!(resumed.calls.len(), 1001);
    assert_eq!(resumed.value("log"), json!((0..COUNT).collect::<Vec<_>>()));
    let mut again = setup.open();
    assert_eq!(again.value("log"), json!((0..COUNT).collect::<Vec<_>>()));
}
