//! The half of the host that calls nodes, routes and the functions beside them.

use super::graphs::{Answer, Call};
use super::host::{Due, Host};
use super::replies::{Act, End, Reply, To};
use super::store::Level;
use super::*;
use std::collections::VecDeque;
use std::rc::Rc;
use weavegraph_wasm::checkpoint::Fold;
use weavegraph_wasm::engine::{Abort, Asked, Command, Input, Outcome, Progress, Question, Solo, Thrown};
use weavegraph_wasm::error::{ErrorCode, Failure};
use weavegraph_wasm::events::EventKind;
use weavegraph_wasm::graph::{NodeId, RouteId};
use weavegraph_wasm::state::{Routing, Target, Targets, TaskResult, Value, Write};

/// A call of a node that has begun. Late results are handed in all the same: it is the engine that has to ignore them.
pub struct Attempt {
    pub call: Rc<Call>,
    acts: VecDeque<Act>,
    reply: Reply,
    streams: Vec<(String, Value)>,
    solo: Solo,
    frame: u32,
    /// Holds a slot, as far as the host can see.
    is_busy: bool,
    /// Has asked what nobody has answered.
    is_parked: bool,
}

impl Attempt {
    /// What it does under a key, told apart from all else in a session.
    fn thing(&self, root_step: u32, key: &str) -> String {
        let Call { node, path, step, task, .. } = &*self.call;
        format!("{root_step} {path}{step}/{node}#{task} {key}")
    }
}

/// One more item for a channel that appends.
fn add_write(reply: &mut Reply, channel: &str, value: Json) {
    if channel.is_empty() {
        return;
    }
    match reply.writes.iter_mut().find(|(name, ..)| name == channel) {
        Some((_, Json::Array(items), _)) => items.push(value),
        _ => reply.writes.push((channel.to_owned(), json!([value]), false)),
    }
}

impl Host {
    pub(super) fn call_node(&mut self, command: Command) {
        let Command::Run { task, token, node, attempt, step, ordinal, input, generation, solo } = command else { return };
        if generation != self.machine.generation() {
            return;
        }
        self.machine.enter(self.at);
        if self.at > 0 && !self.machine.is_running(task, token) {
            return;
        }
        if self.at == 0 {
            self.root_step = step;
        }
        let name = self.here.nodes[node.0 as usize].name.to_string();
        self.calls.push(format!("{}{name}#{ordinal}!{attempt}@{}", self.path, self.now - self.setup.now));
        let input = input.map_or(Json::Null, |input| self.arena.get(&input).clone());
        let call = Call { node: name, state: self.contents.view(), input, step, task: ordinal, attempt, path: self.path.clone() };
        let run = Rc::clone(&self.graph.nodes[&call.node]);
        let reply = run(&call);
        self.begin_attempt(task, token, Rc::new(call), reply, solo);
    }

    fn begin_attempt(&mut self, task: u32, token: u32, call: Rc<Call>, reply: Reply, solo: Solo) {
        let acts = reply.acts.iter().cloned().collect();
        let attempt = Attempt { call, acts, reply, streams: Vec::new(), solo, frame: self.at, is_busy: true, is_parked: false };
        self.attempts.insert((task, token), attempt);
        self.note_peak();
        self.go_on(task, token);
    }

    /// Frames of sub-graphs are forgotten when they close.
    fn is_there(&self, frame: u32) -> bool {
        frame == 0 || frame == self.at || self.levels.contains_key(&frame)
    }

    /// Makes the contents of a sub-graph.
    pub(super) fn open(&mut self, command: Command) {
        let Command::Open { frame, task, token, node, step, ordinal, input, is_restored, .. } = command else { return };
        self.machine.enter(self.at);
        if !self.machine.is_running(task, token) {
            return;
        }
        if self.at == 0 {
            self.root_step = step;
        }
        let around = self.at;
        self.parents.insert(frame, (around, task, token));
        let name = self.here.nodes[node.0 as usize].name.to_string();
        let mapped = self.graph.inputs.get(&name).map(|map| map(&self.contents.view()));
        let path = format!("{}{name}#{ordinal}/", self.path);
        if !is_restored {
            let level = Level::new(&self.graph, &self.here, &self.contents, &self.path, node, ordinal);
            self.levels.insert(frame, level);
        }
        let mut inputs = Vec::new();
        match mapped {
            Some(Err(text)) => {
                let thrown = self.thrown(&text);
                return self.feed(Input::Settled { task, token, outcome: Outcome::Threw(thrown) });
            }
            Some(Ok(writes)) => inputs.push(writes.into_iter().map(|(name, value)| (name.to_owned(), value, false)).collect::<Vec<_>>()),
            None => {}
        }
        if let Some(input) = &input {
            let fields = self.arena.get(input).as_object().into_iter().flatten();
            inputs.push(fields.map(|(name, value)| (name.clone(), value.clone(), false)).collect());
        }
        self.go_to(frame);
        self.path = path;
        let inputs = inputs.iter().map(|writes| self.result(writes, None).unwrap_or_default()).collect();
        let max_steps = self.graph.max_steps.unwrap_or(self.setup.options.max_steps);
        self.machine.enter(frame);
        self.machine.break_at(&self.graph.pauses.0, &self.graph.pauses.1);
        self.feed(Input::Opened { inputs, max_steps });
        self.go_to(around);
    }

    pub(super) fn output(&mut self) {
        let (around, task, token) = self.parents[&self.at];
        let state = self.contents.view();
        let place = self.path.clone();
        self.go_to(around);
        let node = place[self.path.len()..].split('#').next().expect("a name").to_owned();
        let outcome = match self.graph.outputs[&node](&state) {
            Err(text) => Outcome::Threw(self.thrown(&text)),
            Ok(writes) => {
                let writes: Vec<_> = writes.into_iter().map(|(name, value)| (name.to_owned(), value, false)).collect();
                Outcome::Returned(self.result(&writes, None).unwrap_or_default())
            }
        };
        self.feed(Input::Settled { task, token, outcome });
    }

    fn note_peak(&mut self) {
        let busy = self.attempts.values().filter(|attempt| attempt.is_busy && !attempt.is_parked).count();
        self.peak = self.peak.max(busy);
    }

    /// Carries on with an attempt's script until it has to wait.
    pub(super) fn go_on(&mut self, task: u32, token: u32) {
        loop {
            let Some(frame) = self.attempts.get(&(task, token)).map(|attempt| attempt.frame) else { return };
            if !self.is_there(frame) {
                return;
            }
            self.go_to(frame);
            self.machine.enter(frame);
            let Some(attempt) = self.attempts.get_mut(&(task, token)) else { return };
            attempt.is_busy = true;
            let Some(act) = attempt.acts.pop_front() else { break };
            match act {
                Act::Work(ms) => return self.plan(ms, Due::Attempt(task, token)),
                Act::Sleep(ms) => {
                    attempt.is_busy = false;
                    self.sleeps.push((task, token));
                    let sleep = self.sleeps.len() as u32 - 1;
                    return self.feed(Input::Sleep { task, token, sleep, ms });
                }
                Act::Flush => {
                    self.flushes.push((task, token));
                    let flush = self.flushes.len() as u32 - 1;
                    return self.feed(Input::Flush { flush });
                }
                Act::Draw(channel) => {
                    let drawn = self.machine.random(task, token);
                    let attempt = self.attempts.get_mut(&(task, token));
                    attempt.into_iter().for_each(|attempt| attempt.reply.writes.push((channel.clone(), json!(drawn), false)));
                }
                Act::Emit(kind, payload) => {
                    self.emit(task, token, kind, payload);
                }
                Act::Ask { id, payload, channel, waits } => {
                    let key = payload.to_string();
                    let payload = self.arena.put(payload);
                    let asked = self.machine.ask(self.now, task, token, Question::Interrupt { id: id.as_deref(), payload: Some(payload) });
                    self.take();
                    match asked {
                        Asked::Recorded(answer) => self.put(task, token, &key, &channel, answer.as_ref()),
                        Asked::Open => {
                            self.calls.push(format!("asks@{}", self.now - self.setup.now));
                            let attempt = self.attempts.get_mut(&(task, token));
                            attempt.into_iter().for_each(|attempt| attempt.is_parked = true);
                            if waits {
                                return;
                            }
                        }
                        other => return self.throw(task, token, &format!("{other:?}")),
                    }
                }
                Act::Once { key, channel, ms } => match self.machine.ask(self.now, task, token, Question::Once(&key)) {
                    Asked::Recorded(value) => self.put(task, token, &key, &channel, value.as_ref()),
                    Asked::Open => {
                        self.effects.push(attempt.thing(self.root_step, &key));
                        self.calls.push(format!("once {key}@{}", self.now - self.setup.now));
                        attempt.acts.push_front(Act::Keep { key, channel });
                        if ms > 0.0 {
                            return self.plan(ms, Due::Attempt(task, token));
                        }
                    }
                    other => return self.throw(task, token, &format!("{other:?}")),
                },
                Act::Keep { key, channel } => {
                    let time = json!(self.now);
                    attempt.acts.push_front(Act::Put { key: key.clone(), channel, value: time.clone() });
                    let value = self.arena.put(time);
                    let asked = self.machine.ask(self.now, task, token, Question::KeepOnce(&key, Some(value)));
                    return self.wait_for(task, token, asked);
                }
                Act::Put { key, channel, value } => {
                    self.told.push((attempt.thing(self.root_step, &key), value.clone()));
                    add_write(&mut attempt.reply, &channel, value);
                }
                Act::SleepUntil(at) => {
                    let value = (at > self.now).then(|| self.arena.put(json!(at)));
                    let asked = self.machine.ask(self.now, task, token, Question::SleepUntil(value));
                    if let Asked::Recorded(deadline) = &asked {
                        let deadline = deadline.as_ref().map_or(at, |deadline| self.arena.get(deadline).as_f64().expect("a time"));
                        attempt.acts.push_front(Act::Sleep((deadline - self.now).max(0.0)));
                    } else {
                        attempt.acts.push_front(Act::Sleep((at - self.now).max(0.0)));
                        return self.wait_for(task, token, asked);
                    }
                }
                Act::Open(text) => {
                    let stream = self.arena.put(json!({ "text": text }));
                    self.machine.open_stream(task, token, stream.clone());
                    let attempt = self.attempts.get_mut(&(task, token));
                    attempt.into_iter().for_each(|attempt| attempt.streams.push((text.clone(), stream.clone())));
                }
                Act::Close(text) => {
                    let position = attempt.streams.iter().position(|(open, _)| *open == text).expect("an open stream");
                    let (_, stream) = attempt.streams.remove(position);
                    self.machine.close_stream(task, token, stream.handle());
                    self.emit(task, token, EventKind::LlmFinal, json!({ "text": text }));
                }
            }
        }
        self.end_attempt(task, token);
    }

    fn put(&mut self, task: u32, token: u32, key: &str, channel: &str, value: Option<&Value>) {
        let value = value.map_or(Json::Null, |value| self.arena.get(value).clone());
        let attempt = self.attempts.get_mut(&(task, token)).expect("an attempt");
        self.told.push((attempt.thing(self.root_step, key), value.clone()));
        add_write(&mut attempt.reply, channel, value);
    }

    fn wait_for(&mut self, task: u32, token: u32, asked: Asked) {
        match asked {
            Asked::Waits(wait) => {
                self.waits.insert(wait, (task, token));
                self.take();
            }
            other => self.throw(task, token, &format!("{other:?}")),
        }
    }

    fn throw(&mut self, task: u32, token: u32, text: &str) {
        self.attempts.remove(&(task, token));
        let outcome = Outcome::Threw(self.thrown(text));
        self.feed(Input::Settled { task, token, outcome });
    }

    /// Whether the engine took it.
    pub fn emit(&mut self, task: u32, token: u32, kind: EventKind, payload: Json) -> bool {
        self.machine.enter(self.at);
        let payload = self.arena.put(payload);
        let is_taken = self.machine.emit(self.now, task, token, kind, payload, 0.0);
        self.take();
        is_taken
    }

    fn end_attempt(&mut self, task: u32, token: u32) {
        let Some(attempt) = self.attempts.get(&(task, token)) else { return };
        if let (End::Return, None, true) = (&attempt.reply.end, &attempt.reply.goto, self.setup.is_solo && attempt.solo != Solo::No) {
            let (writes, solo) = (attempt.reply.writes.clone(), attempt.solo);
            self.attempts.remove(&(task, token));
            self.machine.enter(self.at);
            if self.machine.is_running(task, token) {
                return self.step_alone(task, token, &writes, solo);
            }
            return;
        }
        let outcome = match attempt.reply.end.clone() {
            End::Never => return,
            End::Throw(text) => Outcome::Threw(self.thrown(&text)),
            End::Return => {
                let (writes, goto) = (attempt.reply.writes.clone(), attempt.reply.goto.clone());
                match self.result(&writes, goto) {
                    Ok(result) => Outcome::Returned(result),
                    Err(target) => Outcome::UnknownTarget(target),
                }
            }
        };
        self.attempts.remove(&(task, token));
        self.feed(Input::Settled { task, token, outcome });
    }

    /// Folds and routes before it tells the engine of the result.
    fn step_alone(&mut self, task: u32, token: u32, writes: &[(String, Json, bool)], solo: Solo) {
        let result = self.result(writes, None).unwrap_or_default();
        let (update, folds) = (result.update.clone(), Rc::clone(&result.writes));
        let result = Some(Rc::new(result));
        self.contents.begin();
        for write in folds.iter() {
            let value = update.clone().expect("an update");
            let fold = Fold::Write { channel: write.channel, value, is_replace: write.is_replace };
            if let Err((channel, error)) = self.contents.fold(&self.arena, &fold) {
                self.feed(Input::Stepped { task, token, result, progress: Progress::Nothing });
                let thrown = Thrown { code: error.code(), text: error.to_string(), cause: None };
                return self.feed(Input::FoldFailed { channel, thrown });
            }
        }
        let changed = self.contents.changed();
        let contents_bytes = if self.setup.store.is_some() { self.contents_bytes() } else { 0 };
        let Solo::Route(route) = solo else {
            let progress = Progress::Folded { changed, contents_bytes, answer: None };
            return self.feed(Input::Stepped { task, token, result, progress });
        };
        let answer = self.ask_route(route);
        let target = match (answer.after, answer.targets.as_deref()) {
            (None, Ok([target @ To::Node(_)])) => self.target(target.clone(), Some(route)).ok(),
            _ => None,
        };
        let has_answered = target.is_some();
        let progress = Progress::Folded { changed, contents_bytes, answer: target };
        self.feed(Input::Stepped { task, token, result, progress });
        if !has_answered {
            self.hear_route(0, route, answer);
        }
    }

    fn thrown(&mut self, text: &str) -> Thrown {
        let cause = self.arena.put(json!({ "thrown": text }));
        Thrown { code: ErrorCode::NodeThrew, text: text.to_owned(), cause: Some(cause) }
    }

    /// What a node or a caller hands in, or the target that is not there.
    pub(super) fn result(&mut self, writes: &[(String, Json, bool)], goto: Option<(bool, Vec<To>)>) -> Result<TaskResult, String> {
        let mut found: Vec<Write> = Vec::new();
        let mut update = serde_json::Map::new();
        for (name, value, is_replace) in writes {
            let channel = self.here.channels.iter().position(|channel| *channel.name == **name).expect("a channel");
            found.push(Write { channel: channel as u32, is_replace: *is_replace });
            update.insert(name.clone(), value.clone());
        }
        found.sort_by_key(|write| write.channel);
        let routing = match goto {
            None => None,
            Some((is_replace, targets)) => {
                let targets: Result<Vec<Target>, String> = targets.into_iter().map(|target| self.target(target, None)).collect();
                Some(Routing { is_replace, targets: targets? })
            }
        };
        let update = (!found.is_empty()).then(|| self.arena.put(Json::Object(update)));
        Ok(TaskResult { update, writes: found.into(), routing, ..TaskResult::default() })
    }

    fn target(&mut self, target: To, route: Option<RouteId>) -> Result<Target, String> {
        let (name, input) = match target {
            To::Node(name) => (name, None),
            To::Send(name, input) => (name, Some(input)),
        };
        let declared = route.map(|route| &self.here.routes[route as usize]).filter(|route| route.is_closed);
        let node = match declared {
            Some(route) => route.targets.iter().find(|(label, _)| **label == *name).map(|(_, node)| *node),
            None if name == END => Some(NodeId::END),
            None => self.here.nodes.iter().position(|node| *node.name == *name).map(|index| NodeId(index as u32)),
        };
        let node = node.ok_or(name)?;
        Ok(Target { node, is_send: input.is_some(), input: input.map(|input| self.arena.put(input)) })
    }

    pub(super) fn call_rescue(&mut self, task: u32, token: u32, failure: &Failure) {
        let index = failure.node.and_then(NodeId::index).expect("a node");
        let name = self.here.nodes[index].name.to_string();
        self.calls.push(format!("{name} rescues@{}", self.now - self.setup.now));
        let call = Call {
            node: name,
            state: self.contents.view(),
            input: Json::Null,
            step: failure.step.unwrap_or(0),
            task: 0,
            attempt: 0,
            path: self.path.clone(),
        };
        let rescue = Rc::clone(&self.graph.rescues[&call.node]);
        let reply = rescue(&call, &failure.message);
        self.begin_attempt(task, token, Rc::new(call), reply, Solo::No);
    }

    pub(super) fn ask_retry(&mut self, task: u32, token: u32, attempt: u32, failure: &Failure) {
        let index = failure.node.and_then(NodeId::index).expect("a node");
        let says = Rc::clone(&self.graph.retry_on[&*self.here.nodes[index].name]);
        match says(attempt, &failure.message) {
            Ok(retries) => self.feed(Input::RetryAnswer { task, token, retries }),
            Err(text) => {
                let thrown = self.thrown(&text);
                self.feed(Input::Settled { task, token, outcome: Outcome::Threw(thrown) });
            }
        }
    }

    pub(super) fn abort(&mut self, task: u32, token: u32, why: Abort) {
        // What ignores its signal goes on, but holds no slot that the engine knows of.
        if let Some(attempt) = self.attempts.get_mut(&(task, token)) {
            attempt.is_busy = false;
            self.aborts.push(format!("{}{}#{} {why:?}", attempt.call.path, attempt.call.node, attempt.call.task));
        }
    }

    pub(super) fn wake(&mut self, sleep: u32) {
        let (task, token) = self.waits.remove(&sleep).unwrap_or_else(|| self.sleeps[sleep as usize]);
        if let Some(attempt) = self.attempts.get_mut(&(task, token)) {
            attempt.is_busy = true;
        }
        self.note_peak();
        self.go_on(task, token);
    }

    pub(super) fn flushed(&mut self, flush: u32) {
        let (task, token) = self.flushes[flush as usize];
        self.calls.push(format!("flushed@{}", self.now - self.setup.now));
        self.go_on(task, token);
    }

    pub(super) fn call_route(&mut self, call: u32, route: RouteId) {
        let answer = self.ask_route(route);
        self.hear_route(call, route, answer);
    }

    fn ask_route(&mut self, route: RouteId) -> Answer {
        let answer = Rc::clone(&self.graph.routes[route as usize]);
        let from = self.here.routes[route as usize].from;
        let name = from.index().map_or(START, |index| &self.here.nodes[index].name);
        self.calls.push(format!("route of {name}"));
        answer(&self.contents.view())
    }

    fn hear_route(&mut self, call: u32, route: RouteId, answer: Answer) {
        let after = answer.after;
        self.answers.insert((self.at, call), (route, answer.targets));
        match after {
            None => self.answer_route(call),
            Some(after) => self.plan(after, Due::Route(self.at, call)),
        }
    }

    pub(super) fn answer_route(&mut self, call: u32) {
        let Some((route, targets)) = self.answers.remove(&(self.at, call)) else { return };
        let input = match targets {
            Err(text) => Input::RouteThrew { call, thrown: self.thrown(&text) },
            Ok(targets) => {
                let targets: Result<Vec<Target>, String> = targets.into_iter().map(|target| self.target(target, Some(route))).collect();
                match targets {
                    Ok(targets) => Input::Routed { call, targets: Targets::Many(targets) },
                    Err(target) => Input::RouteUnknown { call, target },
                }
            }
        };
        self.feed(input);
    }
}
