//! Random graphs whose nodes and routes are pure functions of a seed and of what they are told, so that any host, and the
//! reference, can play them.

use super::graphs::{Answer, Call, Kinds};
use super::*;
use std::hash::{DefaultHasher, Hash, Hasher};
use weavegraph_wasm::state::json_fold::Channel;

/// Numbers that follow from a seed (SplitMix64).
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn of(what: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        Self(hasher.finish())
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }

    /// In so many of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, names: &'a [String]) -> &'a str {
        &names[self.below(names.len())]
    }
}

/// A graph, and how its functions behave.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub nodes: Vec<String>,
    pub always: Vec<bool>,
    pub plain: Vec<(String, String)>,
    pub joins: Vec<(Vec<String>, String)>,
    /// Sources, in the order in which they were added.
    pub routes: Vec<String>,
    /// Name and kind.
    pub channels: Vec<(&'static str, &'static str)>,
    /// In so many of a hundred cases a node writes nothing.
    quiet: usize,
    /// Commands, in so many of a hundred cases.
    bossy: usize,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::of(seed);
        let nodes: Vec<String> = (0..1 + dice.below(7)).map(|n| format!("n{n}")).collect();
        let mut targets = nodes.clone();
        targets.push(END.to_owned());
        let mut plain: Vec<(String, String)> = Vec::new();
        for from in std::iter::once(START).chain(nodes.iter().map(String::as_str)) {
            for _ in 0..dice.below(4) {
                plain.push((from.to_owned(), dice.pick(&targets).to_owned()));
            }
        }
        let mut seen = std::collections::HashSet::new();
        plain.retain(|edge| edge != &(START.to_owned(), END.to_owned()) && seen.insert(edge.clone()));
        let mut joins: Vec<(Vec<String>, String)> = Vec::new();
        for _ in 0..dice.below(4) {
            let mut sources: Vec<String> = (0..2 + dice.below(2)).map(|_| dice.pick(&nodes).to_owned()).collect();
            sources.sort();
            sources.dedup();
            let join = (sources, dice.pick(&targets).to_owned());
            if join.0.len() > 1 && !joins.contains(&join) {
                joins.push(join);
            }
        }
        // Routes without declared targets go anywhere, so every such graph is valid.
        let mut routes = vec![START.to_owned()];
        routes.extend(nodes.iter().cloned());
        routes.extend((0..dice.below(3)).map(|_| dice.pick(&nodes).to_owned()));
        let all = [
            ("log", "append"),
            ("keyed", "keyed"),
            ("map", "merge"),
            ("wins", "wins"),
            ("one", "last"),
            ("sum", "sum"),
            ("errors", "errors"),
        ];
        let channels = all.into_iter().filter(|(name, _)| dice.percent(if *name == "one" { 25 } else { 65 })).collect();
        let always = nodes.iter().map(|_| dice.percent(12)).collect();
        Self { seed, nodes, always, plain, joins, routes, channels, quiet: dice.below(100), bossy: dice.below(50) }
    }

    fn targets(&self, dice: &mut Dice, most: usize) -> Vec<To> {
        let count = dice.below(most + 1);
        let target = |dice: &mut Dice| match dice.below(6) {
            0 => To::Node(END.to_owned()),
            1 => send(dice.pick(&self.nodes), json!(dice.below(3))),
            _ => To::Node(dice.pick(&self.nodes).to_owned()),
        };
        (0..count).map(|_| target(dice)).collect()
    }

    /// What a node returns: of its name, what it sees, its input and its place.
    pub fn react(&self, node: &str, state: &Json, input: &Json, step: u32, task: u32) -> Reply {
        let mut dice = Dice::of((self.seed, node, seen(state), input.to_string(), step, task));
        let mut reply = nothing();
        for (name, kind) in &self.channels {
            if dice.percent(self.quiet) || dice.percent(50) {
                continue;
            }
            let small = json!(dice.below(3));
            let value = match *kind {
                "append" => [json!([]), json!([small, node]), json!(format!("{node}{step}"))][dice.below(3)].clone(),
                "keyed" => json!({ "id": small, "by": node }),
                "merge" => [json!({}), json!({ format!("k{small}"): null }), json!({ format!("k{small}"): node, "n": small })]
                    [dice.below(3)]
                .clone(),
                "errors" => json!({ "from": node }),
                _ => small,
            };
            reply = match dice.percent(8) {
                true => {
                    reply.replacing(name, if *kind == "append" || *kind == "keyed" || *kind == "errors" { json!([value]) } else { value })
                }
                false => reply.and(name, value),
            };
        }
        if dice.percent(self.bossy) {
            let targets = self.targets(&mut dice, 3);
            reply = if dice.percent(50) { reply.goto(targets) } else { reply.goto_too(targets) };
        }
        reply
    }

    /// What a route answers: of its number and the state.
    pub fn answer(&self, route: usize, state: &Json) -> Vec<To> {
        let mut dice = Dice::of((self.seed, route, seen(state)));
        let most = if self.routes[route] == START { 3 } else { 2 };
        self.targets(&mut dice, most)
    }

    pub fn input(&self, run: usize) -> Json {
        let mut dice = Dice::of((self.seed, run, "input"));
        let log = self.channels.iter().any(|(name, _)| *name == "log") && dice.percent(50);
        if log { json!({ "log": run }) } else { json!({}) }
    }

    /// The graph for the engine. `manner` changes what a node replies: when it ends, how it fails.
    pub fn graph(&self, manner: impl Fn(&Call, Reply) -> Reply + 'static) -> Graph {
        let manner = std::rc::Rc::new(manner);
        let mut built = graph();
        for (name, kind) in &self.channels {
            let key = |item: &Json| Ok(item["id"].clone());
            built = match *kind {
                "append" => built.channel(name, Channel::append()),
                "keyed" => built.channel(name, Channel::Append { initial: Vec::new(), key: Some(std::rc::Rc::new(key)) }),
                "merge" => built.channel(name, Channel::merge()),
                "wins" => built.channel_with(name, Channel::last(json!(0)), |channel| channel.takes_last = true),
                "last" => built.channel(name, Channel::last(json!(0))),
                "sum" => built.channel(name, Channel::sum()),
                _ => built.errors(),
            };
        }
        for (node, always) in self.nodes.iter().zip(&self.always) {
            let (plan, manner) = (self.clone(), std::rc::Rc::clone(&manner));
            built = built
                .node(node, move |call| manner(call, plan.react(&call.node, &call.state, &call.input, call.step, call.task)))
                .retrying(3);
            if *always {
                built = built.always();
            }
        }
        for (from, to) in &self.plain {
            built = built.fan(from, &[to]);
        }
        for (from, to) in &self.joins {
            let from: Vec<&str> = from.iter().map(String::as_str).collect();
            built = built.join(&from, to);
        }
        for (number, from) in self.routes.iter().enumerate() {
            let plan = self.clone();
            built = built.slow_route(from, move |state| {
                let targets = plan.answer(number, state);
                let after = Dice::of((plan.seed, number, "slow")).percent(20).then_some(3.0);
                Answer { after, targets: Ok(targets) }
            });
        }
        built
    }
}

/// The state without recorded failures: those depend on what went wrong, and nothing else may.
fn seen(state: &Json) -> String {
    let mut state = state.clone();
    if let Some(fields) = state.as_object_mut() {
        fields.remove("errors");
    }
    state.to_string()
}

/// Works a while that depends on another seed than the plan's.
pub fn hurried(shuffle: u64) -> impl Fn(&Call, Reply) -> Reply + 'static {
    move |call, reply| match shuffle {
        0 => reply,
        _ => reply.after(Dice::of((shuffle, &call.node, call.step, call.task, call.attempt)).below(20) as f64),
    }
}
