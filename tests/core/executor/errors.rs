//! What goes wrong, with its code, and that nothing runs or is lost by it.

use super::*;

#[test]
fn a_nodes_error_is_the_source_of_the_runs() {
    let app = one(async |_: &State, _: &NodeContext| {
        let number: u32 = "seven".parse()?;
        Ok(Update::new().write("list", number))
    });
    let error = finish(|options| app.invoke_with((), options)).expect_err("a failure");
    let Error::Failed(error) = error else { panic!("{error}") };
    assert_eq!((error.code(), error.node(), error.step()), (ErrorCode::NodeThrew, Some("only"), Some(1)));
    assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    let source = std::error::Error::source(&error).expect("a source");
    assert_eq!(source.to_string(), "invalid digit found in string");
    assert_eq!(error.info().cause, Some(json!({ "name": "Error", "message": "invalid digit found in string" })));
}

#[test]
fn errors_can_be_sent_to_other_threads() {
    fn is_send<T: Send + Sync + 'static>() {}
    is_send::<Error>();
    is_send::<WeaveError>();
    is_send::<GraphError>();
    is_send::<NodeError>();
    is_send::<StateError>();
    is_send::<WeaveEvent>();
}

#[test]
fn a_faulty_graph_has_all_its_problems() {
    let node = || async |_: &State, _: &NodeContext| Ok(());
    let error = GraphBuilder::new()
        .channel("a", Channel::merge().initial(3))
        .channel("b", Channel::last().key(|_| json!(1)))
        .channel("c", Channel::append().takes_last())
        .channel("d", Channel::merge().initial(json!({ "x": null })))
        .add_node("x", node())
        .add_node_with("x", node(), NodeOptions::new().concurrency(0).retry(RetryPolicy::new(0)).metadata(1))
        .add_edge(START, "x")
        .add_edge("x", "y")
        .compile()
        .expect_err("problems");
    let codes: Vec<&str> = error.problems().iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "GRAPH_DUPLICATE_NODE",
            "GRAPH_INVALID",
            "GRAPH_INVALID",
            "GRAPH_INVALID",
            "GRAPH_INVALID_CHANNEL",
            "GRAPH_INVALID_CHANNEL",
            "GRAPH_INVALID_CHANNEL",
            "GRAPH_INVALID_CHANNEL",
            "GRAPH_UNKNOWN_NODE",
        ]
    );
    assert_eq!(error.code(), GraphErrorCode::DuplicateNode);
    assert_eq!(error.to_string().lines().count(), 9);
}

#[test]
fn bad_input_and_bad_options_fail_a_run_before_anything_runs() {
    let app = one(async |_: &State, _: &NodeContext| -> Result<(), NodeError> { panic!("it ran") });
    let of = |input: Update| code(finish(|options| app.invoke_with(input, options)));
    let unknown = "the input writes channel `lost`, which the graph does not have; its channels are `list`";
    assert_eq!(of(json!({ "lost": 1 }).into()), ("STATE_UNKNOWN_CHANNEL".to_owned(), unknown.to_owned()));
    assert_eq!(of(json!([1]).into()).0, "STATE_INVALID_UPDATE");
    assert_eq!(of(Update::new().write("list", 1).write("list", 2)).0, "STATE_INVALID_UPDATE");
    assert_eq!(of(Update::new().goto("only")).0, "STATE_INVALID_UPDATE");
    assert_eq!(of(Update::new().goto("lost")).0, "ROUTE_UNKNOWN_TARGET");
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(of(Update::new().write("list", deep)).0, "STATE_NOT_CLONEABLE");

    let with = |change: fn(RunOptions) -> RunOptions| code(finish(|options| app.invoke_with((), change(options)))).0;
    assert_eq!(with(|options| options.concurrency(0)), "RUN_INVALID_OPTION");
    assert_eq!(with(|options| options.max_steps(0)), "RUN_INVALID_OPTION");
    assert_eq!(with(|options| options.timeout(Duration::ZERO)), "RUN_INVALID_OPTION");
    assert_eq!(with(|options| options.session_id("")), "RUN_INVALID_OPTION");
    assert_eq!(with(|options| options.metadata(3)), "RUN_INVALID_OPTION");
}

#[test]
fn a_result_that_does_not_fit_the_graph_fails_its_task() {
    let of = |update: fn() -> Update| {
        let app = one(async move |_: &State, _: &NodeContext| Ok(update()));
        code(finish(|options| app.invoke_with((), options)))
    };
    assert_eq!(of(|| json!({ "lost": 1 }).into()).0, "STATE_UNKNOWN_CHANNEL");
    assert_eq!(
        of(|| json!("text").into()),
        ("STATE_INVALID_UPDATE".into(), "node `only` in step 1: its update is no object; give an object of writes by channel".into())
    );
    assert_eq!(of(|| Update::new().replace("list", 1)).0, "STATE_INVALID_UPDATE");
    assert_eq!(of(|| Update::new().goto("lost")).0, "ROUTE_UNKNOWN_TARGET");
    assert_eq!(of(|| Update::new().goto(send(END, 1))).0, "ROUTE_UNKNOWN_TARGET");
}

#[test]
fn routes_and_reducers_fail_the_step_with_their_codes() {
    let of = |builder: GraphBuilder| {
        let node = async |_: &State, _: &NodeContext| Ok(Update::new().write("n", 1));
        let app = builder.add_node("a", node).add_edge(START, "a").add_edge("a", END).compile().unwrap();
        let run = finish(|options| app.invoke_with((), options));
        code(run).0
    };
    let builder = || GraphBuilder::new().channel("n", Channel::last());
    assert_eq!(of(builder().add_conditional_edge("a", |_| Err::<Target, _>(NodeError::new("no way")))), "ROUTE_THREW");
    assert_eq!(of(builder().add_conditional_edge("a", |_| "lost")), "ROUTE_UNKNOWN_TARGET");
    assert_eq!(of(builder().add_conditional_edge_to("a", [END], |_| "a")), "ROUTE_UNKNOWN_TARGET");
    assert_eq!(of(GraphBuilder::new().channel("n", Channel::reduce(0, |_, _| Err::<u32, _>(NodeError::new("no sum"))))), "STATE_REDUCER");
}

#[test]
fn two_writers_of_one_last_channel_are_a_conflict_unless_it_takes_the_last() {
    let of = |channel| {
        let name = |name: &'static str| async move |_: &State, _: &NodeContext| Ok(Update::new().write("one", name));
        let builder = GraphBuilder::new().channel("one", channel).add_node("a", name("a")).add_node("b", name("b"));
        let app = builder.add_edge(START, "a").add_edge(START, "b").add_edge("a", END).add_edge("b", END).compile().unwrap();
        finish(|options| app.invoke_with((), options))
    };
    assert_eq!(code(of(Channel::last())).0, "STATE_CONFLICT");
    assert_eq!(of(Channel::last().takes_last()).unwrap().get::<String>("one").unwrap(), "b");
}

#[test]
fn reading_a_channel_as_what_it_is_not_is_an_error_that_names_it() {
    let app = one(async |state: &State, _: &NodeContext| {
        let unknown = state.get::<u32>("lost").expect_err("no such channel");
        assert_eq!(unknown.to_string(), "the graph has no channel `lost`; its channels are `list`");
        state.get::<u32>("list")?;
        Ok(())
    });
    let (code, text) = code(finish(|options| app.invoke_with((), options)));
    assert_eq!(code, "NODE_THREW");
    assert!(text.contains("channel `list` cannot be read as asked: invalid type: sequence, expected u32"), "{text}");
}

#[test]
fn a_failed_step_leaves_its_error_for_the_errors_channel() {
    let checkpointer = Checkpointer::memory();
    let is_mended = Rc::new(Cell::new(false));
    let mended = Rc::clone(&is_mended);
    let app = GraphBuilder::new()
        .add_node("a", async move |_: &State, _: &NodeContext| if mended.get() { Ok(()) } else { Err(NodeError::new("broken")) })
        .add_edge(START, "a")
        .add_edge("a", END)
        .compile_with(RunOptions::new().checkpointer(checkpointer))
        .unwrap();
    finish(|options| app.invoke_with((), options.session_id("s"))).expect_err("a failure");
    is_mended.set(true);
    let state = finish(|options| app.resume_with("s", (), options)).unwrap();
    let expected = json!([{
        "at": 1000.0,
        "scope": { "scope": "node", "kind": "a", "step": 1 },
        "error": { "message": "node `a` failed in step 1: broken", "cause": { "name": "Error", "message": "broken" } },
        "tags": ["node", "NODE_THREW"],
    }]);
    assert_eq!(state.to_value()["errors"], expected);
}

#[test]
fn what_the_state_is_asked_for_in_vain_has_a_code() {
    let state = finish(|options| one(async |_: &State, _: &NodeContext| Ok(())).invoke_with((), options)).unwrap();
    let code = |error: StateError| error.code().as_str();
    assert_eq!(code(state.get::<u32>("list").expect_err("a list")), "STATE_INVALID_KEY");
    assert_eq!(code(state.get::<u32>("nothing").expect_err("no channel")), "STATE_UNKNOWN_CHANNEL");
}
