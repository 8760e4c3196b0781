//! One execution, as the facade's driver uses it. Every method that takes `now` (epoch milliseconds) leaves commands as words and
//! returns their count.

use super::calls::{Ask, Tell, TellText, TellWith};
use super::graph::RawGraph;
use super::ids::random_bits;
use super::log::RawLog;
use super::log::{branch_end, describe};
use super::plain::Returned;
use super::words::{fill, write_commands, write_events};
use crate::checkpoint::{self, Durability, Session};
use crate::collected::collected;
use crate::engine::{Answers, Asked, GraphPolicy, Input, Machine, Options, Outcome, Pause, Progress, Question, Start, Thrown};
use crate::error::{ErrorCode, Failure, Scope};
use crate::events::{Cursor, Event, EventKind, Mask, Overflow, Pulled};
use crate::graph::NodeId;
use crate::state::{Routing, Target, Targets, TaskResult, Value, Values, Write};
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
    /// Those of a few masks, which come again and again.
    writes: Vec<(u32, Rc<[Write]>)>,
    answers: Answers,
    asked: f64,
}

/// Handles that `emit` lets wait.
const RELEASED_AT_MOST: usize = 256;

/// Masks whose writes are kept.
const KEPT_MASKS: usize = 16;

/// The numbers of a mask's bits.
fn channels_of(mask: u32) -> impl Iterator<Item = u32> {
    (0..32).filter(move |channel| mask & (1 << channel) != 0)
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

    /// What an attempt is told that asks, for `Ask::Asked`.
    fn ask(&mut self, now: f64, task: u32, token: u32, question: Question<'_>) -> Option<Input> {
        self.asked = match self.machine.ask(now, task, token, question) {
            Asked::Recorded(value) => value.map_or(0.0, |value| f64::from(value.handle()) + 1.0),
            Asked::Waits(wait) => wait.into(),
            Asked::Over => -1.0,
            Asked::Duplicate => -2.0,
            Asked::Open => -3.0,
            Asked::NoStore => -4.0,
        };
        None
    }

    /// Plain writes to the channels of a mask.
    fn writes(&mut self, mask: u32) -> Rc<[Write]> {
        if let Some((_, writes)) = self.writes.iter().find(|(known, _)| *known == mask) {
            return Rc::clone(writes);
        }
        let writes: Rc<[Write]> = collected(channels_of(mask).map(|channel| Write { channel, is_replace: false })).into();
        if self.writes.len() < KEPT_MASKS {
            self.writes.push((mask, Rc::clone(&writes)));
        }
        writes
    }

    /// `[writes, (channel * 2 + isReplace)…, routing (0 none, 1 append, 2 replace), targets, (node, isSend, input or NONE)…]`
    fn result(&self, handle: u32, bytes: u32, words: &[u32]) -> TaskResult {
        let mut words = words.iter().copied();
        let mut next = || words.next().unwrap_or(0);
        let writes = collected((0..next()).map(|_| next()).map(|word| Write { channel: word >> 1, is_replace: word & 1 == 1 }));
        let mode = next();
        let targets = collected((0..next()).map(|_| self.target(next(), next(), next())));
        let routing = (mode > 0).then_some(Routing { is_replace: mode == 2, targets });
        TaskResult { update: self.value(handle, bytes), writes: writes.into(), routing, parts: Vec::new() }
    }

    fn target(&self, node: u32, is_send: u32, input: u32) -> Target {
        Target { node: NodeId(node), is_send: is_send == 1, input: self.value(input, 64) }
    }
}

#[wasm_bindgen]
impl RawRun {
    /// An execution of the session that `log` holds (which is used up), or of a new one without a log. `durability`: 0 none, 1 sync, 2 async,
    /// 3 exit. `pause`: 0 never, 1 after each step, 2 before the first. Numbers that are not positive mean unlimited.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        graph: &RawGraph,
        log: &RawLog,
        session_id: &str,
        durability: u8,
        concurrency: u32,
        max_steps: u32,
        timeout_ms: f64,
        capacity: u32,
        pause: u8,
    ) -> Self {
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
            pause: match pause {
                1 => Pause::EachStep,
                2 => Pause::AtStart,
                _ => Pause::Never,
            },
            ..Options::default()
        };
        let program = Rc::clone(&graph.program);
        let (session, values, log) = match log.log.borrow_mut().take() {
            Some(log) => (log.session, log.values, Some((log.names, random_bits(), log.next_slot, log.snapshot_slot))),
            None => (Session::new(&program), Values::default(), None),
        };
        let machine = Machine::new(program, options, session_id.into(), session, log);
        Self {
            inner: Rc::new(RefCell::new(Inner {
                machine,
                values,
                record: Vec::new(),
                writes: Vec::new(),
                answers: Answers::None,
                asked: 0.0,
            })),
        }
    }

    fn input(&self, now: f64, make: impl FnOnce(&mut Inner) -> Option<Input>) -> u32 {
        let mut inner = self.inner.borrow_mut();
        if let Some(input) = make(&mut inner) {
            inner.machine.handle(now, input);
        }
        Self::flush_commands(&mut inner)
    }

    fn flush_commands(inner: &mut Inner) -> u32 {
        let Inner { machine, values, record, .. } = inner;
        fill(|out| write_commands(out, machine, values, record))
    }

    /// Starts it. `words` as of `Inner::result`; `update` and `metadata` are handles, or `0xffffffff`. For a resume by another graph:
    /// `graph_policy` 0 goes on if that is possible, 1 refuses, 2 follows the update and `frontier`, whose nodes replace the session's. Of a run that
    /// is no resume, the nodes of `frontier` stand in place of START's edges. `is_durable`: no step starts before the store has this.
    #[allow(clippy::too_many_arguments)]
    pub fn start(
        &self,
        now: f64,
        run_id: &str,
        seed: Option<u64>,
        is_resume: bool,
        abandons: bool,
        update: u32,
        bytes: u32,
        words: &[u32],
        metadata: u32,
        graph_policy: u8,
        frontier: Option<Vec<u32>>,
        is_durable: bool,
    ) -> u32 {
        self.input(now, |inner| {
            let known = inner.machine.program().nodes.len() as u32;
            let is_known = |node: &NodeId| node.0 < known || *node == NodeId::END;
            let is_old = is_resume && !inner.machine.session().is_fresh();
            Some(Input::Start(Start {
                run_id: if is_old { Rc::clone(&inner.machine.session().run_id) } else { run_id.into() },
                seed: seed.unwrap_or_else(random_bits),
                input: inner.result(update, bytes, words),
                is_resume,
                abandons,
                metadata: inner.value(metadata, 64).or_else(|| inner.machine.session().metadata.clone().filter(|_| is_resume)),
                policy: match graph_policy {
                    1 => GraphPolicy::Refuse,
                    2 => GraphPolicy::Migrated,
                    _ => GraphPolicy::Compatible,
                },
                frontier: frontier.map(|nodes| collected(nodes.into_iter().map(NodeId).filter(is_known))),
                is_durable,
                answers: std::mem::take(&mut inner.answers),
            }))
        })
    }

    /// Starts it as an execution that only changes the state: `words` as of `Inner::result`; `as_node` counts as run, 0xffffffff is none.
    pub fn update(&self, now: f64, update: u32, bytes: u32, words: &[u32], as_node: u32) -> u32 {
        self.input(now, |inner| {
            let as_node = (as_node != NONE).then_some(NodeId(as_node));
            Some(Input::Update { result: inner.result(update, bytes, words), as_node })
        })
    }

    /// The session as `RawLog.describe` says it.
    pub fn describe(&self) -> Returned {
        Ok(describe(self.inner.borrow().machine.session()).into())
    }

    /// The slot was not free: `record` is what stands there, if it was read. One of our own is a success whose answer was lost.
    pub fn taken(&self, now: f64, record: Option<Vec<u8>>) -> u32 {
        let writer = record.and_then(|record| checkpoint::read_head(&record).ok()).map(|head| head.writer);
        self.input(now, |_| Some(Input::Taken { writer }))
    }

    /// See [`Tell`]. Leaves commands as words and returns their count.
    #[allow(clippy::too_many_arguments)]
    pub fn tell(&self, what: u8, now: f64, a: u32, b: u32, c: u32, d: u32, x: f64) -> u32 {
        self.input(now, |inner| {
            Some(match Tell::from_number(what)? {
                Tell::Settled => {
                    let result = TaskResult { update: inner.value(c, d), writes: inner.writes(x as u32), routing: None, parts: Vec::new() };
                    Input::Settled { task: a, token: b, outcome: Outcome::Returned(result) }
                }
                Tell::RetryAnswer => Input::RetryAnswer { task: a, token: b, retries: c == 1 },
                Tell::Applied => {
                    let changed = collected(channels_of(a));
                    Input::Applied { changed, reduced: Vec::new(), contents_bytes: x as u64 }
                }
                Tell::Routed => Input::Routed { call: a, targets: Targets::One(inner.target(b, 0, NONE)) },
                Tell::Fired => Input::Fired { timer: a },
                Tell::Sleep => Input::Sleep { task: a, token: b, sleep: c, ms: x },
                Tell::Flush => Input::Flush { flush: a },
                Tell::Appended => Input::Appended { is_turn: a == 1 },
                Tell::Lost => Input::Lost,
                Tell::Turn => Input::Turn,
                Tell::Pulled => Input::Pulled,
                Tell::Cancel => Input::Cancel { reason: inner.value(a, 64) },
            })
        })
    }

    /// A solo attempt returned `update`, which writes the channels of the mask `writes`. `progress`: 0 nothing is folded, 1 folded (`changed`
    /// is a mask, `contents_bytes` the size of all contents), 2 folded, and the route answered `node`, or there is none (0xffffffff). -1 if
    /// the attempt is over, else the count of words.
    #[allow(clippy::too_many_arguments)]
    pub fn step(
        &self,
        now: f64,
        task: u32,
        token: u32,
        update: u32,
        bytes: u32,
        writes: u32,
        progress: u8,
        changed: u32,
        contents_bytes: f64,
        node: u32,
    ) -> i32 {
        let mut inner = self.inner.borrow_mut();
        if !inner.machine.is_running(task, token) {
            return -1;
        }
        let mut result = None;
        if progress == 2 && inner.machine.forgets_result() {
            // The step will be complete, and nobody hears of the result or stores it.
            if update != NONE {
                inner.values.release(update);
            }
        } else {
            let writes = inner.writes(writes);
            result = Some(Rc::new(TaskResult { update: inner.value(update, bytes), writes, routing: None, parts: Vec::new() }));
        }
        let progress = if progress == 0 {
            Progress::Nothing
        } else {
            let answer = (node != NONE).then(|| inner.target(node, 0, NONE));
            Progress::Folded { changed: collected(channels_of(changed)), contents_bytes: contents_bytes as u64, answer }
        };
        inner.machine.handle(now, Input::Stepped { task, token, result, progress });
        Self::flush_commands(&mut inner) as i32
    }

    /// See [`TellWith`]. Leaves commands as words and returns their count.
    #[wasm_bindgen(js_name = tellWith)]
    #[allow(clippy::too_many_arguments)]
    pub fn tell_with(&self, what: u8, now: f64, a: u32, b: u32, c: u32, d: u32, x: f64, words: &[u32]) -> u32 {
        self.input(now, |inner| {
            Some(match TellWith::from_number(what)? {
                TellWith::Settled => Input::Settled { task: a, token: b, outcome: Outcome::Returned(inner.result(c, d, words)) },
                TellWith::Applied => {
                    let (changed, reduced) = words.split_at_checked(a as usize)?;
                    let reduced = collected(reduced.chunks_exact(3).map(|part| (part[0], inner.values.adopt(part[1], part[2]))));
                    Input::Applied { changed: changed.to_vec(), reduced, contents_bytes: x as u64 }
                }
                TellWith::Routed => {
                    let targets = collected(words.chunks_exact(3).map(|part| inner.target(part[0], part[1], part[2])));
                    Input::Routed { call: a, targets: Targets::Many(targets) }
                }
                TellWith::Opened => {
                    let (mut inputs, mut rest) = (Vec::new(), words);
                    while let [handle, bytes, words @ ..] = rest {
                        inputs.push(inner.result(*handle, *bytes, words));
                        rest = words.get(words.first().map_or(0, |writes| *writes as usize + 3)..).unwrap_or_default();
                    }
                    Input::Opened { inputs, max_steps: a }
                }
                TellWith::Breakpoints => {
                    let nodes = collected(words.iter().map(|node| NodeId(*node)));
                    let (before, after) = nodes.split_at_checked(a as usize)?;
                    inner.machine.break_at(before, after);
                    return None;
                }
            })
        })
    }

    /// See [`TellText`]. Leaves commands as words and returns their count.
    #[wasm_bindgen(js_name = tellText)]
    #[allow(clippy::too_many_arguments)]
    pub fn tell_text(&self, what: u8, now: f64, a: u32, b: u32, c: u32, d: u32, code: &str, text: String) -> u32 {
        self.input(now, |inner| {
            let what = TellText::from_number(what)?;
            let code = ErrorCode::parse(code).unwrap_or(ErrorCode::NodeThrew);
            if let TellText::Refuse = what {
                return Some(Input::Refuse(Failure {
                    code,
                    message: text.into(),
                    node: None,
                    inner: None,
                    step: None,
                    cause: inner.value(c, d),
                    scope: Scope::Runner,
                }));
            }
            let thrown = Thrown { code, text, cause: inner.value(c, d) };
            Some(match what {
                TellText::Threw => Input::Settled { task: a, token: b, outcome: Outcome::Threw(thrown) },
                TellText::UnknownTarget => Input::Settled { task: a, token: b, outcome: Outcome::UnknownTarget(thrown.text) },
                TellText::FoldFailed => Input::FoldFailed { channel: a, thrown },
                TellText::RouteThrew => Input::RouteThrew { call: a, thrown },
                TellText::RouteUnknown => Input::RouteUnknown { call: a, target: thrown.text },
                TellText::AppendFailed => Input::AppendFailed(thrown),
                TellText::Remark => Input::Remark { is_of_store: a == 0, text: thrown.text },
                TellText::Refuse => return None,
                TellText::Interrupt => {
                    let id = Some(&*thrown.text).filter(|id| !id.is_empty());
                    return inner.ask(now, a, b, Question::Interrupt { id, payload: thrown.cause });
                }
                TellText::Once => return inner.ask(now, a, b, Question::Once(&thrown.text)),
                TellText::KeepOnce => return inner.ask(now, a, b, Question::KeepOnce(&thrown.text, thrown.cause)),
                TellText::DropOnce => return inner.ask(now, a, b, Question::DropOnce),
                TellText::SleepUntil => return inner.ask(now, a, b, Question::SleepUntil(thrown.cause)),
                TellText::Answer => {
                    match &mut inner.answers {
                        answers if a == 1 => *answers = Answers::One(thrown.cause),
                        Answers::ById(list) => list.push((thrown.text.into(), thrown.cause)),
                        answers => *answers = Answers::ById(vec![(thrown.text.into(), thrown.cause)]),
                    }
                    return None;
                }
            })
        })
    }

    /// See [`Ask`]. Answers at once, leaves no words.
    pub fn ask(&self, what: u8, a: u32, b: f64, c: u32) -> f64 {
        let mut inner = self.inner.borrow_mut();
        let Inner { machine, values, record, asked, .. } = &mut *inner;
        let Some(what) = Ask::from_number(what) else { return -1.0 };
        match what {
            Ask::Enter => {
                machine.enter(a);
                0.0
            }
            Ask::IsRunning => f64::from(u8::from(machine.is_running(a, b as u32))),
            Ask::Random => machine.random(a, b as u32).unwrap_or(-1.0),
            Ask::OpenStream => {
                machine.open_stream(a, b as u32, values.adopt(c, 64));
                0.0
            }
            Ask::CloseStream => {
                machine.close_stream(a, b as u32, c);
                0.0
            }
            Ask::Record => record.as_ptr() as usize as f64,
            Ask::Status => f64::from(machine.session().status as u8),
            Ask::Step => machine.session().graph.step.into(),
            Ask::Steps => machine.steps().into(),
            Ask::NeedsPulled => f64::from(u8::from(machine.is_waiting_for_readers())),
            Ask::Rejoin => f64::from(u8::from(machine.hub().rejoin(a, b as u64))),
            Ask::Unsubscribe => {
                machine.hub().unsubscribe(a);
                0.0
            }
            Ask::Dropped => machine.hub().dropped(a) as f64,
            Ask::Metadata => machine.session().metadata.as_ref().map_or(0.0, |metadata| f64::from(metadata.handle()) + 1.0),
            Ask::Touch => {
                machine.hub().touch(a, b);
                0.0
            }
            Ask::Keep => {
                machine.hub().keep(a as usize);
                0.0
            }
            Ask::CreatedAt => machine.session().created_at,
            Ask::Branch => machine.session().branch().into(),
            Ask::CursorEnd => branch_end(machine.session(), a),
            Ask::IsTakingOver => f64::from(u8::from(machine.is_taking_over())),
            Ask::KeyStep => machine.key_step().into(),
            Ask::Asked => *asked,
            Ask::ExcuseReaders => {
                machine.hub().excuse_readers();
                0.0
            }
        }
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
        // What is given back can wait for the next call that has more to say.
        if !inner.machine.has_commands() && inner.values.released_count() < RELEASED_AT_MOST {
            return 0;
        }
        Self::flush_commands(&mut inner) as i32
    }

    /// Adds a reader: `cursor` 0 from the run's start, 1 live, 2 after the number `after`, 3 as things happen.
    pub fn subscribe(&self, mask: u32, capacity: u32, waits: bool, cursor: u8, after: f64) -> u32 {
        let overflow = if waits { Overflow::Wait } else { Overflow::Drop };
        let cursor = match cursor {
            0 => Cursor::Start,
            1 => Cursor::Live,
            3 => Cursor::Unstored,
            _ => Cursor::After(after as u64),
        };
        self.inner.borrow_mut().machine.subscribe(Mask::from_bits(mask), capacity as usize, overflow, cursor)
    }

    /// Up to `max` events of a reader as words, after one that says what they are: 0 events, 1 nothing now, 2 nothing any more,
    /// 3 read the log after the number that follows. Tell `Pulled` if `NeedsPulled` holds afterwards.
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

    /// The terminal event as words; none before the end.
    pub fn outcome(&self) -> u32 {
        let inner = self.inner.borrow();
        fill(|out| {
            if let Some(event) = inner.machine.terminal_event() {
                write_events(out, std::iter::once(&event));
            }
        })
    }

    /// The run's id: on a resume that of the session.
    #[wasm_bindgen(js_name = runId)]
    pub fn run_id(&self) -> String {
        String::from(&*self.inner.borrow().machine.session().run_id)
    }
}
