//! One execution: the machine, the values it has handles of, and what waits for both. Owns the way in: how it begins, what its tasks
//! ask for, and how it ends. `driver` carries out what the machine says.
//!
//! Invariant: no borrow is held while a user's code runs. What belongs to a task knows the execution weakly, so that dropping the
//! last handle of a run drops it with all its tasks: the same as a crash.

use super::answers::Answers;
use super::app::Parts;
use super::arena::Arena;
use super::checkpointer::{Claim, Refusal};
use super::clock::Clock;
use super::driver::Work;
use super::errors::WeaveError;
use super::event_factory::EventFactory;
use super::frame::{Begun, Frame};
use super::options::RunOptions;
use super::reader::Subscription;
use super::restore::Restored;
use super::run::RunResult;
use super::state::Contents;
use super::update::Update;
use super::wakers::{Handle, Wakers};
use crate::checkpoint::{Durability, Session};
use crate::engine::{Command, GraphPolicy, Input, Machine, Options, Start};
use crate::error::{ErrorCode, Failure, Scope};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Poll, Waker};

/// How an execution begins.
pub(super) struct Beginning {
    pub input: Update,
    pub is_resume: bool,
    pub answers: Answers,
}

impl Beginning {
    pub(super) fn invoke(input: impl Into<Update>) -> Self {
        Self { input: input.into(), is_resume: false, answers: Answers::default() }
    }

    pub(super) fn resume(answers: impl Into<Answers>) -> Self {
        Self { input: Update::new(), is_resume: true, answers: answers.into() }
    }
}

/// See the module's head.
pub(super) struct Execution {
    pub(super) me: Weak<Self>,
    pub(super) parts: Rc<Parts>,
    pub(super) options: RunOptions,
    pub(super) clock: Rc<dyn Clock>,
    pub(super) session_id: Rc<str>,
    pub(super) run_id: RefCell<Rc<str>>,
    pub(super) arena: Rc<RefCell<Arena>>,
    pub(super) contents: Rc<Contents>,
    /// The graph of the session, and sub-graphs that run, by the engine's numbers.
    pub(super) frames: RefCell<BTreeMap<u32, Rc<Frame>>>,
    /// Contents of half-done sub-graphs as the log left them.
    pub(super) restored: RefCell<BTreeMap<u32, Begun>>,
    pub(super) machine: RefCell<Option<Machine>>,
    pub(super) queue: RefCell<VecDeque<Command>>,
    /// Away while it is polled.
    pub(super) work: RefCell<Option<Box<Work>>>,
    pub(super) wakers: Arc<Wakers>,
    pub(super) beginning: RefCell<Option<Beginning>>,
    /// Sleeps and flushes of tasks, by number.
    waits: RefCell<HashMap<u32, Wait>>,
    wait_count: Cell<u32>,
    /// Readers that came before the machine.
    early: RefCell<Vec<Rc<Subscription>>>,
    /// It was cancelled before there was a machine, for this reason.
    cancelled: RefCell<Option<Option<String>>>,
    claim: RefCell<Option<Claim>>,
    pub(super) result: RefCell<Option<RunResult>>,
    capacity: usize,
}

#[derive(Default)]
struct Wait {
    is_over: bool,
    waker: Option<Waker>,
}

impl Execution {
    /// `capacity`: events that are kept for readers.
    pub(super) fn new(parts: &Rc<Parts>, options: RunOptions, beginning: Beginning, capacity: usize) -> Rc<Self> {
        let session_id: Rc<str> = options.session_id.clone().unwrap_or_else(super::ids::new_id).into();
        let run_id: Rc<str> = options.run_id.clone().unwrap_or_else(super::ids::new_id).into();
        let contents = Contents::new(&parts.program, &parts.channels, &session_id);
        let root = Rc::new(Frame::root(Rc::clone(parts), Rc::clone(&contents)));
        Rc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            parts: Rc::clone(parts),
            clock: options.clock_or_default(),
            arena: Rc::default(),
            contents,
            frames: RefCell::new(BTreeMap::from([(0, root)])),
            restored: RefCell::default(),
            session_id,
            run_id: RefCell::new(run_id),
            options,
            machine: RefCell::default(),
            queue: RefCell::default(),
            work: RefCell::new(Some(Box::default())),
            wakers: Arc::default(),
            beginning: RefCell::new(Some(beginning)),
            waits: RefCell::default(),
            wait_count: Cell::new(0),
            early: RefCell::default(),
            cancelled: RefCell::default(),
            claim: RefCell::default(),
            result: RefCell::default(),
            capacity,
        })
    }

    pub(super) fn handle(&self) -> Handle {
        self.wakers.handle()
    }

    fn machine_options(&self) -> Options {
        let durability = self.options.durability.unwrap_or(Durability::Sync);
        let nodes = |names: &Option<Vec<String>>| RunOptions::breakpoints(names.as_deref(), &self.parts.node_ids).unwrap_or_default();
        Options {
            concurrency: self.options.concurrency,
            max_steps: self.options.max_steps.unwrap_or(Options::default().max_steps),
            timeout_ms: self.options.timeout.map(super::node::millis),
            durability: self.options.checkpointer.as_ref().map(|_| durability),
            capacity: self.capacity,
            before: nodes(&self.options.interrupt_before),
            after: nodes(&self.options.interrupt_after),
            ..Options::default()
        }
    }

    /// There is a session, or a reason why there is none. Starts the machine.
    pub(super) fn open(&self, opened: Result<(Option<Restored>, Option<Claim>), Refusal>) {
        let Some(Beginning { input, is_resume, answers }) = self.beginning.take() else { return };
        let program = &self.parts.program;
        let (log, claim, refusal) = match opened {
            Ok((log, claim)) => (log, claim, None),
            Err(refusal) => (None, None, Some(refusal)),
        };
        *self.claim.borrow_mut() = claim;
        let (session, log) = match log {
            Some(log) => {
                *self.restored.borrow_mut() = log.inner;
                (log.session, Some((log.names, super::ids::random_bits(), log.next_slot, log.snapshot_slot)))
            }
            None => (Session::new(program), None),
        };
        let is_old = is_resume && !session.is_fresh();
        if is_old {
            *self.run_id.borrow_mut() = Rc::clone(&session.run_id);
        }
        let session_metadata = session.metadata.clone().filter(|_| is_resume);
        let mut machine = Machine::new(Rc::clone(program), self.machine_options(), Rc::clone(&self.session_id), session, log);
        for subscription in self.early.take() {
            subscription.enter(&mut machine);
        }
        *self.machine.borrow_mut() = Some(machine);
        if let Some(reason) = self.cancelled.take() {
            return self.cancel(reason);
        }
        let start = match refusal {
            Some(refusal) => Err(refusal),
            None => self.task_result(&self.frame(0), input, "the input").map_err(|fault| fault.refusal()).and_then(|result| {
                match result.routing {
                    Some(_) => Err(Refusal {
                        code: ErrorCode::StateInvalidUpdate,
                        text: "the input has a command; only a node's result may".to_owned(),
                    }),
                    None => Ok(result),
                }
            }),
        };
        let start = start.and_then(|input| Ok((input, self.read_answers(answers)?)));
        let metadata = match &self.options.metadata {
            Some(Ok(metadata)) => Some(self.arena.borrow_mut().put(metadata.clone())),
            Some(Err(_)) | None => session_metadata,
        };
        self.feed(match start {
            Err(Refusal { code, text }) => Input::Refuse(Failure {
                code,
                message: text.into(),
                node: None,
                inner: None,
                step: None,
                cause: None,
                scope: Scope::Runner,
            }),
            Ok((input, answers)) => Input::Start(Start {
                run_id: Rc::clone(&self.run_id.borrow()),
                seed: self.options.seed.unwrap_or_else(super::ids::random_bits),
                input,
                is_resume,
                abandons: self.options.abandon == Some(true),
                metadata,
                policy: GraphPolicy::Compatible,
                frontier: None,
                is_durable: false,
                answers,
            }),
        });
    }

    pub(super) fn feed(&self, input: Input) {
        let now = self.clock.now();
        self.with_machine(|machine| machine.handle(now, input));
    }

    /// About a task, a fold or a route of a graph.
    pub(super) fn feed_in(&self, frame: &Frame, input: Input) {
        let now = self.clock.now();
        self.with_machine_in(frame, |machine| machine.handle(now, input));
    }

    /// The same within a graph.
    pub(super) fn with_machine_in<T>(&self, frame: &Frame, act: impl FnOnce(&mut Machine) -> T) -> Option<T> {
        self.with_machine(|machine| {
            machine.enter(frame.id);
            act(machine)
        })
    }

    /// A graph that runs; the session's if that one is over, whose attempts' words are late then.
    pub(super) fn frame(&self, id: u32) -> Rc<Frame> {
        let frames = self.frames.borrow();
        // INVARIANT: 0 is always there.
        frames
            .get(&id)
            .or_else(|| frames.get(&0))
            .map_or_else(|| Rc::new(Frame::root(Rc::clone(&self.parts), Rc::clone(&self.contents))), Rc::clone)
    }

    /// Does something with the machine, if it is there, and takes the commands that it leaves.
    pub(super) fn with_machine<T>(&self, act: impl FnOnce(&mut Machine) -> T) -> Option<T> {
        let mut machine = self.machine.borrow_mut();
        let machine = machine.as_mut()?;
        let answer = act(machine);
        self.queue.borrow_mut().extend(machine.take_commands());
        Some(answer)
    }

    /// Asks for the end. Who polls the run is woken.
    pub(super) fn cancel(&self, reason: Option<String>) {
        if self.machine.borrow().is_none() {
            *self.cancelled.borrow_mut() = Some(reason);
        } else {
            let reason = reason.map(|reason| self.arena.borrow_mut().put(reason.into()));
            self.feed(Input::Cancel { reason });
        }
        self.wakers.wake_all();
    }

    pub(super) fn subscribe(&self, subscription: &Rc<Subscription>) {
        match self.machine.borrow_mut().as_mut() {
            Some(machine) => subscription.enter(machine),
            None => self.early.borrow_mut().push(Rc::clone(subscription)),
        }
    }

    /// Begins a wait of a task: `ask` tells the machine its number.
    pub(super) fn begin_wait(&self, frame: &Frame, ask: impl FnOnce(u32) -> Input) -> u32 {
        let number = self.wait_count.get();
        self.wait_count.set(number.wrapping_add(1));
        self.expect_wait(number);
        self.feed_in(frame, ask(number));
        self.wakers.wake_all();
        number
    }

    /// The machine has begun this one.
    pub(super) fn expect_wait(&self, number: u32) {
        self.waits.borrow_mut().insert(number, Wait::default());
    }

    pub(super) fn poll_wait(&self, number: u32, waker: &Waker) -> Poll<()> {
        let mut waits = self.waits.borrow_mut();
        let Some(wait) = waits.get_mut(&number) else { return Poll::Pending };
        if wait.is_over {
            waits.remove(&number);
            return Poll::Ready(());
        }
        wait.waker = Some(waker.clone());
        Poll::Pending
    }

    pub(super) fn forget_wait(&self, number: u32) {
        self.waits.borrow_mut().remove(&number);
    }

    pub(super) fn end_wait(&self, number: u32) {
        let waker = self.waits.borrow_mut().get_mut(&number).and_then(|wait| {
            wait.is_over = true;
            wait.waker.take()
        });
        waker.into_iter().for_each(Waker::wake);
    }

    /// Makes readers' events, and errors of failures.
    pub(super) fn with_factory<T>(&self, machine: &Machine, make: impl FnOnce(&EventFactory<'_>) -> T) -> T {
        make(&EventFactory {
            program: &self.parts.program,
            foreign: machine.foreign_names(),
            arena: &self.arena.borrow(),
            run_id: &self.run_id.borrow(),
            session_id: &self.session_id,
            branch: machine.session().branch(),
            store_name: self.options.checkpointer.as_ref().map_or("", |checkpointer| checkpointer.name()),
        })
    }

    /// A failure of a graph as an error.
    pub(super) fn error(&self, frame: &Frame, failure: &Failure) -> WeaveError {
        let machine = self.machine.borrow();
        let foreign = machine.as_ref().filter(|_| frame.id == 0).map_or(&[][..], Machine::foreign_names);
        EventFactory::nameless(&frame.parts.program, foreign, &self.arena.borrow()).error(failure)
    }

    /// The machine is done.
    pub(super) fn finish(&self) {
        let state = self.contents.state();
        let machine = self.machine.borrow();
        let Some(machine) = machine.as_ref() else { return };
        let result = self.with_factory(machine, |factory| RunResult::new(factory, machine, state));
        *self.result.borrow_mut() = Some(result);
        *self.claim.borrow_mut() = None;
        self.wakers.wake_all();
    }
}
