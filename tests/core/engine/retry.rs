//! Attempts: retries and their delays, `retryOn`, timeouts, and the `onError` after the last one.

use super::graphs::{Kinds, noting_graph};
use super::*;
use weavegraph_wasm::graph::RetryDefinition;
use weavegraph_wasm::state::json_fold::Channel;

/// START -> a -> END, with `log`; `a` fails in its first `failures` attempts.
fn failing(failures: u32, attempts: u32) -> Graph {
    noting_graph(&[])
        .node("a", move |call| match call.attempt > failures {
            true => write("log", json!(call.attempt)),
            false => fail(&format!("no {}", call.attempt)).after(5.0),
        })
        .retrying(attempts)
        .path(&[START, "a", END])
}

#[test]
fn a_failed_attempt_is_repeated_after_a_delay_that_grows_up_to_a_limit() {
    let mut run = failing(6, 7).run();
    assert_eq!(run.value("log"), json!([7]));
    let delays = run.lines(&["node.retrying"]);
    let expected = [
        "node.retrying a in 100",
        "node.retrying a!2 in 200",
        "node.retrying a!3 in 400",
        "node.retrying a!4 in 800",
        "node.retrying a!5 in 1000",
        "node.retrying a!6 in 1000",
    ];
    assert_eq!(delays, expected);
    assert_eq!(run.now, 1000.0 + 6.0 * 5.0 + 3500.0);
}

#[test]
fn every_attempt_has_its_events() {
    let mut run = failing(1, 3).run();
    let expected = ["node.started a", "node.failed a NODE_THREW again", "node.retrying a in 100", "node.started a!2", "node.completed a!2"];
    assert_eq!(run.lines(&["node"]), expected);
}

#[test]
fn after_the_last_attempt_the_run_fails_with_what_was_thrown_last() {
    let mut run = failing(9, 3).run();
    assert_eq!(run.ending(), "failed NODE_THREW");
    assert_eq!(run.message(), "node `a` failed in step 1: no 3");
    let failed = run.lines(&["node.failed"]);
    let expected = ["node.failed a NODE_THREW again", "node.failed a!2 NODE_THREW again", "node.failed a!3 NODE_THREW"];
    assert_eq!(failed, expected);
}

#[test]
fn retry_on_decides_and_is_told_the_attempt_and_the_error() {
    let asked = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let notes = std::rc::Rc::clone(&asked);
    let run = failing(9, 5)
        .retry_on(move |attempt, text| {
            notes.borrow_mut().push(format!("{attempt} {text}"));
            Ok(attempt < 2)
        })
        .run();
    assert_eq!(run.ending(), "failed NODE_THREW");
    let expected = ["1 node `a` failed in step 1: no 1", "2 node `a` failed in step 1: no 2"];
    assert_eq!(*asked.borrow(), expected);
}

#[test]
fn retry_on_is_not_asked_about_the_last_attempt() {
    let run = failing(9, 2).retry_on(|attempt, _| match attempt {
        1 => Ok(true),
        _ => Err("asked too often".to_owned()),
    });
    assert_eq!(run.run().message(), "node `a` failed in step 1: no 2");
}

#[test]
fn a_retry_on_that_throws_fails_the_node() {
    let run = failing(9, 5).retry_on(|_, _| Err("retryOn is broken".to_owned())).run();
    assert_eq!(run.ending(), "failed NODE_THREW");
    assert!(run.message().contains("retryOn is broken"), "{}", run.message());
}

fn jittery(seed: u64) -> Vec<String> {
    let graph = noting_graph(&[])
        .node("a", |call| if call.attempt < 4 { fail("no") } else { nothing() })
        .with(|node| {
            node.retry =
                Some(RetryDefinition { max_attempts: 4.0, initial_delay_ms: 1000.0, factor: 1.0, jitter: 0.5, ..Default::default() });
        })
        .node("b", |call| if call.attempt < 2 { fail("no") } else { nothing() })
        .retrying(2)
        .with(|node| node.retry.get_or_insert_default().jitter = 1.0)
        .fan(START, &["a", "b"])
        .path(&["a", END])
        .path(&["b", END]);
    let mut run = graph.setup().with(|setup| setup.seed = seed).run(json!({}));
    run.lines(&["node.retrying"])
}

#[test]
fn jitter_takes_a_part_off_the_delay_and_follows_the_seed() {
    let delays = jittery(1);
    assert_eq!(delays, jittery(1));
    assert_ne!(delays, jittery(2));
    let of_a: Vec<f64> =
        delays.iter().filter(|line| line.starts_with("node.retrying a")).filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    assert_eq!(of_a.len(), 3);
    assert!(of_a.iter().all(|delay| (500.0..=1000.0).contains(delay)), "{of_a:?}");
    assert!(of_a[0] != of_a[1] && of_a[1] != of_a[2], "{of_a:?}");
}

#[test]
fn random_numbers_follow_seed_step_node_task_and_attempt_and_nothing_else() {
    let draw = |seed: u64, others: bool| {
        let mut graph = graph().channel("log", Channel::append());
        if others {
            graph = graph.node("noise", |_| nothing().draw("log").after(1.0)).fan(START, &["noise"]).fan("noise", &[END]);
        }
        let graph = graph
            .node("a", |call| match call.attempt {
                1 => fail("once").draw("log"),
                _ => nothing().after(1.0).draw("log"),
            })
            .retrying(2)
            .fan(START, &["a"])
            .fan("a", &[END]);
        let mut run = graph.setup().with(|setup| setup.seed = seed).run(json!({}));
        run.value("log").as_array().and_then(|log| log.last().cloned())
    };
    assert_eq!(draw(1, false), draw(1, true));
    assert_ne!(draw(1, false), draw(2, false));
}

#[test]
fn a_resumed_session_keeps_its_seed() {
    let store = Store::default();
    let setup = graph()
        .channel("log", Channel::append())
        .node("a", |_| nothing().draw("log"))
        .always()
        .path(&[START, "a"])
        .route("a", |state| match state["log"].as_array().map(Vec::len) {
            Some(4) => to(&[END]),
            _ => to(&["a"]),
        })
        .setup()
        .with(|setup| setup.seed = 5);
    let whole = setup.run(json!({})).value("log");
    let stored = setup.sync(&store);
    stored.clone().max_steps(2).run(json!({}));
    let resumed = stored.with(|setup| setup.seed = 99).resume().value("log");
    assert_eq!(whole, resumed);
}

#[test]
fn a_timeout_fails_the_attempt_aborts_its_signal_and_ignores_what_comes_late() {
    let mut run = noting_graph(&[])
        .node("a", |call| match call.attempt {
            1 => write("log", json!("late")).after(500.0).message("late"),
            _ => write("log", json!("in time")).after(40.0),
        })
        .with(|node| node.timeout_ms = Some(50.0))
        .retrying(2)
        .path(&[START, "a", END])
        .node("b", |_| nothing().after(1000.0))
        .path(&[START, "b", END])
        .run();
    let expected = [
        "node.started a",
        "node.started b",
        "node.failed a NODE_TIMEOUT again",
        "node.retrying a in 100",
        "node.started a!2",
        "node.completed a!2",
        "node.completed b",
    ];
    assert_eq!(run.lines(&["node", "message"]), expected);
    assert_eq!(run.aborts, ["a#0 Timeout"]);
    assert_eq!(run.value("log"), json!(["in time"]));
}

#[test]
fn a_timeout_counts_the_time_of_sleeps() {
    let run =
        noting_graph(&[]).node("a", |_| nothing().sleep(100.0)).with(|node| node.timeout_ms = Some(50.0)).path(&[START, "a", END]).run();
    assert_eq!(run.ending(), "failed NODE_TIMEOUT");
    assert!(run.message().contains("timeoutMs of 50 in step 1"), "{}", run.message());
    assert_eq!(run.now, 1050.0);
}

#[test]
fn on_error_stands_in_for_the_node_after_the_last_attempt() {
    let mut run = failing(9, 2).on_error(|call, text| write("log", json!(format!("{} {text}", call.step))).after(3.0)).run();
    assert_eq!(run.ending(), "completed end");
    assert_eq!(run.value("log"), json!(["1 node `a` failed in step 1: no 2"]));
    let expected = ["node.failed a NODE_THREW again", "node.failed a!2 NODE_THREW"];
    assert_eq!(run.lines(&["node.failed"]), expected);
    assert_eq!(run.lines(&["node.completed"]), ["node.completed a!2"]);
}

#[test]
fn on_error_may_route() {
    let mut run = noting_graph(&["b", "c"])
        .node("a", |_| fail("no"))
        .on_error(|_, _| nothing().goto(to(&["c"])))
        .leading_to(&["c"])
        .path(&[START, "a", "b", END])
        .path(&["c", END])
        .run();
    assert_eq!(run.steps()[0], "1: ran a next c");
}

#[test]
fn an_on_error_that_throws_fails_the_run_with_its_own_error() {
    let run = failing(9, 1).on_error(|_, _| fail("worse")).run();
    assert_eq!(run.message(), "node `a` failed in step 1: worse");
}

#[test]
fn on_error_holds_its_slot() {
    let graph = graph()
        .node("w", |_| fail("no").after(10.0))
        .on_error(|_, _| nothing().after(10.0))
        .route(START, |_| (0..3).map(|n| send("w", json!(n))).collect())
        .path(&["w", END]);
    let run = graph.setup().concurrency(1).run(json!({}));
    assert_eq!(run.peak, 1);
    assert_eq!(run.now, 1060.0);
}

#[test]
fn an_answer_that_comes_while_retry_on_is_asked_is_late() {
    use weavegraph_wasm::engine::{Command, Input, Outcome};
    // The node answers after its timeout but before the host has asked `retryOn`.
    let graph = noting_graph(&[])
        .node("a", |_| never())
        .with(|node| node.timeout_ms = Some(50.0))
        .retrying(2)
        .retry_on(|_, _| Ok(true))
        .path(&[START, "a", END]);
    let mut run = graph.setup().start(json!({}));
    run.settle();
    let (task, token) = *run.attempts.keys().next().expect("an attempt");
    run.machine.handle(1050.0, Input::Fired { timer: 0 });
    let asks = run.machine.take_commands().any(|command| matches!(command, Command::AskRetry { .. }));
    assert!(asks);
    run.machine.handle(1051.0, Input::Settled { task, token, outcome: Outcome::Returned(Default::default()) });
    assert_eq!(run.lines(&["node"]), ["node.started a"]);
    run.machine.handle(1052.0, Input::RetryAnswer { task, token, retries: true });
    assert_eq!(run.lines(&["node"])[1..], ["node.failed a NODE_TIMEOUT again", "node.retrying a in 100"]);
}

#[test]
fn no_delay_stays_no_delay_however_often_it_grows() {
    let mut run = graph()
        .node("a", |call| if call.attempt < 1100 { fail("no") } else { nothing() })
        .retrying(1100)
        .with(|node| node.retry.get_or_insert_default().initial_delay_ms = 0.0)
        .path(&[START, "a", END])
        .run();
    assert_eq!(run.now, 1000.0);
    assert_eq!(run.lines(&["node.retrying"]).len(), 1099);
}
