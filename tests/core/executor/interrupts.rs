//! Questions of nodes and their answers, pauses before and after nodes, and what is done once.

use super::sessions::Fragile;
use super::*;
use weavegraph_wasm::checkpoint::Durability;

type Notes = Rc<RefCell<Vec<String>>>;

fn note(notes: &Notes, text: impl Into<String>) {
    notes.borrow_mut().push(text.into());
}

fn stored(checkpointer: &Checkpointer) -> RunOptions {
    RunOptions::new().checkpointer(checkpointer.clone())
}

/// `nodes` side by side, over a channel `said`.
fn parallel<N: Node + 'static>(nodes: impl IntoIterator<Item = (&'static str, N)>, checkpointer: &Checkpointer) -> App {
    let mut builder = GraphBuilder::new().channel("said", Channel::append());
    for (name, node) in nodes {
        builder = builder.add_node(name, node).add_edge(START, name).add_edge(name, END);
    }
    builder.compile_with(stored(checkpointer)).unwrap()
}

/// Asks, and writes the answer.
fn asking(name: &'static str, notes: &Notes) -> impl Node + 'static {
    let notes = Rc::clone(notes);
    async move |_: &State, ctx: &NodeContext| {
        note(&notes, name);
        let answer: Json = ctx.interrupt(format!("{name}?")).await?;
        Ok(Update::new().write("said", format!("{name} {answer}")))
    }
}

fn invoke(app: &App) -> Result<State, Error> {
    finish(|options| app.invoke_with((), options.session_id("s")))
}

fn resume(app: &App, answers: impl Into<Answers>) -> Result<State, Error> {
    finish(|options| app.resume_with("s", answers, options))
}

fn asked(result: Result<State, Error>) -> Vec<(String, Option<Json>)> {
    match result {
        Err(Error::Interrupted { interrupts }) => interrupts.into_iter().map(|interrupt| (interrupt.id, interrupt.payload)).collect(),
        other => panic!("{other:?}"),
    }
}

fn ids(result: Result<State, Error>) -> Vec<String> {
    asked(result).into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_node_asks_twice_and_gets_every_answer_again() {
    let (checkpointer, notes) = (Checkpointer::memory(), Notes::default());
    let called = Rc::clone(&notes);
    let node = async move |_: &State, ctx: &NodeContext| {
        note(&called, "runs");
        let name: String = ctx.interrupt("name?").await?;
        note(&called, name.as_str());
        let age: u32 = ctx.interrupt_with_id("age", ()).await?;
        Ok(Update::new().write("said", format!("{name} {age}")))
    };
    let app = parallel([("n", node)], &checkpointer);
    assert_eq!(asked(invoke(&app)), [("1/n#0/0".to_owned(), Some(json!("name?")))]);
    let left = finish(|_| app.get_state("s")).unwrap().expect("a session");
    assert_eq!((left.status, left.interrupts.len(), left.interrupts[0].node.as_str()), (Status::Interrupted, 1, "n"));
    assert_eq!(asked(resume(&app, Answers::one("Ada"))), [("age".to_owned(), None)]);
    let state = resume(&app, Answers::by_id([("age", 36)])).unwrap();
    assert_eq!(state.to_value(), json!({ "said": ["Ada 36"] }));
    assert_eq!(*notes.borrow(), ["runs", "runs", "Ada", "runs", "Ada"]);
}

#[test]
fn a_run_says_how_it_stands_and_its_last_event_what_it_waits_for() {
    let app = parallel([("n", asking("n", &Notes::default()))], &Checkpointer::memory());
    let run = finish(|options| {
        let mut run = app.invoke_streaming_with((), options.session_id("s"));
        async move {
            let mut last = None;
            while let Some(event) = run.next().await {
                last = Some(event.body);
            }
            assert_eq!(run.status(), Status::Interrupted);
            (last, run.result().await.outcome)
        }
    });
    let (Some(EventBody::RunInterrupted { interrupts: told }), Outcome::Interrupted { interrupts }) = run else { panic!("{run:?}") };
    assert_eq!((told[0].id.as_str(), told[0].reason, &told), ("1/n#0/0", "node", &interrupts));
}

#[test]
fn parallel_tasks_ask_side_by_side_and_a_finished_sibling_is_not_run_again() {
    let (checkpointer, notes) = (Checkpointer::memory(), Notes::default());
    let called = Rc::clone(&notes);
    let builder =
        GraphBuilder::new().channel("said", Channel::append()).add_node("a", asking("a", &notes)).add_node("b", asking("b", &notes));
    let builder = builder.add_node("slow", async move |_: &State, ctx: &NodeContext| {
        ctx.sleep(Duration::from_millis(50)).await;
        note(&called, "slow");
        Ok(Update::new().write("said", "slow"))
    });
    let builder = ["a", "b", "slow"].into_iter().fold(builder, |builder, name| builder.add_edge(START, name).add_edge(name, END));
    let app = builder.compile_with(stored(&checkpointer)).unwrap();
    assert_eq!(ids(invoke(&app)), ["1/a#0/0", "1/b#0/0"]);
    assert_eq!(notes.take(), ["a", "b", "slow"]);
    // Who is not answered stays where it is.
    assert_eq!(ids(resume(&app, Answers::by_id([("1/b#0/0", 2)]))), ["1/a#0/0"]);
    assert_eq!(notes.take(), ["b"]);
    let state = resume(&app, Answers::one(1)).unwrap();
    assert_eq!(notes.take(), ["a"]);
    assert_eq!(state.to_value(), json!({ "said": ["a 1", "b 2", "slow"] }));
}

#[test]
fn several_questions_of_one_attempt_are_open_together() {
    let node = async |_: &State, ctx: &NodeContext| {
        let (one, two) = futures::join!(ctx.interrupt::<u32>("one"), ctx.interrupt::<u32>("two"));
        Ok(Update::new().write("said", one? + two?))
    };
    let app = parallel([("n", node)], &Checkpointer::memory());
    assert_eq!(ids(invoke(&app)), ["1/n#0/0", "1/n#0/1"]);
    let state = resume(&app, Answers::by_id([("1/n#0/0", 1)]).and("1/n#0/1", 2)).unwrap();
    assert_eq!(state.to_value(), json!({ "said": [3] }));
}

#[test]
fn a_question_outlives_a_run_that_was_dropped() {
    let (checkpointer, notes, clock) = (Checkpointer::memory(), Notes::default(), ManualClock::new(0.0));
    let called = Rc::clone(&notes);
    let app = GraphBuilder::new()
        .channel("said", Channel::append())
        .add_node("a", asking("a", &notes))
        .add_node("slow", async move |_: &State, ctx: &NodeContext| {
            ctx.sleep(Duration::from_millis(50)).await;
            note(&called, "slow");
            Ok(Update::new())
        })
        .add_edge(START, "a")
        .add_edge(START, "slow")
        .add_edge("a", END)
        .add_edge("slow", END)
        .compile_with(stored(&checkpointer).clock(clock.clone()))
        .unwrap();
    let mut run = app.invoke_with((), RunOptions::new().session_id("s"));
    assert!(poll_once(&mut run).is_pending());
    drop(run);
    let left = run_on(&clock, app.get_state("s")).unwrap().expect("a session");
    assert_eq!((left.status, left.interrupts.len()), (Status::Running, 1));
    let state = run_on(&clock, app.resume("s", Answers::one("yes"))).unwrap();
    assert_eq!(state.to_value(), json!({ "said": ["a \"yes\""] }));
    assert_eq!(*notes.borrow(), ["a", "a", "slow"]);
}

#[test]
fn refused_answers_leave_the_questions_open() {
    let (checkpointer, notes) = (Checkpointer::memory(), Notes::default());
    let app = parallel([("a", asking("a", &notes)), ("b", asking("b", &notes))], &checkpointer);
    assert_eq!(ids(invoke(&app)).len(), 2);
    let mut deep = json!(null);
    for _ in 0..101 {
        deep = json!([deep]);
    }
    let refused = [
        (Answers::from(()), "INTERRUPT_UNANSWERED"),
        (Answers::one(1), "INTERRUPT_UNANSWERED"),
        (Answers::by_id([("c", 1)]), "INTERRUPT_UNKNOWN"),
        (Answers::by_id([("1/a#0/0", deep)]), "STATE_NOT_CLONEABLE"),
        (Answers::by_id([("1/a#0/0", std::collections::HashMap::from([((1, 2), 3)]))]), "STATE_NOT_CLONEABLE"),
    ];
    for (answers, expected) in refused {
        assert_eq!(code(resume(&app, answers)).0, expected);
    }
    assert_eq!(notes.take(), ["a", "b"]);
    let state = resume(&app, Answers::by_id([("1/a#0/0", 1), ("1/b#0/0", 2)])).unwrap();
    assert_eq!(state.to_value(), json!({ "said": ["a 1", "b 2"] }));
    assert_eq!(code(resume(&app, Answers::one(1))).0, "INTERRUPT_UNKNOWN");
}

#[test]
fn questions_need_a_store_and_ids_of_their_own() {
    let codes: Notes = Notes::default();
    let told = Rc::clone(&codes);
    let node = async move |_: &State, ctx: &NodeContext| {
        let tell = |error: NodeError| note(&told, error.downcast_ref::<WeaveError>().map_or("?", |error| error.code().as_str()));
        tell(ctx.interrupt_with_id::<Json>("", ()).await.expect_err("an empty id"));
        tell(ctx.interrupt::<Json>(()).await.expect_err("nothing to wait in"));
        tell(ctx.once("", async || Ok(1)).await.expect_err("an empty key"));
        ctx.once("key", async || Ok(1)).await?;
        tell(ctx.once("key", async || Ok(1)).await.expect_err("a key twice"));
        tell(ctx.sleep_until(f64::NAN).await.expect_err("no instant"));
        Ok(())
    };
    finish(|options| one(node).invoke_with((), options)).unwrap();
    assert_eq!(
        *codes.borrow(),
        ["NODE_INVALID_RESULT", "CHECKPOINT_NO_STORE", "NODE_INVALID_RESULT", "ONCE_DUPLICATE_KEY", "NODE_INVALID_RESULT"]
    );

    let told = Rc::clone(&codes);
    let twice = async move |_: &State, ctx: &NodeContext| {
        let again = async {
            let error = ctx.interrupt_with_id::<Json>("id", ()).await.expect_err("an id twice");
            note(&told, error.to_string());
        };
        futures::join!(ctx.interrupt_with_id::<Json>("id", ()), again).0.map(|answer| Update::new().write("said", answer))
    };
    assert_eq!(ids(invoke(&parallel([("n", twice)], &Checkpointer::memory()))), ["id"]);
    assert_eq!(codes.borrow().last().unwrap(), "the interrupt `id` was opened before in this step; give each an id of its own");
}

#[test]
fn pauses_before_and_after_nodes_happen_once_each() {
    let notes = Notes::default();
    let noting = |name: &'static str| {
        let notes = Rc::clone(&notes);
        async move |_: &State, _: &NodeContext| {
            note(&notes, name);
            Ok(())
        }
    };
    let builder = GraphBuilder::new().add_node("a", noting("a")).add_node("b", noting("b")).add_node("c", noting("c"));
    let builder = builder.add_edge(START, "a").add_edge("a", "b").add_edge("b", "c").add_edge("c", END);
    let checkpointer = Checkpointer::memory();
    let app = builder.compile_with(stored(&checkpointer).interrupt_before(["b"]).interrupt_after(["b"])).unwrap();
    assert_eq!(ids(invoke(&app)), ["before:2/b#0"]);
    assert_eq!(notes.take(), ["a"]);
    assert_eq!(ids(resume(&app, ())), ["after:2/b#0"]);
    assert_eq!(notes.take(), ["b"]);
    resume(&app, ()).unwrap();
    assert_eq!(notes.take(), ["c"]);
    // Options of the run replace those of the app.
    let all =
        |options: RunOptions| app.invoke_with((), options.session_id("all").interrupt_before(["*"]).interrupt_after(Vec::<String>::new()));
    assert_eq!(ids(finish(all)), ["before:1/a#0"]);
    assert_eq!(code(finish(|options| app.invoke_with((), options.interrupt_after(["x"])))).0, "RUN_INVALID_OPTION");
    let bare = one(async |_: &State, _: &NodeContext| Ok(()));
    assert_eq!(code(finish(|options| bare.invoke_with((), options.interrupt_before(["only"])))).0, "CHECKPOINT_NO_STORE");
}

#[test]
fn what_is_done_once_holds_over_a_retry() {
    let effects = Rc::new(Cell::new(0));
    let counted = Rc::clone(&effects);
    let node = async move |_: &State, ctx: &NodeContext| {
        let price: u32 = ctx
            .once("price", async || {
                counted.set(counted.get() + 1);
                if counted.get() == 1 { Err(NodeError::new("what failed is not recorded")) } else { Ok(100 + counted.get()) }
            })
            .await?;
        if ctx.attempt() == 2 {
            return Err(NodeError::new("behind the effect"));
        }
        Ok(Update::new().write("list", price))
    };
    let app = one_with(node, NodeOptions::new().retry(RetryPolicy::new(3)));
    let state = finish(|options| app.invoke_with((), options)).unwrap();
    assert_eq!((state.to_value(), effects.get()), (json!({ "list": [102] }), 2));
}

#[test]
fn what_is_done_once_holds_over_a_crash_and_is_stored_strictly_in_every_durability() {
    for durability in [Durability::Sync, Durability::Async, Durability::Exit] {
        let store = Fragile::default();
        let (effects, clock) = (Rc::new(Cell::new(0)), ManualClock::new(0.0));
        let counted = Rc::clone(&effects);
        let node = async move |_: &State, ctx: &NodeContext| {
            let number: u32 = ctx
                .once("effect", async || {
                    counted.set(counted.get() + 1);
                    Ok(counted.get())
                })
                .await?;
            ctx.sleep_until(100.0).await?;
            Ok(Update::new().write("said", format!("{number} at {}", ctx.now())))
        };
        let app = parallel([("n", node)], &Checkpointer::new("strict", store.clone()));
        let options = || RunOptions::new().clock(clock.clone()).durability(durability);
        let mut run = app.invoke_with((), options().session_id("s"));
        assert!(poll_once(&mut run).is_pending());
        clock.advance(Duration::from_millis(60));
        drop(run);
        assert_eq!(store.strict.get(), 2, "{durability:?}");
        let state = run_on(&clock, app.resume_with("s", (), options())).unwrap();
        assert_eq!((state.to_value(), effects.get()), (json!({ "said": ["1 at 100"] }), 1), "{durability:?}");
    }
}

#[test]
fn a_node_of_a_graph_within_asks_under_its_path() {
    let (checkpointer, notes) = (Checkpointer::memory(), Notes::default());
    let builder = GraphBuilder::new().channel("said", Channel::append()).add_node("ask", asking("ask", &notes));
    let inner = builder.add_edge(START, "ask").add_edge("ask", END).compile().unwrap();
    let builder = GraphBuilder::new().channel("said", Channel::append()).add_subgraph("sub", &inner);
    let app = builder.add_edge(START, "sub").add_edge("sub", END).compile_with(stored(&checkpointer)).unwrap();
    let Err(Error::Interrupted { interrupts }) = invoke(&app) else { panic!("it did not ask") };
    assert_eq!((interrupts[0].id.as_str(), interrupts[0].path.as_slice()), ("1/sub#0/1/ask#0/0", &["sub".to_owned()][..]));
    assert_eq!(resume(&app, Answers::one(1)).unwrap().to_value(), json!({ "said": ["ask 1"] }));
    assert_eq!(*notes.borrow(), ["ask", "ask"]);
}
