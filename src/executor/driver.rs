//! Polls an execution: carries out the machine's commands in order, and tells it what became of them. Whoever polls a run's handle
//! is its driver for that moment; there is no thread and no executor of its own.
//!
//! Invariant: between two polls no command waits, and everything that can go on has a waker.

use super::checkpointer::{Claim, Refusal};
use super::container::{SessionSummary, pack_record, pack_row};
use super::errors::NodeError;
use super::execution::Execution;
use super::frame::Frame;
use super::options::RunOptions;
use super::restore::{Restored, restore, writer};
use super::timers::Timers;
use super::update::Update;
use crate::checkpoint::{Append, Fold};
use crate::engine::{Command, Input, Machine, Thrown};
use crate::error::ErrorCode;
use crate::graph::NodeId;
use crate::store::Appended;
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Aborted, LocalBoxFuture, abortable};
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A node's call that has ended: its task and attempt, and what it returned.
type Done = (Rc<Frame>, u32, u32, Result<Result<Update, NodeError>, Aborted>);
/// The session, and the hold on it.
type Opened = Result<(Option<Restored>, Option<Claim>), Refusal>;

#[derive(Clone, Copy, Default, PartialEq)]
enum Turn {
    #[default]
    None,
    /// The next poll is one.
    Asked,
}

/// A task of the step.
#[derive(Clone)]
pub(super) struct Place {
    pub node: NodeId,
    pub step: u32,
    pub ordinal: u32,
    pub attempt: u32,
    pub input: Option<Value>,
}

/// What is under way.
#[derive(Default)]
pub(super) struct Work {
    pub(super) timers: Timers,
    tasks: FuturesUnordered<LocalBoxFuture<'static, Done>>,
    aborts: HashMap<(u32, u32), AbortHandle>,
    opening: Option<LocalBoxFuture<'static, Opened>>,
    append: Option<LocalBoxFuture<'static, Input>>,
    turn: Turn,
    /// By frame and position in the step: who runs there.
    places: HashMap<(u32, u32), Place>,
    /// The frame that commands concern.
    said: u32,
    /// A fold of this barrier has failed; the others are not made.
    skips_folds: bool,
}

impl Work {
    pub(super) fn set_place(&mut self, frame: &Frame, task: u32, place: Place) {
        self.places.insert((frame.id, task), place);
    }

    pub(super) fn place(&self, frame: &Frame, task: u32) -> Option<Place> {
        self.places.get(&(frame.id, task)).cloned()
    }

    pub(super) fn begin_task(
        &mut self,
        frame: &Rc<Frame>,
        (task, token): (u32, u32),
        call: LocalBoxFuture<'static, Result<Update, NodeError>>,
    ) {
        let frame = Rc::clone(frame);
        let (call, abort) = abortable(call);
        self.aborts.insert((task, token), abort);
        self.tasks.push(Box::pin(async move { (frame, task, token, call.await) }));
    }
}

impl Execution {
    /// Goes on as far as it can. Called by each of its handles' polls, which have left a waker.
    pub(super) fn drive(&self) {
        // Polled from within one of its own tasks: the outer call goes on with it.
        let Some(mut work) = self.work.take() else { return };
        let waker = Waker::from(Arc::clone(&self.wakers));
        let mut cx = Context::from_waker(&waker);
        if work.turn == Turn::Asked {
            work.turn = Turn::None;
            self.feed(Input::Turn);
        }
        if self.beginning.borrow().is_some() && work.opening.is_none() {
            work.opening = Some(self.opening());
        }
        let was_open = self.machine.borrow().is_some();
        while self.result.borrow().is_none() && self.advance(&mut work, &mut cx) {
            if !was_open && self.machine.borrow().is_some() {
                // Readers begin to read before anything runs.
                waker.wake_by_ref();
                break;
            }
        }
        if self.result.borrow().is_some() {
            // What a task still holds is dropped as the run ends, not with its last handle.
            work = Box::default();
        } else if work.turn == Turn::Asked {
            waker.wake();
        }
        *self.work.borrow_mut() = Some(work);
    }

    /// One thing; `false`: everything waits.
    fn advance(&self, work: &mut Work, cx: &mut Context<'_>) -> bool {
        let command = self.queue.borrow_mut().pop_front();
        if let Some(command) = command {
            self.carry_out(work, command);
            return true;
        }
        if let Some(opening) = &mut work.opening {
            let Poll::Ready(opened) = opening.as_mut().poll(cx) else { return false };
            work.opening = None;
            self.open(opened);
            return true;
        }
        if let Poll::Ready(Some((frame, task, token, ended))) = work.tasks.poll_next_unpin(cx) {
            work.aborts.remove(&(task, token));
            if let Ok(returned) = ended {
                self.settle(&frame, task, token, returned);
            }
            return true;
        }
        if !self.queue.borrow().is_empty() {
            return true;
        }
        if let Some(append) = &mut work.append
            && let Poll::Ready(answer) = append.as_mut().poll(cx)
        {
            work.append = None;
            self.feed(answer);
            return true;
        }
        if let Poll::Ready(timer) = work.timers.poll(&*self.clock, cx) {
            self.feed(Input::Fired { timer });
            return true;
        }
        false
    }

    /// Finds the session.
    fn opening(&self) -> LocalBoxFuture<'static, Opened> {
        let (options, parts, arena) = (self.options.clone(), Rc::clone(&self.parts), Rc::clone(&self.arena));
        let (contents, session_id) = (Rc::clone(&self.contents), Rc::clone(&self.session_id));
        let is_resume = self.beginning.borrow().as_ref().is_some_and(|beginning| beginning.is_resume);
        Box::pin(async move {
            let refuse = |code, text| Err(Refusal { code, text });
            if let Some(problem) = options.problem() {
                return refuse(ErrorCode::RunInvalidOption, problem);
            }
            for (name, names) in [("interrupt_before", &options.interrupt_before), ("interrupt_after", &options.interrupt_after)] {
                match RunOptions::breakpoints(names.as_deref(), &parts.node_ids) {
                    Err(unknown) => {
                        return refuse(ErrorCode::RunInvalidOption, format!("{name} names `{unknown}`, which is no node of the graph"));
                    }
                    Ok(nodes) if !nodes.is_empty() && options.checkpointer.is_none() => {
                        let text = format!("{name} needs a checkpointer to wait in; give one to compile_with() or to the run");
                        return refuse(ErrorCode::CheckpointNoStore, text);
                    }
                    Ok(_) => {}
                }
            }
            let Some(checkpointer) = options.checkpointer else {
                let text = "there is no checkpointer to resume from; give one to compile_with() or to the run";
                return if is_resume { refuse(ErrorCode::CheckpointNoStore, text.to_owned()) } else { Ok((None, None)) };
            };
            let claim = checkpointer.claim(&session_id)?;
            match restore(&checkpointer, &parts, &session_id, &arena, &contents).await? {
                Some(restored) => Ok((Some(restored), Some(claim))),
                None if is_resume => {
                    let text = format!("there is no session `{session_id}` in checkpointer `{}`", checkpointer.name());
                    refuse(ErrorCode::SessionNotFound, text)
                }
                None => Ok((Some(Restored::fresh(&parts.program)), Some(claim))),
            }
        })
    }

    fn carry_out(&self, work: &mut Work, command: Command) {
        let frame = self.frame(work.said);
        match command {
            Command::Run { .. } => self.call_node(work, &frame, command),
            Command::Rescue { task, token, failure } => self.call_rescue(work, &frame, task, token, &failure),
            Command::AskRetry { task, token, attempt, failure } => self.ask_retry(work, &frame, (task, token), attempt, &failure),
            Command::Abort { task, token, .. } => {
                // Dropped where it waits, by the set of tasks that it is in.
                work.aborts.remove(&(task, token)).into_iter().for_each(|abort| abort.abort());
            }
            Command::Open { .. } => self.open_inner(work, &frame, command),
            Command::Output => self.output(&frame),
            Command::Close { frame } => drop(self.frames.borrow_mut().remove(&frame)),
            Command::Begin => frame.contents.begin(),
            Command::Fold(Fold::Enter { frame }) => work.said = frame,
            Command::Fold(fold) => self.fold(work, &frame, &fold),
            Command::EndFolds => self.end_folds(work, &frame),
            Command::Commit => frame.contents.commit(),
            Command::Rollback => frame.contents.rollback(),
            Command::Route { call, route } => self.call_route(&frame, call, route),
            Command::StartTimer { timer, ms } => work.timers.start(timer, self.clock.now(), ms),
            Command::StopTimer { timer } => work.timers.stop(timer),
            Command::WakeSleep { sleep } => self.end_wait(sleep),
            Command::Flushed { flush } => self.end_wait(flush),
            Command::Append(append) => work.append = Some(self.append(append)),
            Command::Yield => work.turn = Turn::Asked,
            Command::WakeReaders => self.wakers.wake_all(),
            Command::Finish => self.finish(),
        }
    }

    fn fold(&self, work: &mut Work, frame: &Frame, fold: &Fold) {
        if work.skips_folds {
            return;
        }
        if let Err((channel, error)) = frame.contents.fold(fold, &self.arena, |failure| self.error(frame, failure)) {
            work.skips_folds = true;
            let thrown = Thrown { code: error.code(), text: error.to_string(), cause: None };
            self.feed_in(frame, Input::FoldFailed { channel, thrown });
        }
    }

    fn end_folds(&self, work: &mut Work, frame: &Frame) {
        if std::mem::take(&mut work.skips_folds) {
            return;
        }
        let changed = frame.contents.changed();
        let is_stored = self.options.checkpointer.is_some();
        let is_reduce = |channel: &&u32| frame.parts.program.channels[**channel as usize].kind == crate::graph::ChannelKind::Reduce;
        let reduced = changed.iter().filter(is_reduce).filter(|_| is_stored).map(|channel| {
            let value = frame.contents.save(*channel as usize);
            (*channel, self.arena.borrow_mut().put(value))
        });
        let reduced = reduced.collect();
        let contents_bytes = if is_stored { self.contents.bytes() } else { 0 };
        self.feed_in(frame, Input::Applied { changed, reduced, contents_bytes });
    }

    /// Hands a record to the store. Its values are taken now: they change as the run goes on.
    fn append(&self, append: Append) -> LocalBoxFuture<'static, Input> {
        let arena = self.arena.borrow();
        let mut values: Vec<_> = append.values.iter().map(|value| arena.value(value)).collect();
        drop(arena);
        if append.saves_contents {
            values.extend((0..self.contents.len()).map(|channel| self.contents.save(channel)));
        }
        let record = pack_record(&append.bytes, &values);
        let row = append.has_row.then(|| self.with_machine(|machine| pack_row(&self.summary(machine)))).flatten();
        let (checkpointer, session_id) = (self.options.checkpointer.clone(), Rc::clone(&self.session_id));
        let Append { slot, is_strict, .. } = append;
        Box::pin(async move {
            let refused = |Refusal { code, text }| Input::AppendFailed(Thrown { code, text, cause: None });
            // INVARIANT: the machine stores nothing without a checkpointer.
            let Some(checkpointer) = checkpointer else { return Input::Lost };
            match checkpointer.store.append(&session_id, slot, record, row, is_strict).await {
                Ok(Appended::Stored) => Input::Appended { is_turn: false },
                Err(refusal) => refused(refusal),
                Ok(Appended::Taken) => match checkpointer.store.read(&session_id, slot, 1).await {
                    // One of our own is a success whose answer was lost.
                    Ok(found) => {
                        Input::Taken { writer: found.first().filter(|(at, _)| *at == slot).and_then(|(_, bytes)| writer(slot, bytes)) }
                    }
                    Err(refusal) => refused(refusal),
                },
            }
        })
    }

    fn summary(&self, machine: &Machine) -> SessionSummary {
        let session = machine.session();
        SessionSummary {
            session_id: self.session_id.to_string(),
            run_id: session.run_id.to_string(),
            status: session.status.as_str().to_owned(),
            step: session.graph.step,
            created_at: session.created_at,
            updated_at: self.clock.now(),
        }
    }
}
