//! Map and reduce: a task per word, in parallel, whose results are merged in the order of the words; then a join.

use futures::executor::block_on;
use serde_json::json;
use std::time::Duration;
use weavegraph_wasm::executor::{Channel, END, GraphBuilder, NodeContext, NodeError, RunOptions, START, State, Update, send};

async fn measure(_: &State, ctx: &NodeContext) -> Result<Update, NodeError> {
    let word: String = ctx.input()?;
    // The longest word is done first; the order of the results is that of the sends all the same.
    ctx.sleep(Duration::from_millis(10 - word.len() as u64)).await;
    Ok(Update::new().write("lengths", json!([[word, word.len()]])))
}

async fn add(state: &State, _: &NodeContext) -> Result<Update, NodeError> {
    let lengths: Vec<(String, usize)> = state.get("lengths")?;
    Ok(Update::new().write("total", lengths.iter().map(|(_, length)| length).sum::<usize>()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = GraphBuilder::new()
        .channel("text", Channel::last().initial(""))
        .channel("lengths", Channel::append())
        .channel("total", Channel::last())
        .add_node("split", async |_: &State, _: &NodeContext| Ok(()))
        .add_node("measure", measure)
        .add_node("add", add)
        .add_edge(START, "split")
        .add_conditional_edge_to("split", ["measure"], |state| {
            let text: String = state.get("text").unwrap_or_default();
            text.split(' ').map(|word| send("measure", word)).collect::<Vec<_>>()
        })
        .add_edge("measure", "add")
        .add_edge("add", END)
        .compile_with(RunOptions::new().concurrency(2))?;

    let state = block_on(app.invoke(Update::new().write("text", "tides follow the moon")))?;
    for (word, length) in state.get::<Vec<(String, usize)>>("lengths")? {
        println!("{word}: {length}");
    }
    println!("total: {}", state.get::<usize>("total")?);
    Ok(())
}

// It prints:
// tides: 5
// follow: 6
// the: 3
// moon: 4
// total: 18
