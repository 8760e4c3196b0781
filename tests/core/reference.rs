//! The engine against a naive interpreter of the rules, on thousands of random graphs.

#![cfg(not(target_arch = "wasm32"))]
#![allow(dead_code, unused_imports)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "engine/arena.rs"]
mod arena;
#[path = "engine/graphs.rs"]
mod graphs;
#[path = "engine/host.rs"]
mod host;
#[path = "engine/replies.rs"]
mod replies;
#[path = "engine/store.rs"]
mod store;
#[path = "engine/trace.rs"]
mod trace;
#[path = "engine/user_code.rs"]
mod user_code;

#[path = "reference/interpreter.rs"]
mod interpreter;
#[path = "reference/random_graphs.rs"]
mod random_graphs;

use graphs::{Graph, graph};
use host::{Host, Setup};
use interpreter::interpret;
use random_graphs::Plan;
use replies::*;
use serde_json::{Value as Json, json};
use std::rc::Rc;
use store::Store;
use weavegraph_wasm::events::Body;
use weavegraph_wasm::graph::{END, START};

const MAX_STEPS: u32 = 30;

/// Says how to repeat a seed, whatever panics.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let seed = self.0;
            let command = "cargo test --no-default-features --features json --test core_reference -- --nocapture";
            eprintln!("seed {seed} differs; to repeat it: SEED={seed} {command}");
        }
    }
}

/// All of them, or the one that `SEED` names, of which everything is printed.
fn for_seeds(count: u64, mut check: impl FnMut(u64, &Rc<Plan>)) -> bool {
    let only: Option<u64> = std::env::var("SEED").ok().map(|seed| seed.parse().expect("SEED is a number"));
    let seeds = only.map_or(0..count, |seed| seed..seed + 1);
    for seed in seeds {
        let _told = Told(seed);
        let plan = Rc::new(Plan::nested(seed));
        if only.is_some() {
            eprintln!("{plan:#?}\n{:#?}", interpret(&plan, MAX_STEPS));
        }
        check(seed, &plan);
    }
    only.is_none()
}

fn setup(plan: &Rc<Plan>, delays: u64) -> Setup {
    let setup = plan.graph(delays).setup().max_steps(MAX_STEPS);
    setup.with(|setup| {
        setup.options.concurrency = plan.concurrency;
        setup.is_solo = delays.is_multiple_of(2);
    })
}

/// Those of the session's graph: lines of a graph in it begin with its node.
fn own_steps(run: &mut Host) -> Vec<String> {
    let steps = run.steps().into_iter();
    steps.filter(|line| line.starts_with(|letter: char| letter.is_ascii_digit())).collect()
}

#[test]
fn the_engine_does_what_the_rules_say() {
    let mut seen = std::collections::BTreeMap::<&str, u32>::new();
    let is_whole = for_seeds(3000, |seed, plan| {
        let expected = interpret(plan, MAX_STEPS);
        let mut run = setup(plan, seed).run(plan.input.clone());
        assert_eq!(own_steps(&mut run), expected.steps, "seed {seed}: steps");
        assert_eq!(run.ending(), expected.ending, "seed {seed}: ending");
        assert_eq!(run.state(), expected.state, "seed {seed}: state");
        assert_eq!(run.session().graph.versions.channels, expected.versions, "seed {seed}: versions");

        let all = format!("{}\n{}", expected.steps.join("\n"), expected.ending);
        for feature in ["completed end", "quiescent", "waits for", "STATE_CONFLICT", "RUN_STEP_LIMIT", "skipped", "#1"] {
            *seen.entry(feature).or_default() += u32::from(all.contains(feature));
        }
        *seen.entry("3 steps").or_default() += u32::from(expected.steps.len() >= 3);
        *seen.entry("graphs as nodes").or_default() += u32::from(run.calls.iter().any(|call| call.contains("/m")));
        *seen.entry("graphs in those").or_default() += u32::from(run.calls.iter().any(|call| call.matches("/m").count() > 1));
    });
    if is_whole {
        eprintln!("{seen:?}");
        assert!(seen.values().all(|count| *count >= 100), "the graphs are too much alike: {seen:?}");
    }
}

/// Durable events without times, in order but for those of one step, which are sorted.
fn durable_events(run: &mut Host) -> Vec<String> {
    let (mut lines, mut of_step) = (Vec::new(), Vec::new());
    let events = run.events();
    let durable = events.iter().filter(|event| !event.is_transient);
    for (event, number) in durable.zip(1..) {
        assert_eq!(event.seq, number, "numbers have no holes");
        let line = run.line(event);
        match &event.body {
            Body::StepStarted { .. } | Body::StepCompleted(_) | Body::RunEnded { .. } if event.place.is_none() => {
                of_step.sort();
                lines.append(&mut of_step);
                lines.push(line);
            }
            Body::NodeCompleted { result, .. } => {
                let update = result.update.as_ref().map(|update| run.arena.get(update));
                of_step.push(format!("{line} {update:?} {:?}", result.writes));
            }
            _ => of_step.push(line),
        }
    }
    lines.append(&mut of_step);
    lines
}

#[test]
fn completion_order_changes_nothing() {
    for_seeds(500, |seed, plan| {
        let stored = |delays: u64| {
            let store = Store::default();
            let mut run = setup(plan, delays).sync(&store).run(plan.input.clone());
            let log = store.restore(&run.setup.graph, &run.program);
            let mut log = log.expect("a log that can be read");
            assert_eq!(*log.contents.view(), run.state(), "seed {seed}: the log's state");
            assert_eq!(log.session.graph.versions, run.session().graph.versions, "seed {seed}: the log's versions");
            let versions = run.session().graph.versions.clone();
            (run.state(), versions, run.ending(), durable_events(&mut run))
        };
        let first = stored(seed);
        for delays in 1..4 {
            assert_eq!(stored(seed + 10_000 * delays), first, "seed {seed}: other delays");
        }
    });
}
