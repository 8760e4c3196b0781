//! Drives the machine as the facade does, so that callgrind can count: `driver SCENARIO N`. Owns the scenarios and the shortest host that
//! the machine accepts: values are handles, contents do not exist, the store has every record at once. Must not know how instructions are
//! counted. Invariant: the work of a scenario grows with N and with nothing else.
#![allow(missing_docs, clippy::panic)]

use std::collections::VecDeque;
use std::rc::Rc;
use weavegraph_wasm::checkpoint::{Durability, Fold, Names, Session};
use weavegraph_wasm::engine::{Answers, Command, GraphPolicy, Input, Machine, Options, Outcome, Progress, Solo, Start};
use weavegraph_wasm::events::{Cursor, EventKind, Mask, Overflow, Pulled};
use weavegraph_wasm::graph::{ChannelDefinition, Definition, END, EdgeDefinition, NodeDefinition, NodeId, Program, RouteDefinition, START};
use weavegraph_wasm::state::{Target, Targets, TaskResult, Values, Write};

/// Epoch milliseconds; it stands still, so slices end by their number of steps alone.
const NOW: f64 = 1_700_000_000_000.0;
/// As many events as the facade's iterator pulls at once.
const BATCH: usize = 64;

/// What a run is, beside its graph.
#[derive(Default)]
struct Plan {
    durability: Option<Durability>,
    /// Events that the first node emits; with any, somebody reads all events.
    events: u32,
    /// Steps until the route says END.
    steps: u32,
    /// Tasks that the route sends.
    sends: u32,
}

struct Host {
    machine: Machine,
    values: Values,
    /// A write of the one channel; the boundary keeps it, too.
    writes: Rc<[Write]>,
    plan: Plan,
    queue: VecDeque<Command>,
    reader: Option<u32>,
    handles: u32,
    /// Whose commands come.
    frame: u32,
    read: u64,
    is_finished: bool,
}

impl Host {
    fn new(program: &Rc<Program>, plan: Plan) -> Self {
        // `invoke` keeps nothing for late readers.
        let capacity = if plan.events > 0 { 1024 } else { 0 };
        let options = Options { max_steps: u32::MAX, durability: plan.durability, capacity, ..Options::default() };
        let log = plan.durability.map(|_| (Names::default(), 1, 0, 0));
        let mut machine = Machine::new(Rc::clone(program), options, "session".into(), Session::new(program), log);
        let reader = (plan.events > 0).then(|| machine.subscribe(Mask::ALL, 1024, Overflow::Wait, Cursor::Start));
        let writes = Rc::from([Write { channel: 0, is_replace: false }]);
        Self {
            machine,
            values: Values::default(),
            writes,
            plan,
            queue: VecDeque::new(),
            reader,
            handles: 0,
            frame: 0,
            read: 0,
            is_finished: false,
        }
    }

    /// From its start to its end; returns its steps.
    fn run(mut self) -> u32 {
        self.tell(Input::Start(Start {
            run_id: "run".into(),
            seed: 7,
            input: TaskResult::default(),
            is_resume: false,
            abandons: false,
            metadata: None,
            policy: GraphPolicy::Compatible,
            frontier: None,
            is_durable: false,
            answers: Answers::None,
        }));
        while let Some(command) = self.queue.pop_front() {
            self.carry_out(command);
        }
        self.pull();
        assert!(self.is_finished, "the run did not end");
        assert!(self.read >= u64::from(self.plan.events), "{} events were read", self.read);
        self.machine.steps()
    }

    fn tell(&mut self, input: Input) {
        self.machine.handle(NOW, input);
        self.take();
    }

    fn take(&mut self) {
        self.queue.extend(self.machine.take_commands());
        self.values.take_released(|_| {});
    }

    fn handle(&mut self) -> u32 {
        self.handles += 1;
        self.handles
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Run { task, token, generation, solo, .. } => {
                if generation == self.machine.generation() {
                    self.call(task, token, solo);
                }
            }
            Command::EndFolds => self.tell(Input::Applied { changed: vec![0], reduced: Vec::new(), contents_bytes: 100 }),
            Command::Route { call, .. } => {
                let targets = if self.plan.sends > 0 { self.sends() } else { Targets::One(self.route()) };
                self.tell(Input::Routed { call, targets });
            }
            Command::Append(append) => {
                drop(append);
                self.tell(Input::Appended { is_turn: false });
            }
            Command::Yield => self.tell(Input::Turn),
            Command::WakeReaders => self.pull(),
            Command::Finish => self.is_finished = true,
            Command::Fold(Fold::Enter { frame }) => {
                self.frame = frame;
                self.machine.enter(frame);
            }
            Command::Open { frame, .. } => {
                self.machine.enter(frame);
                self.tell(Input::Opened { inputs: Vec::new(), max_steps: u32::MAX });
                self.machine.enter(self.frame);
            }
            Command::Close { .. }
            | Command::Begin
            | Command::Fold(_)
            | Command::Commit
            | Command::StartTimer { .. }
            | Command::StopTimer { .. } => {}
            other => panic!("no scenario leads to {other:?}"),
        }
    }

    /// The node: emits what it has to, and writes the one channel.
    fn call(&mut self, task: u32, token: u32, solo: Solo) {
        for number in 1..=self.plan.events {
            let payload = self.handle();
            let payload = self.values.adopt(payload, 8);
            assert!(self.machine.emit(NOW, task, token, EventKind::Message, payload, 0.0), "the node may emit");
            self.take();
            if number % BATCH as u32 == 0 {
                self.pull();
            }
        }
        let update = self.handle();
        // By itself it gives one target at most.
        let solo = if self.plan.sends > 0 { Solo::No } else { solo };
        // What a node of a sub-graph returns is of use to the graph around it.
        if solo != Solo::No && self.frame == 0 && self.machine.is_unheard() {
            self.values.release(update);
            let progress = self.step_alone(solo);
            return self.tell(Input::Stepped { task, token, result: None, progress });
        }
        let result =
            TaskResult { update: Some(self.values.adopt(update, 16)), writes: Rc::clone(&self.writes), routing: None, parts: Vec::new() };
        if solo == Solo::No {
            self.tell(Input::Settled { task, token, outcome: Outcome::Returned(result) });
        } else {
            let progress = self.step_alone(solo);
            self.tell(Input::Stepped { task, token, result: Some(Rc::new(result)), progress });
        }
    }

    fn step_alone(&self, solo: Solo) -> Progress {
        Progress::Folded { changed: vec![0], contents_bytes: 100, answer: matches!(solo, Solo::Route(_)).then(|| self.route()) }
    }

    fn route(&self) -> Target {
        let node = if self.machine.steps() + 1 < self.plan.steps { NodeId(0) } else { NodeId::END };
        Target { node, is_send: false, input: None }
    }

    fn sends(&mut self) -> Targets {
        let target = |input| Target { node: NodeId(1), is_send: true, input: Some(input) };
        let inputs: Vec<_> = (0..self.plan.sends).map(|_| self.handle()).collect();
        Targets::Many(inputs.into_iter().map(|input| target(self.values.adopt(input, 8))).collect())
    }

    /// All that the reader can have now.
    fn pull(&mut self) {
        let Some(reader) = self.reader else { return };
        while let Pulled::Events(events) = self.machine.pull(reader, BATCH, NOW) {
            self.read += events.len() as u64;
        }
        if self.machine.is_waiting_for_readers() {
            self.tell(Input::Pulled);
        }
    }
}

/// A graph over one channel: `names` are its nodes, `edges` lead from one to another, and from its first node a route to `targets`, if any.
fn define(names: &[String], kind: &str, edges: &[(&str, &str)], targets: &[&str]) -> Definition {
    let node = |id: &String| NodeDefinition { id: id.clone(), is_function: true, ..NodeDefinition::default() };
    let edge = |(from, to): &(&str, &str)| EdgeDefinition { from: vec![(*from).to_owned()], to: (*to).to_owned(), join: false };
    let itself = |to: &&str| ((*to).to_owned(), (*to).to_owned());
    let route = RouteDefinition {
        from: names[0].clone(),
        is_function: true,
        targets: Some(targets.iter().map(itself).collect()),
        problem: String::new(),
    };
    Definition {
        name: "driver".to_owned(),
        allow_cycles: false,
        channels: vec![ChannelDefinition { name: "n".to_owned(), kind: kind.to_owned(), ..ChannelDefinition::default() }],
        nodes: names.iter().map(node).collect(),
        edges: edges.iter().map(edge).collect(),
        routes: Some(route).filter(|_| !targets.is_empty()).into_iter().collect(),
    }
}

fn compile(definition: &Definition) -> Rc<Program> {
    Rc::new(Program::compile(definition).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

/// One node that goes back to itself as long as the route says so.
fn cycle() -> Rc<Program> {
    compile(&define(&["node".to_owned()], "last", &[(START, "node")], &["node", END]))
}

/// A chain of as many nodes.
fn chain(count: usize) -> Rc<Program> {
    let names = numbered(count);
    let inner = names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
    let edges: Vec<_> = [(START, names[0].as_str())].into_iter().chain(inner).chain([(names[count - 1].as_str(), END)]).collect();
    compile(&define(&names, "last", &edges, &[]))
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("node {index}")).collect()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let scenario = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|text| text.parse::<u32>().ok()).unwrap_or_else(|| panic!("usage: driver SCENARIO N"));
    let once = |program: &Rc<Program>, plan: Plan, steps: u32| assert_eq!(Host::new(program, plan).run(), steps);
    match scenario.as_str() {
        "steps" => once(&cycle(), Plan { steps: count, ..Plan::default() }, count),
        "stored-steps" => once(&cycle(), Plan { steps: count, durability: Some(Durability::Sync), ..Plan::default() }, count),
        "events" => once(&cycle(), Plan { events: count, ..Plan::default() }, 1),
        "runs" => {
            let program = cycle();
            (0..count).for_each(|_| once(&program, Plan::default(), 1));
        }
        "chains" => {
            let program = chain(50);
            (0..count).for_each(|_| once(&program, Plan::default(), 50));
        }
        "fan-outs" => {
            let names = numbered(100);
            let edges: Vec<_> = names.iter().flat_map(|name| [(START, name.as_str()), (name.as_str(), END)]).collect();
            let program = compile(&define(&names, "append", &edges, &[]));
            (0..count).for_each(|_| once(&program, Plan::default(), 1));
        }
        "sends" => {
            let program = compile(&define(&numbered(2), "append", &[(START, "node 0"), ("node 1", END)], &["node 1"]));
            once(&program, Plan { sends: count, ..Plan::default() }, 2);
        }
        "joins" => {
            let names = numbered(101);
            let (last, sources) = names.split_last().unwrap_or_else(|| panic!("there is none"));
            let edges: Vec<_> = sources.iter().map(|name| (START, name.as_str())).chain([(last.as_str(), END)]).collect();
            let mut definition = define(&names, "append", &edges, &[]);
            definition.edges.push(EdgeDefinition { from: sources.to_vec(), to: last.clone(), join: true });
            let program = compile(&definition);
            (0..count).for_each(|_| once(&program, Plan::default(), 2));
        }
        "sub-graphs" => {
            let mut definition = define(&["node".to_owned()], "last", &[(START, "node")], &["node", END]);
            definition.nodes[0].graph = Some(chain(2));
            once(&compile(&definition), Plan { steps: count, ..Plan::default() }, count);
        }
        _ => panic!("there is no scenario '{scenario}'"),
    }
}
