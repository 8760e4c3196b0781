//! What attempts leave behind in their session: questions, results of `once`, and deadlines.
//!
//! It must not decide what is recorded, answered or open: the engine does. Invariant: what a call returns is in the store, if there is
//! one.

use super::arena::is_too_deep;
use super::context::NodeContext;
use super::errors::{NodeError, WeaveError};
use super::event::ErrorInfo;
use crate::engine::{Asked, Question};
use crate::error::ErrorCode;
use crate::state;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

impl NodeContext {
    /// Pauses the run until someone answers, which needs a checkpointer. The question is stored at once; the other tasks of the step
    /// finish, then the run ends as interrupted, and drops the node where it waits. [`App::resume`](super::App::resume) with an answer runs
    /// the node again from its top, and this call returns the answer; what must not be done twice belongs in [`once`](Self::once).
    ///
    /// The question's id is that of its place: `step/node#task/ordinal`, under the places of the sub-graphs around it. A node that asks
    /// several asks them in the same order each time, or names them by [`interrupt_with_id`](Self::interrupt_with_id).
    ///
    /// ```
    /// use weavegraph_wasm::executor::{Answers, Checkpointer, END, Error, GraphBuilder, NodeContext, RunOptions, START, State, Update};
    ///
    /// # futures::executor::block_on(async {
    /// let app = GraphBuilder::new()
    ///     .add_node("review", async |_: &State, ctx: &NodeContext| {
    ///         let is_approved: bool = ctx.interrupt("send it?").await?;
    ///         Ok(Update::new().write("messages", if is_approved { "sent" } else { "kept" }))
    ///     })
    ///     .add_edge(START, "review")
    ///     .add_edge("review", END)
    ///     .compile_with(RunOptions::new().checkpointer(Checkpointer::memory()))?;
    /// let paused = app.invoke_with((), RunOptions::new().session_id("letter")).await;
    /// assert!(matches!(paused, Err(Error::Interrupted { interrupts }) if interrupts[0].id == "1/review#0/0"));
    /// app.resume("letter", Answers::one(true)).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// CHECKPOINT_NO_STORE; the payload cannot be recorded; the answer is of another shape.
    pub async fn interrupt<T: DeserializeOwned>(&self, payload: impl Serialize) -> Result<T, NodeError> {
        self.ask_and_wait(None, self.to_json("the payload", payload)?).await
    }

    /// The same under an id of your own, which no other question of the step has.
    ///
    /// # Errors
    /// As of [`interrupt`](Self::interrupt); NODE_INVALID_RESULT: the id is empty or was used before in this step.
    pub async fn interrupt_with_id<T: DeserializeOwned>(&self, id: &str, payload: impl Serialize) -> Result<T, NodeError> {
        if id.is_empty() {
            return Err(self.fault(ErrorCode::NodeInvalidResult, "the id of an interrupt is empty; give a text".to_owned()));
        }
        self.ask_and_wait(Some(id), self.to_json("the payload", payload)?).await
    }

    async fn ask_and_wait<T: DeserializeOwned>(&self, id: Option<&str>, payload: Value) -> Result<T, NodeError> {
        let payload = Some(payload).filter(|payload| !payload.is_null());
        let asked = self.ask("interrupt", payload, |payload| Question::Interrupt { id, payload });
        match asked? {
            Asked::Recorded(answer) => self.read(answer),
            Asked::Duplicate => {
                let name = id.unwrap_or("of this place");
                let text = format!("the interrupt `{name}` was opened before in this step; give each an id of its own");
                Err(self.fault(ErrorCode::NodeInvalidResult, text))
            }
            Asked::NoStore => {
                let text = "ctx.interrupt needs a checkpointer to wait in; give one to compile_with() or to the run";
                Err(self.fault(ErrorCode::CheckpointNoStore, text.to_owned()))
            }
            Asked::Open | Asked::Waits(_) | Asked::Over => std::future::pending().await,
        }
    }

    /// Calls `effect` and records what it returns, or returns what an earlier attempt of this task has recorded under `key`: over
    /// retries, pauses and crashes. The record is stored before this returns. A crash between the effect and its record repeats the
    /// effect; [`idempotency_key`](Self::idempotency_key) is for that. What `effect` fails with is not recorded.
    ///
    /// # Errors
    /// What `effect` returns; ONCE_DUPLICATE_KEY: the attempt used the key before; NODE_INVALID_RESULT: the key is empty; the result cannot
    /// be recorded, or what is recorded is of another shape.
    pub async fn once<T, F>(&self, key: &str, effect: F) -> Result<T, NodeError>
    where
        T: Serialize + DeserializeOwned,
        F: AsyncFnOnce() -> Result<T, NodeError>,
    {
        if key.is_empty() {
            return Err(self.fault(ErrorCode::NodeInvalidResult, "the key of ctx.once is empty; give a text".to_owned()));
        }
        match self.ask("once", None, |_| Question::Once(key))? {
            Asked::Recorded(value) => return self.read(value),
            Asked::Duplicate => {
                let text = format!("node `{}` used the key `{key}` twice in one attempt; give each effect a key of its own", self.node);
                return Err(self.fault(ErrorCode::OnceDuplicateKey, text));
            }
            Asked::Open | Asked::Waits(_) | Asked::NoStore | Asked::Over => {}
        }
        let under_way = Effect { ctx: self, is_kept: false };
        let value = self.to_json(&format!("the result of once(\"{key}\")"), effect().await?)?;
        under_way.keep(key, value.clone()).await?;
        Ok(T::deserialize(value)?)
    }

    /// Waits for an instant of the run's clock, in epoch milliseconds. The instant is recorded: the same call after a retry, a pause or a
    /// crash waits for what is left of the first one. One that has passed is not waited for.
    ///
    /// # Errors
    /// NODE_INVALID_RESULT: it is no number.
    pub async fn sleep_until(&self, at: f64) -> Result<(), NodeError> {
        if at.is_nan() {
            return Err(self.fault(ErrorCode::NodeInvalidResult, "ctx.sleep_until takes an instant in epoch milliseconds".to_owned()));
        }
        let deadline = (at > self.now()).then(|| at.into());
        let asked = self.ask("sleep_until", deadline, Question::SleepUntil);
        let deadline = match asked? {
            Asked::Recorded(Some(value)) => self.read(Some(value))?,
            Asked::Waits(wait) => {
                self.wait_for(wait).await;
                at
            }
            Asked::Recorded(None) | Asked::Open | Asked::Duplicate | Asked::NoStore | Asked::Over => at,
        };
        let left = deadline - self.now();
        if left > 0.0 {
            self.sleep(Duration::try_from_secs_f64(left / 1000.0).unwrap_or(Duration::MAX)).await;
        }
        Ok(())
    }

    fn ask<'q>(
        &self,
        what: &str,
        value: Option<Value>,
        question: impl FnOnce(Option<state::Value>) -> Question<'q>,
    ) -> Result<Asked, NodeError> {
        let asked = self.execution().and_then(|execution| {
            let question = question(value.map(|value| execution.arena.borrow_mut().put(value)));
            let now = execution.clock.now();
            let asked = execution.with_machine_in(&self.frame, |machine| machine.ask(now, self.task, self.token, question))?;
            if let Asked::Waits(wait) = asked {
                execution.expect_wait(wait);
            }
            execution.wakers.wake_all();
            Some(asked)
        });
        match asked {
            None | Some(Asked::Over) => {
                Err(self.fault(ErrorCode::RunCancelled, format!("ctx.{what} was called after its attempt was over")))
            }
            Some(asked) => Ok(asked),
        }
    }

    /// What is recorded; `undefined` reads as null.
    fn read<T: DeserializeOwned>(&self, recorded: Option<state::Value>) -> Result<T, NodeError> {
        let value = recorded.zip(self.execution()).map(|(value, execution)| execution.arena.borrow().value(&value));
        Ok(T::deserialize(value.unwrap_or_default())?)
    }

    fn to_json(&self, what: &str, value: impl Serialize) -> Result<Value, NodeError> {
        let problem = match serde_json::to_value(value) {
            Ok(value) if !is_too_deep(&value) => return Ok(value),
            Ok(_) => format!("{what} is more than 100 levels deep; flatten it"),
            Err(error) => format!("{what} is no JSON: {error}"),
        };
        Err(self.fault(ErrorCode::StateNotCloneable, problem))
    }

    fn fault(&self, code: ErrorCode, message: String) -> NodeError {
        let (node, step) = (Some(self.node.to_string()), Some(self.place.step));
        WeaveError::new(code, ErrorInfo { code: code.as_str(), message, node, step, cause: None }, None).into()
    }
}

/// A function of `once` that is under way; one that fails or is given up is not recorded.
struct Effect<'a> {
    ctx: &'a NodeContext,
    is_kept: bool,
}

impl Effect<'_> {
    async fn keep(mut self, key: &str, value: Value) -> Result<(), NodeError> {
        self.is_kept = true;
        let asked = self.ctx.ask("once", Some(value), |value| Question::KeepOnce(key, value));
        if let Asked::Waits(wait) = asked? {
            self.ctx.wait_for(wait).await;
        }
        Ok(())
    }
}

impl Drop for Effect<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            // An attempt that is over has nothing under way.
            drop(self.ctx.ask("once", None, |_| Question::DropOnce));
        }
    }
}
