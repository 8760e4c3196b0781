//! The rules of an execution, read from the design and written down as plainly as possible: no indices, no handles, no ticks.

use super::random_graphs::Plan;
use super::*;
use std::collections::{BTreeMap, BTreeSet};

type Versions = BTreeMap<String, u32>;

/// A session between two executions.
pub struct Session {
    pub state: Json,
    pub versions: Versions,
    pub step: u32,
    arrived: Vec<BTreeSet<String>>,
    is_fresh: bool,
    /// `ran … skipped … changed … next …` of every step.
    pub steps: Vec<String>,
}

#[derive(Clone, Debug)]
struct Entry {
    node: String,
    task: u32,
    input: Option<Json>,
    is_gated: bool,
    joins: Vec<usize>,
}

impl Session {
    pub fn new(plan: &Plan) -> Self {
        let first = |kind: &str| match kind {
            "append" | "keyed" | "errors" => json!([]),
            "merge" => json!({}),
            _ => json!(0),
        };
        Self {
            state: plan.channels.iter().map(|(name, kind)| ((*name).to_owned(), first(kind))).collect(),
            versions: plan.channels.iter().map(|(name, _)| ((*name).to_owned(), 1)).collect(),
            step: 0,
            arrived: vec![BTreeSet::new(); plan.joins.len()],
            is_fresh: true,
            steps: Vec::new(),
        }
    }

    /// Runs to the end and returns how that was.
    pub fn execute(&mut self, plan: &Plan, input: &Json, max_steps: u32) -> String {
        let writes: Vec<(String, Json, bool)> =
            input.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone(), false)).collect();
        let changed = self.fold(plan, &[&writes]);
        if !self.is_fresh {
            changed.iter().for_each(|name| *self.versions.entry(name.clone()).or_default() += 1);
        }
        self.is_fresh = false;
        let mut seen: BTreeMap<String, Versions> = BTreeMap::new();
        let mut frontier: Vec<Entry> = Vec::new();
        plan.plain.iter().filter(|(from, _)| from == START).for_each(|(_, to)| place(&mut frontier, &To::Node(to.clone()), false, None));
        for (number, _) in plan.routes.iter().enumerate().filter(|(_, from)| *from == START) {
            plan.answer(number, &self.state).iter().for_each(|to| place(&mut frontier, to, false, None));
        }
        let mut has_reached_end = self.enter(&mut frontier);
        for _ in 0..max_steps {
            if frontier.iter().all(|entry| entry.node == END) {
                return self.ending(plan, has_reached_end);
            }
            let counted: Versions = self.versions.clone().into_iter().filter(|(name, _)| name != "errors").collect();
            let is_always = |node: &String| plan.always[plan.nodes.iter().position(|name| name == node).unwrap()];
            let is_skipped = |entry: &&Entry| entry.is_gated && !is_always(&entry.node) && seen.get(&entry.node) == Some(&counted);
            let (skipped, ran): (Vec<&Entry>, Vec<&Entry>) = frontier.iter().filter(|entry| entry.node != END).partition(is_skipped);
            let play = |entry: &&Entry| {
                plan.react(&entry.node, &self.state, entry.input.as_ref().unwrap_or(&Json::Null), self.step + 1, entry.task)
            };
            let replies: Vec<Reply> = ran.iter().map(play).collect();
            let writers = replies.iter().filter(|reply| reply.writes.iter().any(|(name, ..)| name == "one"));
            if writers.count() > 1 {
                return "failed STATE_CONFLICT".to_owned();
            }
            let writes: Vec<&Vec<(String, Json, bool)>> = replies.iter().map(|reply| &reply.writes).collect();
            let changed = self.fold(plan, &writes);
            ran.iter().for_each(|entry| drop(seen.insert(entry.node.clone(), counted.clone())));
            ran.iter().flat_map(|entry| &entry.joins).for_each(|join| self.arrived[*join].clear());
            for (join, (sources, _)) in plan.joins.iter().enumerate() {
                let nodes = ran.iter().map(|entry| entry.node.clone());
                self.arrived[join].extend(nodes.filter(|node| sources.contains(node)));
            }
            changed.iter().for_each(|name| *self.versions.entry(name.clone()).or_default() += 1);
            let mut next = self.next(plan, &ran, &replies);
            self.step += 1;
            let names = |entries: &[&Entry]| entries.iter().map(|entry| entry.node.as_str()).collect::<Vec<_>>().join(" ");
            let (ran, skipped) = (names(&ran), names(&skipped));
            has_reached_end = (has_reached_end && !ran.is_empty()) | self.enter(&mut next);
            self.steps.push(format!("{}: ran {ran} skipped {skipped} changed {} next {}", self.step, changed.join(" "), describe(&next)));
            frontier = next;
        }
        match frontier.iter().all(|entry| entry.node == END) {
            true => self.ending(plan, has_reached_end),
            false => "failed RUN_STEP_LIMIT".to_owned(),
        }
    }

    /// Plain edges, joins, routes and the command of each task that ran, in their order.
    fn next(&self, plan: &Plan, ran: &[&Entry], replies: &[Reply]) -> Vec<Entry> {
        let mut next = Vec::new();
        let (mut met, mut followed) = (BTreeSet::new(), BTreeSet::new());
        for (entry, reply) in ran.iter().zip(replies) {
            let is_silenced = matches!(reply.goto, Some((true, _)));
            let follows = !is_silenced && followed.insert(entry.node.clone());
            if follows {
                plan.plain
                    .iter()
                    .filter(|(from, _)| *from == entry.node)
                    .for_each(|(_, to)| place(&mut next, &To::Node(to.clone()), true, None));
            }
            if met.insert(entry.node.clone()) {
                for (join, (sources, to)) in plan.joins.iter().enumerate() {
                    let is_complete = self.arrived[join].len() == sources.len();
                    if is_complete && sources.contains(&entry.node) && !next.iter().any(|entry: &Entry| entry.joins.contains(&join)) {
                        place(&mut next, &To::Node(to.clone()), true, Some(join));
                    }
                }
            }
            for (number, _) in plan.routes.iter().enumerate().filter(|(_, from)| follows && **from == entry.node) {
                plan.answer(number, &self.state).iter().for_each(|to| place(&mut next, to, true, None));
            }
            reply.goto.iter().flat_map(|(_, targets)| targets).for_each(|to| place(&mut next, to, false, None));
        }
        next
    }

    /// Numbers a frontier's tasks; END is reached by being in it. Returns whether it is.
    fn enter(&mut self, frontier: &mut [Entry]) -> bool {
        for at in 0..frontier.len() {
            frontier[at].task = frontier[..at].iter().filter(|entry| entry.node == frontier[at].node).count() as u32;
        }
        let end = frontier.iter().find(|entry| entry.node == END);
        end.iter().flat_map(|end| &end.joins).for_each(|join| self.arrived[*join].clear());
        end.is_some()
    }

    fn ending(&self, plan: &Plan, is_end: bool) -> String {
        let waits =
            plan.joins.iter().zip(&self.arrived).filter(|((sources, _), arrived)| !arrived.is_empty() && arrived.len() < sources.len());
        let waits = waits.map(|((sources, to), arrived)| {
            let missing: Vec<&str> = sources.iter().filter(|source| !arrived.contains(*source)).map(String::as_str).collect();
            format!(" {} waits for {}", if to == END { "END" } else { to }, missing.join(" "))
        });
        format!("completed {}{}", if is_end { "end" } else { "quiescent" }, waits.collect::<String>())
    }

    /// Folds writes in order and returns the channels that changed.
    fn fold(&mut self, plan: &Plan, tasks: &[&Vec<(String, Json, bool)>]) -> Vec<String> {
        let mut changed = BTreeSet::new();
        for writes in tasks {
            for (name, kind) in &plan.channels {
                for (_, write, is_replace) in writes.iter().filter(|(channel, ..)| channel == name) {
                    let current = &mut self.state[*name];
                    let before = current.clone();
                    match *kind {
                        _ if *is_replace => *current = write.clone(),
                        "append" | "errors" => {
                            let items = write.as_array().cloned().unwrap_or_else(|| vec![write.clone()]);
                            current.as_array_mut().unwrap().extend(items);
                        }
                        "keyed" => {
                            let items = current.as_array_mut().unwrap();
                            match items.iter().position(|item| item["id"] == write["id"]) {
                                Some(at) => items[at] = write.clone(),
                                None => items.push(write.clone()),
                            }
                        }
                        "merge" => write.as_object().unwrap().iter().for_each(|(key, value)| current[key] = value.clone()),
                        "sum" => *current = json!(current.as_i64().unwrap() + write.as_i64().unwrap()),
                        _ => *current = write.clone(),
                    }
                    if let Some(fields) = current.as_object_mut() {
                        fields.retain(|_, value| !value.is_null());
                    }
                    let counts =
                        (*kind == "keyed" && !is_replace) || (*is_replace && write.is_object()) || (*is_replace && write.is_array());
                    if counts || before != *current {
                        changed.insert(*name);
                    }
                }
            }
        }
        let in_order = plan.channels.iter().filter(|(name, _)| changed.contains(name));
        in_order.map(|(name, _)| (*name).to_owned()).collect()
    }
}

/// First occurrence kept; a send is a task of its own.
fn place(entries: &mut Vec<Entry>, to: &To, is_gated: bool, join: Option<usize>) {
    let (node, input) = match to {
        To::Node(node) => (node, None),
        To::Send(node, input) => (node, Some(input.clone())),
    };
    let is_gated = is_gated && input.is_none();
    match entries.iter_mut().find(|entry| entry.node == *node && entry.input.is_none() && input.is_none()) {
        Some(entry) => {
            entry.is_gated &= is_gated;
            entry.joins.extend(join);
        }
        None => entries.push(Entry { node: node.clone(), task: 0, input, is_gated, joins: join.into_iter().collect() }),
    }
}

fn describe(entries: &[Entry]) -> String {
    let text = |entry: &Entry| match &entry.input {
        Some(input) => format!("{}#{}({input})", entry.node, entry.task),
        None if entry.node == END => "END".to_owned(),
        None => format!("{}#{}", entry.node, entry.task),
    };
    entries.iter().map(text).collect::<Vec<_>>().join(" ")
}
