//! What goes wrong: all problems of a graph, retries, a task's own error behind the run's, and a session that goes on after it.

use futures::executor::block_on;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use weavegraph_wasm::executor::{
    Channel, Checkpointer, END, Error, GraphBuilder, NodeContext, NodeOptions, RetryPolicy, RunOptions, START, State, Update,
};

/// An error of one's own.
#[derive(Debug, thiserror::Error)]
#[error("the server said {status}")]
struct Refused {
    status: u16,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A graph says everything that is wrong with it.
    let faulty = GraphBuilder::new().add_edge(START, "fetch").add_edge("fetch", END).add_edge("fetch", END).compile();
    for problem in faulty.err().iter().flat_map(|error| error.problems()) {
        println!("{}: {}", problem.code.as_str(), problem.message);
    }

    let is_down = Rc::new(Cell::new(true));
    let server = Rc::clone(&is_down);
    let app = GraphBuilder::new()
        .channel("pages", Channel::append())
        .add_node("plan", async |_: &State, _: &NodeContext| Ok(Update::new().write("pages", "plan")))
        .add_node_with(
            "fetch",
            async move |_: &State, ctx: &NodeContext| {
                println!("attempt {} of {}", ctx.attempt(), ctx.idempotency_key());
                if server.get() {
                    return Err(Refused { status: 503 }.into());
                }
                Ok(Update::new().write("pages", "page"))
            },
            NodeOptions::new().retry(RetryPolicy::new(2).initial_delay(Duration::from_millis(5))).timeout(Duration::from_secs(1)),
        )
        .add_edge(START, "plan")
        .add_edge("plan", "fetch")
        .add_edge("fetch", END)
        .compile_with(RunOptions::new().checkpointer(Checkpointer::memory()))?;

    block_on(async {
        match app.invoke_with((), RunOptions::new().session_id("pages")).await {
            Err(Error::Failed(error)) => {
                println!("{}: {error}", error.code().as_str());
                println!("status: {:?}", error.downcast_ref::<Refused>().map(|refused| refused.status));
            }
            other => println!("unexpected: {other:?}"),
        }
        // The step that was finished is not run again.
        is_down.set(false);
        let state = app.resume("pages", ()).await?;
        println!("resumed: {}", state.to_value());
        Ok(())
    })
}

// It prints:
// GRAPH_DUPLICATE_EDGE: the edge from `fetch` to END is added more than once; keep one
// GRAPH_UNKNOWN_NODE: there is no node `fetch` (the target of the edge from START and 2 more); add it with addNode, or correct the name
// attempt 1 of pages//2/fetch#0
// attempt 2 of pages//2/fetch#0
// NODE_THREW: node `fetch` failed in step 2: the server said 503
// status: Some(503)
// attempt 1 of pages//2/fetch#0
// resumed: {"pages":["plan","page"]}
