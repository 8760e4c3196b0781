//! A store of one session in memory, with a script of what goes wrong; and a session read back from it.

use super::arena::{Arena, Contents};
use super::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use weavegraph_wasm::checkpoint::{self, Fold, Index, Names, RecordError, Session};
use weavegraph_wasm::events::Event;
use weavegraph_wasm::graph::{NodeId, Program};

#[derive(Clone, Debug)]
pub struct Record {
    pub bytes: Vec<u8>,
    pub values: Vec<Json>,
}

/// What the store says about an append.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Says {
    Yes,
    Refuses,
    /// Someone else has written there.
    Taken,
    /// Nothing, ever.
    Nothing,
    /// It has the record, but the answer never arrives; the host tries again.
    Lost,
    /// It has the record, but says that it has not.
    KeepsAndRefuses,
    /// It has the record and says nothing, ever.
    Keeps,
}

pub type Fates = Box<dyn FnMut() -> (f64, Option<f64>, Says)>;

#[derive(Default)]
struct Inner {
    slots: Vec<Record>,
    script: VecDeque<(Option<f64>, Says)>,
    /// How long an append takes; `None` is at once.
    delay: Option<f64>,
    /// How long until an append arrives, how long until it answers, and what: asked for each, if it is there.
    fates: Option<Fates>,
    rows: u32,
    /// By slot, of what was appended here.
    strict: Vec<bool>,
    /// Records that a reader has seen.
    shown: usize,
}

/// Shared by the executions of its session.
#[derive(Clone, Default)]
pub struct Store(Rc<RefCell<Inner>>);

impl Store {
    /// Each append takes so long.
    pub fn slow(ms: f64) -> Self {
        let store = Self::default();
        store.0.borrow_mut().delay = Some(ms);
        store
    }

    /// What it says about the next append that nothing was said about yet, and after how long.
    pub fn next(&self, after: Option<f64>, says: Says) -> &Self {
        self.0.borrow_mut().script.push_back((after, says));
        self
    }

    /// From now on chance says how each append goes.
    pub fn fated(&self, fates: Fates) {
        self.0.borrow_mut().fates = Some(fates);
    }

    /// How long the next append is under way, if that is up to chance. What it will meet there is decided too.
    pub fn transit(&self) -> Option<f64> {
        let mut inner = self.0.borrow_mut();
        let (transit, after, says) = inner.fates.as_mut()?();
        inner.script.push_back((after, says));
        Some(transit)
    }

    /// Someone has seen all that there is.
    pub fn show(&self) {
        let mut inner = self.0.borrow_mut();
        inner.shown = inner.slots.len();
    }

    /// A crash takes the last record, if nobody has seen it.
    pub fn lose_last(&self) -> bool {
        let mut inner = self.0.borrow_mut();
        inner.slots.len() > inner.shown && inner.slots.pop().is_some()
    }

    /// The next `count` appends go well.
    pub fn ok(&self, count: usize) -> &Self {
        let delay = self.0.borrow().delay;
        (0..count).fold(self, |store, _| store.next(delay, Says::Yes))
    }

    /// When it answers, and what; what it keeps is kept at once.
    pub fn append(&self, slot: u32, record: Record, has_row: bool, is_strict: bool) -> (Option<f64>, Says) {
        let mut inner = self.0.borrow_mut();
        let planned = inner.script.pop_front();
        let (after, says) = planned.unwrap_or((inner.delay, Says::Yes));
        if (slot as usize) < inner.slots.len() {
            return (after, Says::Taken);
        }
        match says {
            Says::Yes | Says::Lost | Says::KeepsAndRefuses | Says::Keeps => {
                assert_eq!(slot as usize, inner.slots.len(), "slots have no holes");
                inner.slots.push(record);
                inner.rows += u32::from(has_row);
                inner.strict.resize(slot as usize, false);
                inner.strict.push(is_strict);
            }
            Says::Taken => inner.slots.push(Record { bytes: Vec::new(), values: Vec::new() }),
            Says::Refuses | Says::Nothing => {}
        }
        (after, says)
    }

    pub fn len(&self) -> usize {
        self.0.borrow().slots.len()
    }

    /// Whether the record was to be safe from a power cut.
    pub fn strict(&self, slot: usize) -> bool {
        self.0.borrow().strict[slot]
    }

    pub fn rows(&self) -> u32 {
        self.0.borrow().rows
    }

    pub fn record(&self, slot: usize) -> Record {
        self.0.borrow().slots[slot].clone()
    }

    /// As it was after its first `count` records.
    pub fn cut(&self, count: usize) -> Self {
        let store = Self::default();
        store.0.borrow_mut().slots = self.0.borrow().slots[..count].to_vec();
        store
    }

    /// Another session's log that goes on with a record from elsewhere.
    pub fn put(&self, bytes: Vec<u8>) {
        self.0.borrow_mut().slots.push(Record { bytes, values: Vec::new() });
    }

    /// The newest record, cut behind the event `seq`.
    pub fn cut_newest(&self, seq: u64, snapshot_slot: u32) {
        let mut inner = self.0.borrow_mut();
        let newest = inner.slots.last_mut().expect("a record");
        newest.bytes = checkpoint::cut(&newest.bytes, seq, snapshot_slot).expect("a record");
    }

    /// The writer of a record.
    pub fn writer(&self, slot: u32) -> Option<u64> {
        checkpoint::read_head(&self.record(slot as usize).bytes).ok().map(|head| head.writer)
    }
}

fn decode(
    record: &Record,
    program: &Program,
    index: &Index,
    names: &mut Names,
    arena: &mut Arena,
) -> Result<checkpoint::Decoded, RecordError> {
    let values: Vec<_> = record.values.iter().map(|value| arena.put(value.clone())).collect();
    checkpoint::decode(program, index, names, &record.bytes, &values)
}

/// A session as its log leaves it.
pub struct Restored {
    pub session: Session,
    pub names: Names,
    pub arena: Arena,
    pub contents: Contents,
    pub events: Vec<Event>,
    pub next_slot: u32,
    pub snapshot_slot: u32,
    /// Records that were read.
    pub read: usize,
    /// Contents of half-done sub-graphs, by frame.
    pub inner: BTreeMap<u32, Level>,
}

impl Store {
    /// From the newest snapshot on.
    pub fn restore(&self, graph: &Graph, program: &Program) -> Result<Restored, RecordError> {
        let newest = self.len().checked_sub(1).map(|slot| self.record(slot));
        let from = newest.map_or(Ok(0), |newest| checkpoint::snapshot_slot(&newest.bytes))?;
        self.restore_from(from as usize, graph, program)
    }

    /// From a slot on, which is the first or has a snapshot.
    pub fn restore_from(&self, from: usize, graph: &Graph, program: &Program) -> Result<Restored, RecordError> {
        let mut log = Restored {
            session: Session::new(program),
            names: Names::default(),
            arena: Arena::default(),
            contents: Contents::new(graph),
            events: Vec::new(),
            next_slot: 0,
            snapshot_slot: 0,
            read: 0,
            inner: BTreeMap::new(),
        };
        let index = Index::new(program);
        for slot in from..self.len() {
            let decoded = decode(&self.record(slot), program, &index, &mut log.names, &mut log.arena)?;
            log.next_slot = slot as u32 + 1;
            log.snapshot_slot = decoded.head.snapshot_slot;
            let first = log.events.len();
            log.events.extend(decoded.events);
            let kept = decoded.kept;
            let mut folds = Vec::new();
            match decoded.snapshot {
                Some((session, loads)) if slot == from && slot > 0 => {
                    log.session = session;
                    folds = loads;
                }
                _ => log.session.replay_all(program, &mut log.events[first..], &kept, &mut folds, |_, _| false),
            }
            if let Some(fork) = &decoded.fork {
                log.session.fork(fork);
            }
            log.fold(graph, program, &folds);
            log.read += 1;
        }
        Ok(log)
    }

    /// Durable events after a number, at most about `limit`.
    pub fn events_after(&self, after: u64, limit: usize, graph: &Graph, program: &Program) -> Vec<Event> {
        let log = self.restore_from(0, graph, program).expect("a log that can be read");
        self.show();
        log.events.into_iter().filter(|event| event.seq > after).take(limit).collect()
    }
}

/// A sub-graph in the host: its functions, its program and its contents.
pub struct Level {
    pub graph: Rc<Graph>,
    pub program: Rc<Program>,
    pub contents: Contents,
    /// `node#task/` of each task around it.
    pub path: String,
}

impl Restored {
    fn fold(&mut self, graph: &Graph, program: &Program, folds: &[Fold]) {
        let mut at = 0;
        for fold in folds {
            match fold {
                Fold::Enter { frame } => at = *frame,
                Fold::Open { frame, node } => {
                    let level = match at {
                        0 => Level::new(graph, program, &self.contents, "", *node, 0),
                        at => self.inner[&at].inner(*node, 0),
                    };
                    self.inner.insert(*frame, level);
                }
                _ => {
                    let contents = if at == 0 { &mut self.contents } else { &mut self.inner.get_mut(&at).expect("a level").contents };
                    contents.fold(&self.arena, fold).expect("a fold that was made before");
                }
            }
        }
        for contents in std::iter::once(&mut self.contents).chain(self.inner.values_mut().map(|level| &mut level.contents)) {
            contents.changed();
            contents.commit();
        }
    }
}

impl Level {
    pub fn new(graph: &Graph, program: &Program, contents: &Contents, path: &str, node: NodeId, task: u32) -> Self {
        let spec = &program.nodes[node.0 as usize];
        let inner = Rc::clone(&graph.subgraphs[&*spec.name]);
        let inner_program = spec.graph.clone().expect("a graph");
        let mut own = Contents::new(&inner);
        if !graph.inputs.contains_key(&*spec.name) {
            own.share(&inner_program, contents, program);
        }
        Self { graph: inner, program: inner_program, contents: own, path: format!("{path}{}#{task}/", spec.name) }
    }

    pub fn inner(&self, node: NodeId, task: u32) -> Self {
        Self::new(&self.graph, &self.program, &self.contents, &self.path, node, task)
    }
}
