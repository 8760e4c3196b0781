//! A session that another graph left: what `onGraphChanged` does, and what a graph has to have to go on.

use super::graphs::{Kinds, noting_graph};
use super::*;
use weavegraph_wasm::engine::GraphPolicy;
use weavegraph_wasm::graph::NodeId;
use weavegraph_wasm::state::json_fold::Channel;

/// START -> a -> b -> END with a join of `a` and `late` onto `j`; `b` fails. The session stands before `b`; `a` has arrived at the join.
fn stopped(store: &Store) {
    let graph = noting_graph(&["a", "j", "late"])
        .channel("kept", Channel::last(json!(0)))
        .channel("unused", Channel::merge())
        .node("b", |_| fail("stop"))
        .path(&[START, "a", "b", END])
        .path(&["b", "late"])
        .join(&["a", "late"], "j")
        .path(&["j", END]);
    let run = graph.setup().sync(store).run(json!({ "kept": 1 }));
    assert_eq!(run.ending(), "failed NODE_THREW");
}

fn other(nodes: &[&str]) -> Graph {
    let mut path = vec![START];
    path.extend(nodes);
    path.push(END);
    noting_graph(nodes).path(&path)
}

fn joined(graph: Graph) -> Graph {
    graph.join(&["a", "late"], "j")
}

fn policy(policy: GraphPolicy, frontier: Option<Vec<NodeId>>) -> impl FnOnce(&mut Setup) {
    move |setup| {
        setup.writer = 2;
        setup.policy = policy;
        setup.frontier = frontier;
    }
}

fn refusal(graph: Graph, with: impl FnOnce(&mut Setup)) -> String {
    let store = Store::default();
    stopped(&store);
    let records = store.len();
    let mut run = graph.setup().sync(&store).with(with).resume();
    assert_eq!(run.lines(&[""]), ["run.failed CHECKPOINT_GRAPH_CHANGED"]);
    assert_eq!(store.len(), records);
    run.message()
}

#[test]
fn a_graph_goes_on_if_it_has_what_the_session_needs() {
    let store = Store::default();
    stopped(&store);
    // Without `unused`, which has no content, and with more nodes.
    let graph = joined(other(&["a", "b", "late", "j", "new"]).channel("kept", Channel::last(json!(0))));
    let mut run = graph.setup().sync(&store).with(|setup| setup.writer = 2).resume();
    assert!(run.ending().starts_with("completed"), "{}", run.ending());
    assert_eq!(run.value("kept"), json!(1));
    assert!(run.calls.iter().any(|call| call.starts_with('j')), "{:?}", run.calls);
}

#[test]
fn what_is_missing_is_named() {
    let kept = || Channel::last(json!(0));
    let compatible = || policy(GraphPolicy::Compatible, None);
    let text = refusal(other(&["a", "late", "j"]).channel("kept", kept()).join(&["a", "late"], "j"), compatible());
    assert!(text.contains("its node `b` is not in this graph"), "{text}");
    let text = refusal(other(&["a", "b", "late", "j"]).channel("kept", kept()), compatible());
    assert!(text.contains("its join onto `j`, which has begun to wait, is not in this graph"), "{text}");
    let text = refusal(joined(other(&["a", "b", "late", "j"])), compatible());
    assert!(text.contains("its channel `kept` is not in this graph, or of another kind"), "{text}");
    let text = refusal(joined(other(&["a", "b", "late", "j"]).channel("kept", Channel::merge())), compatible());
    assert!(text.contains("its channel `kept` is not in this graph, or of another kind"), "{text}");
}

#[test]
fn a_refusal_is_of_another_graph_only() {
    let same = || joined(other(&["a", "b", "late", "j"]).channel("kept", Channel::last(json!(0))));
    let text = refusal(same(), policy(GraphPolicy::Refuse, None));
    assert!(text.contains("onGraphChanged is 'error'"), "{text}");
    let store = Store::default();
    let graph = || noting_graph(&["a"]).path(&[START, "a", END]);
    graph().setup().sync(&store).run(json!({}));
    let setup = graph().setup().sync(&store).with(policy(GraphPolicy::Refuse, None));
    assert_eq!(setup.resume().ending(), "completed end");
}

#[test]
fn a_migration_folds_an_update_and_replaces_the_frontier() {
    let store = Store::default();
    stopped(&store);
    // No `b`, no join, `kept` of another kind.
    let setup = other(&["a", "c"]).channel("kept", Channel::append()).setup().sync(&store);
    let setup = setup.with(policy(GraphPolicy::Migrated, Some(vec![NodeId(1), NodeId(1)])));
    let mut run = setup.open().fed_start("run-2", &json!({ "kept": "one" }), true, false).ran();
    assert_eq!(run.ending(), "completed end");
    assert_eq!(run.lines(&["run"]), ["run.started run-1 resumed", "run.completed end"]);
    assert_eq!(run.calls, ["c#0!1@0"]);
    assert_eq!((run.value("log"), run.value("kept")), (json!(["a", "c"]), json!(["one"])));
    // `log`: an input before, `a`, `c`; `kept`: the update of this resume.
    assert_eq!(run.session().graph.versions.channels, [3, 2]);
    let versions = run.session().graph.versions.clone();
    let mut again = setup.clone().with(policy(GraphPolicy::Compatible, None)).open();
    assert_eq!((again.state(), &again.session().graph.versions), (run.state(), &versions));
    // What this graph lacked is of no account for the next one.
    let third = other(&["a", "c", "d"]).channel("kept", Channel::append()).setup().sync(&store);
    assert_eq!(third.with(policy(GraphPolicy::Compatible, None)).resume().ending(), "completed end");
}

#[test]
fn a_migration_without_a_frontier_keeps_the_half_done_step() {
    let store = Store::default();
    let graph = |stops: bool| {
        noting_graph(&["a"])
            .node("b", move |_| if stops { fail("stop").after(5.0) } else { write("log", json!("b")) })
            .fan(START, &["a", "b"])
            .fan("a", &[END])
            .fan("b", &[END])
    };
    graph(true).setup().sync(&store).run(json!({}));
    let larger = graph(false).channel("more", Channel::append()).setup().sync(&store).with(policy(GraphPolicy::Migrated, None));
    let mut run = larger.open().fed_start("run-2", &json!({ "more": 1 }), true, false).ran();
    assert_eq!(run.calls, ["b#0!1@0"]);
    assert_eq!(run.state(), json!({ "log": ["a", "b"], "more": [1] }));
    let mut again = larger.open();
    assert_eq!(again.state(), run.state());
}

#[test]
fn a_migration_that_drops_a_half_done_step_forgets_its_results() {
    let store = Store::default();
    let graph = |stops: bool| {
        noting_graph(&["a"])
            .node("b", move |_| if stops { fail("stop").after(5.0) } else { write("log", json!("b")) })
            .idle("x")
            .fan(START, &["a", "b", "x"])
            .fan("a", &[END])
            .fan("b", &[END])
            .fan("x", &[END])
    };
    graph(true).setup().sync(&store).run(json!({}));
    let other = graph(false).channel("more", Channel::append());
    let setup = other.setup().sync(&store).with(policy(GraphPolicy::Migrated, Some(vec![NodeId(0)])));
    let mut run = setup.resume();
    assert_eq!(run.calls, ["a#0!1@0"]);
    assert_eq!(run.value("log"), json!(["a"]));
    let mut again = setup.open();
    assert_eq!(again.state(), run.state());
}
