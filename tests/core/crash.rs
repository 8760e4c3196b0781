//! Crashes: random graphs on a store that fails, with an end of the process after any command, and other processes that go on.
//!
//! A seed is a graph, the times that everything takes, what the store does, and who dies when. `cargo test` plays a few thousand.
//! All that a release plays: `CRASH_SEEDS=100000 cargo test --release --no-default-features --features json --test core_crash`.
//! One of them, with what happens: `CRASH_SEED=<n> cargo test --no-default-features --features json --test core_crash -- --nocapture`.

#![cfg(not(target_arch = "wasm32"))]
#![allow(dead_code, unused_imports)]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

#[path = "engine/arena.rs"]
mod arena;
#[path = "engine/graphs.rs"]
mod graphs;
#[path = "engine/host.rs"]
mod host;
#[path = "engine/pulls.rs"]
mod pulls;
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

#[path = "crash/life.rs"]
mod life;
#[path = "crash/log.rs"]
mod log;
#[path = "crash/world.rs"]
mod world;

use graphs::{Graph, graph};
use host::{Host, Setup};
use random_graphs::{Dice, Plan};
use replies::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use store::Store;
use weavegraph_wasm::graph::{END, START};
use world::World;

const SEEDS: u64 = 2000;
/// Supersteps of one execution.
const MAX_STEPS: u32 = 30;

/// Says how to repeat a seed, whatever panics.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let seed = self.0;
            let command = "cargo test --no-default-features --features json --test core_crash -- --nocapture";
            eprintln!("seed {seed} fails; to repeat it: CRASH_SEED={seed} {command}");
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}

#[test]
fn whatever_crashes_a_session_ends_as_if_nothing_had() {
    let only = number("CRASH_SEED");
    let seeds = only.map_or(0..number("CRASH_SEEDS").unwrap_or(SEEDS), |seed| seed..seed + 1);
    let count = seeds.end - seeds.start;
    let workers = if only.is_some() { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) as u64 };
    let play = |worker: u64| {
        let mut seen = BTreeMap::<&str, u64>::new();
        for seed in seeds.clone().filter(|seed| seed % workers == worker) {
            let _told = Told(seed);
            let mut world = World::new(seed, only.is_some());
            world.run();
            world.tally(&mut seen);
        }
        seen
    };
    let mut seen = BTreeMap::<&str, u64>::new();
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..workers).map(|worker| scope.spawn(move || play(worker))).collect();
        for part in parts {
            let part = part.join().expect("every seed to pass");
            part.into_iter().for_each(|(what, times)| *seen.entry(what).or_default() += times);
        }
    });
    eprintln!("{count} seeds: {seen:?}");
    if only.is_none() && count >= SEEDS {
        let rare: Vec<_> = world::FEATURES.iter().filter(|what| seen.get(**what).is_none_or(|times| *times < count / 100)).collect();
        assert!(rare.is_empty(), "too little happens: {rare:?} of {seen:?}");
    }
}
