//! A run's events, read while it runs: tokens as they come, steps as they end.

use futures::executor::block_on;
use std::time::Duration;
use weavegraph_wasm::executor::{Channel, END, EventBody, GraphBuilder, NodeContext, NodeError, START, State, Update};

async fn write(_: &State, ctx: &NodeContext) -> Result<Update, NodeError> {
    for (index, word) in ["Tides", "follow", "the", "Moon."].iter().enumerate() {
        ctx.token(&format!("{word} "));
        ctx.progress(f64::from(index as u32 + 1) / 4.0, None);
        ctx.sleep(Duration::from_millis(5)).await;
    }
    Ok(Update::new().write("text", "Tides follow the Moon."))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = GraphBuilder::new()
        .channel("text", Channel::last())
        .add_node("write", write)
        .add_edge(START, "write")
        .add_edge("write", END)
        .compile()?;

    block_on(async {
        let mut run = app.invoke_streaming(());
        while let Some(event) = run.next().await {
            match event.body {
                EventBody::LlmChunk { text, .. } => println!("token: {}", text.trim()),
                EventBody::Progress { fraction, .. } => println!("progress: {fraction}"),
                EventBody::LlmFinal { text, .. } => println!("in one: {}", text.trim()),
                EventBody::StepCompleted { step, ran, .. } => println!("step {step}: {}", ran.join(", ")),
                EventBody::RunCompleted { steps, .. } => println!("done in {steps} step"),
                _ => {}
            }
        }
        let state = run.join().await?;
        println!("state: {}", state.to_value());
        Ok(())
    })
}

// It prints:
// token: Tides
// progress: 0.25
// token: follow
// progress: 0.5
// token: the
// progress: 0.75
// token: Moon.
// progress: 1
// in one: Tides follow the Moon.
// step 1: write
// done in 1 step
// state: {"text":"Tides follow the Moon."}
