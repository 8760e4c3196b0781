//! A host for the tests: polls a future, and turns the clock where nothing else can go on.

pub use serde_json::{Value as Json, json};
pub use std::cell::{Cell, RefCell};
pub use std::rc::Rc;
pub use std::time::Duration;
pub use weavegraph_wasm::executor::*;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Polls as long as it is woken; turns the clock to the next sleep's end when it is not.
pub fn run_on<T>(clock: &ManualClock, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&flag));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        while !flag.0.swap(false, Ordering::SeqCst) {
            let next = clock.next_end().expect("something that can still happen");
            clock.advance(next);
        }
    }
}

/// As far as it goes without time.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&flag));
    loop {
        let polled = std::pin::Pin::new(&mut *future).poll(&mut Context::from_waker(&waker));
        if polled.is_ready() || !flag.0.swap(false, Ordering::SeqCst) {
            return polled;
        }
    }
}

/// To the end, in virtual time.
pub fn finish<T>(make: impl FnOnce(RunOptions) -> T) -> T::Output
where
    T: Future,
{
    let clock = ManualClock::new(1000.0);
    run_on(&clock, make(RunOptions::new().clock(clock.clone()).seed(7)))
}

/// All events of a run, as JSON.
pub async fn all(mut run: Run) -> Vec<Json> {
    let mut events = Vec::new();
    while let Some(event) = run.next().await {
        events.push(serde_json::to_value(&event).expect("JSON"));
    }
    events
}

/// Their types.
pub fn types(events: &[Json]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

/// A graph of one node, between START and END.
pub fn one(node: impl Node + 'static) -> App {
    one_with(node, NodeOptions::new())
}

pub fn one_with(node: impl Node + 'static, options: NodeOptions) -> App {
    let builder = GraphBuilder::new().channel("list", Channel::append()).add_node_with("only", node, options);
    builder.add_edge(START, "only").add_edge("only", END).compile().expect("a graph")
}

/// What a run's error says, and its code.
pub fn code(result: Result<State, Error>) -> (String, String) {
    let error = result.expect_err("a failure");
    (error.code().as_str().to_owned(), error.to_string())
}
