//! Any executor will do, and the host's clock keeps time.

use super::*;

fn sleeper() -> App {
    one(async |_: &State, ctx: &NodeContext| {
        ctx.sleep(Duration::from_millis(5)).await;
        Ok(Update::new().write("list", "woke"))
    })
}

fn check(state: Result<State, Error>) {
    assert_eq!(state.unwrap().to_value(), json!({ "list": ["woke"] }));
}

#[test]
fn it_runs_under_the_block_on_of_futures() {
    check(futures::executor::block_on(sleeper().invoke(())));
}

#[test]
fn it_runs_on_a_local_pool() {
    use futures::task::LocalSpawnExt;
    let mut pool = futures::executor::LocalPool::new();
    let runs: Vec<_> = (0..3).map(|_| pool.spawner().spawn_local_with_handle(sleeper().invoke(())).unwrap()).collect();
    runs.into_iter().for_each(|run| check(pool.run_until(run)));
}

#[test]
fn it_runs_on_a_current_thread_runtime_of_tokio_and_its_nodes_may_use_that() {
    let app = one(async |_: &State, _: &NodeContext| {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let (sender, receiver) = tokio::sync::oneshot::channel();
        tokio::task::spawn_blocking(move || sender.send("woke"));
        Ok(Update::new().write("list", receiver.await?))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let local = tokio::task::LocalSet::new();
    check(runtime.block_on(local.run_until(async { tokio::task::spawn_local(app.invoke(())).await.unwrap() })));
}

#[test]
fn many_runs_of_one_app_go_on_at_once_on_one_thread() {
    let clock = ManualClock::new(0.0);
    let app = sleeper();
    let runs = (0..20).map(|_| app.invoke_with((), RunOptions::new().clock(clock.clone())));
    run_on(&clock, futures::future::join_all(runs)).into_iter().for_each(check);
    assert_eq!(clock.now(), 5.0);
}
