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
    /// It is recorded: the answer, result or deadline. `None` is `undefined`, or a deadline that has passed.
    Recorded(Option<Value>),
    /// Nothing is recorded: the question is open and its task parked; or `once` is to call its function, then `KeepOnce` or `DropOnce` comes.
    Open,
    /// It is recorded once this wait ends, by `WakeSleep`.
    Waits(u32),
}

/// What an attempt asks, or leaves behind.
#[derive(Debug)]
pub enum Question<'a> {
    /// `ctx.interrupt`. Without an id the question gets that of its place in the attempt.
    Interrupt {
        /// Its own in the step.
        id: Option<&'a str>,
        /// For whoever answers.
        payload: Option<Value>,
    },
    /// `ctx.once` begins, with its key.
    Once(&'a str),
    /// The function of the `once` with this key has a result.
    KeepOnce(&'a str, Option<Value>),
    /// The function of a `once` has thrown.
    DropOnce,
    /// `ctx.sleepUntil`: told is the deadline of an earlier attempt, or a wait until this one is stored. Without one, as it has passed, nothing is.
    SleepUntil(Option<Value>),
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

/// Apart from those of deadlines.
fn once_key(key: &str) -> Rc<str> {
    text!["k", key].into()
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

    /// What an attempt of the frame that was entered asks, with all that follows.
    pub fn ask(&mut self, now: f64, task: u32, token: u32, question: Question<'_>) -> Asked {
        self.now = now;
        let asked = self.within(|machine| {
            let Some(index) = machine.attending(task, token) else { return Asked::Over };
            let asked = machine.answer(index, question);
            machine.advance_frame();
            asked
        });
        self.proceed(false);
        asked.unwrap_or(Asked::Over)
    }

    fn answer(&mut self, index: usize, question: Question<'_>) -> Asked {
        match question {
            Question::Interrupt { id, payload } => self.interrupt(index, id, payload),
            Question::Once(key) => self.once(index, key),
            Question::KeepOnce(key, value) => {
                self.end_effect(index);
                self.keep_and_wait(self.kept(KeptKind::Once, self.asker(index), once_key(key), value))
            }
            Question::DropOnce => {
                self.end_effect(index);
                Asked::Open
            }
            Question::SleepUntil(at) => self.sleep_until(index, at),
        }
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

    fn interrupt(&mut self, index: usize, id: Option<&str>, payload: Option<Value>) -> Asked {
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

    fn once(&mut self, index: usize, key: &str) -> Asked {
        let key = once_key(key);
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

    fn sleep_until(&mut self, index: usize, at: Option<Value>) -> Asked {
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
        self.session.kept.is_parked(&self.address(&TaskRef { step, node, task, attempt: 0 }))
    }
}
