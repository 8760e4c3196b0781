//! Sessions in memory: what outlives a run, a failure and a crash.

use super::*;
use std::cell::RefCell;
use weavegraph_wasm::store::{Appended, Drop as Dropped, MemoryStore, SessionStore, Slotted, StoreError};

/// `count` runs until `n` is `most`; `calls` says how often.
fn counting(most: u32, calls: &Rc<Cell<u32>>, checkpointer: &Checkpointer) -> App {
    let calls = Rc::clone(calls);
    GraphBuilder::new()
        .channel("n", Channel::last().initial(0))
        .channel("log", Channel::append())
        .channel("sum", Channel::reduce(0, |sum, write| Ok(sum.as_u64().unwrap_or(0) + write.as_u64().unwrap_or(0))))
        .add_node("count", async move |state: &State, ctx: &NodeContext| {
            calls.set(calls.get() + 1);
            ctx.sleep(Duration::from_millis(10)).await;
            let n: u32 = state.get("n")?;
            Ok(Update::new().write("n", n + 1).write("log", format!("step {n}")).write("sum", n))
        })
        .add_edge(START, "count")
        .add_conditional_edge("count", move |state| if state.get::<u32>("n").is_ok_and(|n| n < most) { "count" } else { END })
        .compile_with(RunOptions::new().checkpointer(checkpointer.clone()))
        .unwrap()
}

#[test]
fn a_run_that_was_dropped_goes_on_from_its_last_step() {
    let (calls, clock) = (Rc::new(Cell::new(0)), ManualClock::new(0.0));
    let app = counting(6, &calls, &Checkpointer::memory());
    let options = || RunOptions::new().clock(clock.clone()).session_id("s");
    let mut run = app.invoke_with((), options());
    for _ in 0..4 {
        assert!(poll_once(&mut run).is_pending());
        clock.advance(Duration::from_millis(10));
    }
    drop(run);
    let left = run_on(&clock, app.get_state("s")).unwrap().expect("a session");
    assert_eq!((left.step, left.status, left.frontier), (3, Status::Running, vec!["count".to_owned()]));
    assert_eq!(left.state.get::<u32>("n").unwrap(), 3);
    let before = calls.get();
    let state = run_on(&clock, app.resume_with("s", (), options())).unwrap();
    assert_eq!(calls.get() - before, 3);
    let log: Vec<String> = (0..6).map(|n| format!("step {n}")).collect();
    assert_eq!(state.to_value(), json!({ "n": 6, "log": log, "sum": 15 }));
}

#[test]
fn finished_tasks_of_a_half_done_step_are_not_run_again() {
    let calls: Rc<RefCell<Vec<String>>> = Rc::default();
    let checkpointer = Checkpointer::memory();
    let is_mended = Rc::new(Cell::new(false));
    let (called, mended) = (Rc::clone(&calls), Rc::clone(&is_mended));
    let app = GraphBuilder::new()
        .channel("done", Channel::append())
        .add_node("work", async move |_: &State, ctx: &NodeContext| {
            let number: u32 = ctx.input()?;
            called.borrow_mut().push(format!("{number}@{}", ctx.idempotency_key()));
            ctx.sleep(Duration::from_millis(u64::from(number))).await;
            if number == 3 && !mended.get() {
                return Err(NodeError::new("three is out"));
            }
            Ok(Update::new().write("done", number))
        })
        .add_conditional_edge(START, |_| [4u32, 2, 3, 1].map(|number| send("work", number)))
        .add_edge("work", END)
        .compile_with(RunOptions::new().checkpointer(checkpointer))
        .unwrap();
    let error = finish(|options| app.invoke_with((), options.session_id("s"))).expect_err("a failure");
    assert_eq!(error.code(), ErrorCode::NodeThrew);
    is_mended.set(true);
    calls.borrow_mut().clear();
    let state = finish(|options| app.resume_with("s", (), options)).unwrap();
    assert_eq!(*calls.borrow(), ["4@s//1/work#0", "3@s//1/work#2"]);
    assert_eq!(state.to_value(), json!({ "done": [4, 2, 3, 1] }));
}

#[test]
fn a_resume_has_the_same_run_id_and_says_that_it_is_one() {
    let (calls, clock) = (Rc::new(Cell::new(0)), ManualClock::new(0.0));
    let app = counting(4, &calls, &Checkpointer::memory());
    let options = || RunOptions::new().clock(clock.clone()).max_steps(2);
    let first = app.invoke_streaming_with((), options().session_id("s"));
    let id = first.id();
    let events = run_on(&clock, all(first));
    assert_eq!(events.last().unwrap()["error"]["code"], "RUN_STEP_LIMIT");
    let events = run_on(&clock, all(app.resume_streaming_with("s", (), options())));
    assert_eq!((&events[0]["runId"], &events[0]["resumed"]), (&json!(id), &json!(true)));
    assert_eq!(events.last().unwrap()["type"], "run.completed");
    assert_eq!(events.last().unwrap()["steps"], 2);
}

#[test]
fn a_session_outlives_its_runs_and_a_long_one_is_restored_from_a_snapshot() {
    let (calls, checkpointer) = (Rc::new(Cell::new(0)), Checkpointer::memory());
    let store = MemoryStore::default();
    let counted = Checkpointer::new("counted", store.another());
    drop(checkpointer);
    let app = counting(900, &calls, &counted);
    finish(|options| app.invoke_with((), options.session_id("s"))).unwrap();
    let again = counting(905, &calls, &counted);
    let state = finish(|options| again.invoke_with(json!({ "log": "more" }), options.session_id("s"))).unwrap();
    let log: Vec<String> = state.get("log").unwrap();
    assert_eq!((log.len(), log[900].as_str(), state.get::<u32>("n").unwrap()), (906, "more", 905));
    let kept = futures::executor::block_on(SessionStore::read(&store, "s", 0, u32::MAX)).unwrap();
    let bytes: usize = kept.iter().map(|(_, record)| record.len()).sum();
    assert!(bytes < 900 * 1000, "{bytes}");
}

#[test]
fn lists_name_sessions_and_how_they_stand() {
    let (calls, checkpointer) = (Rc::new(Cell::new(0)), Checkpointer::memory());
    let app = counting(2, &calls, &checkpointer);
    finish(|options| app.invoke_with((), options.session_id("done"))).unwrap();
    finish(|options| app.invoke_with((), options.session_id("stopped").max_steps(1))).expect_err("a limit");
    let list = || {
        let sessions = futures::executor::block_on(checkpointer.list_sessions(None, 10)).unwrap();
        sessions.into_iter().map(|session| (session.session_id, session.status, session.step)).collect::<Vec<_>>()
    };
    assert_eq!(list(), [("done".to_owned(), "completed".to_owned(), 2), ("stopped".to_owned(), "failed".to_owned(), 1)]);
    futures::executor::block_on(checkpointer.delete_session("done")).unwrap();
    assert_eq!(list().len(), 1);
    assert!(futures::executor::block_on(app.get_state("done")).unwrap().is_none());
}

#[test]
fn refusals_have_their_codes() {
    let (calls, checkpointer) = (Rc::new(Cell::new(0)), Checkpointer::memory());
    let app = counting(2, &calls, &checkpointer);
    assert_eq!(code(finish(|options| app.resume_with("lost", (), options))).0, "SESSION_NOT_FOUND");
    let bare = one(async |_: &State, _: &NodeContext| Ok(()));
    assert_eq!(code(finish(|options| bare.resume_with("s", (), options))).0, "CHECKPOINT_NO_STORE");
    assert_eq!(futures::executor::block_on(bare.get_state("s")).expect_err("no store").code(), ErrorCode::CheckpointNoStore);
    finish(|options| app.invoke_with((), options.session_id("s").max_steps(1))).expect_err("a limit");
    assert_eq!(code(finish(|options| app.invoke_with((), options.session_id("s")))).0, "SESSION_UNFINISHED");
    finish(|options| app.invoke_with((), options.session_id("s").abandon())).unwrap();
}

#[test]
fn a_session_is_run_by_one_run_at_a_time() {
    let (calls, clock) = (Rc::new(Cell::new(0)), ManualClock::new(0.0));
    let app = counting(2, &calls, &Checkpointer::memory());
    let options = || RunOptions::new().clock(clock.clone()).session_id("s");
    let mut first = app.invoke_with((), options());
    assert!(poll_once(&mut first).is_pending());
    assert_eq!(code(run_on(&clock, app.invoke_with((), options()))).0, "SESSION_BUSY");
    drop(first);
    run_on(&clock, app.resume_with("s", (), options())).unwrap();
    run_on(&clock, app.invoke_with((), options())).unwrap();
}

#[test]
fn of_two_checkpointers_on_one_store_the_later_one_takes_the_session() {
    let (calls, clock, store) = (Rc::new(Cell::new(0)), ManualClock::new(0.0), MemoryStore::default());
    let apps = [store.another(), store.another()].map(|store| counting(3, &calls, &Checkpointer::new("shared", store)));
    let options = || RunOptions::new().clock(clock.clone()).session_id("s");
    let mut first = apps[0].invoke_with((), options());
    assert!(poll_once(&mut first).is_pending());
    clock.advance(Duration::from_millis(10));
    assert!(poll_once(&mut first).is_pending());
    let mut second = apps[1].resume_with("s", (), options());
    assert!(poll_once(&mut second).is_pending());
    assert_eq!(code(run_on(&clock, first)).0, "CHECKPOINT_CONFLICT");
    assert_eq!(run_on(&clock, second).unwrap().get::<u32>("n").unwrap(), 3);
}

/// A store whose bytes can be broken, and that can refuse.
#[derive(Clone, Default)]
pub struct Fragile {
    inner: Rc<MemoryStore>,
    refuses: Rc<Cell<bool>>,
    breaks: Rc<Cell<bool>>,
    /// Records that a power cut must not take back.
    pub strict: Rc<Cell<u32>>,
}

impl SessionStore for Fragile {
    type Bytes = Rc<[u8]>;
    type Cause = std::convert::Infallible;

    async fn append(
        &self,
        session: &str,
        slot: u32,
        record: Rc<[u8]>,
        row: Option<Rc<[u8]>>,
        is_strict: bool,
    ) -> Result<Appended, StoreError<Self::Cause>> {
        if self.refuses.get() {
            return Err(StoreError::Unavailable { why: "the disk is gone", cause: None });
        }
        let record = if self.breaks.get() { record.iter().map(|byte| byte ^ 1).collect() } else { record };
        self.strict.set(self.strict.get() + u32::from(is_strict));
        self.inner.append(session, slot, record, row, is_strict).await
    }
    async fn read(&self, session: &str, from: u32, limit: u32) -> Result<Vec<Slotted<Rc<[u8]>>>, StoreError<Self::Cause>> {
        self.inner.read(session, from, limit).await
    }
    async fn newest(&self, session: &str) -> Result<Option<Slotted<Rc<[u8]>>>, StoreError<Self::Cause>> {
        self.inner.newest(session).await
    }
    async fn rows(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Rc<[u8]>)>, StoreError<Self::Cause>> {
        self.inner.rows(after, limit).await
    }
    async fn drop(&self, session: &str, what: Dropped<'_>) -> Result<(), StoreError<Self::Cause>> {
        SessionStore::drop(&*self.inner, session, what).await
    }
    fn close(&self) {
        self.inner.close();
    }
}

#[test]
fn a_store_that_refuses_ends_the_run_and_a_record_that_is_damaged_is_told() {
    let (calls, store) = (Rc::new(Cell::new(0)), Fragile::default());
    let app = counting(2, &calls, &Checkpointer::new("fragile", store.clone()));
    store.refuses.set(true);
    let (refused, text) = code(finish(|options| app.invoke_with((), options.session_id("a"))));
    assert_eq!(refused, "CHECKPOINT_UNAVAILABLE");
    assert!(text.contains("the disk is gone"), "{text}");
    store.refuses.set(false);
    store.breaks.set(true);
    finish(|options| app.invoke_with((), options.session_id("b"))).unwrap();
    assert_eq!(code(finish(|options| app.resume_with("b", (), options))).0, "CHECKPOINT_CORRUPT");
}
