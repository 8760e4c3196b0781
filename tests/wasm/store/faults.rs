//! What IndexedDB may meet: each is a typed error or is got over, and nothing is half-written.

use crate::browser::*;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use weavegraph_wasm::error::ErrorCode;
use weavegraph_wasm::store::indexed_db::{IndexedDb, Settings};
use weavegraph_wasm::store::{Appended, SessionStore, StoreError};

type Answer<T> = Result<T, StoreError<JsValue>>;

fn open(name: &str) -> IndexedDb {
    IndexedDb::new(Settings::new(name))
}

async fn append(store: &IndexedDb, slot: u32) -> Answer<Appended> {
    let bytes = Uint8Array::from(slot.to_le_bytes().as_slice());
    store.append("s", slot, bytes.clone(), Some(bytes), false).await
}

#[track_caller]
fn stored(answer: Answer<Appended>) {
    match answer {
        Ok(appended) => assert_eq!(appended, Appended::Stored),
        Err(error) => panic!("{}: {error} {:?}", error.code().as_str(), error.cause()),
    }
}

#[track_caller]
fn refused<T>(answer: Answer<T>, code: ErrorCode, words: &str) -> StoreError<JsValue> {
    let Err(error) = answer else { panic!("it was not refused") };
    assert_eq!(error.code(), code, "{error} {:?}", error.cause());
    assert!(error.to_string().contains(words), "{error}");
    error
}

async fn slots(name: &str) -> Vec<u32> {
    let read = open(name).read("s", 0, 100).await;
    read.unwrap_or_else(|error| panic!("{error}")).into_iter().map(|(slot, _)| slot).collect()
}

fn name_of(cause: Option<&JsValue>) -> Option<String> {
    cause.and_then(|cause| js_sys::Reflect::get(cause, &"name".into()).ok()).and_then(|name| name.as_string())
}

#[wasm_bindgen_test]
async fn a_connection_that_was_closed_under_us_is_made_anew() {
    for how in [
        "closed",
        "aborted",
        "commit:UnknownError",
        "commit:AbortError",
        "commit:none",
        "request:UnknownError",
        "request:InvalidStateError",
    ] {
        let name = fresh_name();
        let store = IndexedDb::new(Settings { factory: Some(broken_factory(how, 1)), ..Settings::new(&name) });
        stored(append(&store, 0).await);
        stored(append(&store, 1).await);
        assert_eq!(slots(&name).await, [0, 1], "{how}");
    }
}

#[wasm_bindgen_test]
async fn a_connection_that_fails_twice_is_unavailable_and_the_next_call_tries_again() {
    for how in ["closed", "aborted", "commit:UnknownError"] {
        let name = fresh_name();
        let store = IndexedDb::new(Settings { factory: Some(broken_factory(how, 2)), ..Settings::new(&name) });
        refused(append(&store, 0).await, ErrorCode::CheckpointUnavailable, "lost its connection");
        stored(append(&store, 0).await);
        assert_eq!(slots(&name).await, [0], "{how}");
    }
}

#[wasm_bindgen_test]
async fn a_full_disk_is_a_quota_error_at_the_request_and_at_the_commit() {
    for how in ["request:QuotaExceededError", "commit:QuotaExceededError"] {
        let name = fresh_name();
        let store = IndexedDb::new(Settings { factory: Some(broken_factory(how, 1)), ..Settings::new(&name) });
        let error = refused(append(&store, 0).await, ErrorCode::CheckpointQuota, "prune");
        assert_eq!(name_of(error.cause()).as_deref(), Some("QuotaExceededError"));
        assert!(slots(&name).await.is_empty(), "{how}: nothing was written");
        assert!(open(&name).rows(None, 9).await.is_ok_and(|rows| rows.is_empty()), "{how}: nor the row");
    }
}

#[wasm_bindgen_test]
async fn what_the_store_gets_over_is_no_error_of_the_page() {
    let store = open(&fresh_name());
    errors_of_page();
    stored(append(&store, 0).await);
    assert_eq!(append(&store, 0).await.ok(), Some(Appended::Taken));
    settled(pause(50)).await;
    assert_eq!(errors_of_page(), 0);
}

#[wasm_bindgen_test]
async fn another_refusal_has_the_browsers_own_words_as_cause() {
    let store = IndexedDb::new(Settings { factory: Some(broken_factory("request:TimeoutError", 1)), ..Settings::new(&fresh_name()) });
    let error = refused(append(&store, 0).await, ErrorCode::CheckpointUnavailable, "see the cause");
    assert_eq!(name_of(error.cause()).as_deref(), Some("TimeoutError"));
}

#[wasm_bindgen_test]
async fn a_database_that_was_deleted_under_us_does_not_take_the_rest_of_a_log() {
    let name = fresh_name();
    let store = open(&name);
    stored(append(&store, 0).await);
    stored(append(&store, 1).await);
    // The store's connection goes at once, so this does not wait.
    settled(delete_database(&name)).await;
    refused(append(&store, 2).await, ErrorCode::CheckpointUnavailable, "storage was cleared");
    refused(append(&store, 2).await, ErrorCode::CheckpointUnavailable, "storage was cleared");
    assert!(store.newest("s").await.is_ok_and(|newest| newest.is_none()));
    refused(append(&store, 2).await, ErrorCode::CheckpointUnavailable, "storage was cleared");
    assert!(slots(&name).await.is_empty());
    stored(append(&store, 0).await);
    stored(append(&store, 1).await);
}

#[wasm_bindgen_test]
async fn a_session_that_was_read_from_the_new_database_goes_on_there() {
    let name = fresh_name();
    let store = open(&name);
    stored(append(&store, 0).await);
    settled(delete_database(&name)).await;
    let other = open(&name);
    stored(append(&other, 0).await);
    refused(append(&store, 1).await, ErrorCode::CheckpointUnavailable, "storage was cleared");
    assert!(store.newest("s").await.is_ok_and(|newest| newest.is_some()));
    stored(append(&store, 1).await);
}

#[wasm_bindgen_test]
async fn an_upgrade_that_another_tab_blocks_is_told_and_then_refused() {
    let name = fresh_name();
    let other = settled(open_beside(&name, 1, true)).await;
    let (on_blocked, told) = counter();
    let newer = IndexedDb::new(Settings { version: 2, blocked_limit_ms: 200, on_blocked: Some(on_blocked), ..Settings::new(&name) });
    refused(append(&newer, 0).await, ErrorCode::CheckpointBlocked, "close the other tabs");
    assert_eq!(told.get(), 1);
    // The request is answered now that nobody waits for it; it must not leave a connection behind.
    close_beside(&other);
    settled(pause(50)).await;
    stored(append(&newer, 0).await);
    newer.close();
    settled(delete_database(&name)).await;
}

#[wasm_bindgen_test]
async fn an_upgrade_that_is_blocked_for_a_while_only_goes_on() {
    let name = fresh_name();
    let other = settled(open_beside(&name, 1, true)).await;
    let (on_blocked, told) = counter();
    let newer = IndexedDb::new(Settings { version: 2, on_blocked: Some(on_blocked), ..Settings::new(&name) });
    let release = async {
        while told.get() == 0 {
            settled(pause(5)).await;
        }
        close_beside(&other);
    };
    let (answer, ()) = crate::store_contract::both(append(&newer, 0), release).await;
    stored(answer);
}

#[wasm_bindgen_test]
async fn a_request_behind_a_deletion_that_is_blocked_ends_as_well() {
    let name = fresh_name();
    let other = settled(open_beside(&name, 1, true)).await;
    begin_deletion(&name);
    let store = IndexedDb::new(Settings { blocked_limit_ms: 100, ..Settings::new(&name) });
    refused(append(&store, 0).await, ErrorCode::CheckpointUnavailable, "did not answer");
    close_beside(&other);
    settled(pause(50)).await;
    stored(append(&store, 0).await);
}

#[wasm_bindgen_test]
async fn a_connection_that_comes_too_late_is_closed() {
    let name = fresh_name();
    stored(append(&open(&name), 0).await);
    let store = IndexedDb::new(Settings { blocked_limit_ms: 50, factory: Some(late_factory(300)), ..Settings::new(&name) });
    refused(append(&store, 1).await, ErrorCode::CheckpointUnavailable, "did not answer");
    settled(pause(300)).await;
    // Would wait for it otherwise, for ever.
    settled(delete_database(&name)).await;
}

#[wasm_bindgen_test]
async fn our_own_connection_never_blocks_another_tab() {
    let name = fresh_name();
    let older = open(&name);
    stored(append(&older, 0).await);
    let newer = IndexedDb::new(Settings { version: 3, blocked_limit_ms: 2_000, ..Settings::new(&name) });
    stored(append(&newer, 1).await);
    let error = refused(append(&older, 2).await, ErrorCode::CheckpointVersion, "reload");
    assert_eq!(name_of(error.cause()).as_deref(), Some("VersionError"));
}

#[wasm_bindgen_test]
async fn a_database_of_a_newer_version_asks_for_a_reload() {
    let name = fresh_name();
    close_beside(&settled(open_beside(&name, 7, false)).await);
    for _ in 0..2 {
        refused(append(&open(&name), 0).await, ErrorCode::CheckpointVersion, "reload");
    }
}

#[wasm_bindgen_test]
async fn without_indexed_db_it_says_so() {
    shadow_indexed_db(&JsValue::UNDEFINED);
    let answer = append(&open("any"), 0).await;
    unshadow_indexed_db();
    refused(answer, ErrorCode::CheckpointUnavailable, "this runtime has no indexedDB");
    stored(append(&open(&fresh_name()), 0).await);
}

#[wasm_bindgen_test]
async fn a_page_that_may_not_use_it_is_told() {
    let store = IndexedDb::new(Settings { factory: Some(refusing_factory("SecurityError")), ..Settings::new("any") });
    let error = refused(append(&store, 0).await, ErrorCode::CheckpointUnavailable, "refuses it to this page");
    assert_eq!(name_of(error.cause()).as_deref(), Some("SecurityError"));
}

#[wasm_bindgen_test]
async fn opening_is_tried_twice() {
    let name = fresh_name();
    let settings = |last| Settings { factory: Some(failing_open_factory("UnknownError", last)), ..Settings::new(&name) };
    stored(append(&IndexedDb::new(settings(1)), 0).await);
    refused(append(&IndexedDb::new(settings(2)), 1).await, ErrorCode::CheckpointUnavailable, "lost its connection");
    let full = Settings { factory: Some(failing_open_factory("QuotaExceededError", 1)), ..Settings::new(&name) };
    refused(append(&IndexedDb::new(full), 1).await, ErrorCode::CheckpointQuota, "prune");
}

#[wasm_bindgen_test]
async fn a_database_that_does_not_answer_is_given_up() {
    let name = fresh_name();
    let store = IndexedDb::new(Settings { limit_ms: 200, factory: Some(broken_factory("silent", 1)), ..Settings::new(&name) });
    refused(append(&store, 0).await, ErrorCode::CheckpointUnavailable, "did not answer");
    // Whether the first got in cannot be known: the slot tells.
    assert!(append(&store, 0).await.is_ok());
    assert_eq!(slots(&name).await, [0]);
}

#[wasm_bindgen_test]
async fn a_value_that_is_not_ours_is_corrupt() {
    let name = fresh_name();
    let store = open(&name);
    stored(append(&store, 0).await);
    let key = Array::of2(&"s".into(), &1.into());
    settled(put_beside(&name, "records", &key, &"no bytes".into())).await;
    refused(store.newest("s").await, ErrorCode::CheckpointCorrupt, "no Uint8Array");
    refused(store.read("s", 0, 9).await, ErrorCode::CheckpointCorrupt, "no Uint8Array");
    settled(put_beside(&name, "rows", &"s".into(), &7.into())).await;
    refused(store.rows(None, 9).await, ErrorCode::CheckpointCorrupt, "no Uint8Array");
}

#[wasm_bindgen_test]
async fn a_key_that_is_not_ours_is_corrupt() {
    let name = fresh_name();
    let store = open(&name);
    stored(append(&store, 0).await);
    settled(put_beside(&name, "records", &Array::of2(&"s".into(), &1.5.into()), &Uint8Array::new_with_length(1))).await;
    refused(store.newest("s").await, ErrorCode::CheckpointCorrupt, "no slot");
    settled(put_beside(&name, "rows", &1.into(), &Uint8Array::new_with_length(1))).await;
    assert!(store.rows(None, 9).await.is_ok_and(|rows| rows.len() == 1), "what sorts before all texts is not seen");
}

#[wasm_bindgen_test]
async fn a_database_of_somebody_else_is_refused() {
    let name = fresh_name();
    settled(open_bare(&name)).await;
    refused(append(&open(&name), 0).await, ErrorCode::CheckpointCorrupt, "not of this package");
}

#[wasm_bindgen_test]
async fn many_calls_at_once_share_one_connection_and_keep_their_order() {
    let name = fresh_name();
    let store = open(&name);
    let (first, second) = crate::store_contract::both(append(&store, 0), append(&store, 1)).await;
    stored(first);
    stored(second);
    let (one, other) = crate::store_contract::both(append(&store, 2), append(&store, 2)).await;
    assert_eq!([one.ok(), other.ok()], [Some(Appended::Stored), Some(Appended::Taken)]);
}

#[wasm_bindgen_test]
async fn a_store_that_is_closed_while_it_opens_refuses_and_leaves_no_connection() {
    let name = fresh_name();
    let store = open(&name);
    let close = async { store.close() };
    let (answer, ()) = crate::store_contract::both(append(&store, 0), close).await;
    refused(answer, ErrorCode::CheckpointUnavailable, "closed");
    settled(delete_database(&name)).await;
}
