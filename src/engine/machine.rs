//! The machine's state, its one entry `handle`, and what all its parts use: publishing and timers.

use super::children::{Nodes, Report};
use super::command::{Abort, Command};
use super::frame::{Frame, Instance, Phase};
use super::input::{Input, Options};
use super::pool::Pool;
use super::timers::{TimerKind, Timers};
use crate::checkpoint::{Durability, Inner, Journal, Names, Session};
use crate::events::{Body, Cursor, Event, Hub, HubOptions, Kept, Mask, Overflow, Place, Pulled, ReaderId};
use crate::graph::Program;
use crate::text::text;
use std::collections::VecDeque;
use std::rc::Rc;

/// A run of steps yields after this many milliseconds, or steps: some hosts' clocks stand still while code runs.
const SLICE_MS: f64 = 8.0;
const SLICE_STEPS: u32 = 256;

/// One execution of one session. See the module's head.
pub struct Machine {
    /// The session's graph.
    pub(super) root: Rc<Program>,
    /// Of the frame that is worked on, as are `place`, `frame` and `session.graph`; between inputs it is the session's.
    pub(super) program: Rc<Program>,
    pub(super) place: Option<Rc<Place>>,
    pub(super) options: Options,
    pub(super) session: Session,
    pub(super) session_id: Rc<str>,
    pub(super) hub: Hub,
    pub(super) journal: Option<Journal>,
    pub(super) frame: Frame,
    pub(super) now: f64,
    pub(super) started_at: f64,
    pub(super) pool: Pool,
    pub(super) timers: Timers,
    pub(super) tokens: u32,
    /// Unknown until the host has folded something in this execution.
    pub(super) contents_bytes: Option<u64>,
    /// The last event, from the moment it is made.
    pub(super) terminal: Option<Event>,
    /// The input is being folded; when that is done, the execution ends like this.
    pub(super) ends_with: Option<(Abort, crate::events::Ending)>,
    pub(super) commands: Vec<Command>,
    generation: u32,
    slice_at: f64,
    slice_steps: u32,
    pub(super) is_yielding: bool,
    is_held: bool,
    /// The record that takes up the session is under way, or was refused.
    pub(super) is_taking_over: bool,
    pub(super) has_flush_timer: bool,
    has_silence_timer: bool,
    pub(super) has_store_timer: bool,
    /// The slot whose append was unanswered when the store timer fired last.
    pub(super) silent_slot: Option<u32>,
    pub(super) flushes: Vec<(u32, u64)>,
    /// Waits for a record, each with the slot that it stands in.
    pub(super) waits: Vec<(u32, u32)>,
    pub(super) last_wait: u32,
    /// What a resume answers, until its start is told.
    pub(super) answers: Vec<Kept>,
    /// Nothing was recorded since the turn that comes before a pause was asked for.
    pub(super) is_still: bool,
    /// The frame that is worked on, the one that inputs concern, and the one that commands do.
    pub(super) at: u32,
    pub(super) told: u32,
    pub(super) said: u32,
    /// By frame, while there are sub-graphs; that which is worked on has something else in its place.
    pub(super) instances: Vec<Option<Box<Instance>>>,
    pub(super) nodes: Vec<Nodes>,
    pub(super) reports: VecDeque<Report>,
    /// Frames of sub-graphs that wait between two steps.
    waiting: Vec<u32>,
    /// Sub-graphs that an earlier execution left half done.
    pub(super) restored: Vec<Inner>,
}

impl Machine {
    /// An execution of a session that `session` describes (restored, or new), which writes from `slot` on.
    pub fn new(
        program: Rc<Program>,
        options: Options,
        session_id: Rc<str>,
        mut session: Session,
        log: Option<(Names, u64, u32, u32)>,
    ) -> Self {
        let durability = options.durability.filter(|_| log.is_some());
        let hub = Hub::new(
            HubOptions { capacity: options.capacity, has_log: durability.is_some(), is_strict: durability == Some(Durability::Sync) },
            session.seq,
        );
        let journal = match (durability, log) {
            (Some(durability), Some((names, writer, slot, snapshot_slot))) => {
                Some(Journal::new(durability, writer, slot, snapshot_slot, session.delta_bytes, names))
            }
            _ => None,
        };
        let pool = Pool::new(options.concurrency);
        let frame = Frame::new(session.graph.step);
        let restored = std::mem::take(&mut session.inner);
        let mut frame = frame;
        frame.break_at(program.nodes.len(), &options.before, &options.after);
        Self {
            root: Rc::clone(&program),
            program,
            place: None,
            options,
            session,
            session_id,
            hub,
            journal,
            frame,
            now: 0.0,
            started_at: 0.0,
            pool,
            timers: Timers::default(),
            tokens: 0,
            contents_bytes: None,
            terminal: None,
            ends_with: None,
            commands: Vec::new(),
            generation: 0,
            slice_at: f64::NEG_INFINITY,
            slice_steps: 0,
            is_yielding: false,
            is_held: false,
            is_taking_over: false,
            has_flush_timer: false,
            has_silence_timer: false,
            has_store_timer: false,
            silent_slot: None,
            flushes: Vec::new(),
            waits: Vec::new(),
            last_wait: 0,
            answers: Vec::new(),
            is_still: false,
            at: 0,
            told: 0,
            said: 0,
            instances: Vec::new(),
            nodes: Vec::new(),
            reports: VecDeque::new(),
            waiting: Vec::new(),
            restored,
        }
    }

    /// Takes one input at the time `now` (epoch milliseconds) and leaves commands for `take_commands`.
    pub fn handle(&mut self, now: f64, input: Input) {
        self.now = now;
        // Only sub-graphs ask.
        let mut may_go_on = false;
        if self.has_children() {
            may_go_on = !input.is_of_frame();
            if !may_go_on {
                self.switch(self.told);
            }
        }
        if self.told != self.at && input.is_of_frame() {
            return;
        }
        match input {
            Input::Start(start) => self.begin(start),
            Input::Update { result, as_node } => self.begin_update(result, as_node),
            Input::Settled { task, token, outcome } => self.settled(task, token, outcome),
            Input::Stepped { task, token, result, progress } => self.stepped(task, token, result, progress),
            Input::Opened { inputs, max_steps } => self.opened(inputs, max_steps),
            Input::RetryAnswer { task, token, retries } => self.retry_answered(task, token, retries),
            Input::Applied { changed, reduced, contents_bytes } => {
                self.weigh(contents_bytes);
                self.applied(changed, reduced);
            }
            Input::FoldFailed { channel, thrown } => self.fold_failed(channel, &thrown),
            Input::Routed { call, targets } => self.routed(call, targets),
            Input::RouteThrew { call, thrown } => self.route_threw(call, &thrown),
            Input::RouteUnknown { call, target } => self.route_unknown(call, &target),
            Input::Fired { timer } => self.fired(timer),
            Input::Sleep { task, token, sleep, ms } => self.sleep(task, token, sleep, ms),
            Input::Flush { flush } => self.flush(flush),
            Input::Appended { is_turn } => {
                if is_turn && !self.is_yielding {
                    self.begin_slice();
                }
                self.appended();
            }
            Input::Taken { writer } if writer.is_some() && writer == self.journal.as_ref().map(Journal::writer) => self.appended(),
            Input::Taken { .. } => self.append_failed(None),
            Input::Lost => self.lose_session(),
            Input::AppendFailed(thrown) => self.append_failed(Some(&thrown)),
            Input::Turn => {
                self.is_yielding = false;
                self.begin_slice();
            }
            Input::Pulled => {}
            Input::Remark { is_of_store, text } => {
                let scope = if is_of_store { "checkpoint" } else { "observer" };
                self.publish_transient(Body::Diagnostic { scope, message: text.into() });
            }
            Input::Refuse(failure) => self.refuse(failure),
            Input::Cancel { reason } => self.cancel(reason),
        }
        self.advance_frame();
        self.proceed(may_go_on);
    }

    /// What all ends with that is told or asked, once the frame that it concerns has gone on.
    pub(super) fn proceed(&mut self, may_go_on: bool) {
        if self.has_children() {
            self.advance_others(may_go_on);
        }
        if self.frame.parked > 0 {
            self.pause_if_still();
        }
        self.settle_up();
    }

    /// Sub-graphs wait for the same as the graph around them: the store, readers, a turn.
    fn advance_others(&mut self, may_go_on: bool) {
        self.hear();
        for frame in if may_go_on { std::mem::take(&mut self.waiting) } else { Vec::new() } {
            if self.is_open(frame) {
                self.switch(frame);
                self.advance_frame();
                self.hear();
            }
        }
        self.switch(0);
    }

    /// Of the session's contents.
    pub(super) fn weigh(&mut self, contents_bytes: u64) {
        if self.at == 0 {
            self.contents_bytes = Some(contents_bytes);
        }
    }

    /// Moves from step to step as long as nothing has to be waited for.
    #[inline]
    pub(super) fn advance_frame(&mut self) {
        if matches!(self.frame.phase, Phase::Boundary) {
            self.go_on();
        }
        if self.at != 0 {
            self.park_if_done();
        }
    }

    fn go_on(&mut self) {
        while matches!(self.frame.phase, Phase::Boundary) && !self.frame.is_paused {
            if !self.frame.breakpoints.is_empty() && self.has_work() {
                self.find_pauses();
            }
            if self.journal.as_ref().is_some_and(Journal::is_due) {
                self.append(true);
            }
            if self.is_yielding || self.journal.as_ref().is_some_and(Journal::blocks_steps) || self.is_held() {
                return self.wait();
            }
            if !self.has_work() {
                return if self.at == 0 { self.complete() } else { self.complete_child() };
            }
            if self.may_pause() && self.has_paused() {
                return;
            }
            if self.slice_at == f64::NEG_INFINITY {
                self.slice_at = self.now;
            }
            if self.now - self.slice_at >= SLICE_MS || self.slice_steps >= SLICE_STEPS {
                self.is_yielding = true;
                self.push(Command::Yield);
                return self.wait();
            }
            self.slice_steps += 1;
            self.begin_step();
        }
    }

    fn wait(&mut self) {
        if self.at != 0 {
            self.waiting.push(self.at);
        }
    }

    /// The host has done other work meanwhile.
    fn begin_slice(&mut self) {
        self.slice_at = self.now;
        self.slice_steps = 0;
    }

    fn is_held(&mut self) -> bool {
        let was_held = std::mem::replace(&mut self.is_held, self.hub.must_hold());
        if self.is_held && !was_held {
            self.watch_silence();
        }
        self.is_held
    }

    fn watch_silence(&mut self) {
        let ends_at = self.hub.silence_ends_at().filter(|_| !self.has_silence_timer);
        if let Some(ends_at) = ends_at {
            self.has_silence_timer = true;
            self.start_timer(TimerKind::Silence, ends_at - self.now);
        }
    }

    /// Readers are woken, waiting flushes answered, early events stored.
    fn settle_up(&mut self) {
        let stored = if self.journal.is_some() { self.hub.stored_seq() } else { u64::MAX };
        if self.flushes.first().is_some_and(|(_, seq)| *seq <= stored) {
            if self.hub.must_hold() {
                self.watch_silence();
            } else {
                while self.flushes.first().is_some_and(|(_, seq)| *seq <= stored) {
                    let (flush, _) = self.flushes.remove(0);
                    self.push(Command::Flushed { flush });
                }
            }
        }
        if self.hub.take_woken() {
            self.push(Command::WakeReaders);
        }
    }

    fn flush(&mut self, flush: u32) {
        self.flushes.push((flush, self.hub.seq()));
        self.append(matches!(self.frame.phase, Phase::Boundary));
    }

    fn fired(&mut self, timer: u32) {
        let kind = self.timers.close(timer);
        if self.has_children() {
            self.switch(self.fired_frame(kind));
        }
        match kind {
            Some(TimerKind::Attempt { task, token, .. }) => self.timed_out(task, token),
            Some(TimerKind::Backoff { task, token, .. }) => self.retry(task, token),
            Some(TimerKind::Sleep { task, token, sleep, .. }) => self.slept(task, token, sleep),
            Some(TimerKind::Run) => self.run_timed_out(),
            Some(TimerKind::Store) => self.store_timer_fired(),
            Some(TimerKind::Flush) => {
                self.has_flush_timer = false;
                self.flush_early();
            }
            Some(TimerKind::Silence) => {
                self.has_silence_timer = false;
                let dropped = self.hub.drop_silent(self.now);
                if dropped > 0 {
                    let message = text![dropped, " readers with overflow 'wait' did not read for 30 s and now drop their oldest events"];
                    self.hub.push(self.now, true, None, Body::Diagnostic { scope: "stream", message: message.into() });
                }
                if self.hub.must_hold() {
                    self.watch_silence();
                }
            }
            None => {}
        }
    }

    /// A command about tasks, folds or routes of the frame that is worked on.
    pub(super) fn push(&mut self, command: Command) {
        if self.said != self.at {
            self.say_frame();
        }
        self.commands.push(command);
    }

    pub(super) fn start_timer(&mut self, kind: TimerKind, ms: f64) -> u32 {
        let timer = self.timers.open(kind);
        self.commands.push(Command::StartTimer { timer, ms: ms.max(0.0) });
        timer
    }

    pub(super) fn stop_timers(&mut self, is_over: impl Fn(TimerKind) -> bool) {
        let commands = &mut self.commands;
        self.timers.close_all(is_over, |timer| commands.push(Command::StopTimer { timer }));
    }

    /// Ends all that the step's tasks do: signals abort, late results are ignored, and a `Run` that has not been carried out yet is void.
    pub(super) fn abort_tasks(&mut self, why: Abort) {
        if self.at == 0 {
            self.generation += 1;
        }
        self.let_go();
        for index in 0..self.frame.tasks.len() {
            if self.frame.tasks[index].is_live() {
                let token = self.frame.tasks[index].token;
                self.close_streams(index);
                self.close_child(index, why);
                self.push(Command::Abort { task: index as u32, token, why });
            }
        }
    }

    /// Hands the commands over.
    pub fn take_commands(&mut self) -> std::vec::Drain<'_, Command> {
        self.commands.drain(..)
    }

    /// Whether `take_commands` has any.
    pub fn has_commands(&self) -> bool {
        !self.commands.is_empty()
    }

    /// Rises when commands that call user code become void. Those of a sub-graph are void once `is_running` says so.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Nothing but the record that takes up the session was sent, and the store does not have it.
    pub fn is_taking_over(&self) -> bool {
        self.is_taking_over
    }

    /// The session as it stands.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The session's graph.
    // `self.program` is that of the frame that is worked on.
    #[allow(clippy::misnamed_getters)]
    pub fn program(&self) -> &Rc<Program> {
        &self.root
    }

    /// Names of nodes that only the log knows; ids follow the program's.
    pub fn foreign_names(&self) -> &[Rc<str>] {
        self.journal.as_ref().map_or(&[], |journal| journal.names().foreign())
    }

    /// The execution's last event, once it has ended.
    pub fn terminal_event(&self) -> Option<Event> {
        self.terminal.clone().filter(|_| matches!(self.frame.phase, Phase::Ended))
    }

    /// Steps of this execution.
    pub fn steps(&self) -> u32 {
        self.session.graph.step - self.frame.first_step
    }

    /// Adds a reader.
    pub fn subscribe(&mut self, mask: Mask, capacity: usize, overflow: Overflow, cursor: Cursor) -> ReaderId {
        self.hub.subscribe(mask, capacity, overflow, cursor)
    }

    /// Up to `max` events of a reader. Call `handle(Input::Pulled)` afterwards if `is_waiting_for_readers`.
    pub fn pull(&mut self, reader: ReaderId, max: usize, now: f64) -> Pulled {
        self.hub.pull(reader, max, now)
    }

    /// A pull may let the run go on.
    pub fn is_waiting_for_readers(&self) -> bool {
        self.is_held || !self.flushes.is_empty() || !self.commands.is_empty()
    }

    /// The hub, for readers that come and go.
    pub fn hub(&mut self) -> &mut Hub {
        &mut self.hub
    }
}
