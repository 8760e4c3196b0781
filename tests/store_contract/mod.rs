//! What every store has to do, as cases over a fixture. A store's tests say how its handles are made, and what a test is where they run:
//! `for_each_case!` then makes one of each case. Runs on the host and in browsers.

use weavegraph_wasm::error::ErrorCode;
use weavegraph_wasm::store::{Appended, Drop, SessionStore, StoreError};

/// How a store's tests make handles and bytes.
pub trait Fixture {
    type Store: SessionStore;
    /// One more handle on this fixture's data.
    fn open(&self) -> Self::Store;
    fn bytes(&self, content: &[u8]) -> BytesOf<Self>;
    fn content(&self, bytes: &BytesOf<Self>) -> Vec<u8>;
}

pub type BytesOf<F> = <<F as Fixture>::Store as SessionStore>::Bytes;
pub type ErrorOf<F> = StoreError<<<F as Fixture>::Store as SessionStore>::Cause>;

/// Calls the macro `$each` with the name of each case: it makes a test of `store_contract::name(&fixture)`.
macro_rules! for_each_case {
    ($each:ident) => {
        $each!(what_was_appended_is_read_back_in_order);
        $each!(a_taken_slot_is_refused_and_nothing_is_written);
        $each!(of_two_handles_one_gets_the_slot);
        $each!(two_handles_that_race_write_every_slot_once);
        $each!(a_log_is_read_in_pages);
        $each!(an_unknown_session_is_empty);
        $each!(the_newest_record_is_that_in_the_highest_slot);
        $each!(sessions_do_not_see_each_other);
        $each!(a_row_comes_with_its_record_only);
        $each!(a_row_stays_until_the_next_one);
        $each!(rows_are_listed_in_pages_by_session_id);
        $each!(records_are_dropped_up_to_a_slot_but_for_those_that_stay);
        $each!(dropping_what_is_not_there_is_no_error);
        $each!(a_dropped_session_is_gone_and_may_begin_anew);
        $each!(any_bytes_survive);
        $each!(strict_appends_are_appends);
        $each!(session_ids_may_be_any_text);
        $each!(a_closed_handle_refuses_and_the_data_stays);
    };
}
pub(crate) use for_each_case;

/// A handle, with words of the suite.
struct Log<'f, F: Fixture> {
    fixture: &'f F,
    store: F::Store,
}

impl<'f, F: Fixture> Log<'f, F> {
    fn open(fixture: &'f F) -> Self {
        Self { fixture, store: fixture.open() }
    }

    async fn append(&self, session: &str, slot: u32, record: &[u8], row: Option<&[u8]>) -> Appended {
        let row = row.map(|row| self.fixture.bytes(row));
        must(self.store.append(session, slot, self.fixture.bytes(record), row, false).await)
    }

    /// Appends records with their slot as content.
    async fn fill(&self, session: &str, slots: std::ops::Range<u32>) {
        for slot in slots {
            assert_eq!(self.append(session, slot, &slot.to_le_bytes(), Some(b"row")).await, Appended::Stored);
        }
    }

    async fn read(&self, session: &str, from: u32, limit: u32) -> Vec<(u32, Vec<u8>)> {
        let records = must(self.store.read(session, from, limit).await);
        records.into_iter().map(|(slot, record)| (slot, self.fixture.content(&record))).collect()
    }

    async fn slots(&self, session: &str) -> Vec<u32> {
        self.read(session, 0, u32::MAX).await.into_iter().map(|(slot, _)| slot).collect()
    }

    async fn newest(&self, session: &str) -> Option<(u32, Vec<u8>)> {
        must(self.store.newest(session).await).map(|(slot, record)| (slot, self.fixture.content(&record)))
    }

    async fn rows(&self, after: Option<&str>, limit: u32) -> Vec<(String, Vec<u8>)> {
        let rows = must(self.store.rows(after, limit).await);
        rows.into_iter().map(|(session, row)| (session, self.fixture.content(&row))).collect()
    }

    async fn drop(&self, session: &str, what: Drop<'_>) {
        must(self.store.drop(session, what).await);
    }
}

fn must<T, Cause>(result: Result<T, StoreError<Cause>>) -> T {
    result.unwrap_or_else(|error| panic!("{}: {}", error.code().as_str(), described(&error)))
}

/// The message, without asking that the cause can be shown.
fn described<Cause>(error: &StoreError<Cause>) -> String {
    error.to_string()
}

fn row(session: &str, content: &[u8]) -> (String, Vec<u8>) {
    (session.to_owned(), content.to_vec())
}

pub async fn what_was_appended_is_read_back_in_order<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    log.fill("s", 0..12).await;
    let expected: Vec<_> = (0..12_u32).map(|slot| (slot, slot.to_le_bytes().to_vec())).collect();
    assert_eq!(log.read("s", 0, 100).await, expected);
    assert_eq!(Log::open(fixture).read("s", 0, 100).await, expected, "through another handle");
}

pub async fn a_taken_slot_is_refused_and_nothing_is_written<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    assert_eq!(log.append("s", 0, b"first", Some(b"row 1")).await, Appended::Stored);
    assert_eq!(log.append("s", 0, b"second", Some(b"row 2")).await, Appended::Taken);
    assert_eq!(log.read("s", 0, 9).await, [(0, b"first".to_vec())]);
    assert_eq!(log.rows(None, 9).await, [row("s", b"row 1")]);
    assert_eq!(log.append("s", 1, b"third", None).await, Appended::Stored, "the store goes on");
}

pub async fn of_two_handles_one_gets_the_slot<F: Fixture>(fixture: &F) {
    let (one, other) = (Log::open(fixture), Log::open(fixture));
    assert_eq!(one.append("s", 0, b"one", None).await, Appended::Stored);
    assert_eq!(other.append("s", 0, b"other", None).await, Appended::Taken);
    assert_eq!(other.append("s", 1, b"other", None).await, Appended::Stored);
    assert_eq!(one.append("s", 1, b"one", None).await, Appended::Taken);
    assert_eq!(one.read("s", 0, 9).await, [(0, b"one".to_vec()), (1, b"other".to_vec())]);
}

pub async fn two_handles_that_race_write_every_slot_once<F: Fixture>(fixture: &F) {
    let (one, other) = (Log::open(fixture), Log::open(fixture));
    let mut wins = [0, 0];
    for slot in 0..40 {
        let attempts = both(one.append("s", slot, b"one", Some(b"one")), other.append("s", slot, b"other", Some(b"other"))).await;
        let winner = match attempts {
            (Appended::Stored, Appended::Taken) => 0,
            (Appended::Taken, Appended::Stored) => 1,
            _ => panic!("slot {slot}: {attempts:?}"),
        };
        wins[winner] += 1;
        let name = [b"one".as_slice(), b"other"][winner];
        assert_eq!(one.newest("s").await, Some((slot, name.to_vec())));
        assert_eq!(other.rows(None, 9).await, [row("s", name)], "the row is the winner's");
    }
    assert_eq!(wins[0] + wins[1], 40);
}

pub async fn a_log_is_read_in_pages<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    log.fill("s", 0..10).await;
    let slots = |records: Vec<(u32, Vec<u8>)>| records.into_iter().map(|(slot, _)| slot).collect::<Vec<_>>();
    assert_eq!(slots(log.read("s", 0, 4).await), [0, 1, 2, 3]);
    assert_eq!(slots(log.read("s", 4, 4).await), [4, 5, 6, 7]);
    assert_eq!(slots(log.read("s", 8, 4).await), [8, 9]);
    assert!(log.read("s", 10, 4).await.is_empty());
    assert_eq!(slots(log.read("s", 3, 1).await), [3]);
    assert!(log.read("s", 3, 0).await.is_empty(), "a page of none");
}

pub async fn an_unknown_session_is_empty<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    assert_eq!(log.newest("nobody").await, None);
    assert_eq!(log.read("nobody", 0, 9).await, []);
    assert_eq!(log.rows(None, 9).await, []);
}

pub async fn the_newest_record_is_that_in_the_highest_slot<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    for slot in [0_u32, 1, 2, 300, 70_000] {
        log.append("s", slot, &slot.to_le_bytes(), None).await;
        assert_eq!(log.newest("s").await, Some((slot, slot.to_le_bytes().to_vec())));
    }
}

pub async fn sessions_do_not_see_each_other<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    for session in ["a", "ab", "b"] {
        assert_eq!(log.append(session, 0, session.as_bytes(), Some(session.as_bytes())).await, Appended::Stored);
    }
    log.append("ab", 1, b"more", None).await;
    assert_eq!(log.read("a", 0, 9).await, [(0, b"a".to_vec())]);
    assert_eq!(log.newest("a").await, Some((0, b"a".to_vec())));
    log.drop("a", Drop::All).await;
    assert_eq!(log.slots("ab").await, [0, 1]);
    assert_eq!(log.rows(None, 9).await, [row("ab", b"ab"), row("b", b"b")]);
}

pub async fn a_row_comes_with_its_record_only<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    log.append("s", 0, b"record", None).await;
    assert_eq!(log.rows(None, 9).await, [], "no row was given yet");
    log.append("s", 0, b"again", Some(b"row")).await;
    assert_eq!(log.rows(None, 9).await, [], "its record was refused");
    log.append("s", 1, b"record", Some(b"row")).await;
    assert_eq!(log.rows(None, 9).await, [row("s", b"row")]);
}

pub async fn a_row_stays_until_the_next_one<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    log.append("s", 0, b"", Some(b"first")).await;
    log.append("s", 1, b"", None).await;
    assert_eq!(log.rows(None, 9).await, [row("s", b"first")]);
    log.append("s", 2, b"", Some(b"second")).await;
    assert_eq!(log.rows(None, 9).await, [row("s", b"second")]);
}

pub async fn rows_are_listed_in_pages_by_session_id<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    for session in ["delta", "alpha", "echo", "bravo", "charlie"] {
        log.append(session, 0, b"", Some(session.as_bytes())).await;
    }
    let names = |rows: Vec<(String, Vec<u8>)>| rows.into_iter().map(|(session, _)| session).collect::<Vec<_>>();
    assert_eq!(names(log.rows(None, 2).await), ["alpha", "bravo"]);
    assert_eq!(names(log.rows(Some("bravo"), 2).await), ["charlie", "delta"]);
    assert_eq!(names(log.rows(Some("delta"), 2).await), ["echo"]);
    assert!(log.rows(Some("echo"), 2).await.is_empty());
    assert_eq!(names(log.rows(Some("beta"), 1).await), ["bravo"], "behind an id that is not there");
    assert!(log.rows(None, 0).await.is_empty(), "a page of none");
}

pub async fn records_are_dropped_up_to_a_slot_but_for_those_that_stay<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    log.fill("s", 0..10).await;
    log.drop("s", Drop::UpTo { up_to: 6, keep: &[0, 3, 4, 8] }).await;
    assert_eq!(log.slots("s").await, [0, 3, 4, 7, 8, 9]);
    assert_eq!(log.read("s", 1, 3).await.iter().map(|(slot, _)| *slot).collect::<Vec<_>>(), [3, 4, 7], "pages pass over gaps");
    assert_eq!(log.rows(None, 9).await, [row("s", b"row")], "the row stays");
    log.drop("s", Drop::UpTo { up_to: 6, keep: &[] }).await;
    assert_eq!(log.slots("s").await, [7, 8, 9]);
    log.drop("s", Drop::UpTo { up_to: 8, keep: &[8] }).await;
    assert_eq!(log.slots("s").await, [8, 9]);
    assert_eq!(log.append("s", 9, b"", None).await, Appended::Taken);
    assert_eq!(log.append("s", 10, b"", None).await, Appended::Stored, "the log goes on");
}

pub async fn dropping_what_is_not_there_is_no_error<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    log.drop("nobody", Drop::All).await;
    log.drop("nobody", Drop::UpTo { up_to: 7, keep: &[1] }).await;
    log.fill("s", 0..2).await;
    log.drop("s", Drop::UpTo { up_to: u32::MAX, keep: &[1, 9] }).await;
    assert_eq!(log.slots("s").await, [1]);
}

pub async fn a_dropped_session_is_gone_and_may_begin_anew<F: Fixture>(fixture: &F) {
    let (log, other) = (Log::open(fixture), Log::open(fixture));
    log.fill("s", 0..5).await;
    other.drop("s", Drop::All).await;
    assert_eq!((log.newest("s").await, log.slots("s").await), (None, Vec::new()));
    assert!(log.rows(None, 9).await.is_empty());
    assert_eq!(log.append("s", 0, b"new", None).await, Appended::Stored);
}

pub async fn any_bytes_survive<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    let every: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = (0..300_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (slot, content) in (0..).zip([Vec::new(), every.clone(), large]) {
        log.append("s", slot, &content, Some(&every)).await;
        assert_eq!(log.newest("s").await, Some((slot, content)));
    }
    assert_eq!(log.rows(None, 9).await, [row("s", &every)]);
}

pub async fn strict_appends_are_appends<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    for (slot, expected) in [(0, Appended::Stored), (0, Appended::Taken), (1, Appended::Stored)] {
        assert_eq!(must(log.store.append("s", slot, fixture.bytes(b"record"), None, true).await), expected);
    }
    assert_eq!(log.slots("s").await, [0, 1]);
}

pub async fn session_ids_may_be_any_text<F: Fixture>(fixture: &F) {
    let log = Log::open(fixture);
    for session in ["\u{0}", " ", "__proto__", "a/b:c", "\u{e4}\u{1f600}", "\u{ffff}"] {
        log.append(session, 0, session.as_bytes(), Some(session.as_bytes())).await;
        assert_eq!(log.newest(session).await, Some((0, session.as_bytes().to_vec())));
    }
    let mut rows = log.rows(None, 9).await;
    assert_eq!(rows.len(), 6);
    rows.retain(|(session, row)| session.as_bytes() != row);
    assert_eq!(rows, []);
}

pub async fn a_closed_handle_refuses_and_the_data_stays<F: Fixture>(fixture: &F) {
    let (log, other) = (Log::open(fixture), Log::open(fixture));
    log.fill("s", 0..1).await;
    log.store.close();
    log.store.close();
    let refusals: [Result<(), ErrorOf<F>>; 5] = [
        log.store.append("s", 1, fixture.bytes(b""), None, false).await.map(drop),
        log.store.newest("s").await.map(drop),
        log.store.read("s", 0, 9).await.map(drop),
        log.store.rows(None, 9).await.map(drop),
        log.store.drop("s", Drop::All).await,
    ];
    for refusal in refusals {
        assert_eq!(refusal.err().map(|error| error.code()), Some(ErrorCode::CheckpointUnavailable));
    }
    assert_eq!(other.slots("s").await, [0]);
}

/// Both results, with both futures under way at once.
pub async fn both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    use std::pin::pin;
    use std::task::Poll;
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(move |context| {
        if first.is_none()
            && let Poll::Ready(value) = one.as_mut().poll(context)
        {
            first = Some(value);
        }
        if second.is_none()
            && let Poll::Ready(value) = other.as_mut().poll(context)
        {
            second = Some(value);
        }
        match (first.take(), second.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (first, second) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}
