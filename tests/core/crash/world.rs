//! A session, its store, and the processes that want it: who runs, who dies, who comes next. All chance comes from one seed.

use super::host::Replies;
use super::life::{Fate, Life, Seen};
use super::log::{Log, describe};
use super::replies::Act;
use super::*;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use store::Says;
use weavegraph_wasm::checkpoint::{Durability, Status};
use weavegraph_wasm::engine::Input;
use weavegraph_wasm::error::ErrorCode;
use weavegraph_wasm::events::{EventKind, KeptKind};
use weavegraph_wasm::graph::NodeId;

/// What has to happen often enough.
pub const FEATURES: &[&str] = &[
    "Sync",
    "Async",
    "Exit",
    "died",
    "froze",
    "robbed",
    "cancelled",
    "raced",
    "lost a slot",
    "lost the store",
    "lost a tail",
    "branches",
    "snapshots",
    "takeovers",
    "abandoned",
    "second runs",
    "effects",
    "answers",
    "some answers",
    "pauses",
    "crashes",
    "completed",
    "stopped",
];

/// Processes that do not live; after them everything goes well.
const MOST_LIVES: usize = 7;

pub struct World {
    seed: u64,
    plan: Rc<Plan>,
    dice: Dice,
    store: Store,
    lives: Vec<Life>,
    begun: usize,
    /// From now on nothing goes wrong.
    is_calm: Rc<Cell<bool>>,
    writers: HashMap<u64, Durability>,
    seen: Vec<Seen>,
    /// Results of `once` and answers that nodes were told, by run and by what they are: they never change.
    told: HashMap<(String, String), Json>,
    now: f64,
    /// Executions that are not resumes.
    wanted: usize,
    has_abandoned: bool,
    scale: u32,
    tally: BTreeMap<&'static str, u64>,
    is_over: bool,
    is_loud: bool,
}

impl World {
    pub fn new(seed: u64, is_loud: bool) -> Self {
        let mut dice = Dice::of(&[seed, 77]);
        let store = Store::default();
        let is_calm = Rc::new(Cell::new(false));
        store.fated(fates(Dice::of(&[seed, 78]), Rc::clone(&is_calm)));
        let plan = Rc::new(Plan::new(seed));
        let wanted = 1 + usize::from(dice.chance(25));
        let scale = if dice.chance(40) { 3000 } else { 1 };
        Self {
            seed,
            plan,
            dice,
            store,
            lives: Vec::new(),
            begun: 0,
            is_calm,
            writers: HashMap::new(),
            seen: Vec::new(),
            told: HashMap::new(),
            now: 1000.0,
            wanted,
            has_abandoned: false,
            scale,
            tally: BTreeMap::new(),
            is_over: false,
            is_loud,
        }
    }

    pub fn tally(&self, seen: &mut BTreeMap<&'static str, u64>) {
        self.tally.iter().for_each(|(what, times)| *seen.entry(what).or_default() += times);
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.is_loud {
            eprintln!("{}", what());
        }
    }

    fn setup(&mut self, durability: Durability, writer: u64) -> Setup {
        let graph = eventful(self.plan.graph(self.seed + 1000 * writer), self.seed, self.seed ^ writer);
        let (now, concurrency) = (self.now, self.plan.concurrency);
        graph.setup().max_steps(MAX_STEPS).stored(durability, &self.store).with(|setup| {
            setup.options.concurrency = concurrency;
            // A small ring makes readers that lag read the log.
            setup.options.capacity = if writer % 3 == 1 { 4 } else { 1 << 16 };
            setup.is_solo = writer.is_multiple_of(2);
            setup.writer = writer;
            setup.now = now;
        })
    }

    fn log(&mut self) -> Log {
        let setup = self.setup(Durability::Sync, 0);
        let log = Log::read(&self.store, &setup, &self.writers);
        log.check_seen(self.seen.iter().chain(self.lives.iter().flat_map(|life| &life.seen)));
        log
    }

    /// Until the session has ended as it must.
    pub fn run(&mut self) {
        for _ in 0..2_000_000 {
            if !self.is_over && self.lives.iter().all(|life| life.is_stale) {
                self.next();
            }
            if self.lives.is_empty() {
                return self.conclude();
            }
            let at = self.dice.below(self.lives.len());
            for _ in 0..1 + self.dice.below(6) {
                self.lives[at].act();
                self.hear(at);
                if self.dice.chance(15) {
                    let max = 1 + self.dice.below(12);
                    self.lives[at].read(max);
                }
                if self.lives[at].host.is_finished || self.lives[at].budget == 0 {
                    break;
                }
            }
            self.now = self.now.max(self.lives[at].host.now);
            if self.lives[at].host.is_finished {
                self.finished(at);
            } else if self.lives[at].budget == 0 {
                self.meet_fate(at);
            }
        }
        panic!("it never ends");
    }

    fn hear(&mut self, at: usize) {
        let run_id = self.lives[at].host.session().run_id.to_string();
        for (what, value) in self.lives[at].hear() {
            let name = &self.lives[at].name;
            let known = self.told.entry((run_id.clone(), what.clone())).or_insert_with(|| value.clone());
            assert_eq!(*known, value, "{name}: {what} was something else before");
            self.count(if what.contains('"') { "answers" } else { "effects" });
        }
    }

    /// Starts the next processes, one or two, unless the session has ended; what is frozen wakes up all the same.
    fn next(&mut self) {
        let log = self.log();
        self.store.show();
        self.begun += 1;
        assert!(self.begun < 150, "it never ends");
        if self.begun > MOST_LIVES {
            self.is_calm.set(true);
        }
        let is_over = match log.status() {
            Status::Completed => log.begun >= self.wanted,
            Status::Failed => matches!(log.failure, Some(ErrorCode::StateConflict | ErrorCode::RunStepLimit)),
            Status::Running | Status::Cancelled | Status::Interrupted => false,
        };
        if is_over {
            self.is_over = true;
            return;
        }
        let is_start = log.status() == Status::Completed;
        let abandons = !is_start && !self.is_calm.get() && self.dice.chance(2);
        if abandons {
            self.has_abandoned = true;
            self.wanted = self.wanted.max(log.begun + 1);
            self.count("abandoned");
        }
        if is_start && log.begun > 0 {
            self.count("second runs");
        }
        let rivals = if self.is_calm.get() || !self.dice.chance(12) { 1 } else { 2 };
        self.count(if rivals == 2 { "raced" } else { "alone" });
        for _ in 0..rivals {
            self.begin(&log, is_start, abandons);
        }
    }

    fn begin(&mut self, log: &Log, is_start: bool, abandons: bool) {
        let writer = self.writers.len() as u64 + 1;
        let durability = [Durability::Sync, Durability::Async, Durability::Exit][self.dice.below(3)];
        self.writers.insert(writer, durability);
        self.count(["Sync", "Async", "Exit"][durability as usize]);
        let mut setup = self.setup(durability, writer);
        if !is_start && !abandons {
            setup.options.max_steps = MAX_STEPS - (log.reader.session().graph.step - log.base_step);
        }
        let input = if log.begun == 0 { self.plan.input.clone() } else { json!({ "list": ["again"] }) };
        let input = if is_start || abandons { input } else { json!({}) };
        if !is_start && !abandons {
            setup.answers = self.answers(log, writer);
        }
        if !self.is_calm.get() && self.dice.chance(15) {
            let nodes = self.plan.nodes.len();
            let marked: Vec<_> = (0..1 + self.dice.below(3)).map(|_| NodeId(self.dice.below(nodes) as u32)).collect();
            let is_before = self.dice.chance(50);
            *(if is_before { &mut setup.options.before } else { &mut setup.options.after }) = marked;
        }
        let mut host = setup.open();
        host.arena.scale = self.scale;
        // Several orders of magnitude, so that an end comes early as often as late.
        let most = [12, 60, 400, 1500][self.dice.below(4)];
        let budget = 1 + self.dice.below(most);
        let fates = [Fate::Dies, Fate::Dies, Fate::Freezes, Fate::Freezes, Fate::IsRobbed, Fate::IsCancelled, Fate::Lives];
        let fate = if self.is_calm.get() { Fate::Lives } else { fates[self.dice.below(fates.len())] };
        let what = if is_start {
            "starts"
        } else if abandons {
            "abandons"
        } else {
            "resumes"
        };
        let name = format!("seed {} writer {writer} ({durability:?}, {what})", self.seed);
        self.say(|| format!("{name} at {} with {} records, then {fate:?} after {budget}", self.now, self.store.len()));
        let host = host.fed_start(&format!("run-{writer}"), &input, !is_start && !abandons, abandons);
        let known = self.told.keys().filter(|(run_id, _)| **run_id == *host.session().run_id).map(|(_, what)| what.clone());
        let known: HashSet<String> = if abandons { HashSet::new() } else { known.collect() };
        let committed = if is_start || abandons { Default::default() } else { log.committed.clone() };
        let budget = if fate == Fate::Lives { usize::MAX } else { budget };
        let takeover_slot = (!is_start).then(|| self.store.len() as u32);
        let life = Life::new(host, name, (fate, budget), takeover_slot, (committed, known), &mut self.dice);
        self.lives.push(life);
    }

    /// What a resume brings along: what is asked is answered otherwise by each, and sometimes in part.
    fn answers(&mut self, log: &Log, writer: u64) -> Replies {
        let open = log.reader.session().open_questions();
        let asked: Vec<String> = open.iter().filter(|kept| kept.kind == KeptKind::Interrupt).map(|kept| kept.key.to_string()).collect();
        if asked.is_empty() || (log.status() != Status::Interrupted && self.dice.chance(50)) {
            return Replies::None;
        }
        let is_calm = self.is_calm.get();
        if asked.len() == 1 && self.dice.chance(50) {
            return Replies::One(json!(writer));
        }
        let kept = self.dice.below(asked.len());
        let dice = &mut self.dice;
        let some = asked.iter().enumerate().filter(|(index, _)| is_calm || *index == kept || dice.chance(50));
        let answers: Vec<_> = some.map(|(_, id)| (id.clone(), json!(writer))).collect();
        if answers.len() < asked.len() {
            self.count("some answers");
        }
        Replies::ById(answers)
    }

    /// An execution has ended by itself, or was ended by its store.
    fn finished(&mut self, at: usize) {
        let mut life = self.lives.swap_remove(at);
        life.read_all();
        let ending = life.host.ending();
        let event = life.host.machine.terminal_event().expect("a terminal event");
        if ending.contains("before:") || ending.contains("after:") {
            self.count("pauses");
        }
        self.say(|| format!("{} ends: {ending}{}", life.name, if event.is_transient { " (transient)" } else { "" }));
        if event.is_transient {
            let what = if ending.contains("CONFLICT") { "lost a slot" } else { "lost the store" };
            assert!(ending.contains("CHECKPOINT_CONFLICT") || ending.contains("CHECKPOINT_UNAVAILABLE"), "{}: {ending}", life.name);
            let newest = self.store.len().checked_sub(1).and_then(|slot| self.store.writer(slot as u32));
            let is_ousted = life.fate == Fate::IsRobbed || newest != Some(life.host.setup.writer);
            assert!(is_ousted || !ending.contains("CHECKPOINT_CONFLICT"), "{}: nobody has taken the session from it", life.name);
            self.count(what);
            self.leave(life);
            return;
        }
        let seen = life.seen.iter().filter(|event| event.line.starts_with("run.") && !event.line.starts_with("run.started")).count();
        assert!(seen <= 1, "{}: a reader saw {seen} ends", life.name);
        let log = self.log();
        let state = life.host.state();
        let live = describe(life.host.session(), &life.host.arena, &state);
        let mut reader = log.reader;
        let state = reader.state();
        // A stolen session may have gone on since; then its log is not this one's.
        if reader.session().seq == life.host.session().seq {
            assert_eq!(describe(reader.session(), &reader.arena, &state), live, "{}: restored and live differ", life.name);
        } else {
            assert!(reader.session().seq > life.host.session().seq, "{}: its last word is not in the log", life.name);
        }
        self.leave(life);
    }

    fn meet_fate(&mut self, at: usize) {
        let life = &mut self.lives[at];
        let fate = life.fate;
        let line = format!("{} at {}: {}", life.name, life.host.now, if life.is_stale { "gone".to_owned() } else { format!("{fate:?}") });
        self.say(|| line);
        let life = &mut self.lives[at];
        if life.is_stale {
            let life = self.lives.swap_remove(at);
            return self.leave(life);
        }
        self.count("crashes");
        let life = &mut self.lives[at];
        match fate {
            Fate::Dies | Fate::Lives => {
                let life = self.lives.swap_remove(at);
                self.count("died");
                self.leave(life);
            }
            Fate::Freezes => {
                life.is_stale = true;
                life.budget = 1 + self.dice.below(400);
                self.count("froze");
            }
            Fate::IsRobbed => {
                life.host.feed(Input::Lost);
                life.budget = usize::MAX;
                self.count("robbed");
            }
            Fate::IsCancelled => {
                life.host.feed(Input::Cancel { reason: None });
                life.budget = usize::MAX;
                self.count("cancelled");
            }
        }
    }

    /// A process is gone; what it sent may arrive, and what was not confirmed to it may be lost.
    fn leave(&mut self, life: Life) {
        let Life { host, seen, .. } = life;
        let (arrives, is_kept) = (self.dice.chance(50), self.dice.chance(60));
        let unconfirmed = host.die(arrives);
        self.seen.extend(seen);
        if unconfirmed.is_some() && !is_kept && self.lives.is_empty() && self.store.lose_last() {
            self.count("lost a tail");
        }
    }

    /// All went as if nothing had gone wrong.
    fn conclude(&mut self) {
        let mut log = self.log();
        let (branches, takeovers, snapshots) = (log.reader.session().ends.len(), log.takeovers, log.snapshots);
        *self.tally.entry("branches").or_default() += branches as u64;
        *self.tally.entry("takeovers").or_default() += takeovers as u64;
        *self.tally.entry("snapshots").or_default() += snapshots as u64;
        self.count(if log.status() == Status::Completed { "completed" } else { "stopped" });
        self.say(|| format!("{:#?}", log.lines));
        if self.has_abandoned {
            return;
        }
        let clean = Store::default();
        let setup = self.setup(Durability::Sync, 0).sync(&clean);
        let (mut straight, mut steps) = undisturbed(&setup, self.plan.input.clone());
        let story = interpreter::interpret(&self.plan, MAX_STEPS);
        assert_eq!(straight.ending(), story.ending, "seed {}: the reference", self.seed);
        assert_eq!((straight.state(), steps.clone()), (story.state, story.steps), "seed {}: the reference", self.seed);
        assert_eq!(straight.session().graph.versions.channels, story.versions, "seed {}: the reference", self.seed);
        if self.wanted == 2 && straight.ending().starts_with("completed") {
            let more;
            (straight, more) = undisturbed(&setup, json!({ "list": ["again"] }));
            steps.extend(more);
        }
        let done = log.lines.iter().filter_map(|line| line.strip_prefix("step.completed ").map(str::to_owned));
        assert_eq!(done.collect::<Vec<_>>(), steps, "seed {}: steps", self.seed);
        let last = log.lines.last().map(|line| line.trim_start_matches("run.").to_owned());
        assert_eq!(last, Some(straight.ending()), "seed {}: the end", self.seed);
        assert_eq!(log.reader.state(), straight.state(), "seed {}: the state", self.seed);
        assert_eq!(log.reader.session().graph.versions, straight.session().graph.versions, "seed {}: the versions", self.seed);
        assert_eq!(log.reader.session().graph.arrivals, straight.session().graph.arrivals, "seed {}: the joins", self.seed);
    }
}

/// How each append goes.
fn fates(mut dice: Dice, is_calm: Rc<Cell<bool>>) -> store::Fates {
    Box::new(move || {
        let transit = if dice.chance(60) { 0.0 } else { dice.below(30) as f64 };
        let after = if dice.chance(30) { None } else { Some(dice.below(30) as f64) };
        let soon = Some(dice.below(20) as f64);
        let late = Some((1000 + dice.below(8000)) as f64);
        match dice.below(100) {
            _ if is_calm.get() => (transit, after, Says::Yes),
            0..3 => (transit, soon, Says::Refuses),
            3..6 => (transit, soon, Says::KeepsAndRefuses),
            6..14 => (transit, soon, Says::Lost),
            14 => (transit, None, Says::Nothing),
            15 => (transit, None, Says::Keeps),
            16..19 => (transit, late, Says::Yes),
            _ => (transit, after, Says::Yes),
        }
    })
}

/// An execution in which nothing goes wrong and all questions are answered, and its steps.
fn undisturbed(setup: &Setup, input: Json) -> (Host, Vec<String>) {
    let mut host = setup.run(input);
    let mut steps = host.steps();
    while host.ending().starts_with("interrupted") {
        let open = host.session().open_questions();
        let answers = open.iter().map(|kept| (kept.key.to_string(), json!(0))).collect();
        let left = MAX_STEPS - steps.len() as u32;
        host = setup.clone().max_steps(left).with(|setup| setup.answers = Replies::ById(answers)).resume();
        steps.extend(host.steps());
    }
    (host, steps)
}

/// The same graph, whose nodes say things and wait for the store, as `salt` wants it, and ask and have effects, as `seed` wants it.
fn eventful(mut graph: Graph, seed: u64, salt: u64) -> Graph {
    let mut dice = Dice::of(&[seed, 79]);
    let (asks, effects) = ([0, 0, 4, 15][dice.below(4)], [0, 10, 30][dice.below(3)]);
    for (name, run) in &mut graph.nodes {
        let (inner, who) = (Rc::clone(run), name.bytes().map(u64::from).sum::<u64>());
        *run = Rc::new(move |call| {
            let mut reply = inner(call);
            let mut dice = Dice::of(&[salt, who, u64::from(call.step), u64::from(call.task), u64::from(call.attempt)]);
            for _ in 0..dice.below(3) {
                let payload = json!({ "text": dice.below(100) });
                let act = if dice.chance(15) { Act::Flush } else { Act::Emit(EventKind::Message, payload) };
                let at = dice.below(reply.acts.len() + 1);
                reply.acts.insert(at, act);
            }
            let mut dice = Dice::of(&[seed, who, u64::from(call.step), u64::from(call.task)]);
            for question in 0..2 {
                if dice.chance(asks) {
                    let waits = !dice.chance(10);
                    let payload = json!(format!("question {question}"));
                    reply.acts.push(Act::Ask { id: None, payload, channel: String::new(), waits });
                }
                if dice.chance(effects) {
                    let ms = dice.below(8) as f64;
                    reply.acts.push(Act::Once { key: format!("effect {question}"), channel: String::new(), ms });
                }
            }
            reply
        });
    }
    graph
}
