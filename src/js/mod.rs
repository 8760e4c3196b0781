//! The only exports of the wasm module. They convert between JavaScript and the core, and decide nothing.
//!
//! Values never cross: JavaScript keeps them in an arena per run and hands in handles (`u32`) with an approximate size. What the core
//! asks for leaves as 64-bit floats in one buffer that every export refills (`out_words`): the facade reads it before its next
//! call. Text and lists cross only where they are rare. No export calls into user code, and none holds a borrow across one.

mod calls;
mod event_words;
mod flat;
mod graph;
mod ids;
mod log;
mod plain;
mod run;
mod words;

pub use calls::{Ask, Tell, TellText, TellWith};
pub use graph::RawGraph;
pub use ids::new_id;
pub use log::{RawLog, check_record, record_flags, snapshot_slot};
pub use run::RawRun;
pub use words::{Op, current_memory, out_words, take_failure, take_text};

#[cfg(feature = "test-hooks")]
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

// A panic of the published wasm is a trap that says nothing: see scripts/panics.mjs.
#[cfg(feature = "test-hooks")]
thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

#[cfg(feature = "test-hooks")]
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| {
        PANIC.with(|message| *message.borrow_mut() = info.to_string());
        console_error_panic_hook::hook(info);
    }));
}

/// Makes the next call of an export run on a fresh instance, and says what the last panic said, in builds for tests. For an instance
/// that has panicked. No `String`: the glue would free that by a call, which is one on the fresh instance already.
#[wasm_bindgen]
pub fn reinit() -> JsValue {
    wasm_bindgen::handler::schedule_reinit();
    #[cfg(feature = "test-hooks")]
    return PANIC.with(|message| JsValue::from_str(&message.borrow()));
    #[cfg(not(feature = "test-hooks"))]
    JsValue::UNDEFINED
}

/// Panics, for tests of what a panic leaves.
#[cfg(feature = "test-hooks")]
#[wasm_bindgen(js_name = panicNow)]
#[allow(clippy::panic)]
pub fn panic_now() {
    // INVARIANT: exists in builds for tests only.
    panic!("a test asked for a panic");
}

/// Every list that the facade repeats, for the test that compares them: calls and commands, event types, statuses, error codes.
#[cfg(feature = "test-hooks")]
#[wasm_bindgen]
pub fn vocabulary() -> Vec<String> {
    use crate::{checkpoint::Status, error::ErrorCode, events::EventKind, events::Mask};
    let ops = words::Op::ALL.iter().map(|op| format!("op:{op:?}"));
    let tells = calls::Tell::ALL.iter().map(|call| format!("tell:{call:?}"));
    let with = calls::TellWith::ALL.iter().map(|call| format!("tellWith:{call:?}"));
    let text = calls::TellText::ALL.iter().map(|call| format!("tellText:{call:?}"));
    let asks = calls::Ask::ALL.iter().map(|call| format!("ask:{call:?}"));
    let kinds = EventKind::ALL.iter().map(|kind| format!("event:{}", kind.as_str()));
    let presets = [("minimal", Mask::minimal()), ("chat", Mask::chat()), ("debug", Mask::ALL), ("all", Mask::ALL)];
    let presets = presets.map(|(name, mask)| format!("preset:{name} {}", mask.bits()));
    let statuses = Status::ALL.iter().map(|status| format!("status:{}", status.as_str()));
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str()).chain(crate::graph::GraphErrorCode::ALL.iter().map(|code| code.as_str()));
    ops.chain(tells)
        .chain(with)
        .chain(text)
        .chain(asks)
        .chain(kinds)
        .chain(statuses)
        .chain(presets)
        .chain(codes.map(|code| format!("code:{code}")))
        .collect()
}
