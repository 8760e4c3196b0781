//! The rules, written down as plainly as possible: one step after another, everything compared and copied.

use super::random_graphs::{END_AT, Kind, Plan, START_AT, Turn, Way};
use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// All that can be told apart from outside.
#[derive(Debug)]
pub struct Story {
    pub steps: Vec<String>,
    pub ending: String,
    pub state: Json,
    pub versions: Vec<u32>,
}

#[derive(Clone)]
struct Place {
    node: usize,
    task: u32,
    input: Option<Json>,
    is_gated: bool,
    joins: BTreeSet<usize>,
}

#[derive(Default)]
struct Frontier(Vec<Place>);

impl Frontier {
    /// Sends stand for themselves; of the others, the first place of a node is kept.
    fn add(&mut self, way: &Way, is_gated: bool, join: Option<usize>) {
        let there = self.0.iter_mut().find(|place| way.input.is_none() && place.input.is_none() && place.node == way.to);
        match there {
            Some(place) => {
                place.is_gated &= is_gated;
                place.joins.extend(join);
            }
            None => self.0.push(Place { node: way.to, task: 0, input: way.input.clone(), is_gated, joins: join.into_iter().collect() }),
        }
    }

    fn numbered(mut self) -> Vec<Place> {
        let mut counts = BTreeMap::<usize, u32>::new();
        for place in &mut self.0 {
            let count = counts.entry(place.node).or_default();
            place.task = *count;
            *count += 1;
        }
        self.0
    }
}

/// What is and what it becomes; true if that counts as a change.
fn fold(kind: Kind, content: &mut Option<Json>, write: &Json, is_replace: bool) -> bool {
    let is_change = |new: &Json, old: Option<&Json>| new.is_object() || new.is_array() || old != Some(new);
    match (kind, content) {
        (Kind::Append, Some(Json::Array(list))) => {
            let items = write.as_array().cloned().unwrap_or_else(|| vec![write.clone()]);
            if is_replace {
                list.clear();
            }
            list.extend(items.iter().cloned());
            is_replace || !items.is_empty()
        }
        (Kind::Merge, Some(Json::Object(map))) => {
            let mut is_changed = is_replace;
            if is_replace {
                map.clear();
            }
            for (key, value) in write.as_object().expect("an object") {
                is_changed |= if value.is_null() { map.contains_key(key) } else { is_change(value, map.get(key)) };
                map.insert(key.clone(), value.clone());
            }
            map.retain(|_, value| !value.is_null());
            is_changed
        }
        (_, content) => {
            let is_changed = is_change(write, content.as_ref());
            *content = Some(write.clone());
            is_changed
        }
    }
}

fn view(plan: &Plan, contents: &[Option<Json>]) -> Json {
    let names = plan.channels.iter().map(|(name, _)| (*name).to_owned());
    names.zip(contents.iter().map(|content| content.clone().unwrap_or(Json::Null))).collect()
}

fn shown(node: usize) -> String {
    if node == END_AT { "END".to_owned() } else { format!("n{node}") }
}

fn words(text: &str, words: impl Iterator<Item = String>) -> String {
    words.fold(text.to_owned(), |text, word| text + " " + &word)
}

fn follow(plan: &Plan, from: usize) -> impl Iterator<Item = Way> {
    plan.edges.iter().filter(move |edge| edge.0 == from).map(|edge| Way { to: edge.1, input: None })
}

fn answers(plan: &Plan, from: usize, state: &Json) -> Vec<Way> {
    let routes = plan.routes.iter().enumerate().filter(|(_, source)| **source == from);
    routes.flat_map(|(index, _)| plan.route(index, state)).collect()
}

pub fn interpret(plan: &Plan, max_steps: u32) -> Story {
    let empty = |kind: Kind| match kind {
        Kind::Append => Some(json!([])),
        Kind::Merge => Some(json!({})),
        Kind::Last { .. } => None,
    };
    let mut contents: Vec<Option<Json>> = plan.channels.iter().map(|(_, kind)| empty(*kind)).collect();
    for ((name, kind), content) in plan.channels.iter().zip(&mut contents) {
        plan.input.get(name).map(|write| fold(*kind, content, write, false));
    }
    play(plan, contents, max_steps).0
}

/// What a graph does as a node: all writes of its nodes in the order of its steps, of those to a channel that is set only the last.
fn turn_of(outer: &Plan, inner: &Plan, contents: &[Option<Json>]) -> Turn {
    let place = |name: &str| outer.channels.iter().position(|(other, _)| *other == name).expect("a channel of both");
    let shared = inner.channels.iter().map(|(name, _)| contents[place(name)].clone()).collect();
    let (story, made) = play(inner, shared, MAX_STEPS);
    assert!(story.ending.starts_with("completed"), "{}", story.ending);
    let mut turn = Turn::default();
    for (channel, write, is_replace) in made {
        let (name, kind) = inner.channels[channel];
        if matches!(kind, Kind::Last { .. }) {
            turn.writes.retain(|(other, ..)| *other != place(name));
        }
        turn.writes.push((place(name), write, is_replace));
    }
    turn
}

/// From contents on to the end, and all that was written on the way.
fn play(plan: &Plan, mut contents: Vec<Option<Json>>, max_steps: u32) -> (Story, Vec<(usize, Json, bool)>) {
    let mut made = Vec::new();
    let mut versions = vec![1; contents.len()];
    let mut seen: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    let mut arrived: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); plan.joins.len()];
    let mut steps: Vec<String> = Vec::new();
    let mut first = Frontier::default();
    let state = view(plan, &contents);
    follow(plan, START_AT).chain(answers(plan, START_AT, &state)).for_each(|way| first.add(&way, false, None));
    let mut frontier = first.numbered();
    let mut has_ended = frontier.iter().any(|place| place.node == END_AT);

    let ending = loop {
        frontier.retain(|place| place.node != END_AT);
        if frontier.is_empty() {
            let waits = plan.joins.iter().zip(&arrived).filter_map(|((sources, to), arrived)| {
                let missing = sources.iter().filter(|source| !arrived.contains(source));
                let text = words("", missing.map(|source| shown(*source)));
                (!arrived.is_empty() && !text.is_empty()).then(|| format!("{} waits for{text}", shown(*to)))
            });
            break words(if has_ended { "completed end" } else { "completed quiescent" }, waits);
        }
        if steps.len() as u32 == max_steps {
            break "failed RUN_STEP_LIMIT".to_owned();
        }
        let is_gated = |place: &&Place| place.is_gated && !plan.nodes[place.node].always && seen.get(&place.node) == Some(&versions);
        let (skipped, ran): (Vec<&Place>, Vec<&Place>) = frontier.iter().partition(is_gated);
        let state = view(plan, &contents);
        let turn = |place: &&Place| match &plan.nodes[place.node].inner {
            Some(inner) => turn_of(plan, inner, &contents),
            None => plan.turn(place.node, &state, place.input.as_ref().unwrap_or(&Json::Null), place.task),
        };
        let turns: Vec<Turn> = ran.iter().map(turn).collect();
        let writers = |channel: usize| turns.iter().filter(|turn| turn.writes.iter().any(|write| write.0 == channel)).count();
        let is_sole = |kind: Kind| kind == Kind::Last { takes_last: false };
        if plan.channels.iter().enumerate().any(|(index, (_, kind))| is_sole(*kind) && writers(index) > 1) {
            break "failed STATE_CONFLICT".to_owned();
        }
        let mut changed = BTreeSet::new();
        for (channel, write, is_replace) in turns.iter().flat_map(|turn| &turn.writes) {
            made.push((*channel, write.clone(), *is_replace));
            if fold(plan.channels[*channel].1, &mut contents[*channel], write, *is_replace) {
                changed.insert(*channel);
            }
        }
        let state = view(plan, &contents);
        ran.iter().flat_map(|place| &place.joins).for_each(|join| arrived[*join].clear());
        for place in &ran {
            seen.insert(place.node, versions.clone());
            let waiting = plan.joins.iter().zip(&mut arrived).filter(|((sources, _), _)| sources.contains(&place.node));
            waiting.for_each(|(_, arrived)| arrived.extend([place.node]));
        }
        changed.iter().for_each(|channel| versions[*channel] += 1);

        let mut next = Frontier::default();
        let (mut followed, mut fired) = (BTreeSet::new(), BTreeSet::new());
        for (place, turn) in ran.iter().zip(&turns) {
            let is_silenced = matches!(turn.goto, Some((true, _)));
            let is_followed = !is_silenced && followed.insert(place.node);
            follow(plan, place.node).filter(|_| is_followed).for_each(|way| next.add(&way, true, None));
            for (join, (sources, to)) in plan.joins.iter().enumerate() {
                if sources.contains(&place.node) && arrived[join].len() == sources.len() && fired.insert(join) {
                    next.add(&Way { to: *to, input: None }, true, Some(join));
                }
            }
            let routed = if is_followed { answers(plan, place.node, &state) } else { Vec::new() };
            routed.iter().for_each(|way| next.add(way, way.input.is_none(), None));
            turn.goto.iter().flat_map(|goto| &goto.1).for_each(|way| next.add(way, false, None));
        }
        let next = next.numbered();
        let reached: Vec<&Place> = next.iter().filter(|place| place.node == END_AT).collect();
        reached.iter().flat_map(|place| &place.joins).for_each(|join| arrived[*join].clear());
        has_ended = !ran.is_empty() && (has_ended || !reached.is_empty());

        let mut line = words(&format!("{}: ran", steps.len() + 1), ran.iter().map(|place| shown(place.node)));
        let parts = [
            (" skipped", skipped.iter().map(|place| shown(place.node)).collect::<Vec<_>>()),
            (" changed", changed.iter().map(|channel| plan.channels[*channel].0.to_owned()).collect()),
        ];
        parts.into_iter().filter(|(_, list)| !list.is_empty()).for_each(|(title, list)| line += &words(title, list.into_iter()));
        let task = |place: &Place| place.input.as_ref().map_or(String::new(), |_| format!("#{}", place.task));
        line += &words(" next", next.iter().map(|place| shown(place.node) + &task(place)));
        steps.push(if ran.is_empty() { line.replacen("ran", "ran ", 1) } else { line });
        frontier = next;
    };
    (Story { steps, ending, state: view(plan, &contents), versions }, made)
}
