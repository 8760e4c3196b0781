//! One execution, as the facade's driver uses it. Every method that takes `now` (epoch milliseconds) leaves commands as words and
//! returns their count.

use super::graph::RawGraph;
use super::ids::random_bits;
use super::log::RawLog;
use super::words::{fill, write_commands, write_events};
use crate::checkpoint::{Durability, Session};
use crate::engine::{Input, Machine, Options, Outcome, Start, Thrown};
use crate::error::{ErrorCode, Failure, Scope};
use crate::events::{Cursor, Event, EventKind, Mask, Overflow, Pulled};
use crate::graph::NodeId;
use crate::state::{Routing, Target, TaskResult, Value, Values, Write};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// No handle.
const NONE: u32 = u32::MAX;

struct Inner {
    machine: Machine,
    values: Values,
    /// Of the append under way.
    record: Vec<u8>,
}

/// See the module's head.
#[wasm_bindgen]
pub struct RawRun {
    inner: Rc<RefCell<Inner>>,
}

impl Inner {
    fn value(&self, handle: u32, bytes: u32) -> Option<Value> {
        (handle != NONE).then(|| self.values.adopt(handle, bytes))
    }

    /// `[writes, (channel * 2 + isReplace)…, routing (0 none, 1 append, 2 replace), targets, (node, isSend, input or NONE)…]`
    fn result(&self, handle: u32, bytes: u32, words: &[u32]) -> TaskResult {
        let mut words = words.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        let writes = (0..next()).map(|_| next()).map(|word| Write { channel: word >> 1, is_replace: word & 1 == 1 }).collect();
        let mode = next();
        let targets = (0..next()).map(|_| (next(), next(), next())).map(|(node, is_send, input)| self.target(node, is_send, input)).collect();
        let routing = (mode > 0).then_some(Routing { is_replace: mode == 2, targets });
        TaskResult { update: self.value(handle, bytes), writes, routing }
    }

    fn target(&self, node: u32, is_send: u32, input: u32) -> Target {
        Target { node: NodeId(node), is_send: is_send == 1, input: self.value(input, 64) }
    }

    fn thrown(&self, code: &str, text: String, cause: u32) -> Thrown {
        Thrown { code: ErrorCode::parse(code).unwrap_or(ErrorCode::NodeThrew), text, cause: self.value(cause, 256) }
    }
}

#[wasm_bindgen]
impl RawRun {
    /// An execution of the session that `log` holds (which is used up), or of a new one without a log. `durability`: 0 none, 1 sync, 2 async,
    /// 3 exit. Numbers that are not positive mean unlimited.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::too_many_arguments)]
    pub fn new(graph: &RawGraph, log: &RawLog, session_id: &str, durability: u8, concurrency: u32, max_steps: u32, timeout_ms: f64, capacity: u32) -> Self {
        let durability = match durability {
            1 => Some(Durability::Sync),
            2 => Some(Durability::Async),
            3 => Some(Durability::Exit),
            _ => None,
        };
        let options = Options {
            concurrency: (concurrency > 0).then_some(concurrency),
            max_steps,
            timeout_ms: (timeout_ms > 0.0).then_some(timeout_ms),
            durability,
            capacity: capacity as usize,
        };
        let program = Rc::clone(&graph.program);
        let (session, values, log) = match log.log.borrow_mut().take() {
            Some(log) => (log.session, log.values, Some((log.names, random_bits(), log.next_slot, log.snapshot_slot))),
            None => (Session::new(&program), Values::default(), None),
        };
        let machine = Machine::new(program, options, session_id.into(), session, log);
        Self { inner: Rc::new(RefCell::new(Inner { machine, values, record: Vec::new() })) }
    }

    fn input(&self, now: f64, make: impl FnOnce(&Inner) -> Input) -> u32 {
        let mut inner = self.inner.borrow_mut();
        let input = make(&inner);
        inner.machine.handle(now, input);
        Self::flush_commands(&mut inner)
    }

    fn flush_commands(inner: &mut Inner) -> u32 {
        let Inner { machine, values, record } = inner;
        fill(|out| write_commands(out, machine, values, record))
    }

    /// Starts it. `words` as in `settleWith`; `update` and `metadata` are handles, or `0xffffffff`.
    #[allow(clippy::too_many_arguments)]
    pub fn start(&self, now: f64, run_id: &str, seed: u64, is_resume: bool, abandons: bool, update: u32, bytes: u32, words: &[u32], metadata: u32) -> u32 {
        self.input(now, |inner| {
            let is_old = is_resume && !inner.machine.session().is_fresh();
            Input::Start(Start {
                run_id: if is_old { Rc::clone(&inner.machine.session().run_id) } else { run_id.into() },
                seed,
                input: inner.result(update, bytes, words),
                is_resume,
                abandons,
                metadata: inner.value(metadata, 64).or_else(|| inner.machine.session().metadata.clone().filter(|_| is_resume)),
            })
        })
    }

    /// It may not begin: ends with one transient `run.failed`.
    pub fn refuse(&self, now: f64, code: &str, text: &str, cause: u32) -> u32 {
        let mut inner = self.inner.borrow_mut();
        let code = ErrorCode::parse(code).unwrap_or(ErrorCode::RunInvalidOption);
        let cause = inner.value(cause, 256);
        inner.machine.handle(now, Input::Pulled);
        inner.machine.refuse(Failure { code, message: text.into(), node: None, step: None, cause, scope: Scope::Runner });
        Self::flush_commands(&mut inner)
    }

    /// An attempt returned an update and no command; bit `n` of `mask` says that it wrote channel `n`.
    pub fn settle(&self, now: f64, task: u32, token: u32, update: u32, bytes: u32, mask: u32) -> u32 {
        self.input(now, |inner| {
            let writes = (0..32).filter(|channel| mask & (1 << channel) != 0).map(|channel| Write { channel, is_replace: false }).collect();
            Input::Settled { task, token, outcome: Outcome::Returned(TaskResult { update: inner.value(update, bytes), writes, routing: None }) }
        })
    }

    /// An attempt returned: `[writes, (channel * 2 + isReplace)…, routing (0 none, 1 append, 2 replace), targets, (node, isSend, input)…]`.
    #[wasm_bindgen(js_name = settleWith)]
    pub fn settle_with(&self, now: f64, task: u32, token: u32, update: u32, bytes: u32, words: &[u32]) -> u32 {
        self.input(now, |inner| Input::Settled { task, token, outcome: Outcome::Returned(inner.result(update, bytes, words)) })
    }

    /// An attempt threw, or returned what it may not.
    #[allow(clippy::too_many_arguments)]
    pub fn threw(&self, now: f64, task: u32, token: u32, code: &str, text: String, cause: u32) -> u32 {
        self.input(now, |inner| Input::Settled { task, token, outcome: Outcome::Threw(inner.thrown(code, text, cause)) })
    }

    /// An attempt returned a command to a node that is not there.
    #[wasm_bindgen(js_name = unknownTarget)]
    pub fn unknown_target(&self, now: f64, task: u32, token: u32, target: String) -> u32 {
        self.input(now, |_| Input::Settled { task, token, outcome: Outcome::UnknownTarget(target) })
    }

    /// What `retryOn` said.
    #[wasm_bindgen(js_name = answerRetry)]
    pub fn answer_retry(&self, now: f64, task: u32, token: u32, retries: bool) -> u32 {
        self.input(now, |_| Input::RetryAnswer { task, token, retries })
    }

    /// All folds are made; bit `n` of `mask` says that channel `n` changed.
    pub fn applied(&self, now: f64, mask: u32, contents_bytes: f64) -> u32 {
        let changed = (0..32).filter(|channel| mask & (1 << channel) != 0).collect();
        self.input(now, |_| Input::Applied { changed, reduced: Vec::new(), contents_bytes: contents_bytes as u64 })
    }

    /// The same for any number of channels; `reduced` holds channel, handle and size of each new value of a `reduce` channel.
    #[wasm_bindgen(js_name = appliedWith)]
    pub fn applied_with(&self, now: f64, changed: Vec<u32>, reduced: &[u32], contents_bytes: f64) -> u32 {
        self.input(now, |inner| {
            let reduced = reduced.chunks_exact(3).map(|part| (part[0], inner.values.adopt(part[1], part[2]))).collect();
            Input::Applied { changed, reduced, contents_bytes: contents_bytes as u64 }
        })
    }

    /// A fold threw.
    #[wasm_bindgen(js_name = foldFailed)]
    pub fn fold_failed(&self, now: f64, channel: u32, code: &str, text: String, cause: u32) -> u32 {
        self.input(now, |inner| Input::FoldFailed { channel, thrown: inner.thrown(code, text, cause) })
    }

    /// A route named one node.
    pub fn routed(&self, now: f64, call: u32, node: u32) -> u32 {
        self.input(now, |inner| Input::Routed { call, targets: vec![inner.target(node, 0, NONE)] })
    }

    /// A route named nodes and sends: `(node, isSend, input)…`.
    #[wasm_bindgen(js_name = routedWith)]
    pub fn routed_with(&self, now: f64, call: u32, words: &[u32]) -> u32 {
        self.input(now, |inner| Input::Routed { call, targets: words.chunks_exact(3).map(|part| inner.target(part[0], part[1], part[2])).collect() })
    }

    /// A route threw.
    #[wasm_bindgen(js_name = routeThrew)]
    pub fn route_threw(&self, now: f64, call: u32, code: &str, text: String, cause: u32) -> u32 {
        self.input(now, |inner| Input::RouteThrew { call, thrown: inner.thrown(code, text, cause) })
    }

    /// A route named what it may not.
    #[wasm_bindgen(js_name = routeUnknown)]
    pub fn route_unknown(&self, now: f64, call: u32, target: String) -> u32 {
        self.input(now, |_| Input::RouteUnknown { call, target })
    }

    /// A timer's time has come.
    pub fn fired(&self, now: f64, timer: u32) -> u32 {
        self.input(now, |_| Input::Fired { timer })
    }

    /// `ctx.sleep`.
    pub fn sleep(&self, now: f64, task: u32, token: u32, sleep: u32, ms: f64) -> u32 {
        self.input(now, |_| Input::Sleep { task, token, sleep, ms })
    }

    /// `ctx.flush`.
    pub fn flush(&self, now: f64, flush: u32) -> u32 {
        self.input(now, |_| Input::Flush { flush })
    }

    /// Where the bytes of the append under way are, in memory.
    pub fn record(&self) -> u32 {
        self.inner.borrow().record.as_ptr() as usize as u32
    }

    /// The store has the record.
    pub fn appended(&self, now: f64) -> u32 {
        self.input(now, |_| Input::Appended)
    }

    /// The slot was not free.
    pub fn taken(&self, now: f64) -> u32 {
        self.input(now, |_| Input::Taken)
    }

    /// The store refused for good.
    #[wasm_bindgen(js_name = appendFailed)]
    pub fn append_failed(&self, now: f64, code: &str, text: String, cause: u32) -> u32 {
        self.input(now, |inner| Input::AppendFailed(inner.thrown(code, text, cause)))
    }

    /// A later turn.
    pub fn turn(&self, now: f64) -> u32 {
        self.input(now, |_| Input::Turn)
    }

    /// Readers have pulled, or left.
    pub fn pulled(&self, now: f64) -> u32 {
        self.input(now, |_| Input::Pulled)
    }

    /// Cancels; `reason` is a handle or `0xffffffff`.
    pub fn cancel(&self, now: f64, reason: u32) -> u32 {
        self.input(now, |inner| Input::Cancel { reason: inner.value(reason, 64) })
    }

    /// A user's event: -1 once the attempt is over, else the count of words.
    #[allow(clippy::too_many_arguments)]
    pub fn emit(&self, now: f64, task: u32, token: u32, kind: u32, payload: u32, bytes: u32, number: f64) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let value = inner.values.adopt(payload, bytes);
        let Some(kind) = EventKind::from_number(kind).filter(|kind| kind.is_from_user()) else { return -1 };
        if !inner.machine.emit(now, task, token, kind, value, number) {
            return -1;
        }
        Self::flush_commands(&mut inner) as i32
    }

    /// A text stream is open: closed by the machine with its attempt.
    #[wasm_bindgen(js_name = openStream)]
    pub fn open_stream(&self, task: u32, token: u32, stream: u32) {
        let mut inner = self.inner.borrow_mut();
        let stream = inner.values.adopt(stream, 64);
        inner.machine.open_stream(task, token, stream);
    }

    /// The node closed it.
    #[wasm_bindgen(js_name = closeStream)]
    pub fn close_stream(&self, task: u32, token: u32, stream: u32) {
        self.inner.borrow_mut().machine.close_stream(task, token, stream);
    }

    /// `ctx.random`: -1 once the attempt is over.
    pub fn random(&self, task: u32, token: u32) -> f64 {
        self.inner.borrow_mut().machine.random(task, token).unwrap_or(-1.0)
    }

    /// Rises when a `Run` that was not carried out yet is void.
    pub fn generation(&self) -> u32 {
        self.inner.borrow().machine.generation()
    }

    /// Adds a reader: `cursor` 0 from the run's start, 1 live, 2 after the number `after`.
    pub fn subscribe(&self, mask: u32, capacity: u32, waits: bool, cursor: u8, after: f64) -> u32 {
        let overflow = if waits { Overflow::Wait } else { Overflow::Drop };
        let cursor = match cursor {
            0 => Cursor::Start,
            1 => Cursor::Live,
            _ => Cursor::After(after as u64),
        };
        self.inner.borrow_mut().machine.subscribe(Mask::from_bits(mask), capacity as usize, overflow, cursor)
    }

    /// Up to `max` events of a reader as words, after one that says what they are: 0 events, 1 nothing now, 2 nothing any more,
    /// 3 read the log after the number that follows. Call `pulled` if `needsPulled` holds afterwards.
    pub fn pull(&self, reader: u32, max: u32, now: f64) -> u32 {
        let pulled = self.inner.borrow_mut().machine.pull(reader, max as usize, now);
        fill(|out| match pulled {
            Pulled::Events(events) => {
                out.word(0);
                write_events(out, events.iter().map(|event: &Rc<Event>| &**event));
            }
            Pulled::Empty => out.word(1),
            Pulled::Ended => out.word(2),
            Pulled::Refill { after } => out.words([3.0, after as f64]),
        })
    }

    /// See `pull`.
    #[wasm_bindgen(js_name = needsPulled)]
    pub fn needs_pulled(&self) -> bool {
        self.inner.borrow().machine.is_waiting_for_readers()
    }

    /// A reader has read the log up to `seq`; false: it has to read on.
    pub fn rejoin(&self, reader: u32, seq: f64) -> bool {
        self.inner.borrow_mut().machine.hub().rejoin(reader, seq as u64)
    }

    /// Removes a reader.
    pub fn unsubscribe(&self, reader: u32) {
        self.inner.borrow_mut().machine.hub().unsubscribe(reader);
    }

    /// Events that a reader lost.
    pub fn dropped(&self, reader: u32) -> f64 {
        self.inner.borrow_mut().machine.hub().dropped(reader) as f64
    }

    /// `join` or `result` was asked for.
    #[wasm_bindgen(js_name = excuseReaders)]
    pub fn excuse_readers(&self) {
        self.inner.borrow_mut().machine.hub().excuse_readers();
    }

    /// The terminal event as words; none before the end.
    pub fn outcome(&self) -> u32 {
        let inner = self.inner.borrow();
        fill(|out| {
            if let Some(event) = inner.machine.terminal_event() {
                write_events(out, std::iter::once(&event));
            }
        })
    }

    /// Steps completed by this execution.
    pub fn steps(&self) -> u32 {
        self.inner.borrow().machine.steps()
    }

    /// The session's last completed step.
    pub fn step(&self) -> u32 {
        self.inner.borrow().machine.session().step
    }

    /// The last event's number.
    pub fn seq(&self) -> f64 {
        self.inner.borrow().machine.session().seq as f64
    }

    /// The run's id: on a resume that of the session.
    #[wasm_bindgen(js_name = runId)]
    pub fn run_id(&self) -> String {
        self.inner.borrow().machine.session().run_id.to_string()
    }

    /// The session's status, before a start the last execution's: 0 running … as in `Status`.
    pub fn status(&self) -> u8 {
        self.inner.borrow().machine.session().status as u8
    }
}

/// The mask of a filter: a preset or event types and `custom:` names.
///
/// # Errors
/// The name that is no event type.
#[wasm_bindgen(js_name = parseFilter)]
pub fn parse_filter(names: Vec<String>) -> Result<u32, JsValue> {
    Mask::parse(names.iter().map(String::as_str)).map(Mask::bits).map_err(JsValue::from_str)
}
