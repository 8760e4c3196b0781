//! A scripted host: carries out the engine's commands in order, in virtual time, as the facade does in real time.

use super::arena::{Arena, Contents};
use super::store::{Level, Record, Restored, Says, Store};
use super::user_code::Attempt;
use super::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use weavegraph_wasm::checkpoint::{Append, Durability, Fold, Session};
use weavegraph_wasm::engine::{Command, GraphPolicy, Input, Machine, Options, Pause, Start, Thrown};
use weavegraph_wasm::error::ErrorCode;
use weavegraph_wasm::graph::{NodeId, Program, RouteId};
use weavegraph_wasm::state::TaskResult;

/// What a resume answers.
#[derive(Clone)]
pub enum Replies {
    None,
    One(Json),
    ById(Vec<(String, Json)>),
}

/// What an execution is made of.
#[derive(Clone)]
pub struct Setup {
    pub graph: Rc<Graph>,
    pub options: Options,
    pub store: Option<Store>,
    pub now: f64,
    pub seed: u64,
    pub writer: u64,
    pub metadata: Option<Json>,
    pub policy: GraphPolicy,
    pub frontier: Option<Vec<NodeId>>,
    pub is_durable: bool,
    pub answers: Replies,
    /// Takes up what `Run` offers to a step of one task.
    pub is_solo: bool,
}

impl Setup {
    pub fn new(graph: Rc<Graph>) -> Self {
        let options = Options { capacity: 1 << 20, ..Options::default() };
        Self {
            graph,
            options,
            store: None,
            now: 1000.0,
            seed: 7,
            writer: 1,
            metadata: None,
            policy: GraphPolicy::Compatible,
            frontier: None,
            is_durable: false,
            answers: Replies::None,
            is_solo: true,
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn stored(self, durability: Durability, store: &Store) -> Self {
        self.with(|setup| {
            setup.options.durability = Some(durability);
            setup.store = Some(store.clone());
        })
    }

    pub fn sync(self, store: &Store) -> Self {
        self.stored(Durability::Sync, store)
    }

    pub fn concurrency(self, limit: u32) -> Self {
        self.with(|setup| setup.options.concurrency = Some(limit))
    }

    pub fn max_steps(self, limit: u32) -> Self {
        self.with(|setup| setup.options.max_steps = limit)
    }

    pub fn timeout(self, ms: f64) -> Self {
        self.with(|setup| setup.options.timeout_ms = Some(ms))
    }

    pub fn pausing(self, pause: Pause) -> Self {
        self.with(|setup| setup.options.pause = pause)
    }

    /// Pauses before these nodes.
    pub fn before(self, names: &[&str]) -> Self {
        let nodes = self.graph.ids(names);
        self.with(|setup| setup.options.before = nodes)
    }

    /// Pauses after these nodes.
    pub fn after(self, names: &[&str]) -> Self {
        let nodes = self.graph.ids(names);
        self.with(|setup| setup.options.after = nodes)
    }

    /// Resumes with the answer to the one open question.
    pub fn answer(&self, value: Json) -> Host {
        self.clone().with(|setup| setup.answers = Replies::One(value)).resume()
    }

    /// Resumes with answers by id.
    pub fn answers(&self, answers: &[(&str, Json)]) -> Host {
        let answers = answers.iter().map(|(id, value)| ((*id).to_owned(), value.clone()));
        self.clone().with(|setup| setup.answers = Replies::ById(answers.collect())).resume()
    }

    /// Before its start.
    pub fn open(&self) -> Host {
        Host::new(self)
    }

    pub fn start(&self, input: Json) -> Host {
        self.open().fed_start("run-1", &input, false, false)
    }

    pub fn run(&self, input: Json) -> Host {
        self.start(input).ran()
    }

    pub fn resume(&self) -> Host {
        self.open().fed_start("run-2", &json!({}), true, false).ran()
    }

    pub fn update(&self, update: Json, as_node: Option<&str>) -> Host {
        self.open().updated(&update, as_node)
    }

    pub fn abandon(&self, input: Json) -> Host {
        self.open().fed_start("run-2", &input, false, true).ran()
    }
}

pub(super) enum Due {
    Timer(u32),
    /// The attempt goes on with its script.
    Attempt(u32, u32),
    /// Of a frame, and which call.
    Route(u32, u32),
    Store(Says, u32),
    /// The append under way reaches the store.
    Send,
    Turn,
    Cancel(Option<String>),
}

/// What a route that was called will say.
pub(super) type Awaited = (RouteId, Result<Vec<To>, String>);

pub struct Host {
    pub setup: Setup,
    pub program: Rc<Program>,
    pub machine: Machine,
    pub arena: Arena,
    pub contents: Contents,
    pub now: f64,
    pub is_finished: bool,
    /// Calls of user code, in order: `node#task!attempt@time`.
    pub calls: Vec<String>,
    /// Functions of `once` that were called: `step path/step/node#task key`, where the first step is the session's.
    pub effects: Vec<String>,
    /// Results of `once`, and answers, that nodes were told under such names.
    pub told: Vec<(String, Json)>,
    /// The step that the session's graph is in.
    pub(super) root_step: u32,
    /// Signals that were aborted: `node#task why`.
    pub aborts: Vec<String>,
    /// Most tasks that held a slot at once.
    pub peak: usize,
    /// Most timers that ran at once.
    pub most_timers: usize,
    pub yields: usize,
    /// How often readers were woken.
    pub wakes: usize,
    pub commands: usize,
    /// The store says so with each answer.
    pub answers_in_turns: bool,
    pub(super) attempts: HashMap<(u32, u32), Attempt>,
    pub(super) sleeps: Vec<(u32, u32)>,
    /// Attempts by what they wait for in the store.
    pub(super) waits: HashMap<u32, (u32, u32)>,
    pub(super) flushes: Vec<(u32, u32)>,
    /// What routes that were called will say.
    pub(super) answers: HashMap<(u32, u32), Awaited>,
    /// The frame that commands concern.
    pub said: u32,
    /// The frame that `here` is of, and what the host has of it.
    pub at: u32,
    pub(super) levels: BTreeMap<u32, Level>,
    /// Of each sub-graph: the frame, the task and the attempt that run it.
    pub(super) parents: BTreeMap<u32, (u32, u32, u32)>,
    pub(super) graph: Rc<Graph>,
    pub(super) here: Rc<Program>,
    /// Of the names that a line of text is made with.
    pub(super) lens: RefCell<Rc<Program>>,
    pub(super) path: String,
    queue: VecDeque<Command>,
    agenda: BTreeMap<(u64, u64), Due>,
    moments: u64,
    timers: HashMap<u32, (u64, u64)>,
    skips_folds: bool,
    in_flight: Option<(Append, Record)>,
    is_sent: bool,
}

impl Host {
    fn new(setup: &Setup) -> Self {
        let program = Rc::new(setup.graph.compile());
        let store = setup.store.clone().unwrap_or_default();
        let log = store.restore(&setup.graph, &program).expect("a log that can be read");
        Self::with_log(setup, program, log)
    }

    pub fn with_log(setup: &Setup, program: Rc<Program>, log: Restored) -> Self {
        let Restored { session, names, mut arena, contents, next_slot, snapshot_slot, inner, .. } = log;
        arena.sweep();
        let log = setup.store.as_ref().map(|_| (names, setup.writer, next_slot, snapshot_slot));
        let machine = Machine::new(Rc::clone(&program), setup.options.clone(), "s".into(), session, log);
        Self {
            setup: setup.clone(),
            program: Rc::clone(&program),
            machine,
            arena,
            contents,
            now: setup.now,
            is_finished: false,
            calls: Vec::new(),
            effects: Vec::new(),
            told: Vec::new(),
            root_step: 0,
            aborts: Vec::new(),
            peak: 0,
            most_timers: 0,
            yields: 0,
            wakes: 0,
            commands: 0,
            answers_in_turns: false,
            attempts: HashMap::new(),
            sleeps: Vec::new(),
            waits: HashMap::new(),
            flushes: Vec::new(),
            answers: HashMap::new(),
            said: 0,
            at: 0,
            levels: inner,
            parents: BTreeMap::new(),
            graph: Rc::clone(&setup.graph),
            here: Rc::clone(&program),
            lens: RefCell::new(program),
            path: String::new(),
            queue: VecDeque::new(),
            agenda: BTreeMap::new(),
            moments: 0,
            timers: HashMap::new(),
            skips_folds: false,
            in_flight: None,
            is_sent: false,
        }
    }

    pub fn fed_start(mut self, run_id: &str, input: &Json, is_resume: bool, abandons: bool) -> Self {
        let fields = input.as_object().into_iter().flatten();
        let writes: Vec<_> = fields.map(|(name, write)| (name.clone(), write.clone(), false)).collect();
        let session = self.machine.session();
        let run_id = if is_resume && !session.is_fresh() { Rc::clone(&session.run_id) } else { run_id.into() };
        let input = self.result(&writes, None).unwrap_or_else(|_| TaskResult::default());
        let metadata = self.setup.metadata.clone().map(|metadata| self.arena.put(metadata));
        let start = Start {
            run_id,
            seed: self.setup.seed,
            input,
            is_resume,
            abandons,
            metadata,
            policy: self.setup.policy,
            frontier: self.setup.frontier.clone(),
            is_durable: self.setup.is_durable,
            answers: self.answers(),
        };
        self.feed(Input::Start(start));
        self
    }

    /// An execution that only changes the state, up to its end.
    pub fn updated(mut self, update: &Json, as_node: Option<&str>) -> Self {
        let fields = update.as_object().into_iter().flatten();
        let writes: Vec<_> = fields.map(|(name, write)| (name.clone(), write.clone(), false)).collect();
        let result = self.result(&writes, None).unwrap_or_else(|_| TaskResult::default());
        let node = |name: &str| self.program.nodes.iter().position(|node| &*node.name == name).expect("a node");
        let as_node = as_node.map(|name| NodeId(node(name) as u32));
        self.feed(Input::Update { result, as_node });
        self.ran()
    }

    fn answers(&mut self) -> weavegraph_wasm::engine::Answers {
        use weavegraph_wasm::engine::Answers;
        match self.setup.answers.clone() {
            Replies::None => Answers::None,
            Replies::One(value) => Answers::One(Some(self.arena.put(value))),
            Replies::ById(answers) => {
                let put = |(id, value): (String, Json)| (id.into(), Some(self.arena.put(value)));
                Answers::ById(answers.into_iter().map(put).collect())
            }
        }
    }

    pub fn ran(mut self) -> Self {
        self.run();
        self
    }

    /// Until the run is over, or nothing will ever happen.
    pub fn run(&mut self) {
        self.settle();
        while !self.is_finished && self.pass() {}
    }

    /// Until the clock has reached `time`.
    pub fn run_until(&mut self, time: f64) {
        self.settle();
        while !self.is_finished && self.agenda.keys().next().is_some_and(|(at, _)| f64::from_bits(*at) <= time) {
            self.pass();
        }
        self.now = self.now.max(time);
    }

    /// Carries out all commands that wait.
    pub fn settle(&mut self) {
        while self.carry_out_next() {}
        self.arena.sweep();
    }

    /// The command that comes next.
    pub fn next_command(&self) -> Option<&Command> {
        self.queue.front()
    }

    /// Carries out one command, if one waits.
    pub fn carry_out_next(&mut self) -> bool {
        let Some(command) = self.queue.pop_front() else { return false };
        self.commands += 1;
        self.carry_out(command);
        self.arena.sweep();
        true
    }

    /// The next thing in time happens, with all that follows.
    pub fn pass(&mut self) -> bool {
        let has_passed = self.happen();
        self.settle();
        has_passed
    }

    /// The next thing in time happens.
    pub fn happen(&mut self) -> bool {
        let Some(((at, _), due)) = self.agenda.pop_first() else { return false };
        self.now = self.now.max(f64::from_bits(at));
        match due {
            Due::Timer(timer) => {
                self.timers.remove(&timer);
                self.feed(Input::Fired { timer });
            }
            Due::Attempt(task, token) => self.go_on(task, token),
            Due::Route(frame, call) => {
                self.go_to(frame);
                self.answer_route(call);
            }
            Due::Store(says, slot) => self.store_says(says, slot),
            Due::Turn => self.feed(Input::Turn),
            Due::Cancel(reason) => self.cancel(reason.as_deref()),
            Due::Send => self.send(),
        }
        true
    }

    pub(super) fn plan(&mut self, after: f64, due: Due) {
        self.plan_keyed(after, due);
    }

    fn plan_keyed(&mut self, after: f64, due: Due) -> (u64, u64) {
        self.moments += 1;
        let key = ((self.now + after).to_bits(), self.moments);
        self.agenda.insert(key, due);
        key
    }

    pub fn feed(&mut self, input: Input) {
        self.machine.enter(self.at);
        self.machine.handle(self.now, input);
        self.take();
    }

    pub(super) fn take(&mut self) {
        self.queue.extend(self.machine.take_commands());
    }

    /// From here on what the host does is about another frame, if it is there.
    pub(super) fn go_to(&mut self, frame: u32) {
        if frame == self.at {
            return;
        }
        self.exchange(self.at);
        self.at = frame;
        self.exchange(frame);
    }

    /// The entry of the frame that is worked on holds that of the session.
    fn exchange(&mut self, frame: u32) {
        if let Some(level) = self.levels.get_mut(&frame) {
            std::mem::swap(&mut level.graph, &mut self.graph);
            std::mem::swap(&mut level.program, &mut self.here);
            std::mem::swap(&mut level.contents, &mut self.contents);
            std::mem::swap(&mut level.path, &mut self.path);
        }
    }

    pub fn cancel(&mut self, reason: Option<&str>) {
        let reason = reason.map(|reason| self.arena.put(json!(reason)));
        self.feed(Input::Cancel { reason });
        self.settle();
    }

    pub fn cancel_at(&mut self, time: f64, reason: &str) {
        self.plan(time - self.now, Due::Cancel(Some(reason.to_owned())));
    }

    fn carry_out(&mut self, command: Command) {
        self.go_to(self.said);
        match command {
            Command::Fold(Fold::Enter { frame }) => self.said = frame,
            Command::Open { .. } => self.open(command),
            Command::Output => self.output(),
            Command::Close { frame } => {
                self.levels.remove(&frame);
            }
            Command::Run { .. } => self.call_node(command),
            Command::Rescue { task, token, failure } => self.call_rescue(task, token, &failure),
            Command::AskRetry { task, token, attempt, failure } => self.ask_retry(task, token, attempt, &failure),
            Command::Abort { task, token, why } => self.abort(task, token, why),
            Command::Begin => self.contents.begin(),
            Command::Fold(fold) => self.fold(&fold),
            Command::EndFolds => self.end_folds(),
            Command::Commit => self.contents.commit(),
            Command::Rollback => self.contents.rollback(),
            Command::Route { call, route } => self.call_route(call, route),
            Command::StartTimer { timer, ms } => {
                let key = self.plan_keyed(ms, Due::Timer(timer));
                let old = self.timers.insert(timer, key);
                assert!(old.is_none(), "timer {timer} was running");
                self.most_timers = self.most_timers.max(self.timers.len());
            }
            Command::StopTimer { timer } => {
                let key = self.timers.remove(&timer).expect("a timer that runs");
                self.agenda.remove(&key);
            }
            Command::WakeSleep { sleep } => self.wake(sleep),
            Command::Flushed { flush } => self.flushed(flush),
            Command::Append(append) => self.append(append),
            Command::Yield => {
                self.yields += 1;
                self.plan(0.0, Due::Turn);
            }
            Command::WakeReaders => self.wakes += 1,
            Command::Finish => {
                assert!(!self.is_finished, "it finished twice");
                assert!(self.timers.is_empty(), "timers were left: {:?}", self.timers);
                self.is_finished = true;
            }
        }
    }

    fn fold(&mut self, fold: &Fold) {
        if self.skips_folds {
            return;
        }
        if let Err((channel, error)) = self.contents.fold(&self.arena, fold) {
            self.skips_folds = true;
            let thrown = Thrown { code: error.code(), text: error.to_string(), cause: None };
            self.feed(Input::FoldFailed { channel, thrown });
        }
    }

    fn end_folds(&mut self) {
        if std::mem::take(&mut self.skips_folds) {
            return;
        }
        let changed = self.contents.changed();
        let is_reduce = |channel: &&u32| self.graph.definition.channels[**channel as usize].kind == "reduce";
        let mut reduced = Vec::new();
        let mut contents_bytes = 0;
        if self.setup.store.is_some() {
            for channel in changed.iter().filter(is_reduce) {
                let value = self.contents.save(*channel as usize);
                reduced.push((*channel, self.arena.put(value)));
            }
            contents_bytes = self.contents_bytes();
        }
        self.feed(Input::Applied { changed, reduced, contents_bytes });
    }

    pub(super) fn contents_bytes(&self) -> u64 {
        let sizes = (0..self.contents.len()).map(|channel| super::arena::size(&self.contents.save(channel)));
        sizes.map(u64::from).sum()
    }

    fn append(&mut self, append: Append) {
        assert!(self.in_flight.is_none(), "one append at a time");
        let mut values: Vec<Json> = append.values.iter().map(|value| self.arena.get(value).clone()).collect();
        if append.saves_contents {
            self.go_to(0);
            values.extend((0..self.contents.len()).map(|channel| self.contents.save(channel)));
        }
        let record = Record { bytes: append.bytes.clone(), values };
        self.in_flight = Some((append, record));
        self.is_sent = false;
        match self.setup.store.as_ref().and_then(Store::transit) {
            None => self.send(),
            Some(transit) => self.plan(transit, Due::Send),
        }
    }

    /// The process dies. What it had sent may arrive all the same; returns the slot of a record that nobody has confirmed to it.
    pub fn die(mut self, arrives: bool) -> Option<u32> {
        let (append, record) = self.in_flight.take()?;
        let store = self.setup.store.clone().expect("a store");
        if !self.is_sent && arrives {
            store.append(append.slot, record, append.has_row, append.is_strict);
        }
        let is_there = store.len() == append.slot as usize + 1 && store.writer(append.slot) == Some(self.setup.writer);
        is_there.then_some(append.slot)
    }

    fn send(&mut self) {
        let store = self.setup.store.clone().expect("a store");
        let (append, record) = self.in_flight.as_ref().expect("an append");
        let (slot, has_row, is_strict) = (append.slot, append.has_row, append.is_strict);
        let (after, says) = store.append(slot, record.clone(), has_row, is_strict);
        self.is_sent = true;
        match after {
            None => self.store_says(says, slot),
            Some(after) => self.plan(after, Due::Store(says, slot)),
        }
    }

    fn store_says(&mut self, says: Says, slot: u32) {
        let store = self.setup.store.clone().expect("a store");
        let says = match says {
            Says::Lost => return self.send(),
            says => says,
        };
        let answer = match says {
            Says::Nothing | Says::Keeps => return,
            Says::Yes | Says::Lost => Input::Appended { is_turn: self.answers_in_turns },
            Says::Taken => Input::Taken { writer: store.writer(slot) },
            Says::Refuses | Says::KeepsAndRefuses => {
                let thrown = Thrown { code: ErrorCode::CheckpointUnavailable, text: "disk on fire".to_owned(), cause: None };
                Input::AppendFailed(thrown)
            }
        };
        self.in_flight = None;
        self.feed(answer);
    }

    /// An append is in flight.
    pub fn is_storing(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Carries out one command after another until one that calls user code took its time.
    pub fn take_time(&mut self, ms: f64) {
        while let Some(command) = self.queue.pop_front() {
            let is_call = matches!(command, Command::Run { .. });
            if is_call {
                self.now += ms;
            }
            self.carry_out(command);
            if is_call {
                break;
            }
        }
    }

    pub fn session(&self) -> &Session {
        self.machine.session()
    }

    /// The whole state.
    pub fn state(&mut self) -> Json {
        self.go_to(0);
        (*self.contents.view()).clone()
    }

    /// A channel's value.
    pub fn value(&mut self, channel: &str) -> Json {
        self.go_to(0);
        self.contents.view()[channel].clone()
    }
}
