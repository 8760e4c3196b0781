//! A loop that a condition ends: a draft is judged and written again until it is good enough.

use weavegraph_wasm::executor::{App, Channel, END, GraphBuilder, GraphError, NodeContext, START, State, Update};

const WORDS: [&str; 6] = ["Tides", "follow", "the", "Moon", "and", "wait"];

/// The graph. The tests compile this very function to wasm, too.
pub fn graph() -> Result<App, GraphError> {
    GraphBuilder::new()
        .name("drafts")
        .channel("drafts", Channel::append())
        .channel("is_good", Channel::last().initial(false))
        .add_node("draft", async |state: &State, _: &NodeContext| {
            let drafts: Vec<String> = state.get("drafts")?;
            Ok(Update::new().write("drafts", WORDS[..2 * (drafts.len() + 1)].join(" ")))
        })
        .add_node("judge", async |state: &State, _: &NodeContext| {
            let drafts: Vec<String> = state.get("drafts")?;
            Ok(Update::new().write("is_good", drafts.last().is_some_and(|draft| draft.len() > 25)))
        })
        .add_edge(START, "draft")
        .add_edge("draft", "judge")
        .add_conditional_edge_to("judge", ["draft", END], |state| match state.get("is_good") {
            Ok(true) => END,
            _ => "draft",
        })
        .compile()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let state = futures::executor::block_on(graph()?.invoke(()))?;
    for (round, draft) in (1..).zip(state.get::<Vec<String>>("drafts")?) {
        println!("{round}: {draft}");
    }
    Ok(())
}

// It prints:
// 1: Tides follow
// 2: Tides follow the Moon
// 3: Tides follow the Moon and wait
