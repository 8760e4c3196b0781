//! A compiled graph, and the ways to run it.

use super::answers::Answers;
use super::arena::Arena;
use super::builder::RouteFn;
use super::checkpointer::{Checkpointer, Refusal};
use super::errors::WeaveError;
use super::event::Interrupt;
use super::event_factory::EventFactory;
use super::execution::{Beginning, Execution};
use super::node::{MapFn, NodeFn, NodeOptions, RescueFn, RetryFn};
use super::options::RunOptions;
use super::restore::restore;
use super::run::{Join, Run};
use super::state::{Contents, State};
use super::update::Update;
use crate::checkpoint::Status;
use crate::error::ErrorCode;
use crate::graph::{Direction, Metadata, NodeId, Program, hash_text, to_dot, to_mermaid};
use crate::state::json_fold;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::rc::Rc;

/// Events that are kept, and that wait for a reader, unless the options say otherwise.
const CAPACITY: usize = 1024;

/// What a node does.
#[derive(Clone)]
pub(super) enum NodeCall {
    Run(NodeFn),
    Graph(Subgraph),
}

/// A graph as a node.
#[derive(Clone)]
pub(super) struct Subgraph {
    pub parts: Rc<Parts>,
    pub input: Option<MapFn>,
    pub output: Option<MapFn>,
}

pub(super) struct NodePart {
    pub name: Rc<str>,
    pub call: NodeCall,
    pub retry_on: Option<RetryFn>,
    pub on_error: Option<RescueFn>,
}

impl NodePart {
    pub(super) fn subgraph(&self) -> Option<&Subgraph> {
        match &self.call {
            NodeCall::Graph(subgraph) => Some(subgraph),
            NodeCall::Run(_) => None,
        }
    }
}

/// What an app is made of. Positions are the engine's ids.
pub(super) struct Parts {
    pub program: Rc<Program>,
    pub nodes: Vec<NodePart>,
    pub node_ids: HashMap<Rc<str>, NodeId>,
    pub routes: Vec<RouteFn>,
    pub channels: Rc<[json_fold::Channel]>,
    pub defaults: RunOptions,
}

impl Parts {
    pub(super) fn new(
        program: Rc<Program>,
        channels: Rc<[json_fold::Channel]>,
        nodes: Vec<(String, NodeCall, NodeOptions)>,
        routes: impl Iterator<Item = RouteFn>,
        defaults: RunOptions,
    ) -> Self {
        let names = program.nodes.iter().map(|node| Rc::clone(&node.name));
        let node_ids = names.clone().zip((0..).map(NodeId)).collect();
        let nodes = names.zip(nodes).map(|(name, (_, call, options))| NodePart {
            name,
            call,
            retry_on: options.retry_on,
            on_error: options.on_error,
        });
        Self { nodes: nodes.collect(), node_ids, routes: routes.collect(), channels, program, defaults }
    }
}

impl Parts {
    /// A node's name.
    pub(super) fn name(&self, node: NodeId) -> Rc<str> {
        node.index().and_then(|index| self.nodes.get(index)).map_or_else(|| "?".into(), |part| Rc::clone(&part.name))
    }
}

/// A compiled graph: immutable, many runs at once. Clones share it.
#[derive(Clone)]
pub struct App(pub(super) Rc<Parts>);

impl App {
    pub(super) fn new(parts: Parts) -> Self {
        Self(Rc::new(parts))
    }

    /// The graph's name.
    pub fn name(&self) -> &str {
        &self.0.program.name
    }

    /// Runs to the end. Nothing happens before the first poll; dropping the future drops the run.
    ///
    /// # Errors
    /// The run failed, was cancelled or waits for answers.
    pub fn invoke(&self, input: impl Into<Update>) -> Join {
        self.invoke_with(input, RunOptions::new())
    }

    /// The same with options.
    ///
    /// # Errors
    /// The run failed, was cancelled or waits for answers; bad input and bad options fail it before anything runs.
    pub fn invoke_with(&self, input: impl Into<Update>, options: RunOptions) -> Join {
        self.join(Beginning::invoke(input), options)
    }

    /// A run whose events can be read.
    pub fn invoke_streaming(&self, input: impl Into<Update>) -> Run {
        self.invoke_streaming_with(input, RunOptions::new())
    }

    /// The same with options.
    pub fn invoke_streaming_with(&self, input: impl Into<Update>, options: RunOptions) -> Run {
        self.run(Beginning::invoke(input), options)
    }

    /// Goes on with a session, under the same run id, after an interrupt, a failure, a cancel or a crash. Tasks of a half-done step that
    /// have finished are not run again; those whose questions get no answer stay as they are. `answers` is `()` where nothing was asked.
    ///
    /// # Errors
    /// SESSION_NOT_FOUND, CHECKPOINT_*; INTERRUPT_UNKNOWN: an answer to what is not open; INTERRUPT_UNANSWERED: nothing is answered, or one
    /// answer is for several questions; the run failed, was cancelled or asks again.
    pub fn resume(&self, session_id: impl Into<String>, answers: impl Into<Answers>) -> Join {
        self.resume_with(session_id, answers, RunOptions::new())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As of [`resume`](Self::resume).
    pub fn resume_with(&self, session_id: impl Into<String>, answers: impl Into<Answers>, options: RunOptions) -> Join {
        self.join(Beginning::resume(answers), options.session_id(session_id))
    }

    /// The same as a run whose events can be read.
    pub fn resume_streaming(&self, session_id: impl Into<String>, answers: impl Into<Answers>) -> Run {
        self.resume_streaming_with(session_id, answers, RunOptions::new())
    }

    /// The same with options.
    pub fn resume_streaming_with(&self, session_id: impl Into<String>, answers: impl Into<Answers>, options: RunOptions) -> Run {
        self.run(Beginning::resume(answers), options.session_id(session_id))
    }

    fn join(&self, beginning: Beginning, options: RunOptions) -> Join {
        // Nobody can ever read its events.
        Join::new(&Execution::new(&self.0, options.or(&self.0.defaults), beginning, 0))
    }

    fn run(&self, beginning: Beginning, options: RunOptions) -> Run {
        let options = options.or(&self.0.defaults);
        let capacity = options.capacity.unwrap_or(CAPACITY);
        Run::new(Execution::new(&self.0, options, beginning, capacity), capacity)
    }

    /// A session as its last record leaves it, from the app's checkpointer; `None` if there is none.
    ///
    /// # Errors
    /// CHECKPOINT_*; CHECKPOINT_NO_STORE if the app was compiled without a checkpointer.
    pub async fn get_state(&self, session_id: &str) -> Result<Option<Checkpoint>, WeaveError> {
        let Some(checkpointer) = &self.0.defaults.checkpointer else {
            let text = "there is no checkpointer to read from; give one to compile_with()".to_owned();
            return Err(Refusal { code: ErrorCode::CheckpointNoStore, text }.error());
        };
        self.read(checkpointer, session_id).await.map_err(Refusal::error)
    }

    async fn read(&self, checkpointer: &Checkpointer, session_id: &str) -> Result<Option<Checkpoint>, Refusal> {
        let program = &self.0.program;
        let arena = RefCell::new(Arena::default());
        let contents = Contents::new(program, &self.0.channels, session_id);
        let Some(restored) = restore(checkpointer, &self.0, session_id, &arena, &contents).await? else { return Ok(None) };
        let (session, arena) = (&restored.session, arena.borrow());
        let factory = EventFactory::nameless(program, restored.names.foreign(), &arena);
        let channels = program.channels.iter().map(|channel| channel.name.to_string());
        Ok(Some(Checkpoint {
            session_id: session_id.to_owned(),
            run_id: session.run_id.to_string(),
            step: session.graph.step,
            seq: session.seq,
            at: session.at,
            status: session.status,
            versions: channels.zip(session.graph.versions.channels.iter().copied()).collect(),
            frontier: session.graph.frontier.iter().map(|entry| factory.node(entry.node)).collect(),
            interrupts: factory.interrupts(&session.open_questions()),
            graph_hash: hash_text(session.graph_hash),
            state: contents.state(),
        }))
    }

    /// Over sorted nodes with their options, edges, joins, declared targets and channels; the same for the same graph in JavaScript,
    /// and in any order of insertion. Functions are not in it.
    pub fn definition_hash(&self) -> String {
        hash_text(self.0.program.hash)
    }

    /// How large the graph is.
    pub fn metadata(&self) -> Metadata {
        self.0.program.metadata()
    }

    /// A drawing for Graphviz.
    pub fn to_dot(&self) -> String {
        to_dot(&self.0.program.definition)
    }

    /// A drawing for Mermaid.
    pub fn to_mermaid(&self, direction: Direction) -> String {
        to_mermaid(&self.0.program.definition, direction)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("name", &self.name()).field("definition_hash", &self.definition_hash()).finish_non_exhaustive()
    }
}

/// A session between two events.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The session.
    pub session_id: String,
    /// Its last run.
    pub run_id: String,
    /// The last finished step.
    pub step: u32,
    /// The last event's number.
    pub seq: u64,
    /// The last event's time, in epoch milliseconds.
    pub at: f64,
    /// How its last run stands; `Running` also of one that crashed.
    pub status: Status,
    /// Channel versions, by name.
    pub versions: BTreeMap<String, u32>,
    /// What runs next, or is half done.
    pub frontier: Vec<String>,
    /// What it waits for.
    pub interrupts: Vec<Interrupt>,
    /// Of the graph that ran last.
    pub graph_hash: String,
    /// The state.
    pub state: State,
}
