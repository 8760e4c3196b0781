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
    assert_eq!(settled(store.drop(session(), 1.0, vec![1])).await, JsValue::UNDEFINED);
    assert_eq!(list(store.read(session(), 0, 9)).await.len(), 2);
    settled(store.drop(session(), -1.0, Vec::new())).await;
    assert!(list(store.rows(None, 9)).await.is_empty());
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
