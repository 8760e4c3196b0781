//! Records: every event comes back as it was written, and no bytes whatever make the reading panic.

use super::arena::{Arena, text};
use super::graphs::{Kinds, noting_graph};
use super::*;
use proptest::prelude::*;
use std::rc::Rc;
use store::Record;
use weavegraph_wasm::checkpoint::{self, Durability, Index, Journal, Names, Progress, RecordError, SCHEMA_VERSION, Session};
use weavegraph_wasm::error::{ErrorCode, Failure, Scope};
use weavegraph_wasm::events::{Body, Ending, Entry, Event, EventKind, Kept, KeptKind, RunStart, StepReport, TaskRef, Waiting};
use weavegraph_wasm::graph::{NodeId, Program};
use weavegraph_wasm::state::json_fold::Channel;
use weavegraph_wasm::state::{Routing, Target, TaskResult, Value, Write};

/// Three nodes, two joins, three channels.
pub fn sample() -> Graph {
    graph()
        .channel("log", Channel::append())
        .channel("sum", Channel::sum())
        .errors()
        .idle("a")
        .idle("b")
        .idle("c")
        .fan(START, &["a", "b"])
        .join(&["a", "b"], "c")
        .join(&["b", "c"], END)
        .path(&["c", END])
}

fn target(node: u32, input: Option<Value>) -> Target {
    Target { node: NodeId(node), is_send: input.is_some(), input }
}

fn result(arena: &mut Arena) -> TaskResult {
    let targets =
        vec![target(0, None), target(1, Some(arena.put(json!({ "x": 1 })))), Target { node: NodeId::END, is_send: false, input: None }];
    TaskResult {
        update: Some(arena.put(json!({ "log": ["é"], "sum": 3 }))),
        writes: [Write { channel: 0, is_replace: true }, Write { channel: 1, is_replace: false }].into(),
        routing: Some(Routing { is_replace: true, targets }),
        ..TaskResult::default()
    }
}

fn frontier(arena: &mut Arena) -> Rc<[Entry]> {
    let entry = |node: NodeId, task: u32, joins: Vec<u32>| Entry { node, task, is_send: false, input: None, is_gated: true, joins };
    let sent = Entry { node: NodeId(1), task: 300, is_send: true, input: Some(arena.put(json!(null))), is_gated: false, joins: Vec::new() };
    Rc::from([entry(NodeId(2), 0, vec![0]), entry(NodeId::END, 0, vec![1]), sent])
}

fn failure(arena: &mut Arena, node: Option<NodeId>) -> Rc<Failure> {
    let cause = Some(arena.put(json!("thrown")));
    Rc::new(Failure {
        code: ErrorCode::StateReducer,
        message: "why: é".into(),
        node,
        inner: None,
        step: node.map(|_| 0),
        cause,
        scope: Scope::Scheduler,
    })
}

/// One event of every kind that is stored, with values of every shape.
pub fn every_body(arena: &mut Arena) -> Vec<Body> {
    let task = TaskRef { step: 70_000, node: NodeId(1), task: 9_999, attempt: 2 };
    let start = RunStart {
        run_id: "run/ü".into(),
        is_resumed: true,
        seed: u64::MAX,
        graph_hash: 77,
        input: result(arena),
        updated: vec![0, 2],
        reduced: vec![(1, arena.put(json!(5)))],
        frontier: Some(frontier(arena)),
        abandoned: vec![NodeId(0), NodeId(2)],
        metadata: Some(arena.put(json!({ "who": "me" }))),
        is_lossy: true,
        opens_branch: true,
        is_other_graph: true,
        lost_joins: Vec::new(),
    };
    let report = StepReport {
        step: 5,
        ran: vec![NodeId(0), NodeId(0), NodeId(1)],
        skipped: vec![NodeId(2)],
        updated: vec![1],
        next: frontier(arena),
        versions: Vec::new(),
        reduced: vec![(1, arena.put(json!(6)))],
        errors: 2,
    };
    let waiting = vec![Waiting { to: NodeId(2), missing: vec![NodeId(0)] }, Waiting { to: NodeId::END, missing: vec![] }];
    let endings = [
        Ending::Completed { is_end: true, waiting },
        Ending::Completed { is_end: false, waiting: Vec::new() },
        Ending::Failed(failure(arena, Some(NodeId(0)))),
        Ending::Failed(failure(arena, None)),
        Ending::Cancelled(Some(arena.put(json!("reason")))),
        Ending::Interrupted(Vec::new()),
        Ending::Cancelled(None),
    ];
    let mut bodies = vec![
        Body::RunStarted(Rc::new(RunStart {
            frontier: None,
            metadata: None,
            abandoned: Vec::new(),
            input: TaskResult::default(),
            ..start.clone()
        })),
        Body::RunStarted(Rc::new(start)),
        Body::StepStarted { step: 1, frontier: Rc::from([NodeId(0), NodeId(2)]), start: None },
        Body::StepStarted { step: 2, frontier: Rc::from([]), start: None },
        Body::StepCompleted(Rc::new(report)),
        Body::NodeStarted(task),
        Body::NodeSkipped(task),
        Body::NodeCompleted { task, duration_ms: 1.5, result: Rc::new(result(arena)) },
        Body::NodeCompleted { task, duration_ms: 0.0, result: Rc::new(TaskResult::default()) },
        Body::NodeFailed { task, failure: failure(arena, Some(NodeId(2))), duration_ms: 1e300, will_retry: true },
        Body::NodeRetrying { task, delay_ms: 0.1 },
    ];
    bodies.extend(endings.map(|ending| Body::RunEnded { ending: Rc::new(ending), steps: 12, duration_ms: 3.25 }));
    for kind in EventKind::ALL.iter().filter(|kind| kind.is_from_user()) {
        bodies.push(Body::User { kind: *kind, task, payload: arena.put(json!([kind.as_str()])), number: 4096.0 });
    }
    bodies
}

/// Writes events into one record, and a snapshot if one is given.
fn record(program: &Program, arena: &mut Arena, bodies: Vec<Body>, snapshot: Option<&Session>) -> Record {
    let mut journal = Journal::new(Durability::Exit, 42, 3, 1, u64::from(snapshot.is_some()) << 40, Names::default());
    for (seq, body) in (8u64..).zip(bodies) {
        // Instants that are whole, broken, equal and going back.
        let at = [1000.0, 1000.0, 1000.25, 999.0][seq as usize % 4];
        journal.add(Rc::new(Event { seq, at, is_transient: false, place: None, body }));
    }
    every_kept(arena).into_iter().for_each(|kept| journal.keep(kept));
    let append = journal.append(program, 0.0, snapshot.map(|session| (session, 0))).expect("a record");
    assert_eq!(append.saves_contents, snapshot.is_some());
    let mut values: Vec<Json> = append.values.iter().map(|value| arena.get(value).clone()).collect();
    if append.saves_contents {
        values.extend(program.channels.iter().map(|channel| json!(&*channel.name)));
    }
    Record { bytes: append.bytes, values }
}

pub fn decode(program: &Program, record: &Record, arena: &mut Arena) -> Result<checkpoint::Decoded, RecordError> {
    let values: Vec<Value> = record.values.iter().map(|value| arena.put(value.clone())).collect();
    checkpoint::decode(program, &Index::new(program), &mut Names::default(), &record.bytes, &values)
}

#[test]
fn every_kind_of_event_comes_back_as_it_was_written() {
    let program = sample().compile();
    let mut arena = Arena::default();
    let bodies = every_body(&mut arena);
    let stored: std::collections::HashSet<EventKind> = bodies.iter().map(Body::kind).collect();
    let never = [EventKind::CheckpointSaved, EventKind::StreamGap, EventKind::StreamReset, EventKind::Snapshot];
    assert!(EventKind::ALL.iter().all(|kind| stored.contains(kind) != never.contains(kind)));
    let record = record(&program, &mut arena, bodies.clone(), None);
    let decoded = decode(&program, &record, &mut arena).expect("a record");
    assert_eq!(decoded.events.len(), bodies.len());
    for ((event, body), seq) in decoded.events.iter().zip(&bodies).zip(8u64..) {
        assert_eq!(text(&arena, &event.body), text(&arena, body));
        assert_eq!((event.seq, event.is_transient), (seq, false));
        assert_eq!(event.at, [1000.0, 1000.0, 1000.25, 999.0][seq as usize % 4]);
    }
    assert_eq!((decoded.head.writer, decoded.head.snapshot_slot, decoded.head.first_seq), (42, 1, 8));
    assert_eq!(decoded.head.graph_hash, program.hash);
    assert!(decoded.snapshot.is_none());
}

/// One of every kind that tasks leave behind, of two tasks in turn.
fn every_kept(arena: &mut Arena) -> Vec<Rc<Kept>> {
    let kinds = [KeptKind::Once, KeptKind::Interrupt, KeptKind::Before, KeptKind::After, KeptKind::Answer];
    let values = [Some(arena.put(json!({ "deep": [1] }))), None];
    let kept = kinds.into_iter().zip(0u32..).map(|(kind, number)| {
        let task = TaskRef { step: 5, node: NodeId(2 - number % 2), task: 70_000, attempt: 0 };
        let address = checkpoint::address(&[], &task);
        Rc::new(Kept {
            kind,
            task,
            place: None,
            address,
            key: format!("key é {number}").into(),
            value: values[number as usize % 2].clone(),
        })
    });
    kept.collect()
}

#[test]
fn what_tasks_leave_behind_stands_between_events_and_takes_no_number() {
    let program = sample().compile();
    let mut arena = Arena::default();
    let task = TaskRef { step: 5, node: NodeId(1), task: 0, attempt: 1 };
    let mut journal = Journal::new(Durability::Exit, 42, 3, 1, 0, Names::default());
    let kept = every_kept(&mut arena);
    journal.keep(Rc::clone(&kept[0]));
    assert!(journal.is_urgent() && journal.is_due());
    for (seq, kept) in (8u64..).zip(&kept[1..]) {
        journal.add(Rc::new(Event { seq, at: 1.0, is_transient: false, place: None, body: Body::NodeStarted(task) }));
        journal.keep(Rc::clone(kept));
    }
    let append = journal.append(&program, 0.0, None).expect("a record");
    assert!(append.is_strict && !journal.has_pending());
    let values = append.values.iter().map(|value| arena.get(value).clone()).collect();
    let decoded = decode(&program, &Record { bytes: append.bytes, values }, &mut arena).expect("a record");
    assert_eq!(decoded.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [8, 9, 10, 11]);
    let expected: Vec<_> = kept.iter().enumerate().map(|(at, kept)| (at, Rc::clone(kept))).collect();
    assert_eq!(text(&arena, &decoded.kept), text(&arena, &expected));
    // Without any event, the record goes on where the last one ended.
    assert_eq!(journal.answered().map(|append| append.seq), Some(11));
    journal.keep(Rc::clone(&kept[0]));
    let append = journal.append(&program, 0.0, None).expect("a record");
    let values = append.values.iter().map(|value| arena.get(value).clone()).collect();
    let alone = checkpoint::decode(&program, &Index::new(&program), &mut Names::lenient(), &append.bytes, &adopt(&mut arena, values));
    let alone = alone.expect("a record");
    assert_eq!((alone.head.first_seq, alone.events.len(), alone.kept.len()), (12, 0, 1));
}

fn adopt(arena: &mut Arena, values: Vec<Json>) -> Vec<Value> {
    values.into_iter().map(|value| arena.put(value)).collect()
}

#[test]
fn a_lifecycle_event_takes_a_few_bytes() {
    let store = Store::default();
    let graph = noting_graph(&["a", "b"]).path(&[START, "a", "b", "a"]).path(&["b", END]);
    let mut run = graph.setup().stored(Durability::Exit, &store).max_steps(500).run(json!({}));
    let (bytes, events) = (store.record(0).bytes.len(), run.events().len());
    assert_eq!(events, 2002);
    assert!(bytes < 12 * events, "{bytes} bytes for {events} events");
}

#[test]
fn a_record_of_a_later_schema_is_told_apart_from_a_broken_one() {
    let program = sample().compile();
    let mut arena = Arena::default();
    let mut later = record(&program, &mut arena, every_body(&mut Arena::default()).split_off(5).into_iter().take(2).collect(), None);
    later.bytes[0] = SCHEMA_VERSION + 1;
    assert_eq!(decode(&program, &later, &mut arena).err(), Some(RecordError::Version(SCHEMA_VERSION + 1)));
    assert_eq!(checkpoint::snapshot_slot(&later.bytes).err(), Some(RecordError::Version(SCHEMA_VERSION + 1)));
    later.bytes[0] = 0;
    assert!(matches!(decode(&program, &later, &mut arena), Err(RecordError::Broken(_))));
}

#[test]
fn a_record_can_be_checked_without_those_before_it() {
    let store = Store::default();
    let setup = noting_graph(&["a", "b"]).path(&[START, "a", "b", END]).setup().sync(&store);
    setup.run(json!({}));
    let empty = Program::empty();
    let check = |bytes: &[u8], count: usize| {
        let mut arena = Arena::default();
        let values: Vec<Value> = (0..count).map(|_| arena.put(Json::Null)).collect();
        checkpoint::decode(&empty, &Index::new(&empty), &mut Names::lenient(), bytes, &values)
    };
    for slot in 0..store.len() {
        let Record { bytes, values } = store.record(slot);
        assert!(check(&bytes, values.len()).is_ok(), "{slot}");
        assert!(check(&bytes[..bytes.len() - 1], values.len()).is_err(), "{slot}");
    }
}

#[test]
fn a_record_that_was_cut_anywhere_is_broken() {
    let program = sample().compile();
    let mut arena = Arena::default();
    let bodies = every_body(&mut arena);
    let session = Session::new(&program);
    for snapshot in [None, Some(&session)] {
        let whole = record(&program, &mut arena, bodies.clone(), snapshot);
        for length in 0..whole.bytes.len() {
            let cut = Record { bytes: whole.bytes[..length].to_vec(), values: whole.values.clone() };
            assert!(matches!(decode(&program, &cut, &mut arena), Err(RecordError::Broken(_))), "{length}");
        }
        let mut longer = whole.clone();
        longer.bytes.push(0);
        assert!(decode(&program, &longer, &mut arena).is_err());
        for count in 0..whole.values.len() {
            let less = Record { bytes: whole.bytes.clone(), values: whole.values[..count].to_vec() };
            assert!(matches!(decode(&program, &less, &mut arena), Err(RecordError::Broken(_))), "{count} values");
        }
    }
}

/// Reads a record, takes up what it says, and lets an execution go on from there: nothing of it may panic.
fn survive(setup: &Setup, program: &Rc<Program>, record: &Record) {
    let mut arena = Arena::default();
    let Ok(decoded) = decode(program, record, &mut arena) else { return };
    let mut session = decoded.snapshot.map_or_else(|| Session::new(program), |(session, _)| session);
    let mut folds = Vec::new();
    let mut events = decoded.events;
    session.replay_all(program, &mut events, &decoded.kept, &mut folds, |_, _| false);
    session.graph.waiting(program);
    let log = store::Restored {
        session,
        names: Names::default(),
        arena,
        contents: arena::Contents::new(&setup.graph),
        events: Vec::new(),
        next_slot: 1,
        snapshot_slot: 0,
        read: 1,
        inner: Default::default(),
    };
    let mut run = Host::with_log(setup, Rc::clone(program), log).fed_start("x", &json!({}), true, false);
    for _ in 0..1000 {
        if run.is_finished || !run.pass() {
            break;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), has_head: bool, values in 0usize..6) {
        let setup = sample().setup();
        let program = Rc::new(setup.graph.compile());
        let mut whole = Vec::new();
        if has_head {
            whole.extend([SCHEMA_VERSION, bytes.len() as u8 & 1]);
            whole.extend([7; 16]);
        }
        whole.extend(bytes);
        survive(&setup, &program, &Record { bytes: whole, values: vec![json!({ "log": 1 }); values] });
    }

    #[test]
    fn mutated_records_never_panic(places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut: prop::sample::Index, has_snapshot: bool, cuts: bool) {
        let setup = sample().setup().max_steps(5);
        let program = Rc::new(setup.graph.compile());
        let mut arena = Arena::default();
        let bodies = every_body(&mut arena);
        let session = half_done(&program, &mut arena);
        let mut record = record(&program, &mut arena, bodies, has_snapshot.then_some(&session));
        for (place, byte) in places {
            let at = place.index(record.bytes.len());
            record.bytes[at] = byte;
        }
        if cuts {
            record.bytes.truncate(cut.index(record.bytes.len()));
        }
        survive(&setup, &program, &record);
    }

    #[test]
    fn numbers_and_times_are_exact(numbers in prop::collection::vec((any::<u32>(), any::<u32>(), prop::num::f64::POSITIVE | prop::num::f64::ZERO), 1..20)) {
        let program = sample().compile();
        let mut arena = Arena::default();
        let body = |(task, attempt, ms): &(u32, u32, f64)| Body::NodeRetrying { task: TaskRef { step: 1, node: NodeId(2), task: *task, attempt: *attempt }, delay_ms: *ms };
        let bodies: Vec<Body> = numbers.iter().map(body).collect();
        let record = record(&program, &mut arena, bodies.clone(), None);
        let decoded = decode(&program, &record, &mut arena).expect("a record");
        for (event, body) in decoded.events.iter().zip(&bodies) {
            prop_assert_eq!(format!("{:?}", event.body), format!("{body:?}"));
        }
    }
}

/// A session with something in every place.
pub fn half_done(program: &Program, arena: &mut Arena) -> Session {
    let mut session = Session::new(program);
    let mut folds = Vec::new();
    for (seq, body) in (1u64..).zip(every_body(arena)) {
        session.replay(program, &mut Event { seq, at: 5.0, is_transient: false, place: None, body }, &mut folds);
    }
    session.graph.add_done(NodeId(1), 300, Rc::new(result(arena)));
    session.graph.arrivals = vec![vec![true, false], vec![false, true]];
    session.graph.versions.seen = vec![3, 0, 1];
    session
}

#[test]
fn a_snapshot_holds_the_whole_session() {
    let program = sample().compile();
    let mut arena = Arena::default();
    let mut session = half_done(&program, &mut arena);
    every_kept(&mut arena).into_iter().for_each(|kept| session.kept.add(kept));
    let record = record(&program, &mut arena, every_body(&mut Arena::default()).split_off(5).into_iter().take(1).collect(), Some(&session));
    let decoded = decode(&program, &record, &mut arena).expect("a record");
    let (found, loads) = decoded.snapshot.expect("a snapshot");
    let last = session.graph.last.as_ref().map(|last| StepReport {
        reduced: Vec::new(),
        versions: session.graph.versions.channels.clone(),
        next: Rc::clone(&session.graph.frontier),
        ..(**last).clone()
    });
    let graph = Progress { last: last.map(Rc::new), ..session.graph };
    let expected = Session { graph, delta_bytes: 0, graph_hash: program.hash, ..session };
    assert_eq!(text(&arena, &found), text(&arena, &expected));
    assert_eq!(loads.len(), program.channels.len());
}

#[test]
fn a_name_that_every_record_needs_is_written_once() {
    let store = Store::default();
    let long = "a-node-with-a-rather-long-name";
    let setup = noting_graph(&[long, "b"]).path(&[START, long, "b", long]).path(&["b", END]).setup().sync(&store).max_steps(10);
    setup.run(json!({}));
    let mentions = |slot: usize| store.record(slot).bytes.windows(long.len()).filter(|bytes| *bytes == long.as_bytes()).count();
    let total: usize = (0..store.len()).map(mentions).sum();
    // Once in the start; the failure that ends the run names no node.
    assert_eq!(total, 1);
    setup.resume();
    let total: usize = (0..store.len()).map(mentions).sum();
    assert_eq!(total, 1);
}

#[test]
fn a_session_goes_on_in_a_graph_whose_nodes_joins_and_channels_come_in_another_order() {
    let channels = |graph: Graph, turned: bool| {
        let (log, one) = (Channel::append(), Channel::last(json!(0)));
        match turned {
            true => graph.channel("one", one).channel("log", log),
            false => graph.channel("log", log).channel("one", one),
        }
    };
    let build = |turned: bool, stops: bool| {
        let mut names = ["a", "b", "c", "d", "j", "k"];
        let mut joins = [(["a", "c"], "j"), (["b", "d"], "k")];
        if turned {
            names.reverse();
            joins.reverse();
        }
        let reply = move |call: &graphs::Call| match (stops, call.node.as_str()) {
            (true, "c" | "k") => fail("stop").after(5.0),
            _ => write("log", json!(call.node)).and(if call.node == "a" { "one" } else { "log" }, json!(call.node)),
        };
        let graph = names.iter().fold(channels(graph(), turned), |graph, name| graph.node(name, reply));
        let graph = joins.iter().fold(graph, |graph, (from, to)| graph.join(from, to));
        graph.fan(START, &["a", "b"]).path(&["a", "d"]).path(&["b", "c"]).path(&["j", END]).path(&["k", END])
    };
    // With snapshots and without: the first step is done, the second one half done; one join has begun to wait.
    for (blob, has_snapshot) in [(0, false), (200_000, true)] {
        let straight = build(false, false).run();
        let store = Store::default();
        let setup = build(false, true).setup().sync(&store);
        let stopped = setup.run(json!({ "one": "x".repeat(blob) }));
        assert_eq!(stopped.ending(), "failed NODE_THREW");
        let turned = build(true, false).setup().sync(&store);
        let log = store.restore(&turned.graph, &turned.graph.compile()).expect("a log");
        assert_eq!(log.snapshot_slot > 0, has_snapshot);
        let mut resumed = turned.resume();
        assert_eq!(resumed.ending(), "completed end");
        let mut straight = straight;
        assert_eq!(resumed.value("log"), straight.value("log"));
        assert_eq!(resumed.value("one"), json!("a"));
        assert_eq!(&resumed.steps()[0][3..], &straight.steps()[1][3..]);
    }
}
