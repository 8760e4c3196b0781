//! Retries, time limits and what comes after the last attempt.

use super::*;

#[derive(Debug, thiserror::Error)]
#[error("try {0}")]
struct Flaky(u32);

fn flaky(until: u32) -> impl Node {
    async move |_: &State, ctx: &NodeContext| {
        if ctx.attempt() < until {
            return Err(Flaky(ctx.attempt()).into());
        }
        Ok(Update::new().write("list", ctx.attempt()))
    }
}

fn policy(attempts: u32) -> RetryPolicy {
    RetryPolicy::new(attempts).initial_delay(Duration::from_millis(100)).factor(3.0).max_delay(Duration::from_millis(250)).jitter(0.0)
}

#[test]
fn a_failed_attempt_is_repeated_after_growing_delays() {
    let app = one_with(flaky(4), NodeOptions::new().retry(policy(4)));
    let clock = ManualClock::new(0.0);
    let state = run_on(&clock, app.invoke_with((), RunOptions::new().clock(clock.clone()))).unwrap();
    assert_eq!(state.to_value()["list"], json!([4]));
    assert_eq!(clock.now(), 100.0 + 250.0 + 250.0);
}

#[test]
fn retry_on_sees_the_nodes_own_error_and_decides() {
    let asked = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&asked);
    let retry = policy(9).retry_on(move |error, attempt| {
        seen.borrow_mut().push((error.downcast_ref::<Flaky>().map(|flaky| flaky.0), error.node().map(str::to_owned), attempt));
        attempt < 2
    });
    let app = one_with(flaky(4), NodeOptions::new().retry(retry));
    let (code, text) = code(finish(|options| app.invoke_with((), options)));
    assert_eq!((code.as_str(), text.as_str()), ("NODE_THREW", "node `only` failed in step 1: try 2"));
    assert_eq!(*asked.borrow(), [(Some(1), Some("only".to_owned()), 1), (Some(2), Some("only".to_owned()), 2)]);
}

#[test]
fn an_attempt_that_takes_too_long_is_dropped_and_fails() {
    let dropped = Rc::new(Cell::new(0));
    let count = Rc::clone(&dropped);
    struct Guard(Rc<Cell<u32>>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    let hangs = async move |_: &State, _: &NodeContext| {
        let _guard = Guard(Rc::clone(&count));
        std::future::pending::<()>().await;
        Ok(())
    };
    let app = one_with(hangs, NodeOptions::new().timeout(Duration::from_millis(50)).retry(policy(2)));
    let clock = ManualClock::new(0.0);
    let result = run_on(&clock, app.invoke_with((), RunOptions::new().clock(clock.clone())));
    assert_eq!(code(result).0, "NODE_TIMEOUT");
    assert_eq!((clock.now(), dropped.get()), (200.0, 2));
}

#[test]
fn on_error_stands_for_the_node_after_its_last_attempt() {
    let rescue = async |error: &WeaveError, state: &State, ctx: &NodeContext| {
        assert!(error.downcast_ref::<Flaky>().is_some());
        assert_eq!(state.get::<Vec<u32>>("list")?, [0]);
        ctx.emit("rescue", "it came");
        Ok(Update::new().write("list", json!([error.code().as_str(), ctx.attempt(), ctx.idempotency_key()])))
    };
    let app = one_with(flaky(9), NodeOptions::new().retry(policy(2)).on_error(rescue));
    let state = finish(|options| app.invoke_with(json!({ "list": 0 }), options.session_id("s"))).unwrap();
    assert_eq!(state.to_value()["list"], json!([0, "NODE_THREW", 2, "s//1/only#0"]));
}

#[test]
fn a_run_that_takes_too_long_fails_and_so_does_one_of_too_many_steps() {
    let waits = async |_: &State, ctx: &NodeContext| {
        ctx.sleep(Duration::from_millis(40)).await;
        Ok(Update::new().write("list", 1))
    };
    let app = GraphBuilder::new()
        .channel("list", Channel::append())
        .add_node("only", waits)
        .add_edge(START, "only")
        .add_conditional_edge("only", |_| "only")
        .compile()
        .unwrap();
    let timed = finish(|options| app.invoke_with((), options.timeout(Duration::from_millis(100))));
    assert_eq!(code(timed).0, "RUN_TIMEOUT");
    let limited = finish(|options| app.invoke_with((), options.max_steps(3)));
    assert_eq!(code(limited).0, "RUN_STEP_LIMIT");
}

#[test]
fn delays_of_parts_of_a_nanosecond_end_on_a_manual_clock() {
    let node = async |_: &State, ctx: &NodeContext| if ctx.attempt() < 4 { Err(NodeError::new("again")) } else { Ok(()) };
    let app = one_with(node, NodeOptions::new().retry(RetryPolicy::new(4)));
    for (seed, now) in (0..50).flat_map(|seed| [(seed, 0.0), (seed, 1000.1), (seed, 1.7e12)]) {
        let clock = ManualClock::new(now);
        run_on(&clock, app.invoke_with((), RunOptions::new().clock(clock.clone()).seed(seed))).unwrap();
    }
}
