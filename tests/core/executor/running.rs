//! What a graph of Rust nodes does.

use super::*;

#[test]
fn writes_are_merged_by_each_channels_rule() {
    let app = GraphBuilder::new()
        .channel("list", Channel::append())
        .channel("map", Channel::merge().initial(json!({ "old": 1, "gone": 2 })))
        .channel("one", Channel::last())
        .channel("sum", Channel::reduce(10, |sum, write| Ok(sum.as_i64().unwrap_or(0) + write.as_i64().unwrap_or(0))))
        .add_node("a", async |_: &State, _: &NodeContext| {
            Ok(json!({ "list": ["x", "y"], "map": { "gone": null, "new": 3 }, "one": { "deep": [1] }, "sum": 5 }))
        })
        .add_edge(START, "a")
        .add_edge("a", END)
        .compile()
        .unwrap();
    let state = finish(|options| app.invoke_with(json!({ "list": ["first"], "sum": 1 }), options)).unwrap();
    let expected = json!({ "list": ["first", "x", "y"], "map": { "old": 1, "new": 3 }, "one": { "deep": [1] }, "sum": 16 });
    assert_eq!(state.to_value(), expected);
}

#[test]
fn a_keyed_list_replaces_items_in_place_and_replace_stands_for_the_whole() {
    let key = |item: &Json| item["id"].clone();
    let app = GraphBuilder::new()
        .channel("items", Channel::append().key(key))
        .channel("log", Channel::append().initial(["old"]))
        .add_node("a", async |_: &State, _: &NodeContext| {
            Ok(Update::new().write("items", json!([{ "id": 1, "n": 2 }, { "n": 3 }])).replace("log", ["new"]))
        })
        .add_edge(START, "a")
        .add_edge("a", END)
        .compile()
        .unwrap();
    let state = finish(|options| app.invoke_with(json!({ "items": [{ "id": 1, "n": 1 }, { "id": 2, "n": 1 }] }), options)).unwrap();
    assert_eq!(state.to_value()["items"], json!([{ "id": 1, "n": 2 }, { "id": 2, "n": 1 }, { "n": 3 }]));
    assert_eq!(state.get::<Vec<String>>("log").unwrap(), ["new"]);
}

#[test]
fn siblings_run_at_once_see_one_state_and_merge_in_node_order() {
    let slow = |name: &'static str, ms: u64| {
        async move |state: &State, ctx: &NodeContext| {
            assert!(state.get::<Vec<String>>("list")?.is_empty());
            ctx.sleep(Duration::from_millis(ms)).await;
            assert!(state.get::<Vec<String>>("list")?.is_empty());
            Ok(Update::new().write("list", name))
        }
    };
    let app = GraphBuilder::new()
        .channel("list", Channel::append())
        .add_node("a", slow("a", 30))
        .add_node("b", slow("b", 10))
        .add_node("c", slow("c", 20))
        .add_node("join", async |state: &State, _: &NodeContext| {
            assert_eq!(state.get::<Vec<String>>("list")?, ["a", "b", "c"]);
            Ok(())
        })
        .add_edge(START, "a")
        .add_edge(START, "b")
        .add_edge(START, "c")
        .add_join(["a", "b", "c"], "join")
        .add_edge("join", END)
        .compile()
        .unwrap();
    let clock = ManualClock::new(0.0);
    let state = run_on(&clock, app.invoke_with((), RunOptions::new().clock(clock.clone()))).unwrap();
    assert_eq!(state.get::<Vec<String>>("list").unwrap(), ["a", "b", "c"]);
    assert_eq!(clock.now(), 30.0);
}

#[test]
fn a_state_that_is_held_stays_as_it_was() {
    let kept = Rc::new(RefCell::new(Vec::<State>::new()));
    let keep = Rc::clone(&kept);
    let app = GraphBuilder::new()
        .channel("n", Channel::last().initial(0))
        .add_node("count", async move |state: &State, _: &NodeContext| {
            keep.borrow_mut().push(state.clone());
            Ok(Update::new().write("n", keep.borrow().len()))
        })
        .add_edge(START, "count")
        .add_conditional_edge("count", |state| if state.get::<u32>("n").is_ok_and(|n| n < 4) { "count" } else { END })
        .compile()
        .unwrap();
    finish(|options| app.invoke_with((), options)).unwrap();
    let seen: Vec<u32> = kept.borrow().iter().map(|state| state.get("n").unwrap()).collect();
    assert_eq!(seen, [0, 1, 2, 3]);
}

#[test]
fn sends_give_each_task_its_input_and_merge_in_their_order() {
    let app = GraphBuilder::new()
        .channel("lengths", Channel::append())
        .add_node("split", async |_: &State, _: &NodeContext| Ok(()))
        .add_node("measure", async |_: &State, ctx: &NodeContext| {
            let word: String = ctx.input()?;
            ctx.sleep(Duration::from_millis(10 - word.len() as u64)).await;
            Ok(Update::new().write("lengths", json!([[ctx.task(), word.len()]])))
        })
        .add_edge(START, "split")
        .add_conditional_edge_to("split", ["measure"], |_| ["one", "three", "to"].map(|word| send("measure", word)))
        .add_edge("measure", END)
        .compile()
        .unwrap();
    let state = finish(|options| app.invoke_with((), options)).unwrap();
    assert_eq!(state.to_value()["lengths"], json!([[0, 3], [1, 5], [2, 2]]));
}

#[test]
fn commands_replace_a_nodes_edges_or_add_to_them() {
    let ran = |command: Option<Command>| {
        let name = |name: &'static str| async move |_: &State, _: &NodeContext| Ok(Update::new().write("ran", name));
        let first = async move |_: &State, _: &NodeContext| {
            let update = Update::new().write("ran", "first");
            Ok(match &command {
                Some(command) => update.command(command.clone()),
                None => update,
            })
        };
        let app = GraphBuilder::new()
            .channel("ran", Channel::append())
            .add_node_with("first", first, NodeOptions::new().targets(["other", END]))
            .add_node("next", name("next"))
            .add_node("other", name("other"))
            .add_edge(START, "first")
            .add_edge("first", "next")
            .add_edge("next", END)
            .add_edge("other", END)
            .compile()
            .unwrap();
        finish(|options| app.invoke_with((), options)).unwrap().get::<Vec<String>>("ran").unwrap().join(" ")
    };
    assert_eq!(ran(None), "first next");
    assert_eq!(ran(Some(Command::goto(["other"]))), "first other");
    assert_eq!(ran(Some(Command::goto([] as [Target; 0]))), "first");
    assert_eq!(ran(Some(Command::append([send("other", 1)]))), "first next other");
}

#[test]
fn a_labelled_route_leads_where_its_label_says() {
    let app = GraphBuilder::new()
        .add_node("judge", async |_: &State, _: &NodeContext| Ok(json!({ "messages": "judged" })))
        .add_node("done", async |_: &State, _: &NodeContext| Ok(json!({ "messages": "done" })))
        .add_edge(START, "judge")
        .add_conditional_edge_to("judge", [RouteTarget::labelled("good", "done"), RouteTarget::labelled("bad", END)], |_| "good")
        .add_edge("done", END)
        .compile()
        .unwrap();
    let state = finish(|options| app.invoke_with((), options)).unwrap();
    assert_eq!(state.to_value(), json!({ "messages": ["judged", "done"], "extra": {}, "errors": [] }));
    assert!(app.to_mermaid(Direction::TopBottom).contains("good"));
}

#[test]
fn concurrency_limits_tasks_and_sleeping_ones_do_not_count() {
    let busy = Rc::new(Cell::new((0u32, 0u32)));
    let (count, clock) = (Rc::clone(&busy), ManualClock::new(0.0));
    let app = GraphBuilder::new()
        .channel("list", Channel::append())
        .add_node("work", {
            let clock = clock.clone();
            async move |_: &State, ctx: &NodeContext| {
                let (now, most) = count.get();
                count.set((now + 1, most.max(now + 1)));
                // Not the run's own wait: it holds its place.
                clock.sleep(Duration::from_millis(10)).await;
                count.set((count.get().0 - 1, count.get().1));
                ctx.sleep(Duration::from_millis(100)).await;
                Ok(())
            }
        })
        .add_conditional_edge(START, |_| (0..6).map(|number| send("work", number)).collect::<Vec<_>>())
        .add_edge("work", END)
        .compile()
        .unwrap();
    run_on(&clock, app.invoke_with((), RunOptions::new().clock(clock.clone()).concurrency(2))).unwrap();
    assert_eq!(busy.get(), (0, 2));
    assert_eq!(clock.now(), 130.0);
}

#[test]
fn a_thousand_steps_and_ten_thousand_tasks_take_no_stack() {
    let app = GraphBuilder::new()
        .channel("n", Channel::last().initial(0))
        .channel("sum", Channel::reduce(0, |sum, write| Ok(sum.as_u64().unwrap_or(0) + write.as_u64().unwrap_or(0))))
        .add_node("count", async |state: &State, _: &NodeContext| Ok(Update::new().write("n", state.get::<u32>("n")? + 1)))
        .add_node("add", async |_: &State, ctx: &NodeContext| Ok(Update::new().write("sum", ctx.input::<u64>()?)))
        .add_edge(START, "count")
        .add_conditional_edge("count", |state| -> Targets {
            if state.get::<u32>("n").is_ok_and(|n| n < 900) {
                return "count".into();
            }
            (0..10_000u64).map(|number| send("add", number)).collect::<Vec<_>>().into()
        })
        .add_edge("add", END)
        .compile()
        .unwrap();
    let state = finish(|options| app.invoke_with((), options)).unwrap();
    assert_eq!((state.get::<u32>("n").unwrap(), state.get::<u64>("sum").unwrap()), (900, 49_995_000));
}

#[test]
fn the_same_seed_gives_the_same_numbers_and_the_ids_are_fresh() {
    let app = one(async |_: &State, ctx: &NodeContext| Ok(Update::new().write("list", json!([ctx.random(), ctx.random(), ctx.run_id()]))));
    let run = || finish(|options| app.invoke_with((), options)).unwrap().get::<Vec<Json>>("list").unwrap();
    let (first, second) = (run(), run());
    assert_eq!(first[..2], second[..2]);
    assert_ne!(first[0], first[1]);
    assert_ne!(first[2], second[2]);
    assert_eq!(first[2].as_str().unwrap().len(), 36);
}

#[test]
fn a_task_knows_who_it_is() {
    let app = one(async |_: &State, ctx: &NodeContext| {
        let (node, step, attempt, task) = (ctx.node(), ctx.step(), ctx.attempt(), ctx.task());
        let who = json!([node, step, attempt, task, ctx.idempotency_key(), ctx.now(), ctx.metadata(), ctx.input::<Option<u32>>()?]);
        Ok(Update::new().write("list", json!([who])))
    });
    let options = |options: RunOptions| options.session_id("a/b").metadata(json!({ "user": "u" }));
    let state = finish(|defaults| app.invoke_with((), options(defaults))).unwrap();
    assert_eq!(state.to_value()["list"], json!([["only", 1, 1, 0, "a%2Fb//1/only#0", 1000.0, { "user": "u" }, null]]));
}

#[test]
fn a_graph_has_the_hash_that_it_has_in_javascript() {
    // `tests/js/rust-hash.test.mjs` builds the same graph.
    let app = GraphBuilder::new()
        .channel("topic", Channel::last().initial("tides"))
        .channel("facts", Channel::merge().initial(json!({ "b": [1, 2.5, 1e21, 1e-7, -0.0], "a": "é\n\u{1f600}" })))
        .channel("drafts", Channel::append().key(|item| item["id"].clone()))
        .add_node_with(
            "draft",
            async |_: &State, _: &NodeContext| Ok(()),
            NodeOptions::new()
                .retry(RetryPolicy::new(3).initial_delay(Duration::from_millis(20)))
                .timeout(Duration::from_secs(2))
                .metadata(json!({ "tier": 1 })),
        )
        .add_node("judge", async |_: &State, _: &NodeContext| Ok(()))
        .add_edge(START, "draft")
        .add_edge("draft", "judge")
        .add_conditional_edge_to("judge", [END, "draft"], |_| END)
        .compile()
        .unwrap();
    assert_eq!(app.definition_hash(), "83889306df10078a");
}
