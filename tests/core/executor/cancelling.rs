//! How a run ends before its time.

use super::*;
use std::task::Poll;

struct Guard(Rc<Cell<u32>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A node that never ends, and how many of its calls were dropped.
fn hanging() -> (impl Node, Rc<Cell<u32>>) {
    let dropped = Rc::new(Cell::new(0));
    let count = Rc::clone(&dropped);
    let node = async move |_: &State, _: &NodeContext| {
        let _guard = Guard(Rc::clone(&count));
        std::future::pending::<()>().await;
        Ok(())
    };
    (node, dropped)
}

#[test]
fn a_cancel_drops_what_hangs_and_says_why() {
    let (node, dropped) = hanging();
    let app = one(node);
    let run = app.invoke_streaming(());
    let mut join = run.join();
    assert!(poll_once(&mut join).is_pending());
    let cancelled = Box::pin(run.cancel(Some("enough")));
    assert!(matches!(poll_once(&mut { cancelled }), Poll::Ready(Ok(()))));
    assert_eq!(dropped.get(), 1);
    assert_eq!(run.status(), Status::Cancelled);
    let Poll::Ready(Err(error)) = poll_once(&mut join) else { panic!("it goes on") };
    assert_eq!((error.code(), error.to_string().as_str()), (ErrorCode::RunCancelled, "the run was cancelled: enough"));
    let events = futures::executor::block_on(all(run));
    assert_eq!(events.last().map(|event| (&event["type"], &event["reason"])), Some((&json!("run.cancelled"), &json!("enough"))));
}

#[test]
fn a_run_that_is_cancelled_before_its_first_poll_calls_nobody() {
    let app = one(async |_: &State, _: &NodeContext| -> Result<(), NodeError> { panic!("it ran") });
    let run = app.invoke_streaming(());
    assert!(matches!(poll_once(&mut Box::pin(run.cancel(None))), Poll::Ready(Ok(()))));
    assert_eq!(types(&futures::executor::block_on(all(run))), ["run.cancelled"]);
}

#[test]
fn a_cancel_after_the_end_changes_nothing() {
    let app = one(async |_: &State, _: &NodeContext| Ok(()));
    let run = app.invoke_streaming(());
    futures::executor::block_on(run.join()).unwrap();
    futures::executor::block_on(run.cancel(None)).unwrap();
    assert_eq!(run.status(), Status::Completed);
}

#[test]
fn a_node_may_cancel_its_own_run_and_emit_while_it_is_dropped() {
    let handle: Rc<RefCell<Option<Run>>> = Rc::default();
    let own = Rc::clone(&handle);
    let app = one(async move |_: &State, ctx: &NodeContext| {
        struct Emits<'a>(&'a NodeContext);
        impl Drop for Emits<'_> {
            fn drop(&mut self) {
                self.0.emit("late", "nobody hears this");
                self.0.token("nor this");
            }
        }
        let _emits = Emits(ctx);
        let cancel = own.borrow().as_ref().map(|run| run.cancel(Some("from within")));
        cancel.expect("the run").await.ok();
        Ok(())
    });
    let run = app.invoke_streaming(());
    let join = run.join();
    *handle.borrow_mut() = Some(run);
    let error = futures::executor::block_on(join).expect_err("it was cancelled");
    assert_eq!(error.code(), ErrorCode::RunCancelled);
    let run = handle.borrow_mut().take().expect("the run");
    let events = futures::executor::block_on(all(run));
    assert!(!types(&events).contains(&"message"), "{events:?}");
}

#[test]
fn dropping_the_last_handle_drops_the_tasks() {
    let (node, dropped) = hanging();
    let app = one(node);
    let run = app.invoke_streaming(());
    let mut join = run.join();
    assert!(poll_once(&mut join).is_pending());
    drop(run);
    assert_eq!(dropped.get(), 0);
    drop(join);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn a_failure_drops_the_siblings_that_still_run() {
    let (node, dropped) = hanging();
    let app = GraphBuilder::new()
        .add_node("hangs", node)
        .add_node("fails", async |_: &State, _: &NodeContext| Err::<(), _>(NodeError::new("no")))
        .add_edge(START, "hangs")
        .add_edge(START, "fails")
        .add_join(["hangs", "fails"], END)
        .compile()
        .unwrap();
    assert_eq!(code(finish(|options| app.invoke_with((), options))).0, "NODE_THREW");
    assert_eq!(dropped.get(), 1);
}
