//! Commands as words. One buffer for the whole instance; its first word never moves while its capacity suffices.

use super::event_words::write_event;
use super::plain::{Returned, array};
use crate::checkpoint::Fold;
use crate::engine::{Command, Machine, Solo};
use crate::error::Failure;
use crate::events::Event;
use crate::state::{Value, Values};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

macro_rules! ops {
    ($($op:ident,)*) => {
        /// The first word of a command.
        #[derive(Clone, Copy, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum Op { $($op,)* }

        impl Op {
            /// In the order of their numbers.
            #[cfg(feature = "test-hooks")]
            pub const ALL: &'static [Self] = &[$(Self::$op,)*];
        }
    };
}

ops! {
    Run, Rescue, AskRetry, Abort, Begin, Write, Load, Note, EndFolds, Commit, Rollback, Route, StartTimer, StopTimer, WakeSleep, Flushed, Append,
    Yield, WakeReaders, Finish, Release, Enter, Open, Reopen, Output, Close,
}

/// What one call of an export leaves for the facade to read.
pub(super) struct Out {
    pub words: Vec<f64>,
    /// By the numbers that words mention, until the facade takes them.
    failures: Shelf<Rc<Failure>>,
    texts: Shelf<Rc<str>>,
}

/// Things that words mention by number, each until it is taken.
struct Shelf<T>(Vec<Option<T>>);

impl<T> Shelf<T> {
    fn put(&mut self, thing: T) -> f64 {
        let free = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        if free == self.0.len() {
            self.0.push(None);
        }
        self.0[free] = Some(thing);
        free as f64
    }

    fn take(&mut self, number: u32) -> Option<T> {
        self.0.get_mut(number as usize)?.take()
    }
}

thread_local! {
    static OUT: RefCell<Out> = const { RefCell::new(Out { words: Vec::new(), failures: Shelf(Vec::new()), texts: Shelf(Vec::new()) }) };
}

impl Out {
    pub fn word(&mut self, word: impl Into<f64>) {
        self.words.push(word.into());
    }

    pub fn words<const N: usize>(&mut self, words: [f64; N]) {
        self.words.extend_from_slice(&words);
    }

    pub fn failure(&mut self, failure: &Rc<Failure>) {
        let number = self.failures.put(Rc::clone(failure));
        self.words.push(number);
    }

    pub fn text(&mut self, text: &Rc<str>) {
        let number = self.texts.put(Rc::clone(text));
        self.words.push(number);
    }

    /// A handle, plus one; 0 is none.
    pub fn option(&mut self, value: Option<&Value>) {
        self.words.push(value.map_or(0.0, |value| f64::from(value.handle()) + 1.0));
    }
}

/// Empties the buffer, lets `fill` write, and returns how many words there are.
pub(super) fn fill(fill: impl FnOnce(&mut Out)) -> u32 {
    OUT.with_borrow_mut(|out| {
        out.words.clear();
        out.words.reserve(4096);
        fill(out);
        out.words.len() as u32
    })
}

/// Where the words are, in bytes from the start of memory. It changes only when more words came than before.
#[wasm_bindgen(js_name = outWords)]
pub fn out_words() -> u32 {
    OUT.with_borrow(|out| out.words.as_ptr() as usize as u32)
}

/// The memory of this instance.
#[wasm_bindgen(js_name = currentMemory)]
pub fn current_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// A text that words mentioned; once.
#[wasm_bindgen(js_name = takeText)]
pub fn take_text(number: u32) -> String {
    OUT.with_borrow_mut(|out| out.texts.take(number)).map_or_else(String::new, |text| String::from(&*text))
}

/// A failure that words mentioned; once. Code, message, node + 1 (or the name of a node within a sub-graph), step + 1, cause + 1, as an array; 0 is none.
#[wasm_bindgen(js_name = takeFailure)]
pub fn take_failure(number: u32) -> Returned {
    Ok(OUT.with_borrow_mut(|out| out.failures.take(number)).map_or(JsValue::UNDEFINED, |failure| failure_parts(&failure)))
}

pub(super) fn failure_parts(failure: &Failure) -> JsValue {
    let plus_one = |number: Option<u32>| JsValue::from_f64(number.map_or(0.0, |number| f64::from(number) + 1.0));
    let parts = [
        failure.code.as_str().into(),
        (&*failure.message).into(),
        match &failure.inner {
            Some(inner) => (&**inner).into(),
            None => plus_one(failure.node.and_then(|node| node.index()).map(|index| index as u32)),
        },
        plus_one(failure.step),
        plus_one(failure.cause.as_ref().map(Value::handle)),
    ];
    array(parts.into_iter())
}

/// The machine's generation, all its commands, then the handles that nobody needs any more; nothing if there is none of these.
pub(super) fn write_commands(out: &mut Out, machine: &mut Machine, values: &Values, record: &mut Vec<u8>) {
    out.word(machine.generation());
    for command in machine.take_commands() {
        write_command(out, command, record);
    }
    write_released(out, values);
    if out.words.len() == 1 {
        out.words.clear();
    }
}

pub(super) fn write_released(out: &mut Out, values: &Values) {
    let count = values.released_count();
    if count > 0 {
        out.words([f64::from(Op::Release as u8), count as f64]);
        values.take_released(|handle| out.word(handle));
    }
}

fn write_command(out: &mut Out, command: Command, record: &mut Vec<u8>) {
    match command {
        Command::Run { task, token, node, attempt, step, ordinal, input, generation, solo } => {
            out.words([
                f64::from(Op::Run as u8),
                task.into(),
                token.into(),
                node.0.into(),
                attempt.into(),
                step.into(),
                ordinal.into(),
                generation.into(),
                match solo {
                    Solo::No => 0.0,
                    Solo::Fold => 1.0,
                    Solo::Route(route) => f64::from(route) + 2.0,
                },
                input.as_ref().map_or(0.0, |input| f64::from(input.handle()) + 1.0),
            ]);
        }
        Command::Rescue { task, token, failure } => {
            out.words([f64::from(Op::Rescue as u8), task.into(), token.into()]);
            out.failure(&failure);
        }
        Command::AskRetry { task, token, attempt, failure } => {
            out.words([f64::from(Op::AskRetry as u8), task.into(), token.into(), attempt.into()]);
            out.failure(&failure);
        }
        Command::Abort { task, token, why } => out.words([f64::from(Op::Abort as u8), task.into(), token.into(), f64::from(why as u8)]),
        Command::Open { frame, task, token, node, attempt, step, ordinal, input, is_restored } => out.words([
            f64::from(Op::Open as u8),
            task.into(),
            token.into(),
            node.0.into(),
            attempt.into(),
            step.into(),
            ordinal.into(),
            frame.into(),
            f64::from(u8::from(is_restored)),
            input.as_ref().map_or(0.0, |input| f64::from(input.handle()) + 1.0),
        ]),
        Command::Output => out.word(Op::Output as u8),
        Command::Close { frame } => out.words([f64::from(Op::Close as u8), frame.into()]),
        Command::Begin => out.word(Op::Begin as u8),
        Command::Fold(fold) => write_fold(out, &fold),
        Command::EndFolds => out.word(Op::EndFolds as u8),
        Command::Commit => out.word(Op::Commit as u8),
        Command::Rollback => out.word(Op::Rollback as u8),
        Command::Route { call, route } => out.words([f64::from(Op::Route as u8), call.into(), route.into()]),
        Command::StartTimer { timer, ms } => out.words([f64::from(Op::StartTimer as u8), timer.into(), ms]),
        Command::StopTimer { timer } => out.words([f64::from(Op::StopTimer as u8), timer.into()]),
        Command::WakeSleep { sleep } => out.words([f64::from(Op::WakeSleep as u8), sleep.into()]),
        Command::Flushed { flush } => out.words([f64::from(Op::Flushed as u8), flush.into()]),
        Command::Append(append) => {
            let flags = u8::from(append.saves_contents) | u8::from(append.has_row) << 1 | u8::from(append.is_strict) << 2;
            out.words([
                f64::from(Op::Append as u8),
                append.slot.into(),
                flags.into(),
                append.bytes.len() as f64,
                append.values.len() as f64,
            ]);
            for value in &append.values {
                out.word(value.handle());
            }
            *record = append.bytes;
        }
        Command::Yield => out.word(Op::Yield as u8),
        Command::WakeReaders => out.word(Op::WakeReaders as u8),
        Command::Finish => out.word(Op::Finish as u8),
    }
}

pub(super) fn write_fold(out: &mut Out, fold: &Fold) {
    match fold {
        Fold::Write { channel, value, is_replace } => {
            out.words([f64::from(Op::Write as u8), (*channel).into(), value.handle().into(), f64::from(u8::from(*is_replace))]);
        }
        Fold::Enter { frame } => out.words([f64::from(Op::Enter as u8), (*frame).into()]),
        Fold::Open { frame, node } => out.words([f64::from(Op::Reopen as u8), (*frame).into(), node.0.into()]),
        Fold::Load { channel, value } => out.words([f64::from(Op::Load as u8), (*channel).into(), value.handle().into()]),
        Fold::Error(note) => {
            out.words([f64::from(Op::Note as u8), note.at, note.step.into(), f64::from(note.failure.scope as u8)]);
            out.failure(&note.failure);
        }
    }
}

/// Events, each with its length in front.
pub(super) fn write_events<'a>(out: &mut Out, events: impl Iterator<Item = &'a Event>) {
    for event in events {
        let at = out.words.len();
        out.word(0);
        write_event(out, event);
        out.words[at] = (out.words.len() - at) as f64;
    }
}
