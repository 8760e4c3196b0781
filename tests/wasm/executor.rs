//! Graphs of Rust nodes in wasm: the very functions that run natively. Run by `main.rs`, `worker.rs` and `node.rs`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen_test::wasm_bindgen_test;
use weavegraph_wasm::executor::{App, Channel, Checkpointer, END, EventBody, GraphBuilder, NodeContext, RunOptions, START, State, Update};

// The example's `main` is not called here.
#[allow(dead_code, clippy::print_stdout)]
#[path = "../../examples/conditional_and_loop.rs"]
mod conditional_and_loop;

fn built(app: Result<App, weavegraph_wasm::executor::GraphError>) -> App {
    app.unwrap_or_else(|error| panic!("{error}"))
}

#[wasm_bindgen_test]
async fn an_examples_graph_does_here_what_it_does_natively() {
    let state = built(conditional_and_loop::graph()).invoke(()).await.unwrap_or_else(|error| panic!("{error}"));
    let drafts: Vec<String> = state.get("drafts").unwrap_or_default();
    assert_eq!(drafts, ["Tides follow", "Tides follow the Moon", "Tides follow the Moon and wait"]);
}

#[wasm_bindgen_test]
async fn it_streams_and_sleeps_by_the_hosts_clock() {
    let app = GraphBuilder::new()
        .channel("took", Channel::last())
        .add_node("write", async |_: &State, ctx: &NodeContext| {
            let before = ctx.now();
            ctx.token("a");
            ctx.sleep(Duration::from_millis(20)).await;
            ctx.token("b");
            Ok(Update::new().write("took", ctx.now() - before))
        })
        .add_edge(START, "write")
        .add_edge("write", END)
        .compile();
    let mut run = built(app).invoke_streaming(());
    let mut text = String::new();
    while let Some(event) = run.next().await {
        if let EventBody::LlmChunk { text: chunk, .. } = event.body {
            text += &chunk;
        }
    }
    let took: f64 = run.state().get("took").unwrap_or_default();
    assert_eq!(text, "ab");
    assert!(took >= 19.0, "{took}");
}

#[wasm_bindgen_test]
async fn a_session_goes_on_after_its_run_was_dropped() {
    let calls: Rc<RefCell<Vec<u32>>> = Rc::default();
    let called = Rc::clone(&calls);
    let app = GraphBuilder::new()
        .channel("n", Channel::last().initial(0))
        .add_node("count", async move |state: &State, ctx: &NodeContext| {
            ctx.sleep(Duration::from_millis(2)).await;
            let n: u32 = state.get("n")?;
            called.borrow_mut().push(n);
            Ok(Update::new().write("n", n + 1))
        })
        .add_edge(START, "count")
        .add_conditional_edge("count", |state| if state.get::<u32>("n").is_ok_and(|n| n < 4) { "count" } else { END })
        .compile_with(RunOptions::new().checkpointer(Checkpointer::memory()));
    let app = built(app);
    let mut run = app.invoke_streaming_with((), RunOptions::new().session_id("s"));
    while let Some(event) = run.next().await {
        if matches!(event.body, EventBody::StepCompleted { step: 2, .. }) {
            break;
        }
    }
    drop(run);
    let stored = app.get_state("s").await.ok().flatten().map_or(0, |checkpoint| checkpoint.step);
    let before = calls.borrow().len();
    app.resume("s", ()).await.unwrap_or_else(|error| panic!("{error}"));
    // What was not recorded when it was dropped runs again, and nothing else.
    assert_eq!(calls.borrow()[before..], [0, 1, 2, 3][stored as usize..]);
    assert!((2..4).contains(&stored), "{stored}");
}
