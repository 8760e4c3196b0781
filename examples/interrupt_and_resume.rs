//! A node that asks, a run that ends there, and a later one that brings the answer: nothing that was done is done again.

use futures::executor::block_on;
use weavegraph_wasm::executor::{
    Answers, App, Channel, Checkpointer, END, Error, GraphBuilder, NodeContext, RunOptions, START, State, Update,
};

fn orders(checkpointer: &Checkpointer) -> Result<App, Box<dyn std::error::Error>> {
    let app = GraphBuilder::new()
        .channel("log", Channel::append())
        .add_node("order", async |_: &State, ctx: &NodeContext| {
            let price: u32 = ctx
                .once("price", async || {
                    println!("the shop is asked for its price");
                    Ok(120)
                })
                .await?;
            let is_approved: bool = ctx.interrupt(format!("pay {price}?")).await?;
            Ok(Update::new().write("log", if is_approved { format!("paid {price}") } else { "not bought".to_owned() }))
        })
        .add_node("stock", async |_: &State, _: &NodeContext| {
            println!("the stock is counted");
            Ok(Update::new().write("log", "3 are left"))
        })
        .add_edge(START, "order")
        .add_edge(START, "stock")
        .add_edge("order", END)
        .add_edge("stock", END)
        .compile_with(RunOptions::new().checkpointer(checkpointer.clone()))?;
    Ok(app)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let checkpointer = Checkpointer::memory();
    block_on(async {
        if let Err(Error::Interrupted { interrupts }) = orders(&checkpointer)?.invoke_with((), RunOptions::new().session_id("order")).await
        {
            for interrupt in &interrupts {
                println!("{} asks: {}", interrupt.id, interrupt.payload.clone().unwrap_or_default());
            }
        }
        // Later, in another process if the store is one that lasts: another app of the same graph.
        let app = orders(&checkpointer)?;
        if let Err(error) = app.resume("order", ()).await {
            println!("{}: {error}", error.code().as_str());
        }
        let state = app.resume("order", Answers::one(true)).await?;
        println!("{}", state.to_value());
        Ok(())
    })
}

// It prints:
// the shop is asked for its price
// the stock is counted
// 1/order#0/0 asks: "pay 120?"
// INTERRUPT_UNANSWERED: session `order` waits for an answer; resume it with one
// {"log":["paid 120","3 are left"]}
