//! Who runs next, and in which order.

use super::graphs::noting_graph;
use super::*;

#[test]
fn a_line_runs_one_node_a_step_and_ends_at_end() {
    let mut run = noting_graph(&["a", "b", "c"])
        .path(&[START, "a", "b", "c", END])
        .run();
    assert_eq!(
        run.steps(),
        [
            "1: ran a changed log next b",
            "2: ran b changed log next c",
            "3: ran c changed log next END"
        ]
    );
    assert_eq!(run.ending(), "completed end");
    assert_eq!(run.value("log"), json!(["a", "b", "c"]));
}

#[test]
fn a_graph_without_nodes_ends_at_once() {
    let mut run = graph().path(&[START, END]).run();
    assert_eq!(run.lines(&["run", "step"]), ["run.started run-1", "run.completed end"]);
}
