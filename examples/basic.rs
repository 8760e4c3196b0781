//! A graph of two nodes: one is a type, the other a closure.

use futures::executor::block_on;
use weavegraph_wasm::executor::{Channel, END, GraphBuilder, Node, NodeContext, NodeError, START, State, Update};

struct Greet {
    greeting: &'static str,
}

impl Node for Greet {
    async fn run(&self, state: &State, _: &NodeContext) -> Result<Update, NodeError> {
        let name: String = state.get("name")?;
        Ok(Update::new().write("lines", format!("{}, {name}!", self.greeting)))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = GraphBuilder::new()
        .channel("name", Channel::last().initial("world"))
        .channel("lines", Channel::append())
        .add_node("greet", Greet { greeting: "Hello" })
        .add_node("count", async |state: &State, _: &NodeContext| {
            let lines: Vec<String> = state.get("lines")?;
            Ok(Update::new().write("lines", format!("{} letters", lines.concat().len())))
        })
        .add_edge(START, "greet")
        .add_edge("greet", "count")
        .add_edge("count", END)
        .compile()?;

    let state = block_on(app.invoke(Update::new().write("name", "Ada")))?;
    for line in state.get::<Vec<String>>("lines")? {
        println!("{line}");
    }
    Ok(())
}

// It prints:
// Hello, Ada!
// 11 letters
