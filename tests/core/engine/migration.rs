//! Records of earlier versions: bytes that schema 1 wrote, kept in `tests/vectors`, are read for ever.

use super::arena::{Arena, text};
use super::graphs::Kinds;
use super::records::{decode, every_body, half_done, sample};
use super::*;
use store::Record;
use weavegraph_wasm::checkpoint::{Progress, Session, Status, read_head};
use weavegraph_wasm::events::{Body, EventKind, RunStart};
use weavegraph_wasm::state::json_fold::Channel;

fn vectors() -> Json {
    serde_json::from_str(include_str!("../../vectors/records-v1.json")).expect("the vectors")
}

fn record(vector: &Json) -> Record {
    let hex = vector["bytes"].as_str().expect("bytes");
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("a byte")).collect();
    Record { bytes, values: vector["values"].as_array().expect("values").clone() }
}

/// The graph whose session the vectors hold: its second step broke off, as the second `w` failed.
fn recorded() -> Graph {
    graph()
        .channel("log", Channel::append())
        .channel("map", Channel::merge())
        .channel("sum", Channel::sum())
        .errors()
        .node("a", |call| {
            write("log", json!("a"))
                .and("map", json!({ "step": call.step }))
                .message("hello")
                .goto_too(vec![send("w", json!(1)), send("w", json!(2))])
        })
        .leading_to(&["w"])
        .node("b", |_| write("sum", json!(3)))
        .node("w", |call| write("sum", call.input.clone()))
        .node("j", |_| write("log", json!("j")))
        .fan(START, &["a", "b"])
        .join(&["a", "b"], "j")
        .join(&["a", "j"], END)
        .path(&["w", END])
        .path(&["j", END])
}

#[test]
fn a_session_of_schema_1_goes_on() {
    let store = Store::default();
    for (slot, vector) in (0u32..).zip(vectors()["log"].as_array().expect("a log")) {
        assert_eq!(record(vector).bytes[0], 1);
        store.append(slot, record(vector), false, false);
    }
    let setup = recorded().setup().sync(&store).with(|setup| setup.writer = 2);
    let open = setup.open();
    assert_eq!((open.session().status, open.session().graph.step, open.session().branch()), (Status::Failed, 1, 1));
    let mut resumed = setup.resume();
    assert_eq!(resumed.ending(), "completed end");
    // What had finished is not run again, and what had failed is noted.
    assert_eq!(resumed.calls, ["w#1!1@0"]);
    assert_eq!(resumed.value("log"), json!(["in", "a", "j"]));
    assert_eq!(resumed.value("sum"), json!(6));
    assert_eq!(resumed.value("errors").as_array().map(Vec::len), Some(1));
    assert_eq!(store.record(store.len() - 1).bytes[0], 2);
    let mut again = setup.open();
    assert_eq!(again.state(), resumed.state());
}

#[test]
fn every_event_and_a_snapshot_of_schema_1_are_read() {
    let program = sample().compile();
    let mut arena = Arena::default();
    let whole = record(&vectors()["whole"]);
    let decoded = decode(&program, &whole, &mut arena).expect("a record");
    // What schema 1 did not say.
    let without = |body: Body| match body {
        Body::RunStarted(start) => {
            Body::RunStarted(RunStart { is_lossy: false, opens_branch: false, is_other_graph: false, ..(*start).clone() }.into())
        }
        body => body,
    };
    let mut fresh = Arena::default();
    let session = half_done(&program, &mut fresh);
    let mut bodies = every_body(&mut fresh);
    bodies.retain(|body| body.kind() != EventKind::RunInterrupted);
    assert_eq!(decoded.events.len(), bodies.len());
    for (event, body) in decoded.events.iter().zip(bodies) {
        assert_eq!(text(&arena, &event.body), text(&fresh, &without(body)));
    }
    let (found, _) = decoded.snapshot.expect("a snapshot");
    let last = session.graph.last.clone().map(|last| {
        let mut last = (*last).clone();
        last.reduced.clear();
        last.versions.clone_from(&found.graph.versions.channels);
        last.next = std::rc::Rc::clone(&session.graph.frontier);
        last.into()
    });
    // No resume had an input then, so one never changed a version; the samples have one.
    let graph_hash = decoded.head.graph_hash;
    let graph = Progress { last, versions: found.graph.versions.clone(), ..session.graph };
    let seq = decoded.events.len() as u64;
    let expected = Session { graph, seq, delta_bytes: 0, graph_hash, is_lossy: false, ends: Vec::new(), ..session };
    assert_eq!(text(&arena, &found), text(&fresh, &expected));
    let head = read_head(&whole.bytes).expect("a head");
    assert!(head.has_snapshot && !head.is_takeover);
}
