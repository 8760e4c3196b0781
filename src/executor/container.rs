//! A record with its values, and a session's row, as bytes: what a store keeps.
//!
//! ```text
//! letter · length, the engine's record · length, the values as a JSON array · checksum
//! letter · the row as JSON · checksum
//! ```
//!
//! Lengths and checksum have four bytes, little-endian. The letter tells these containers from those of the JavaScript package,
//! which begin with a version. It must not know what a record says.

use crate::checkpoint::Status;
use crate::graph::fnv1a;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const RECORD: u8 = b'R';
const ROW: u8 = b'r';

fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = fnv1a(&bytes) as u32;
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

fn open(bytes: &[u8], letter: u8) -> Option<&[u8]> {
    let (body, sum) = bytes.split_last_chunk::<4>()?;
    let (first, rest) = body.split_first()?;
    (u32::from_le_bytes(*sum) == fnv1a(body) as u32 && *first == letter).then_some(rest)
}

fn add_part(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
    bytes.extend_from_slice(part);
}

fn take_part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (part, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    *bytes = rest;
    Some(part)
}

pub(super) fn pack_record(record: &[u8], values: &[Value]) -> Vec<u8> {
    let mut bytes = vec![RECORD];
    add_part(&mut bytes, record);
    // Text of values cannot fail: their keys are texts.
    add_part(&mut bytes, &serde_json::to_vec(values).unwrap_or_default());
    seal(bytes)
}

/// The engine's record and the values; `None` if it is damaged.
pub(super) fn unpack_record(bytes: &[u8]) -> Option<(&[u8], Vec<Value>)> {
    let mut rest = open(bytes, RECORD)?;
    let record = take_part(&mut rest)?;
    let values = serde_json::from_slice(take_part(&mut rest)?).ok()?;
    Some((record, values))
}

/// A session in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// Its id.
    #[serde(skip)]
    pub session_id: String,
    /// Of its last run.
    pub run_id: String,
    /// How that stands; `running` also of one whose process died.
    pub status: String,
    /// The last finished step, as of when the row was written: at start, takeover and end of a run.
    pub step: u32,
    /// When it was made, in epoch milliseconds.
    pub created_at: f64,
    /// When the row was written.
    pub updated_at: f64,
}

pub(super) fn pack_row(summary: &SessionSummary) -> Vec<u8> {
    let mut bytes = vec![ROW];
    bytes.extend(serde_json::to_vec(summary).unwrap_or_default());
    seal(bytes)
}

pub(super) fn unpack_row(session_id: &str, bytes: &[u8]) -> Option<SessionSummary> {
    let summary: SessionSummary = serde_json::from_slice(open(bytes, ROW)?).ok()?;
    Status::ALL
        .iter()
        .any(|status| status.as_str() == summary.status)
        .then(|| SessionSummary { session_id: session_id.to_owned(), ..summary })
}
