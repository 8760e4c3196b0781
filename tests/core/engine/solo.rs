//! A step of one task is the same whether the host goes on by itself, as `Run` offers, or is told command by command.

use super::graphs::{Kinds, noting_graph};
use super::random_graphs::{Plan, hurried};
use super::*;
use std::rc::Rc;
use weavegraph_wasm::checkpoint::Durability;
use weavegraph_wasm::engine::{Command, Input, Options, Progress, Solo};
use weavegraph_wasm::events::EventKind;
use weavegraph_wasm::state::json_fold::Channel;

/// Events, calls of user code and the state of a run, played either way.
fn both_ways(play: impl Fn(&dyn Fn(Setup) -> Setup) -> Host) -> [(Vec<String>, Vec<String>, Json); 2] {
    [true, false].map(|is_solo| {
        let mut run = play(&|setup| setup.with(|setup| setup.is_solo = is_solo));
        let events = run.events();
        (events.iter().map(|event| run.line(event)).collect(), run.calls.clone(), run.state())
    })
}

fn is_the_same(play: impl Fn(&dyn Fn(Setup) -> Setup) -> Host) -> Vec<String> {
    let [solo, told] = both_ways(play);
    assert_eq!(solo, told);
    solo.0
}

#[test]
fn random_graphs_go_the_same_way() {
    agreement::each_seed(400, |seed| {
        let plan = Plan::new(seed);
        is_the_same(|way| way(plan.graph(hurried(seed)).setup().max_steps(agreement::MAX_STEPS)).run(plan.input(0)));
    });
}

#[test]
fn a_store_gets_the_same() {
    for durability in [Durability::Sync, Durability::Async, Durability::Exit] {
        agreement::each_seed(150, |seed| {
            let plan = Plan::new(seed);
            is_the_same(|way| {
                way(plan.graph(hurried(seed)).setup().max_steps(agreement::MAX_STEPS).stored(durability, &Store::default()))
                    .run(plan.input(0))
            });
        });
    }
}

fn going(route: impl Fn(&Json) -> graphs::Answer + Copy + 'static) -> impl Fn(&dyn Fn(Setup) -> Setup) -> Host {
    move |way| {
        let graph = noting_graph(&["a", "b", "c"]).path(&[START, "a"]).slow_route("a", route).path(&["b", END]).path(&["c", END]);
        way(graph.setup()).run(json!({}))
    }
}

fn answer(after: Option<f64>, targets: Result<Vec<To>, String>) -> graphs::Answer {
    graphs::Answer { after, targets }
}

#[test]
fn a_route_may_answer_late_with_several_names_with_sends_or_not_at_all() {
    let node = |name: &str| To::Node(name.to_owned());
    let both = is_the_same(going(move |_| answer(None, Ok(vec![node("b"), node("c")]))));
    assert!(both.iter().any(|line| line.contains("ran b c")), "{both:#?}");
    is_the_same(going(move |_| answer(None, Ok(vec![node("b")]))));
    is_the_same(going(move |_| answer(Some(5.0), Ok(vec![node("b")]))));
    is_the_same(going(|_| answer(None, Ok(vec![To::Send("b".to_owned(), json!(1)), To::Send("b".to_owned(), json!(2))]))));
    is_the_same(going(|_| answer(None, Ok(Vec::new()))));
    let failed = is_the_same(going(|_| answer(None, Err("no".to_owned()))));
    assert!(failed.last().is_some_and(|line| line.contains("ROUTE_THREW")), "{failed:#?}");
    let unknown = is_the_same(going(move |_| answer(None, Ok(vec![node("nowhere")]))));
    assert!(unknown.last().is_some_and(|line| line.contains("ROUTE_UNKNOWN_TARGET")), "{unknown:#?}");
}

#[test]
fn a_fold_that_throws_fails_the_step_and_keeps_the_result() {
    let play = |way: &dyn Fn(Setup) -> Setup| {
        let graph = graph().channel("total", Channel::sum()).node("a", |_| write("total", json!("no number"))).path(&[START, "a", END]);
        way(graph.setup()).run(json!({}))
    };
    let lines = is_the_same(play);
    assert!(
        lines.iter().any(|line| line.contains("node.completed")) && lines.last().is_some_and(|line| line.contains("STATE_REDUCER")),
        "{lines:#?}"
    );
    let run = play(&|setup| setup);
    assert_eq!(run.session().graph.done.len(), 1, "a resume does not run it again");
}

/// The offer that the first `Run` of a graph makes.
fn offer(setup: Setup) -> Solo {
    let mut run = setup.open().fed_start("run-1", &json!({}), false, false);
    loop {
        if let Some(Command::Run { solo, .. }) = run.next_command() {
            return *solo;
        }
        assert!(run.carry_out_next(), "no node runs");
    }
}

#[test]
fn only_what_the_host_can_do_alone_is_offered() {
    let route = |_: &Json| to(&[END]);
    assert_eq!(offer(graph().idle("a").path(&[START, "a", END]).setup()), Solo::Fold);
    assert_eq!(offer(graph().idle("a").path(&[START, "a"]).route("a", route).setup()), Solo::Route(0));
    assert_eq!(offer(graph().idle("a").path(&[START, "a"]).route("a", route).route("a", route).setup()), Solo::No);
    assert_eq!(offer(graph().idle("a").idle("b").fan(START, &["a", "b"]).path(&["a", END]).path(&["b", END]).setup()), Solo::No);
    let summing = || graph().channel("total", Channel::sum()).idle("a").path(&[START, "a", END]).setup();
    assert_eq!(offer(summing()), Solo::Fold);
    assert_eq!(offer(summing().sync(&Store::default())), Solo::No, "the log keeps what reducers return");
}

#[test]
fn a_solo_attempt_that_is_over_is_not_taken() {
    let mut run = graph().node("a", |_| never()).path(&[START, "a", END]).setup().start(json!({}));
    run.settle();
    run.cancel(None);
    assert!(!run.machine.is_running(0, 1));
    let before = run.events().len();
    let progress = Progress::Folded { changed: vec![0], contents_bytes: 1, answer: None };
    run.feed(Input::Stepped { task: 0, token: 1, result: None, progress });
    run.settle();
    assert_eq!(run.events().len(), before);
}

#[test]
fn what_an_attempt_says_after_its_time_is_not_taken() {
    let graph = graph().node("a", |_| never()).with(|node| node.timeout_ms = Some(10.0)).retrying(2).path(&[START, "a", END]);
    let mut run = graph.setup().start(json!({}));
    run.run_until(1010.0);
    run.settle();
    assert!(run.events().iter().any(|event| event.body.kind() == EventKind::NodeRetrying));
    assert!(!run.machine.is_running(0, 1), "it waits for its second attempt");
    let before = run.events().len();
    let progress = Progress::Folded { changed: vec![0], contents_bytes: 1, answer: None };
    run.feed(Input::Stepped { task: 0, token: 1, result: None, progress });
    assert_eq!(run.events().len(), before);
}

#[test]
fn a_cancel_before_the_host_has_said_all_rolls_back_and_keeps_the_result() {
    let setup = graph().node("a", |_| never()).path(&[START, "a", END]).setup();
    let mut run = setup.start(json!({}));
    run.settle();
    let result = Some(Rc::default());
    run.feed(Input::Stepped { task: 0, token: 1, result, progress: Progress::Nothing });
    run.feed(Input::Cancel { reason: None });
    run.feed(Input::Applied { changed: vec![0], reduced: Vec::new(), contents_bytes: 1 });
    run.settle();
    assert_eq!(run.session().graph.done.len(), 1);
    assert_eq!(run.session().graph.step, 0);
    assert_eq!(run.events().last().map(|event| event.body.kind()), Some(EventKind::RunCancelled));
}

#[test]
fn nobody_listening_changes_nothing_but_the_events() {
    agreement::each_seed(200, |seed| {
        let plan = Plan::new(seed);
        let [heard, unheard] = [1 << 16, 0].map(|capacity| {
            let setup = plan.graph(hurried(seed)).setup().max_steps(agreement::MAX_STEPS);
            let options = Options { capacity, ..setup.options.clone() };
            let mut run = setup.with(|setup| setup.options = options).run(plan.input(0));
            (run.calls.clone(), run.state(), run.session().seq, run.session().graph.step)
        });
        assert_eq!(heard, unheard);
    });
}
