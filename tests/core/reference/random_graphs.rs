//! Random graphs whose nodes and routes are pure functions of what they are given.

use super::graphs::{Call, Graph, Kinds, graph};
use super::*;
use std::rc::Rc;
use weavegraph_wasm::state::json_fold::Channel;

/// The virtual nodes.
pub const END_AT: usize = usize::MAX;
pub const START_AT: usize = usize::MAX - 1;

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    /// Of several numbers.
    pub fn of(numbers: &[u64]) -> Self {
        let mix = |state: u64, number: &u64| Dice(state ^ number.wrapping_mul(0xff51_afd7_ed55_8ccd)).next();
        Self(numbers.iter().fold(0x1234_5678, mix))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    Append,
    Merge,
    Last { takes_last: bool },
}

#[derive(Debug)]
pub struct NodePlan {
    pub name: String,
    pub always: bool,
    /// Writes nothing, ever.
    is_mute: bool,
    /// Its first attempt fails.
    is_flaky: bool,
    /// How often it returns a command.
    commands: usize,
    /// It is this graph, which shares channels by their names.
    pub inner: Option<Rc<Plan>>,
}

#[derive(Debug)]
pub struct Plan {
    seed: u64,
    /// It is a node of another one. Its ways lead forward, and nothing in it conflicts, so it always ends.
    is_inner: bool,
    pub channels: Vec<(&'static str, Kind)>,
    pub nodes: Vec<NodePlan>,
    /// Plain edges, in order.
    pub edges: Vec<(usize, usize)>,
    /// Sources in ascending order, and the target.
    pub joins: Vec<(Vec<usize>, usize)>,
    /// The sources of routes, in order.
    pub routes: Vec<usize>,
    pub input: Json,
    pub concurrency: Option<u32>,
}

/// A target of a route or a command; with an input it is a `send`.
#[derive(Clone, Debug)]
pub struct Way {
    pub to: usize,
    pub input: Option<Json>,
}

/// What a node returns.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// Channel, write, whether it replaces.
    pub writes: Vec<(usize, Json, bool)>,
    /// Whether it replaces, and where to.
    pub goto: Option<(bool, Vec<Way>)>,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        Self::holding(seed, 0, false)
    }

    /// With graphs as nodes, and graphs in those; otherwise the same.
    pub fn nested(seed: u64) -> Self {
        Self::holding(seed, 2, false)
    }

    /// `levels`: of graphs within.
    fn holding(seed: u64, levels: u64, is_inner: bool) -> Self {
        let mut dice = Dice::of(&[seed]);
        let count = if is_inner { 1 + dice.below(4) } else { 2 + dice.below(6) };
        let mut channels = vec![("list", Kind::Append), ("map", Kind::Merge), ("tail", Kind::Last { takes_last: true })];
        if !is_inner && dice.chance(35) {
            channels.insert(dice.below(4), ("sole", Kind::Last { takes_last: false }));
        }
        let muteness = [10, 30, 60][dice.below(3)];
        let commands = [0, 15, 40][dice.below(3)];
        let node = |index: usize, dice: &mut Dice| NodePlan {
            name: format!("{}{index}", if is_inner { "m" } else { "n" }),
            inner: None,
            always: dice.chance(15),
            is_mute: dice.chance(muteness),
            is_flaky: dice.chance(10),
            commands,
        };
        let mut nodes: Vec<NodePlan> = (0..count).map(|index| node(index, &mut dice)).collect();
        // From dice of their own, so that the rest of a graph is the same with and without.
        let mut inner = Dice::of(&[seed, 80]);
        let share = [0, 20, 40][inner.below(3)];
        for (index, node) in nodes.iter_mut().enumerate() {
            if levels > 0 && inner.chance(share) {
                node.is_flaky = false;
                node.inner = Some(Rc::new(Self::holding(seed ^ ((index as u64 + 1) << 40) ^ (levels << 50), levels - 1, true)));
            }
        }
        let target = |dice: &mut Dice| if dice.chance(15) { END_AT } else { dice.below(count) };

        let mut edges = vec![(START_AT, dice.below(count))];
        for _ in 0..1 + dice.below(2 * count) {
            let from = if dice.chance(20) { START_AT } else { dice.below(count) };
            let edge = (from, forward(is_inner, from, target(&mut dice)));
            if !edges.contains(&edge) && edge != (START_AT, END_AT) {
                edges.push(edge);
            }
        }
        let mut joins: Vec<(Vec<usize>, usize)> = Vec::new();
        for _ in 0..dice.below(4) {
            let sources: Vec<usize> = (0..count).filter(|_| dice.chance(40)).collect();
            let last = sources.last().copied().unwrap_or(START_AT);
            let join = (sources, forward(is_inner, last, target(&mut dice)));
            if !join.0.is_empty() && !joins.contains(&join) {
                joins.push(join);
            }
        }
        let route = |dice: &mut Dice| if dice.chance(15) { START_AT } else { dice.below(count) };
        let routes = (0..dice.below(5)).map(|_| route(&mut dice)).collect();
        let input = if dice.chance(40) { json!({ "list": ["in"], "map": { "k0": 1 }, "tail": 2 }) } else { json!({}) };
        let concurrency = dice.chance(30).then(|| 1 + dice.below(3) as u32);
        Self { seed, is_inner, channels, nodes, edges, joins, routes, input, concurrency }
    }

    /// What a pure function of the state may look at.
    fn dice(&self, who: usize, state: &Json, rest: &[u64]) -> Dice {
        let list = state["list"].as_array().map_or(0, Vec::len) as u64;
        let map = state["map"].as_object().map_or(0, |map| map.len()) as u64;
        let tail = state["tail"].as_u64().unwrap_or(9);
        let facts = [self.seed, who as u64, list, map, tail];
        Dice::of(&[&facts, rest].concat())
    }

    pub fn turn(&self, node: usize, state: &Json, input: &Json, task: u32) -> Turn {
        let spec = &self.nodes[node];
        let mut dice = self.dice(node, state, &[input.as_u64().unwrap_or(0), u64::from(task)]);
        let mut turn = Turn::default();
        if !spec.is_mute {
            for (channel, (_, kind)) in self.channels.iter().enumerate() {
                if dice.chance(30) {
                    let is_replace = dice.chance(10);
                    turn.writes.push((channel, write_of(*kind, is_replace, &spec.name, &mut dice), is_replace));
                }
            }
        }
        if dice.chance(spec.commands) {
            let ways = (0..dice.below(3)).map(|_| self.way(node, &mut dice, input.is_null())).collect();
            turn.goto = Some((dice.chance(50), ways));
        }
        turn
    }

    pub fn route(&self, route: usize, state: &Json) -> Vec<Way> {
        let mut dice = self.dice(100 + route, state, &[]);
        (0..dice.below(3)).map(|_| self.way(self.routes[route], &mut dice, true)).collect()
    }

    /// Tasks that were sent send nothing, or their number would explode.
    fn way(&self, from: usize, dice: &mut Dice, may_send: bool) -> Way {
        let to = forward(self.is_inner, from, dice.below(self.nodes.len()));
        match dice.below(10) {
            0..3 if may_send && to != END_AT => Way { to, input: Some(json!(1 + dice.below(5))) },
            9 => Way { to: END_AT, input: None },
            _ => Way { to, input: None },
        }
    }

    pub fn name(&self, node: usize) -> &str {
        self.nodes.get(node).map_or(if node == END_AT { END } else { START }, |node| &node.name)
    }

    /// For the engine; `delays` is the seed of how long each attempt takes.
    pub fn graph(self: &Rc<Self>, delays: u64) -> Graph {
        let mut built = graph();
        built.max_steps = Some(MAX_STEPS);
        for (name, kind) in &self.channels {
            built = match kind {
                Kind::Append => built.channel(name, Channel::append()),
                Kind::Merge => built.channel(name, Channel::merge()),
                Kind::Last { takes_last } => {
                    built.channel_with(name, Channel::Last { initial: None }, |channel| channel.takes_last = *takes_last)
                }
            };
        }
        let everything: Vec<&str> = (0..self.nodes.len()).chain([END_AT]).map(|node| self.name(node)).collect();
        for (index, node) in self.nodes.iter().enumerate() {
            let plan = Rc::clone(self);
            built = match &node.inner {
                Some(inner) => built.subgraph(&node.name, inner.graph(delays)).leading_to(&everything),
                None => built.node(&node.name, move |call| plan.reply(index, call, delays)).leading_to(&everything),
            };
            built = if node.always { built.always() } else { built };
            built = if node.is_flaky { built.retrying(2) } else { built };
        }
        for (from, to) in &self.edges {
            built = built.path(&[self.name(*from), self.name(*to)]);
        }
        for (sources, to) in &self.joins {
            // Written in an order of its own: the sources of a join are a set.
            let sources: Vec<&str> = sources.iter().rev().map(|source| self.name(*source)).collect();
            built = built.join(&sources, self.name(*to));
        }
        for (index, from) in self.routes.iter().enumerate() {
            let plan = Rc::clone(self);
            built = built.slow_route(self.name(*from), move |state| {
                let delay = plan.dice(200 + index, state, &[delays]).below(6);
                let after = (delay > 2).then_some(delay as f64);
                graphs::Answer { after, targets: Ok(plan.targets(plan.route(index, state))) }
            });
        }
        built
    }

    fn targets(&self, ways: Vec<Way>) -> Vec<To> {
        let target = |way: Way| match way.input {
            Some(input) => To::Send(self.name(way.to).to_owned(), input),
            None => To::Node(self.name(way.to).to_owned()),
        };
        ways.into_iter().map(target).collect()
    }

    fn reply(&self, node: usize, call: &Call, delays: u64) -> Reply {
        let mut dice = Dice::of(&[delays, node as u64, u64::from(call.step), u64::from(call.task), u64::from(call.attempt)]);
        let mut reply = nothing();
        if self.nodes[node].is_flaky && call.attempt == 1 {
            reply = fail("not yet");
        } else {
            let turn = self.turn(node, &call.state, &call.input, call.task);
            let named = |(channel, value, is_replace): (usize, Json, bool)| (self.channels[channel].0.to_owned(), value, is_replace);
            reply.writes = turn.writes.into_iter().map(named).collect();
            reply.goto = turn.goto.map(|(is_replace, ways)| (is_replace, self.targets(ways)));
        }
        match dice.below(4) {
            0 => reply,
            1 => reply.sleep(dice.below(20) as f64),
            _ => reply.after(dice.below(20) as f64),
        }
    }
}

/// Where an edge may go: in a graph that has to end, only to what comes later.
fn forward(is_inner: bool, from: usize, to: usize) -> usize {
    if is_inner && from != START_AT && to <= from { END_AT } else { to }
}

fn write_of(kind: Kind, is_replace: bool, name: &str, dice: &mut Dice) -> Json {
    match kind {
        Kind::Append => match dice.below(5) {
            0 => json!([]),
            1 => json!([name, dice.below(3)]),
            _ if is_replace => json!([name]),
            _ => json!(name),
        },
        Kind::Merge => {
            let values = [json!(null), json!(0), json!(1), json!("x"), json!({ "deep": 1 }), json!(true)];
            let field = |dice: &mut Dice| (format!("k{}", dice.below(4)), values[dice.below(values.len())].clone());
            (0..dice.below(3)).map(|_| field(dice)).collect::<serde_json::Map<_, _>>().into()
        }
        Kind::Last { .. } => [json!(0), json!(1), json!(2), json!(null), json!([name])][dice.below(5)].clone(),
    }
}
