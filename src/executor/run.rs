//! A run's handles: its events, its result, its end.
//!
//! A run is lazy: it goes on while one of its handles is polled, and is gone, as by a crash, when the last one is dropped.

use super::errors::{Error, WeaveError};
use super::event::{Interrupt, Reason, Waiting, WeaveEvent};
use super::event_factory::{EventFactory, reason};
use super::execution::Execution;
use super::reader::{EventStream, SubscribeOptions};
use super::state::State;
use super::wakers::Handle;
use crate::checkpoint::Status;
use crate::engine::Machine;
use crate::events::{Body, Ending, Overflow};
use futures_util::Stream;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// How a run ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing was left to run.
    Completed {
        /// Why.
        reason: Reason,
        /// Joins that never got all their sources.
        waiting: Vec<Waiting>,
    },
    /// It failed, and can be resumed.
    Failed(WeaveError),
    /// It was cancelled, and can be resumed.
    Cancelled {
        /// As `cancel` was given it.
        reason: Option<String>,
    },
    /// It waits for answers, and can be resumed with them.
    Interrupted {
        /// What it waits for.
        interrupts: Vec<Interrupt>,
    },
}

/// How a run ended, and the state as of its last finished step.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// The run.
    pub run_id: String,
    /// Its session.
    pub session_id: String,
    /// Steps of this execution.
    pub steps: u32,
    /// Milliseconds of this execution.
    pub duration_ms: f64,
    /// The state.
    pub state: State,
    /// How it ended.
    pub outcome: Outcome,
}

impl RunResult {
    pub(super) fn new(factory: &EventFactory<'_>, machine: &Machine, state: State) -> Self {
        let event = machine.terminal_event();
        let (ending, duration_ms) = match event.map(|event| event.body) {
            Some(Body::RunEnded { ending, duration_ms, .. }) => (Some(ending), duration_ms),
            _ => (None, 0.0),
        };
        let outcome = match ending.as_deref() {
            Some(Ending::Failed(failure)) => Outcome::Failed(factory.error(failure)),
            Some(Ending::Cancelled(reason)) => Outcome::Cancelled { reason: factory.reason(reason.as_ref()) },
            Some(Ending::Interrupted(open)) => Outcome::Interrupted { interrupts: factory.interrupts(open) },
            Some(Ending::Completed { is_end, waiting }) => {
                Outcome::Completed { reason: reason(*is_end), waiting: factory.waiting(waiting) }
            }
            // INVARIANT: a machine that has finished has its terminal event.
            None => Outcome::Completed { reason: Reason::Quiescent, waiting: Vec::new() },
        };
        let (run_id, session_id) = (factory.run_id.to_owned(), factory.session_id.to_owned());
        Self { run_id, session_id, steps: machine.steps(), duration_ms, state, outcome }
    }

    /// The final state, or why there is none.
    ///
    /// # Errors
    /// The run failed, was cancelled or waits for answers.
    pub fn into_state(self) -> Result<State, Error> {
        match self.outcome {
            Outcome::Completed { .. } => Ok(self.state),
            Outcome::Failed(error) => Err(error.into()),
            Outcome::Cancelled { reason } => Err(Error::Cancelled { reason }),
            Outcome::Interrupted { interrupts } => Err(Error::Interrupted { interrupts }),
        }
    }
}

/// A run that is awaited: `Ok` is its final state.
#[must_use = "futures do nothing unless polled"]
pub struct Join {
    execution: Rc<Execution>,
    handle: Handle,
}

impl Join {
    pub(super) fn new(execution: &Rc<Execution>) -> Self {
        Self { handle: execution.handle(), execution: Rc::clone(execution) }
    }

    fn poll_result(&self, cx: &Context<'_>) -> Poll<RunResult> {
        self.handle.register(cx.waker());
        self.execution.drive();
        self.execution.result.borrow().clone().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Future for Join {
    type Output = Result<State, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_result(cx).map(RunResult::into_state)
    }
}

/// One execution, and the reader of its events: a [`Stream`] of every one, in order, from the first one on. It ends after the last
/// one, also when the run failed: then the last event says so.
///
/// It begins with its first poll and goes on while it, a [`join`](Self::join) or another reader is polled, by any executor; on its
/// thread, since it is not `Send`. Dropping its last handle drops the run with all its tasks, as a crash would; its session can be
/// resumed.
///
/// ```
/// use weavegraph_wasm::executor::{EventBody, GraphBuilder, NodeContext, State};
/// use weavegraph_wasm::graph::{END, START};
///
/// # futures::executor::block_on(async {
/// let app = GraphBuilder::new()
///     .add_node("hello", async |_: &State, ctx: &NodeContext| {
///         ctx.token("hello");
///         Ok(())
///     })
///     .add_edge(START, "hello")
///     .add_edge("hello", END)
///     .compile()?;
/// let mut run = app.invoke_streaming(());
/// while let Some(event) = run.next().await {
///     if let EventBody::LlmChunk { text, .. } = event.body {
///         assert_eq!(text, "hello");
///     }
/// }
/// run.join().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "a run does nothing unless it is polled"]
pub struct Run {
    execution: Rc<Execution>,
    events: EventStream,
}

impl Run {
    pub(super) fn new(execution: Rc<Execution>, capacity: usize) -> Self {
        let options = SubscribeOptions::new().from_start().overflow(Overflow::Wait).capacity(capacity);
        Self { events: EventStream::new(&execution, options), execution }
    }

    /// Its id. A resumed run has that of the session's last one, once that has been read.
    pub fn id(&self) -> String {
        self.execution.run_id.borrow().to_string()
    }

    /// Of its session.
    pub fn session_id(&self) -> &str {
        &self.execution.session_id
    }

    /// How it stands; `Running` also before it began.
    pub fn status(&self) -> Status {
        match self.execution.result.borrow().as_ref().map(|result| &result.outcome) {
            None => Status::Running,
            Some(Outcome::Completed { .. }) => Status::Completed,
            Some(Outcome::Failed(_)) => Status::Failed,
            Some(Outcome::Cancelled { .. }) => Status::Cancelled,
            Some(Outcome::Interrupted { .. }) => Status::Interrupted,
        }
    }

    /// After the last finished step.
    pub fn state(&self) -> State {
        self.execution.contents.state()
    }

    /// The next event; `None` after the last one.
    pub async fn next(&mut self) -> Option<WeaveEvent> {
        self.events.next().await
    }

    /// Another reader of the same events, independent of this one.
    pub fn events(&self, options: SubscribeOptions) -> EventStream {
        EventStream::new(&self.execution, options)
    }

    /// The final state. While it is awaited the run does not wait for a reader that is in the middle of its loop.
    ///
    /// # Errors
    /// It failed, was cancelled or waits for answers.
    pub fn join(&self) -> Join {
        self.excuse_readers();
        Join::new(&self.execution)
    }

    /// How it ended.
    pub fn result(&self) -> impl Future<Output = RunResult> + use<> {
        let join = self.join();
        std::future::poll_fn(move |cx| join.poll_result(cx))
    }

    fn excuse_readers(&self) {
        if self.execution.with_machine(|machine| machine.hub().excuse_readers()).is_some() {
            self.execution.feed(crate::engine::Input::Pulled);
        }
    }

    /// Asks for its end, at once: its tasks are dropped where they wait. Completes when `run.cancelled` is recorded. A run that has
    /// ended stays as it is.
    ///
    /// # Errors
    /// The store refused the record: the run has failed with that.
    pub fn cancel(&self, reason: Option<&str>) -> impl Future<Output = Result<(), WeaveError>> + use<> {
        self.execution.cancel(reason.map(str::to_owned));
        let (join, was_over) = (Join::new(&self.execution), self.execution.result.borrow().is_some());
        std::future::poll_fn(move |cx| {
            join.poll_result(cx).map(|result| match result.outcome {
                Outcome::Failed(error) if !was_over && error.info().code.starts_with("CHECKPOINT_") => Err(error),
                _ => Ok(()),
            })
        })
    }
}

impl Stream for Run {
    type Item = WeaveEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WeaveEvent>> {
        Pin::new(&mut self.events).poll_next(cx)
    }
}
