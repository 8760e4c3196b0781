//! Joins: a target runs once, when every source has run since the join last fired.

use super::graphs::noting_graph;
use super::*;

#[test]
fn a_join_waits_for_the_slowest_path() {
    let mut run =
        noting_graph(&["a", "b", "c", "j"]).fan(START, &["a", "b"]).path(&["b", "c"]).join(&["a", "c"], "j").path(&["j", END]).run();
    let steps = ["1: ran a b changed log next c", "2: ran c changed log next j", "3: ran j changed log next END"];
    assert_eq!(run.steps(), steps);
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn sources_of_one_step_fire_once_where_the_first_of_them_stands() {
    let mut run = noting_graph(&["a", "b", "c", "j", "x"])
        .fan(START, &["x", "a", "b", "c"])
        .join(&["c", "b", "a"], "j")
        .path(&["x", END])
        .path(&["b", "x"])
        .path(&["j", END])
        .run();
    assert_eq!(run.steps()[0], "1: ran x a b c changed log next END j x");
}

#[test]
fn a_join_to_end_completes_the_run() {
    let run = noting_graph(&["a", "b"]).fan(START, &["a", "b"]).join(&["a", "b"], END).run();
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn a_join_that_lacks_a_source_is_listed_as_waiting() {
    let run = noting_graph(&["a", "b", "j"]).fan(START, &["a"]).route("a", |_| vec![]).join(&["a", "b"], "j").path(&["j", END]).run();
    assert_eq!(run.ending(), "completed quiescent j waits for b");
}

#[test]
fn a_source_arrives_by_whatever_route_it_runs() {
    let mut run = noting_graph(&["a", "b", "c", "d", "j"])
        .node("go", |_| nothing().goto(to(&["b"]).into_iter().chain([send("c", json!(1))]).collect()))
        .leading_to(&["b", "c"])
        .path(&[START, "go"])
        .path(&[START, "a", "d", END])
        .route("go", |_| vec![])
        .join(&["a", "b", "c"], "j")
        .path(&["j", END])
        .run();
    let steps = ["1: ran go a changed log next b c#0 d", "2: ran b c d changed log next j END", "3: ran j changed log next END"];
    assert_eq!(run.steps(), steps);
}

#[test]
fn firing_clears_the_arrivals_and_a_cycle_fires_again() {
    let mut run = noting_graph(&["a", "b", "j"])
        .fan(START, &["a", "b"])
        .join(&["a", "b"], "j")
        .route("j", |state| match state["log"].as_array().map(Vec::len) {
            Some(3) => to(&["a"]),
            Some(5) => to(&["b"]),
            _ => to(&[END]),
        })
        .run();
    let steps = ["1: ran a b changed log next j", "2: ran j changed log next a", "3: ran a changed log next"];
    assert_eq!(run.steps(), steps);
    assert_eq!(run.ending(), "completed quiescent j waits for b");
}

#[test]
fn a_join_fires_with_each_round_of_its_sources() {
    let mut run = noting_graph(&["a", "b", "j"])
        .fan(START, &["a", "b"])
        .join(&["a", "b"], "j")
        .route("j", |state| match state["log"].as_array().map(Vec::len) {
            Some(3 | 6) => to(&["a", "b"]),
            _ => to(&[END]),
        })
        .run();
    assert_eq!(run.value("log"), json!(["a", "b", "j", "a", "b", "j", "a", "b", "j"]));
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn a_source_that_is_its_own_target_arrives_after_the_join_fired() {
    let mut run = noting_graph(&["b"])
        .node("a", |call| match call.step {
            1..=3 => write("log", json!("a")).goto_too(to(&["b"])),
            _ => write("log", json!("a")),
        })
        .leading_to(&["b"])
        .fan(START, &["a", "b"])
        .join(&["a", "b"], "a")
        .path(&["a", END])
        .run();
    // Step 1: both arrive. Step 2: the join fires for `a`; `b` ran by goto, and `a` itself arrives again.
    assert_eq!(run.steps()[0], "1: ran a b changed log next END a b");
    assert_eq!(run.steps()[1], "2: ran a b changed log next END a b");
}

#[test]
fn a_skipped_source_does_not_arrive() {
    // `s` is skipped in step 2: nothing has changed since it ran. The join fired for it in step 1 already.
    let mut run = graph()
        .idle("s")
        .idle("t")
        .idle("j")
        .always()
        .fan(START, &["s", "t"])
        .join(&["s", "t"], "j")
        .path(&["j", END])
        .path(&["t", "s"])
        .route("j", |_| to(&["t"]))
        .setup()
        .max_steps(3)
        .run(json!({}));
    let steps = ["1: ran s t next j s", "2: ran j skipped s next END t", "3: ran  skipped t next"];
    assert_eq!(run.steps(), steps);
    assert_eq!(run.ending(), "completed quiescent");
}

#[test]
fn a_join_whose_target_is_skipped_keeps_its_arrivals() {
    // `j` has run in step 2, so the join's second firing finds it up to date; a write in step 4 opens the gate, and then the
    // join fires as soon as one source runs again, because the other one's arrival was kept.
    let mut run = noting_graph(&["w"])
        .idle("a")
        .always()
        .idle("b")
        .always()
        .idle("j")
        .node("drive", |call| match call.step {
            2 => nothing().goto_too(to(&["a", "b"])),
            4 => nothing().goto_too(to(&["w"])),
            5 => nothing().goto_too(to(&["a"])),
            _ => nothing(),
        })
        .always()
        .leading_to(&["a", "b", "w"])
        .fan(START, &["a", "b", "drive"])
        .join(&["a", "b"], "j")
        .route("drive", |_| to(&["drive"]))
        .route("j", |_| to(&[END]))
        .fan("w", &[END])
        .setup()
        .max_steps(7)
        .run(json!({}));
    let steps = [
        "1: ran a b drive next j drive",
        "2: ran j drive next END drive a b",
        "3: ran drive a b next drive j",
        "4: ran drive skipped j next drive w",
        "5: ran drive w changed log next drive a END",
        "6: ran drive a next drive j",
        "7: ran drive j next drive END",
    ];
    assert_eq!(run.steps(), steps);
}

#[test]
fn a_command_that_silences_a_sources_edges_does_not_keep_the_join_from_firing() {
    // The last of the sources to arrive goes elsewhere: every source has run, so the target runs.
    let mut run = noting_graph(&["a", "x", "j"])
        .idle("first")
        .node("b", |_| write("log", json!("b")).goto(to(&["x"])))
        .leading_to(&["x"])
        .fan(START, &["a", "first"])
        .path(&["first", "b"])
        .join(&["a", "b"], "j")
        .path(&["j", END])
        .path(&["x", END])
        .run();
    assert_eq!(run.steps()[1], "2: ran b changed log next j x");
    assert_eq!(run.ending(), "completed end");
}

#[test]
fn arrivals_are_stored_with_the_session() {
    let store = Store::default();
    let setup = noting_graph(&["a", "b", "j"])
        .route(START, |state| match state["log"].as_array().map(Vec::len) {
            Some(0) => to(&["a"]),
            _ => to(&["b"]),
        })
        .route("a", |_| vec![])
        .join(&["a", "b"], "j")
        .path(&["j", END])
        .setup()
        .sync(&store);
    assert_eq!(setup.run(json!({})).ending(), "completed quiescent j waits for b");
    let mut second = setup.run(json!({}));
    assert_eq!(second.steps(), ["2: ran b changed log next j", "3: ran j changed log next END"]);
    assert_eq!(second.ending(), "completed end");
}

#[test]
fn arrivals_survive_a_failure_and_do_not_come_twice() {
    let store = Store::default();
    let failures = std::cell::Cell::new(1);
    let setup = noting_graph(&["a", "j"])
        .node("b", move |_| match failures.replace(0) {
            0 => write("log", json!("b")),
            _ => fail("no"),
        })
        .path(&[START, "a", "b"])
        .join(&["a", "b"], "j")
        .path(&["j", END])
        .setup()
        .sync(&store);
    let failed = setup.run(json!({}));
    assert_eq!(failed.ending(), "failed NODE_THREW");
    assert_eq!(failed.session().graph.waiting(&failed.program).len(), 1);
    let mut resumed = setup.resume();
    assert_eq!(resumed.value("log"), json!(["a", "b", "j"]));
    assert_eq!(resumed.ending(), "completed end");
}
