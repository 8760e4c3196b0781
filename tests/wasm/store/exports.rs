//! The store's exports as the facade calls them.

use crate::browser::{fresh_name, settled};
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use weavegraph_wasm::js_store::RawIndexedDb;

fn bytes(content: &[u8]) -> Uint8Array {
    Uint8Array::from(content)
}

async fn list(promise: Promise) -> Vec<JsValue> {
    Array::from(&settled(promise).await).to_vec()
}

#[wasm_bindgen_test]
async fn answers_are_flat_lists() {
    let store = RawIndexedDb::new(&fresh_name(), false, None);
    let session = || String::from("s");
    assert!(list(store.newest(session())).await.is_empty());
    assert_eq!(settled(store.append(session(), 0, bytes(b"zero"), false, Some(bytes(b"row")))).await, JsValue::TRUE);
    assert_eq!(settled(store.append(session(), 0, bytes(b"again"), true, None)).await, JsValue::FALSE);
    assert_eq!(settled(store.append(session(), 1, bytes(b"one"), true, None)).await, JsValue::TRUE);
    let newest = list(store.newest(session())).await;
    assert_eq!((newest.len(), newest[0].as_f64(), Uint8Array::new(&newest[1]).to_vec()), (2, Some(1.0), b"one".to_vec()));
    let slots = list(store.read(session(), 0, 9)).await;
    assert_eq!((slots.len(), slots[0].as_f64(), slots[2].as_f64()), (4, Some(0.0), Some(1.0)));
    let rows = list(store.rows(None, 9)).await;
    assert_eq!((rows.len(), rows[0].as_string().as_deref()), (2, Some("s")));
    assert!(list(store.drop(session(), 1.0, vec![1])).await.is_empty());
    assert_eq!(list(store.read(session(), 0, 9)).await.len(), 2);
    settled(store.drop(session(), -1.0, Vec::new())).await;
    assert!(list(store.rows(None, 9)).await.is_empty());
}

#[wasm_bindgen_test]
async fn a_fork_reads_what_it_shares_which_stays_until_the_last_one_is_gone() {
    let store = RawIndexedDb::new(&fresh_name(), false, None);
    let fork = |fork: &str, from: &str, slot, snapshot, cut| {
        store.fork(fork.into(), from.into(), slot, snapshot, cut, bytes(b"fork"), bytes(b"row"))
    };
    let slots = async |session: &str| {
        let read = list(store.read(session.into(), 0, 9)).await;
        read.chunks(2).map(|pair| Array::from(&pair[0]).get(0).as_f64().or(pair[0].as_f64())).collect::<Vec<_>>()
    };
    for slot in 0..6 {
        settled(store.append("s".into(), slot, bytes(b"own"), false, Some(bytes(b"row")))).await;
    }
    let mut answered = Vec::new();
    for (id, from, slot, cut) in [("f", "s", 3, 77.0), ("f", "s", 3, -1.0), ("g", "f", 4, -1.0), ("h", "f", 3, -1.0), ("i", "s", 9, -1.0)] {
        answered.push(settled(fork(id, from, slot, 2, cut)).await.as_f64());
    }
    assert_eq!(answered, [0.0, 1.0, 0.0, 0.0, 2.0].map(Some));
    let all = |last: u32| (0..=last).map(|slot| Some(f64::from(slot))).collect::<Vec<_>>();
    assert_eq!((slots("f").await, slots("g").await, slots("h").await), (all(4), all(5), all(4)));
    // The last one that is shared is to be cut, whoever reads it.
    for session in ["f", "g", "h"] {
        let read = list(store.read(session.into(), 3, 1)).await;
        assert_eq!(Array::from(&read[0]).to_vec(), [3.0, 77.0, 2.0].map(JsValue::from));
    }
    let ranges = list(store.drop("s".into(), 4.0, vec![0])).await;
    assert_eq!(ranges, [2.0, 3.0, 2.0, 3.0].map(JsValue::from));
    assert_eq!(slots("s").await, [0.0, 2.0, 3.0, 5.0].map(Some));
    settled(store.drop("s".into(), -1.0, Vec::new())).await;
    settled(store.drop("f".into(), -1.0, Vec::new())).await;
    assert!(slots("s").await.is_empty() && list(store.newest("f".into())).await.is_empty());
    assert_eq!(slots("g").await, [0.0, 2.0, 3.0, 4.0, 5.0].map(Some));
    // Another life of the session.
    assert_eq!(settled(store.append("s".into(), 0, bytes(b"new"), false, Some(bytes(b"row")))).await, JsValue::TRUE);
    assert_eq!((slots("s").await, slots("h").await), (vec![Some(0.0)], vec![Some(0.0), Some(2.0), Some(3.0), Some(4.0)]));
    settled(store.drop("g".into(), 5.0, Vec::new())).await;
    settled(store.drop("h".into(), -1.0, Vec::new())).await;
    assert!(slots("g").await.is_empty());
    assert_eq!(slots("s").await, [Some(0.0)]);
}

#[wasm_bindgen_test]
async fn a_rejection_is_a_code_a_message_and_a_cause() {
    let store = RawIndexedDb::new(&fresh_name(), false, None);
    store.close();
    let Err(thrown) = JsFuture::from(store.newest("s".into())).await else { panic!("it was not refused") };
    let parts = Array::from(&thrown).to_vec();
    assert_eq!(parts[0].as_string().as_deref(), Some("CHECKPOINT_UNAVAILABLE"));
    assert!(parts[1].as_string().is_some_and(|message| message.contains("closed")));
    assert!(parts[2].is_undefined());
}

#[wasm_bindgen_test]
async fn a_store_may_be_freed_while_it_works() {
    let store = RawIndexedDb::new(&fresh_name(), true, None);
    let promise = store.append("s".into(), 0, bytes(b"record"), false, None);
    drop(store);
    assert_eq!(settled(promise).await, JsValue::TRUE);
}
