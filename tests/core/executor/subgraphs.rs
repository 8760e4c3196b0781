//! Graphs as nodes.

use super::*;

fn noting(name: &'static str) -> impl Node {
    async move |_: &State, ctx: &NodeContext| {
        ctx.sleep(Duration::from_millis(10)).await;
        Ok(Update::new().write("log", format!("{}{name}", ctx.path().iter().map(|part| format!("{part}/")).collect::<String>())))
    }
}

/// `a`, then `b`, over a channel `log` and one of its own.
fn inner() -> GraphBuilder {
    GraphBuilder::new()
        .channel("log", Channel::append())
        .channel("own", Channel::last().initial(1))
        .add_node("a", noting("a"))
        .add_node("b", async |state: &State, ctx: &NodeContext| {
            ctx.emit("inner", "b");
            Ok(Update::new().write("own", 2).write("log", ctx.idempotency_key()).write("own2", state.value("own").cloned()))
        })
        .channel("own2", Channel::last())
        .add_edge(START, "a")
        .add_edge("a", "b")
        .add_edge("b", END)
}

fn around(inner: &App, options: SubgraphOptions) -> GraphBuilder {
    GraphBuilder::new()
        .channel("log", Channel::append())
        .add_node("first", noting("first"))
        .add_subgraph_with("sub", inner, options)
        .add_edge(START, "first")
        .add_edge("first", "sub")
        .add_edge("sub", END)
}

#[test]
fn shared_channels_go_in_and_what_was_written_to_them_comes_out() {
    let app = around(&inner().compile().unwrap(), SubgraphOptions::new()).compile().unwrap();
    let events = finish(|options| all(app.invoke_streaming_with((), options.session_id("s"))));
    let places: Vec<String> = events
        .iter()
        .filter(|event| event["type"] == "node.completed")
        .map(|event| format!("{} in {} wrote {}", event["node"], event["path"], event["changes"]))
        .collect();
    assert_eq!(
        places,
        [
            r#""first" in null wrote {"log":"first"}"#,
            r#""a" in ["sub"] wrote {"log":"sub/a"}"#,
            r#""b" in ["sub"] wrote {"log":"s/2/sub#0/2/b#0","own":2,"own2":1}"#,
            r#""sub" in null wrote {"log":["sub/a","s/2/sub#0/2/b#0"]}"#,
        ]
    );
    let steps: Vec<String> = events
        .iter()
        .filter(|event| event["type"] == "step.completed")
        .map(|event| format!("{} {}: {}", event["path"], event["step"], event["versions"]))
        .collect();
    assert_eq!(
        steps,
        [
            r#"null 1: {"log":2}"#,
            r#"["sub"] 1: {"log":2,"own":1,"own2":1}"#,
            r#"["sub"] 2: {"log":3,"own":2,"own2":2}"#,
            r#"null 2: {"log":3}"#
        ]
    );
    assert!(events.iter().any(|event| event["type"] == "message" && event["path"] == json!(["sub"])));
    let state = finish(|options| app.invoke_with((), options.session_id("s"))).unwrap();
    assert_eq!(state.to_value(), json!({ "log": ["first", "sub/a", "s/2/sub#0/2/b#0"] }));
}

#[test]
fn what_goes_in_and_out_can_be_mapped() {
    let options = SubgraphOptions::new()
        .input(|state| Ok(json!({ "log": ["mapped"], "own": state.get::<Vec<String>>("log")?.len() * 10 })))
        .output(|state| Ok(Update::new().write("log", json!([["own", state.value("own"), state.value("own2")]]))));
    let app = around(&inner().compile().unwrap(), options).compile().unwrap();
    let state = finish(|options| app.invoke_with((), options)).unwrap();
    assert_eq!(state.to_value(), json!({ "log": ["first", ["own", 2, 10]] }));
}

#[test]
fn a_mapping_that_fails_is_the_nodes_failure() {
    let of = |options: SubgraphOptions| {
        let app = around(&inner().compile().unwrap(), options).compile().unwrap();
        code(finish(|options| app.invoke_with((), options)))
    };
    let (thrown, text) = of(SubgraphOptions::new().input(|_| Err::<(), _>(NodeError::new("no way in"))));
    assert_eq!((thrown.as_str(), text.as_str()), ("NODE_THREW", "node `sub` failed in step 2: no way in"));
    assert_eq!(of(SubgraphOptions::new().output(|_| Err::<(), _>(NodeError::new("no way out")))).0, "NODE_THREW");
    assert_eq!(of(SubgraphOptions::new().input(|_| Ok(json!({ "lost": 1 })))).0, "STATE_UNKNOWN_CHANNEL");
    assert_eq!(of(SubgraphOptions::new().output(|_| Ok(json!({ "own": 1 })))).0, "STATE_UNKNOWN_CHANNEL");
}

#[test]
fn sends_run_instances_of_a_graph_side_by_side() {
    let inner = GraphBuilder::new()
        .channel("log", Channel::append())
        .channel("word", Channel::last())
        .add_node("measure", async |state: &State, ctx: &NodeContext| {
            let word: String = state.get("word")?;
            ctx.sleep(Duration::from_millis(10 - word.len() as u64)).await;
            Ok(Update::new().write("log", format!("{} {}", ctx.path().join("/"), word.len())))
        })
        .add_edge(START, "measure")
        .add_edge("measure", END)
        .compile()
        .unwrap();
    let app = GraphBuilder::new()
        .channel("log", Channel::append())
        .add_subgraph("sub", &inner)
        .add_conditional_edge(START, |_| ["one", "three", "to"].map(|word| send("sub", json!({ "word": word }))))
        .add_edge("sub", END)
        .compile()
        .unwrap();
    let clock = ManualClock::new(0.0);
    let state = run_on(&clock, app.invoke_with((), RunOptions::new().clock(clock.clone()))).unwrap();
    assert_eq!(state.to_value()["log"], json!(["sub 3", "sub#1 5", "sub#2 2"]));
    assert_eq!(clock.now(), 8.0);
}

#[test]
fn a_failure_inside_names_the_inner_node_and_a_resume_goes_on_inside() {
    let (calls, is_mended) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let (count, mended) = (Rc::clone(&calls), Rc::clone(&is_mended));
    let inner = inner()
        .add_node("bad", async move |state: &State, _: &NodeContext| {
            count.set(count.get() + 1);
            if !mended.get() {
                return Err(NodeError::new("boom"));
            }
            assert_eq!(state.get::<Vec<String>>("log")?.len(), 3);
            Ok(Update::new().write("log", "mended"))
        })
        .add_conditional_edge("b", |_| "bad")
        .add_edge("bad", END)
        .compile()
        .unwrap();
    let middle =
        GraphBuilder::new().channel("log", Channel::append()).add_subgraph("deep", &inner).add_edge(START, "deep").add_edge("deep", END);
    let app = around(&middle.compile().unwrap(), SubgraphOptions::new());
    let app = app.compile_with(RunOptions::new().checkpointer(Checkpointer::memory())).unwrap();
    let Error::Failed(error) = finish(|options| app.invoke_with((), options.session_id("s"))).expect_err("a failure") else {
        panic!("cancelled")
    };
    assert_eq!((error.code(), error.node(), error.step()), (ErrorCode::NodeThrew, Some("bad"), Some(3)));
    assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("boom"));
    is_mended.set(true);
    let events = finish(|options| all(app.resume_streaming_with("s", (), options)));
    let ran: Vec<&str> =
        events.iter().filter(|event| event["type"] == "node.completed").filter_map(|event| event["node"].as_str()).collect();
    assert_eq!((ran.as_slice(), calls.get()), (["bad", "deep", "sub"].as_slice(), 2));
    let state = finish(|options| app.invoke_with((), options.session_id("t"))).unwrap();
    let log: Vec<String> = state.get("log").unwrap();
    assert_eq!(log, ["first", "sub/deep/a", "t/2/sub#0/1/deep#0/2/b#0", "mended"]);
}

#[test]
fn a_run_that_was_dropped_inside_goes_on_inside() {
    let app = around(&inner().compile().unwrap(), SubgraphOptions::new());
    let app = app.compile_with(RunOptions::new().checkpointer(Checkpointer::memory())).unwrap();
    let clock = ManualClock::new(0.0);
    let options = || RunOptions::new().clock(clock.clone());
    let mut run = app.invoke_streaming_with((), options().session_id("s"));
    run_on(&clock, async {
        while let Some(event) = run.next().await {
            if matches!(&event.body, EventBody::StepCompleted { path, .. } if !path.is_empty()) {
                break;
            }
        }
    });
    drop(run);
    let events = run_on(&clock, all(app.resume_streaming_with("s", (), options())));
    let ran: Vec<&str> = events.iter().filter(|event| event["type"] == "node.started").filter_map(|event| event["node"].as_str()).collect();
    assert!(!ran.contains(&"a") && !ran.contains(&"first"), "{ran:?}");
    let state = run_on(&clock, app.get_state("s")).unwrap().expect("a session").state;
    assert_eq!(state.to_value(), json!({ "log": ["first", "sub/a", "s/2/sub#0/2/b#0"] }));
}

#[test]
fn retries_of_a_graph_begin_it_anew_and_its_own_retries_do_not() {
    let tries = Rc::new(Cell::new(0));
    let count = Rc::clone(&tries);
    let flaky = async move |_: &State, ctx: &NodeContext| {
        count.set(count.get() + 1);
        if count.get() < 4 { Err(NodeError::new("not yet")) } else { Ok(Update::new().write("log", ctx.attempt())) }
    };
    let retry = |attempts| NodeOptions::new().retry(RetryPolicy::new(attempts).initial_delay(Duration::from_millis(5)).jitter(0.0));
    let inner = GraphBuilder::new()
        .channel("log", Channel::append())
        .add_node("a", noting("a"))
        .add_node_with("flaky", flaky, retry(2))
        .add_edge(START, "a")
        .add_edge("a", "flaky")
        .add_edge("flaky", END)
        .compile()
        .unwrap();
    let app = around(&inner, SubgraphOptions::new().node(retry(2))).compile().unwrap();
    let state = finish(|options| app.invoke_with((), options)).unwrap();
    assert_eq!(state.to_value(), json!({ "log": ["first", "sub/a", 2] }));
    assert_eq!(tries.get(), 4);
}
