//! The executor beyond the suite: futures, floods, runtimes that go away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use par_async::{TokioExecutor, all_tasks, run, sleep, testing};
use par_core::testing::within;
use par_core::{
    Counter, Executor, ExecutorExt, Level, LocalExecutorExt, Options, Priority, Shutdown, SubmitError,
    TaskError,
};
use tokio::sync::Semaphore;

use crate::live::Live;

const LIMIT: Duration = Duration::from_mins(1);

fn two() -> TokioExecutor {
    TokioExecutor::builder().workers(2).build().expect("the runtime starts")
}

#[par_core::task]
fn same(x: u64) -> u64 {
    x
}

#[test]
fn futures_end_in_every_way() {
    within(LIMIT, "futures", || {
        let executor = two();
        let spawn = |what: &'static str| {
            executor
                .spawn_future(async move {
                    match what {
                        "panics" => panic!("a bug"),
                        "sleeps" => sleep(Duration::from_hours(1)).await,
                        _ => tokio::task::yield_now().await,
                    }
                    what
                })
                .expect("it is open")
        };
        assert_eq!(spawn("works").wait(), Ok("works"));
        match spawn("panics").wait() {
            Err(TaskError::Panicked(panic)) => {
                assert!(
                    panic.message == "a bug" && panic.location.is_some_and(|at| at.contains("executor.rs"))
                );
            }
            other => panic!("{other:?}"),
        }
        let sleeper = spawn("sleeps");
        assert!(!sleeper.cancel(), "it may have begun");
        assert_eq!(sleeper.wait(), Err(TaskError::Cancelled));
        let late = executor
            .spawn_future_with(sleep(Duration::MAX), &Options::new().timeout(Duration::from_millis(5)));
        assert_eq!(late.expect("it is open").wait(), Err(TaskError::DeadlineExceeded));
        let token = par_core::Cancellation::new();
        token.cancel();
        let never = executor
            .spawn_future_with(async { panic!("it must not begin") }, &Options::new().cancellation(&token));
        assert_eq!(never.expect("it is open").wait(), Err::<(), _>(TaskError::Cancelled));
        executor.shutdown(Shutdown::drain()).expect("all have ended");
        let metrics = executor.metrics();
        assert_eq!(metrics.get(Counter::Submitted), 5);
        assert_eq!((metrics.get(Counter::Completed), metrics.get(Counter::Failed)), (1, 1));
        assert_eq!(metrics.get(Counter::Cancelled), 3);
        assert!(!all_tasks().iter().any(|task| task.spawned_at().file().ends_with("it/executor.rs")));
    });
}

#[test]
fn shutdown_drains_or_cancels_futures() {
    within(LIMIT, "shutdown", || {
        let live = Live::default();
        let (drained, mark) = (two(), live.mark());
        let short = drained.spawn_future(async move {
            sleep(Duration::from_millis(20)).await;
            drop(mark);
        });
        drained.shutdown(Shutdown::drain()).expect("it ends");
        assert_eq!((live.count(), short.expect("it was open").is_finished()), (0, true));
        let refused = drained.spawn_future(async {});
        assert!(matches!(refused, Err(SubmitError::ShutDown { .. })), "{refused:?}");

        let (cancelled, mark) = (two(), live.mark());
        let long = cancelled.spawn_future(async move {
            sleep(Duration::from_hours(1)).await;
            drop(mark);
        });
        let short = cancelled.shutdown(Shutdown::drain().within(Duration::from_millis(10)));
        assert_eq!(short.expect_err("it sleeps").running, 1);
        cancelled.shutdown(Shutdown::cancel_running()).expect("it is cancelled");
        assert_eq!((live.count(), long.expect("it was open").wait()), (0, Err(TaskError::Cancelled)));
    });
}

#[test]
fn futures_are_bounded() {
    within(LIMIT, "a full executor", || {
        let executor = TokioExecutor::builder().workers(1).future_bound(2).build().expect("it starts");
        let gate = Arc::new(Semaphore::new(0));
        let wait = |gate: &Arc<Semaphore>| {
            let gate = Arc::clone(gate);
            async move { gate.acquire().await.map(drop).is_ok() }
        };
        let two: Vec<_> =
            (0..2).map(|_| executor.spawn_future(wait(&gate)).expect("there is room")).collect();
        let third =
            executor.spawn_future_with(wait(&gate), &Options::new().timeout(Duration::from_millis(5)));
        assert!(matches!(third, Err(SubmitError::DeadlineExceeded { .. })), "{third:?}");
        gate.add_permits(1);
        assert_eq!(executor.spawn_future(wait(&gate)).expect("there is room again").wait(), Ok(true));
        for handle in two {
            assert_eq!(handle.wait(), Ok(true));
        }
    });
}

#[test]
fn tasks_never_block_those_who_poll_futures() {
    within(LIMIT, "a ping", || {
        let executor = TokioExecutor::builder().workers(2).current_thread().build().expect("it starts");
        let release = Arc::new(AtomicBool::new(false));
        let busy: Vec<_> = (0..2)
            .map(|_| {
                let release = Arc::clone(&release);
                executor.spawn(move || {
                    while !release.load(Ordering::SeqCst) {
                        std::thread::yield_now();
                    }
                })
            })
            .collect();
        let ping = executor.spawn_future(async {
            sleep(Duration::from_millis(1)).await;
            "pong"
        });
        assert_eq!(ping.expect("it is open").wait(), Ok("pong"));
        release.store(true, Ordering::SeqCst);
        for handle in busy {
            assert_eq!(handle.expect("it was open").wait(), Ok(()));
        }
    });
}

#[par_core::task]
fn fibonacci(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let executor = par_core::task::current().executor().expect("it runs on one");
    let (one, two) = (executor.submit(fibonacci::new(n - 1)), executor.submit(fibonacci::new(n - 2)));
    let value = |handle: Result<par_core::Handle<u64>, SubmitError>| handle.expect("it is open").wait();
    value(two).expect("it ends") + value(one).expect("it ends")
}

#[test]
fn tasks_that_wait_for_tasks_stay_within_their_stacks() {
    within(LIMIT, "fibonacci", || {
        for workers in [1, 3] {
            let executor = TokioExecutor::builder().workers(workers).build().expect("it starts");
            assert_eq!(executor.submit(fibonacci::new(16)).expect("it is open").wait(), Ok(987));
        }
    });
}

#[test]
fn no_more_than_the_workers_compute_at_once() {
    within(LIMIT, "many closures", || {
        let executor = TokioExecutor::builder().workers(3).build().expect("it starts");
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let results = executor.map_with(0..2000, move |_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
            most.load(Ordering::SeqCst)
        });
        let most = results.map(|most| most.expect("it does not panic")).max();
        assert!(most.is_some_and(|most| most <= 3), "{most:?}");
    });
}

#[test]
fn urgent_tasks_overtake() {
    within(LIMIT, "priorities", || {
        let executor = TokioExecutor::builder().workers(1).build().expect("it starts");
        let gate = Arc::new(std::sync::Barrier::new(2));
        let opens = Arc::clone(&gate);
        let first = executor.spawn(move || {
            opens.wait();
        });
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let handles: Vec<_> = [Priority::Low, Priority::Normal, Priority::High]
            .into_iter()
            .map(|priority| {
                let order = Arc::clone(&order);
                let note = move || order.lock().expect("nobody panics").push(priority);
                executor.spawn_with(note, Options::new().priority(priority)).expect("it is open")
            })
            .collect();
        gate.wait();
        first.expect("it was open").wait().expect("it does not panic");
        for handle in handles {
            handle.wait().expect("it does not panic");
        }
        assert_eq!(*order.lock().expect("nobody panics"), [Priority::High, Priority::Normal, Priority::Low]);
    });
}

#[test]
fn a_million_tasks_take_a_bounded_queue() {
    within(Duration::from_mins(2), "a million tasks", || {
        let executor = TokioExecutor::builder().workers(2).queue_bound(100).build().expect("it starts");
        let sum: u64 = executor.map((0..200_000).map(same::new)).map(|x| x.expect("it does not panic")).sum();
        assert_eq!(sum, 199_999 * 100_000);
        assert_eq!(executor.metrics().get(Counter::Completed), executor.metrics().get(Counter::Submitted));
    });
}

#[test]
fn a_runtime_that_goes_away_loses_nothing_silently() {
    within(LIMIT, "a runtime that goes away", || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("it starts");
        let executor = TokioExecutor::builder()
            .workers(1)
            .handle(runtime.handle().clone())
            .build()
            .expect("it takes it");
        let sleeper = executor.spawn_future(sleep(Duration::from_hours(1))).expect("it is open");
        assert_eq!(executor.submit(same::new(1)).expect("it is open").wait(), Ok(1));
        drop(runtime);
        assert!(matches!(sleeper.wait(), Err(TaskError::WorkerLost(_) | TaskError::Cancelled)));
        // The first finds out, and is lost; the next ones are refused.
        match executor.submit(same::new(2)) {
            Ok(handle) => assert!(matches!(handle.wait(), Err(TaskError::WorkerLost(_)))),
            Err(error) => assert!(matches!(error, SubmitError::Broken { .. }), "{error}"),
        }
        let error = executor.submit(same::new(3)).expect_err("the runtime is gone");
        assert!(error.to_string().contains("its runtime was shut down"), "{error}");
        assert!(executor.shutdown(Shutdown::drain()).is_ok());
    });
}

#[test]
fn it_may_be_dropped_anywhere() {
    within(LIMIT, "drops", || {
        // Where futures are polled, with work under way, of another runtime and of this one.
        run(async {
            let own = two();
            let task = own.spawn(|| std::thread::sleep(Duration::from_millis(20))).expect("it is open");
            let future = own.spawn_future(sleep(Duration::from_hours(1))).expect("it is open");
            drop(own);
            assert!(matches!(future.await, Err(TaskError::Cancelled | TaskError::WorkerLost(_))));
            drop(task.await);
            let here = TokioExecutor::builder()
                .handle(tokio::runtime::Handle::current())
                .build()
                .expect("it takes it");
            let future = here.spawn_future(sleep(Duration::from_hours(1))).expect("it is open");
            drop(here);
            assert_eq!(future.await, Err(TaskError::Cancelled));
        })
        .expect("it runs");
        testing::run(async { drop(two()) }).expect("it runs");
        // By one of its own tasks.
        let executor = Arc::new(two());
        let (own, ready) = (Arc::clone(&executor), Arc::new(std::sync::Barrier::new(2)));
        let go = Arc::clone(&ready);
        let handle = executor.spawn(move || {
            go.wait();
            drop(own);
        });
        drop(executor);
        ready.wait();
        drop(handle.expect("it was open").wait());
    });
}

#[test]
fn queued_tasks_are_cancelled_at_once() {
    within(LIMIT, "cancelling", || {
        let executor = TokioExecutor::builder().workers(1).build().expect("it starts");
        let release = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&release);
        let running = executor.spawn(move || {
            while !until.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
        });
        let running = running.expect("it is open");
        while !running.is_running() {
            std::thread::yield_now();
        }
        let queued: Vec<_> = (0..100).map(|x| executor.submit(same::new(x)).expect("it is open")).collect();
        let timed_out = executor.shutdown(Shutdown::at(Level::CancelQueued).within(Duration::ZERO));
        assert_eq!(timed_out.expect_err("one runs").running, 1);
        for handle in queued {
            assert_eq!(handle.wait(), Err(TaskError::Cancelled));
        }
        release.store(true, Ordering::SeqCst);
        assert_eq!(running.wait(), Ok(()));
    });
}

#[test]
fn nonsense_is_refused() {
    for (builder, setting) in [
        (TokioExecutor::builder().workers(0), "workers"),
        (TokioExecutor::builder().future_bound(0), "future_bound"),
        (TokioExecutor::builder().multi_thread(0), "multi_thread"),
    ] {
        let error = builder.build().expect_err("zero is nonsense").to_string();
        assert_eq!(error, format!("`{setting}` must be at least 1"));
    }
}

#[test]
fn nothing_runs_behind_a_shutdown_that_has_waited() {
    within(LIMIT, "submits against shutdowns", || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("it starts");
        for round in 0..500 {
            let executor = TokioExecutor::builder().workers(1).handle(runtime.handle().clone()).build();
            let executor = executor.expect("its runtime runs");
            let (down, late) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
            std::thread::scope(|scope| {
                for future in [false, true] {
                    let (down, late, executor) = (&down, &late, &executor);
                    scope.spawn(move || {
                        let look = || {
                            let (down, late) = (Arc::clone(down), Arc::clone(late));
                            move || late.fetch_or(down.load(Ordering::SeqCst), Ordering::SeqCst)
                        };
                        loop {
                            let look = look();
                            let handle = if future {
                                executor.spawn_future(async move { look() })
                            } else {
                                executor.spawn(look)
                            };
                            let Ok(handle) = handle else { return };
                            drop(handle.wait());
                        }
                    });
                }
                (0..round % 50).for_each(|_| std::thread::yield_now());
                executor.shutdown(Shutdown::drain()).expect("all is short");
                down.store(true, Ordering::SeqCst);
            });
            assert!(!late.load(Ordering::SeqCst), "round {round}");
        }
    });
}
