//! The boundary: what crosses as words, ids from the browser's randomness, a record and its way back. Run by `main.rs` and `worker.rs`.

use js_sys::{Float64Array, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use weavegraph_wasm::js::{Ask, Op, RawGraph, RawLog, RawRun, Tell, check_record, new_id, out_words, record_flags, snapshot_slot};

/// A graph of nodes in a line over one channel of kind `last`, as the facade's `flatten` writes it.
fn line(nodes: &[&str]) -> (String, Vec<f64>, Vec<f64>) {
    let mut texts: Vec<String> = ["line", "n", "last", "0", ""].map(String::from).into();
    let mut numbers = vec![0.0, 1.0, 0.0, 0.0, 0.0, nodes.len() as f64];
    for node in nodes {
        texts.extend([(*node).to_owned(), String::new(), String::new()]);
        numbers.extend([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
    let stops: Vec<&str> = ["__start__"].iter().chain(nodes).chain(&["__end__"]).copied().collect();
    numbers.push((stops.len() - 1) as f64);
    for pair in stops.windows(2) {
        texts.extend([pair[0].to_owned(), pair[1].to_owned()]);
        numbers.extend([1.0, 0.0]);
    }
    numbers.push(0.0);
    let lengths = texts.iter().map(|text| text.encode_utf16().count() as f64).collect();
    (texts.join(" "), lengths, numbers)
}

fn graph(nodes: &[&str]) -> RawGraph {
    let (joined, lengths, numbers) = line(nodes);
    RawGraph::compile(joined, lengths, numbers).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The commands of a call, without the generation before them.
fn words(count: u32) -> Vec<f64> {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    Float64Array::new_with_byte_offset_and_length(&memory.buffer(), out_words(), count).to_vec().split_off(1)
}

const NONE: u32 = u32::MAX;

fn start(graph: &RawGraph, durability: u8) -> (RawRun, Vec<f64>) {
    let run = RawRun::new(graph, &RawLog::new(graph), "session", durability, 0, 1000, 0.0, 1024, 0);
    let count = run.start(1.0, "run", Some(7), false, false, NONE, 0, &[0, 0, 0], NONE, 0, None, false);
    let words = words(count);
    (run, words)
}

#[wasm_bindgen_test]
fn a_graph_crosses_as_texts_and_numbers() {
    let graph = graph(&["a", "b"]);
    let facts = graph.facts().unwrap_or_default();
    let fact = |index| Reflect::get_u32(&facts, index).unwrap_or_default();
    assert_eq!([1, 2, 3].map(|index| fact(index).as_f64()), [Some(2.0), Some(3.0), Some(0.0)]);
    assert_eq!(fact(0).as_string().map(|hash| hash.len()), Some(16));
    assert!(graph.to_mermaid(false).contains("flowchart TB"));
}

#[wasm_bindgen_test]
fn a_faulty_graph_throws_every_problem() {
    let (joined, lengths, mut numbers) = line(&["a"]);
    // The node is no function, and its name stays.
    numbers[6] = 0.0;
    let Err(problems) = RawGraph::compile(joined, lengths, numbers) else { panic!("it compiled") };
    let first = Reflect::get_u32(&problems, 0).and_then(|row| Reflect::get_u32(&row, 0));
    assert_eq!(first.ok().and_then(|code| code.as_string()).as_deref(), Some("GRAPH_INVALID"));
}

#[wasm_bindgen_test]
fn a_run_asks_for_its_node_and_finishes_once_it_settled() {
    let graph = graph(&["a"]);
    let (run, words_at_start) = start(&graph, 0);
    let at = words_at_start.iter().position(|word| *word == f64::from(Op::Run as u8)).unwrap_or_default();
    let [op, task, token, node] = [words_at_start[at], words_at_start[at + 1], words_at_start[at + 2], words_at_start[at + 3]];
    assert_eq!((op, task, node), (f64::from(Op::Run as u8), 0.0, 0.0));
    let count = run.tell(Tell::Settled as u8, 2.0, 0, token as u32, NONE, 0, 0.0);
    assert_eq!(words(count).last(), Some(&f64::from(Op::Finish as u8)));
    assert_eq!(run.ask(Ask::Steps as u8, 0, 0.0, 0), 1.0);
    assert!(run.outcome() > 0, "the terminal event is there");
}

#[wasm_bindgen_test]
fn a_solo_attempt_tells_result_folds_and_answer_at_once() {
    let graph = graph(&["a", "b"]);
    let (run, words_at_start) = start(&graph, 0);
    let at = words_at_start.iter().position(|word| *word == f64::from(Op::Run as u8)).unwrap_or_default();
    let (token, solo) = (words_at_start[at + 2] as u32, words_at_start[at + 8]);
    assert_eq!(solo, 1.0, "no route is to be asked");
    assert_eq!(run.step(2.0, 0, token + 1, NONE, 0, 0, 2, 0, 0.0, NONE), -1, "another attempt");
    let next = words(run.step(2.0, 0, token, NONE, 0, 0, 2, 0, 0.0, NONE) as u32);
    assert_eq!(next[..3], [f64::from(Op::Commit as u8), f64::from(Op::Run as u8), 0.0]);
    assert_eq!(run.ask(Ask::Steps as u8, 0, 0.0, 0), 1.0);
    assert_eq!(run.step(2.0, 0, token, NONE, 0, 0, 2, 0, 0.0, NONE), -1, "it was told");
}

/// The slot and the bytes of the append that these words ask for.
fn append_of(run: &RawRun, words: &[f64]) -> (u32, Vec<u8>) {
    let at = words.iter().position(|word| *word == f64::from(Op::Append as u8)).unwrap_or_default();
    let (slot, length) = (words[at + 1] as u32, words[at + 3] as u32);
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let pointer = run.ask(Ask::Record as u8, 0, 0.0, 0) as u32;
    (slot, js_sys::Uint8Array::new_with_byte_offset_and_length(&memory.buffer(), pointer, length).to_vec())
}

#[wasm_bindgen_test]
fn a_slot_that_holds_our_own_record_is_a_lost_answer_and_any_other_is_a_conflict() {
    let graph = graph(&["a"]);
    let ends = |words: &[f64]| words.last() == Some(&f64::from(Op::Finish as u8));
    let (first, words_of_first) = start(&graph, 1);
    let (second, words_of_second) = start(&graph, 1);
    let (_, own) = append_of(&first, &words_of_first);
    assert!(append_of(&second, &words_of_second).1 != own, "writers differ");
    let runs = words(first.taken(2.0, Some(own.clone())));
    assert!(runs.contains(&f64::from(Op::Run as u8)) && !ends(&runs), "{runs:?}");
    assert!(ends(&words(second.taken(2.0, Some(own)))));
    let (third, _) = start(&graph, 1);
    assert!(ends(&words(third.taken(2.0, Some(vec![1, 2, 3])))));
    let (fourth, _) = start(&graph, 1);
    assert!(ends(&words(fourth.tell(Tell::Lost as u8, 2.0, 0, 0, 0, 0, 0.0))));
}

#[wasm_bindgen_test]
fn a_resume_is_a_takeover_and_its_record_says_so() {
    let graph = graph(&["a"]);
    let (run, words_at_start) = start(&graph, 1);
    let (slot, record) = append_of(&run, &words_at_start);
    assert_eq!(run.ask(Ask::IsTakingOver as u8, 0, 0.0, 0), 0.0);
    assert_eq!(record_flags(&record), 0);
    assert_eq!(check_record(slot, &record, 0).ok(), Some(vec![1.0, 1.0, 0.0, 0.0]));
    assert!(check_record(slot, &record[1..], 0).is_err());
    let log = RawLog::new(&graph);
    assert!(log.read(slot, &record, &[], -1.0, false).is_ok());
    assert_eq!((log.branch(), log.cursor_end(1), log.is_graph_changed()), (1, -1.0, false));
    let resumed = RawRun::new(&graph, &log, "session", 1, 0, 1000, 0.0, 1024, 0);
    let count = resumed.start(3.0, "other", None, true, false, NONE, 0, &[0, 0, 0], NONE, 0, None, false);
    let (slot, takeover) = append_of(&resumed, &words(count));
    assert_eq!((slot, record_flags(&takeover)), (1, 2));
    assert_eq!(resumed.ask(Ask::IsTakingOver as u8, 0, 0.0, 0), 1.0);
    assert_eq!((resumed.ask(Ask::CreatedAt as u8, 0, 0.0, 0), resumed.ask(Ask::Branch as u8, 0, 0.0, 0)), (1.0, 1.0));
}

#[wasm_bindgen_test]
fn a_record_of_a_started_session_is_read_back() {
    let graph = graph(&["a"]);
    let (run, words_at_start) = start(&graph, 1);
    let (slot, record) = append_of(&run, &words_at_start);
    assert_eq!(snapshot_slot(slot, &record).ok(), Some(0));

    let log = RawLog::new(&graph);
    assert!(log.read(slot, &record, &[], -1.0, false).is_ok());
    let session = Reflect::get_u32(&log.describe().unwrap_or_default(), 0).unwrap_or_default();
    let run_id = Reflect::get(&session, &"runId".into()).ok().and_then(|id| id.as_string());
    assert_eq!(run_id.as_deref(), Some("run"));
    assert!(RawLog::new(&graph).read(slot, &record[..record.len() / 2], &[], -1.0, false).is_err(), "half a record is refused");
}

#[wasm_bindgen_test]
fn ids_are_version_4_uuids_and_differ() {
    let (first, second) = (new_id(), new_id());
    assert_ne!(first, second);
    assert_eq!((first.len(), first.as_bytes()[14]), (36, b'4'));
}
