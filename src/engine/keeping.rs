//! What tasks leave behind while they run: questions, which park them, and results of `once`. All of it is stored at once, whatever the
//! durability, with everything before it; a promise of `once` waits for that.

use super::command::Command;
use super::frame::{Frame, Phase};
use super::machine::Machine;
use super::task::TaskState;
use crate::checkpoint::address;
use crate::events::{Kept, KeptKind, TaskRef};
use crate::graph::NodeId;
use crate::state::Value;
use crate::text::{add_text, text};
use std::rc::Rc;

/// Numbers of waits begin here; the host numbers its sleeps from 0.
const FIRST_WAIT: u32 = 1 << 31;

/// What an attempt that asks is told.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The attempt is over.
    Over,
    /// It has used the id or key before, or another task of the step has.
    Duplicate,
    /// Answers need a store, and there is none.
    NoStore,
    /// It is recorded: the answer, result or deadline. `None` is `undefined`.
    Recorded(Option<Value>),
    /// Nothing is recorded: the question is open and its task parked; or `once` is to call its function, then `keep_once` or `drop_once`.
    Open,
    /// It is recorded once this wait ends, by `WakeSleep`.
    Waits(u32),
}

/// What one attempt has asked so far.
#[derive(Default)]
pub(super) struct Asks {
    is_rescue: bool,
    interrupts: u32,
    sleeps: u32,
    used: Vec<(KeptKind, Rc<str>)>,
    /// Functions of `once` that are under way.
    effects: u32,
}

impl Machine {
    /// The task, if its attempt may still ask: it runs, or one of its questions has parked it.
    pub(super) fn attending(&self, task: u32, token: u32) -> Option<usize> {
        self.live(task, token).filter(|index| self.frame.tasks[*index].attends())
    }

    /// The addresses of the tasks around the frame that is worked on.
    pub(super) fn around(&self) -> &[u32] {
        self.frame.child.as_ref().map_or(&[], |child| &child.address)
    }

    pub(super) fn address(&self, task: &TaskRef) -> Rc<[u32]> {
        address(self.around(), task)
    }

    /// An address as a text, `step/node#task` for each level. Names are escaped as in `ctx.idempotencyKey`.
    pub(super) fn label(&self, task: &TaskRef) -> String {
        let mut programs = Vec::new();
        let mut at = self.place.as_ref();
        while let Some(place) = at {
            programs.push(&place.program);
            at = place.up.as_ref();
        }
        programs.push(&self.root);
        let mut label = String::new();
        for level in self.address(task).chunks_exact(3) {
            let name = programs.pop().and_then(|program| program.nodes.get(level[1] as usize)).map_or("?", |node| &node.name);
            let slash = if label.is_empty() { "" } else { "/" };
            add_text!(&mut label, slash, level[0], "/");
            for letter in name.chars() {
                match letter {
                    '%' => label.push_str("%25"),
                    '/' => label.push_str("%2F"),
                    '#' => label.push_str("%23"),
                    _ => label.push(letter),
                }
            }
            add_text!(&mut label, "#", level[2]);
        }
        label
    }

    pub(super) fn asker(&self, index: usize) -> TaskRef {
        TaskRef { step: self.session.graph.key_step(), attempt: 0, ..self.reference(index) }
    }

    /// Asks in the frame that was entered, with all that follows.
    fn ask(&mut self, now: f64, ask: impl FnOnce(&mut Self) -> Asked) -> Asked {
        self.now = now;
        let asked = self.within(|machine| {
            let asked = ask(machine);
            if !matches!(asked, Asked::Over) {
                machine.advance_frame();
            }
            asked
        });
        self.proceed(false);
        asked.unwrap_or(Asked::Over)
    }

    fn asks(&mut self, index: usize) -> &mut Asks {
        let task = &mut self.frame.tasks[index];
        let is_rescue = task.state == TaskState::Rescuing;
        task.asks.get_or_insert_with(|| Box::new(Asks { is_rescue, ..Asks::default() }))
    }

    /// Notes that the attempt uses a key; false if it has before.
    fn uses(&mut self, index: usize, kind: KeptKind, key: &Rc<str>) -> bool {
        let used = &mut self.asks(index).used;
        let is_new = !used.iter().any(|(other, known)| *other == kind && known == key);
        used.push((kind, Rc::clone(key)));
        is_new
    }

    fn recorded(&self, kind: KeptKind, task: &TaskRef, key: &str) -> Option<Asked> {
        let kept = self.session.kept.find(kind, &self.address(task), key)?;
        Some(Asked::Recorded(kept.value.clone()))
    }

    /// What a task of the frame that is worked on leaves behind.
    pub(super) fn kept(&self, kind: KeptKind, task: TaskRef, key: Rc<str>, value: Option<Value>) -> Kept {
        Kept { kind, task, place: self.place.clone(), address: self.address(&task), key, value }
    }

    /// Keeps it for good: in the session, and with the next append.
    pub(super) fn keep(&mut self, kept: Kept) {
        let kept = Rc::new(kept);
        if let Some(journal) = &mut self.journal {
            journal.keep(Rc::clone(&kept));
        }
        self.session.kept.add(kept);
        self.is_still = false;
    }

    fn keep_and_wait(&mut self, kept: Kept) -> Asked {
        self.keep(kept);
        self.last_wait += 1;
        let wait = FIRST_WAIT + self.last_wait;
        match &self.journal {
            Some(journal) => self.waits.push((wait, journal.next_slot())),
            None => self.commands.push(Command::WakeSleep { sleep: wait }),
        }
        self.append(false);
        Asked::Waits(wait)
    }

    /// The store has the record in this slot, and all before it.
    pub(super) fn end_waits(&mut self, slot: u32) {
        while let Some((wait, _)) = self.waits.first().copied().filter(|(_, needed)| *needed <= slot) {
            self.waits.remove(0);
            self.commands.push(Command::WakeSleep { sleep: wait });
        }
    }

    /// `ctx.interrupt`. Without an id the question gets that of its place in the attempt.
    pub fn interrupt(&mut self, now: f64, task: u32, token: u32, id: Option<&str>, payload: Option<Value>) -> Asked {
        self.ask(now, |machine| machine.interrupt_here(task, token, id, payload))
    }

    fn interrupt_here(&mut self, task: u32, token: u32, id: Option<&str>, payload: Option<Value>) -> Asked {
        let Some(index) = self.attending(task, token) else { return Asked::Over };
        if self.journal.is_none() {
            return Asked::NoStore;
        }
        let asker = self.asker(index);
        let asks = self.asks(index);
        let ordinal = asks.interrupts;
        let place = if asks.is_rescue { "/onError/" } else { "/" };
        asks.interrupts += 1;
        let id: Rc<str> = id.map_or_else(|| text![self.label(&asker), place, ordinal].into(), Rc::from);
        if !self.uses(index, KeptKind::Interrupt, &id) {
            return Asked::Duplicate;
        }
        if let Some(answer) = self.recorded(KeptKind::Answer, &asker, &id) {
            return answer;
        }
        let address = self.address(&asker);
        let is_taken = |kept: &Rc<Kept>| kept.key == id && kept.address != address && self.session.kept.is_open(kept);
        if self.session.kept.all().iter().any(is_taken) {
            return Asked::Duplicate;
        }
        self.keep(self.kept(KeptKind::Interrupt, asker, id, payload));
        self.append(false);
        self.park(index);
        Asked::Open
    }

    /// The attempt's result does not count any more, and it holds neither a slot nor its timer.
    pub(super) fn park(&mut self, index: usize) {
        if self.frame.tasks[index].state == TaskState::Parked {
            return;
        }
        self.frame.tasks[index].state = TaskState::Parked;
        self.stop_attempt_timer(index);
        self.release_slot(index);
        self.frame.parked += 1;
        self.frame.unfinished -= 1;
        self.fill_slots();
    }

    /// `ctx.once` begins.
    pub fn once(&mut self, task: u32, token: u32, key: &str) -> Asked {
        self.within(|machine| machine.once_here(task, token, key)).unwrap_or(Asked::Over)
    }

    fn once_here(&mut self, task: u32, token: u32, key: &str) -> Asked {
        let Some(index) = self.attending(task, token) else { return Asked::Over };
        let key: Rc<str> = text!["k", key].into();
        if !self.uses(index, KeptKind::Once, &key) {
            return Asked::Duplicate;
        }
        self.recorded(KeptKind::Once, &self.asker(index), &key).unwrap_or_else(|| {
            self.asks(index).effects += 1;
            Asked::Open
        })
    }

    fn end_effect(&mut self, index: usize) {
        let asks = self.asks(index);
        asks.effects = asks.effects.saturating_sub(1);
    }

    /// The function of a `once` has a result.
    pub fn keep_once(&mut self, now: f64, task: u32, token: u32, key: &str, value: Option<Value>) -> Asked {
        self.ask(now, |machine| {
            let Some(index) = machine.attending(task, token) else { return Asked::Over };
            machine.end_effect(index);
            machine.keep_and_wait(machine.kept(KeptKind::Once, machine.asker(index), text!["k", key].into(), value))
        })
    }

    /// The function of a `once` has thrown.
    pub fn drop_once(&mut self, now: f64, task: u32, token: u32) {
        self.ask(now, |machine| {
            let Some(index) = machine.attending(task, token) else { return Asked::Over };
            machine.end_effect(index);
            Asked::Open
        });
    }

    /// `ctx.sleepUntil`: the deadline of an earlier attempt, or a wait until this one is stored. Without one, as it has passed, nothing is.
    pub fn sleep_until(&mut self, now: f64, task: u32, token: u32, at: Option<Value>) -> Asked {
        self.ask(now, |machine| machine.sleep_until_here(task, token, at))
    }

    fn sleep_until_here(&mut self, task: u32, token: u32, at: Option<Value>) -> Asked {
        let Some(index) = self.attending(task, token) else { return Asked::Over };
        let asker = self.asker(index);
        let asks = self.asks(index);
        let key = text![if asks.is_rescue { "e" } else { "s" }, asks.sleeps];
        asks.sleeps += 1;
        if let Some(deadline) = self.recorded(KeptKind::Once, &asker, &key) {
            return deadline;
        }
        if at.is_none() {
            return Asked::Recorded(None);
        }
        self.keep_and_wait(self.kept(KeptKind::Once, asker, key.into(), at))
    }

    /// All tasks of the session's graph are done or parked, and nothing is under way, there or within, that a record depends on.
    pub(super) fn is_waiting_for_answers(&self) -> bool {
        let has_effects = |frame: &Frame| {
            let mut parked = frame.tasks.iter().filter(|task| task.state == TaskState::Parked);
            parked.any(|task| task.asks.as_ref().is_some_and(|asks| asks.effects > 0))
        };
        matches!(self.frame.phase, Phase::Stepping)
            && self.frame.unfinished == 0
            && !has_effects(&self.frame)
            && !self.instances.iter().flatten().any(|instance| has_effects(&instance.frame))
    }

    /// Of a step that is taken up again: the task has nothing new to run for.
    pub(super) fn is_parked(&self, node: NodeId, task: u32) -> bool {
        let step = self.session.graph.key_step();
        !self.session.kept.all().is_empty() && self.session.kept.is_parked(&self.address(&TaskRef { step, node, task, attempt: 0 }))
    }
}
