//! Ways between asynchronous code and everything else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use par_async::testing::cancel_everywhere;
use par_async::{
    ContextVar, JoinError, Promise, Runner, TaskGroup, TokioExecutor, abandon_to_thread, block_on, cancelled,
    gather, gather_all, run, run_closure_in, run_in, sleep, testing, timeout, to_thread, to_thread_with,
};
use par_core::testing::within;
use par_core::{Cancellation, Executor, LocalExecutorExt, Options, SerialExecutor, Shutdown, TaskError};

use crate::live::Live;

const LIMIT: Duration = Duration::from_mins(1);

#[par_core::task]
fn double(x: u64) -> u64 {
    assert!(x < 100, "{x} is too large");
    2 * x
}

#[test]
fn any_executor_is_awaited() {
    run(async {
        let executors: [Arc<dyn Executor>; 3] = [
            Arc::new(SerialExecutor::new()),
            Arc::new(par_core::LoopbackExecutor::new()),
            Arc::new(TokioExecutor::builder().workers(2).build().expect("it starts")),
        ];
        for executor in &executors {
            let doubled = gather((0..10).map(|x| run_in(executor, double::new(x)))).await;
            assert_eq!(doubled, Ok((0..10).map(|x| 2 * x).collect::<Vec<_>>()), "{}", executor.name());
            let failed = run_in(executor, double::new(100)).await;
            assert!(
                matches!(&failed, Err(TaskError::Panicked(panic)) if panic.message == "100 is too large")
            );
            executor.shutdown(Shutdown::drain()).expect("nothing is left");
            let refused = run_in(executor, double::new(1)).await;
            assert!(matches!(refused, Err(TaskError::Refused(_))), "{refused:?}");
        }
        let serial = Arc::new(SerialExecutor::new());
        assert_eq!(run_closure_in(&serial, || "here").await, Ok("here"));
    })
    .expect("it runs");
}

#[test]
fn a_full_executor_blocks_nobody_and_what_is_given_up_does_not_run() {
    within(LIMIT, "a full executor", || {
        // One thread polls everything: if a submit blocked it, the gate would never open.
        Runner::builder()
            .current_thread()
            .build()
            .expect("it starts")
            .run(async {
                let executor =
                    Arc::new(TokioExecutor::builder().workers(1).queue_bound(1).build().expect("it starts"));
                let (gate, ran) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
                let until = Arc::clone(&gate);
                let first = executor.spawn(move || {
                    while !until.load(Ordering::SeqCst) {
                        std::thread::yield_now();
                    }
                });
                let second = executor.spawn(|| ()).expect("there is room");
                let runs = Arc::clone(&ran);
                let third = run_closure_in(&executor, move || runs.store(true, Ordering::SeqCst));
                assert!(timeout(Duration::from_millis(20), third).await.is_err(), "there is no room");
                let fourth = run_in(&executor, double::new(4));
                let open = async {
                    sleep(Duration::from_millis(5)).await;
                    gate.store(true, Ordering::SeqCst);
                };
                let (fourth, ()) = tokio::join!(fourth, open);
                assert_eq!(fourth, Ok(8));
                assert_eq!((first.expect("it was open").await, second.await), (Ok(()), Ok(())));
                executor.shutdown(Shutdown::drain()).expect("it ends");
                assert!(!ran.load(Ordering::SeqCst), "nobody waited for it any more");
            })
            .expect("it runs");
    });
}

#[test]
fn many_who_wait_for_a_full_executor_leave_threads_to_empty_it() {
    within(LIMIT, "a crowd at a full executor", || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(18)
            .enable_all()
            .build()
            .expect("it starts");
        let executor =
            TokioExecutor::builder().workers(1).queue_bound(1).handle(runtime.handle().clone()).build();
        let executor = Arc::new(executor.expect("it takes it"));
        for _ in 0..3 {
            let sum = runtime.block_on(gather((0..500).map(|x| run_in(&executor, double::new(x % 100)))));
            assert_eq!(sum.map(|all| all.iter().sum::<u64>()), Ok(5 * 9900));
        }
    });
}

#[test]
fn giving_up_stops_what_runs() {
    within(LIMIT, "giving up", || {
        run(async {
            let executor = Arc::new(TokioExecutor::builder().workers(1).build().expect("it starts"));
            let (begun, begins) = tokio::sync::oneshot::channel();
            let mut asked = Box::pin(run_closure_in(&executor, move || {
                begun.send(()).expect("the test waits");
                while !par_core::task::current().cancelled() {
                    std::thread::yield_now();
                }
            }));
            tokio::select! {
                _ = &mut asked => panic!("nobody has asked it to stop"),
                begun = begins => begun.expect("it begins"),
            }
            drop(asked);
            executor.shutdown(Shutdown::drain()).expect("it was asked to stop");
        })
        .expect("it runs");
    });
}

#[test]
fn threads_are_waited_for_unless_they_are_abandoned() {
    within(LIMIT, "threads", || {
        let live = Live::default();
        let inner = live.clone();
        run(async move {
            assert_eq!(to_thread(|| 7).await, Ok(7));
            let failed = to_thread(|| -> u32 { panic!("on a thread") }).await;
            assert!(matches!(failed, Err(JoinError::Panicked(panic)) if panic.message == "on a thread"));

            let mark = inner.mark();
            let late = timeout(
                Duration::from_millis(5),
                to_thread_with(move |token| {
                    let _mark = mark;
                    while !token.is_cancelled() {
                        std::thread::yield_now();
                    }
                    // It still runs when the timeout has passed.
                    std::thread::sleep(Duration::from_millis(20));
                }),
            );
            assert!(late.await.is_err());
            assert_eq!(inner.count(), 0, "the timeout has waited for it");

            let (stop, stopped) = (Arc::new(AtomicBool::new(false)), Cancellation::new());
            let (until, tell) = (Arc::clone(&stop), stopped.clone());
            let late = timeout(
                Duration::from_millis(5),
                abandon_to_thread(move |_| {
                    while !until.load(Ordering::SeqCst) {
                        std::thread::yield_now();
                    }
                    tell.cancel();
                }),
            );
            assert!(late.await.is_err());
            assert!(!stopped.is_cancelled(), "it runs on");
            stop.store(true, Ordering::SeqCst);
            cancelled(&stopped).await;
        })
        .expect("it runs");
        assert_eq!(live.count(), 0);
    });
}

#[test]
fn promises_are_kept_broken_and_cancelled() {
    let polls = cancel_everywhere(async |cancel| {
        let (promise, handle) = Promise::<u32>::new("a number");
        let keeps = async {
            sleep(Duration::from_secs(1)).await;
            promise.set(7)
        };
        let (got, kept) = tokio::join!(cancel.run(handle), keeps);
        assert_eq!(kept, Ok(()), "a handle that is dropped forgets, it does not cancel");
        assert!(got.is_none_or(|got| got == Ok(7)));
    });
    assert_eq!(polls, 2);

    let (promise, handle) = Promise::<u32>::new("a number");
    drop(promise);
    match handle.wait() {
        Err(TaskError::WorkerLost(loss)) => assert!(loss.to_string().contains("`a number`"), "{loss}"),
        other => panic!("{other:?}"),
    }
    let (promise, handle) = Promise::<u32>::new("a number");
    let thread = std::thread::spawn(move || handle.wait());
    promise.fail(TaskError::Cancelled);
    assert_eq!(thread.join().expect("it does not panic"), Err(TaskError::Cancelled));
    let (promise, handle) = Promise::with("late", &Options::new().timeout(Duration::from_millis(1)));
    assert_eq!(handle.wait(), Err::<u32, _>(TaskError::DeadlineExceeded));
    assert!(promise.is_cancelled());
    let why = testing::run(promise.cancelled()).expect("it runs");
    assert!(why.reason.contains("deadline"), "{why}");
    assert_eq!(promise.set(1), Err(1));
}

#[test]
fn block_on_is_for_threads() {
    assert_eq!(block_on(async { 1 }).ok(), Some(1));
    let live = Live::default();
    let mark = live.mark();
    let left = block_on(async move {
        // Dropped by hand: the group's task is still waited for.
        let group = TaskGroup::<String>::scope(|group| async move {
            group.spawn(async move {
                let _mark = mark;
                sleep(Duration::from_hours(1)).await;
                Ok(())
            });
            sleep(Duration::from_hours(1)).await;
            Ok(())
        });
        tokio::select! {
            _ = group => {}
            () = sleep(Duration::from_millis(5)) => {}
        }
    });
    assert!(left.is_ok());
    assert_eq!(live.count(), 0);
    let nested = block_on(async { block_on(async {}).map_err(|error| error.to_string()) })
        .expect("the outer one runs");
    assert!(nested.is_err_and(|error| error.contains("inside a runtime already")));
}

static NUMBER: ContextVar<u32> = ContextVar::new("number");

#[test]
fn variables_follow_tasks() {
    NUMBER.set(1);
    let seen = run(async {
        // The main task begins with those of its thread.
        let of_main = NUMBER.get().as_deref().copied();
        let token = NUMBER.swap(2);
        let tasks = TaskGroup::<String>::scope(|group| async move {
            let child = group.spawn(async {
                let inherited = NUMBER.get().as_deref().copied();
                NUMBER.set(3);
                tokio::task::yield_now().await;
                let thread = to_thread(|| NUMBER.get().as_deref().copied())
                    .await
                    .map_err(|error| error.to_string())?;
                Ok((inherited, NUMBER.get().as_deref().copied(), thread))
            });
            child.await.map_err(|error| error.to_string())
        });
        let tasks = tasks.await.expect("nothing fails");
        // Two branches of one task, each with its own.
        let scoped = gather_all([10, 20].map(|number| {
            NUMBER.scope(number, async {
                tokio::task::yield_now().await;
                let before = NUMBER.get().as_deref().copied();
                NUMBER.set(before.unwrap_or(0) + 1);
                tokio::task::yield_now().await;
                NUMBER.get().as_deref().copied()
            })
        }))
        .await;
        let unchanged = NUMBER.get().as_deref().copied();
        NUMBER.reset(token);
        (of_main, tasks, scoped, unchanged, NUMBER.get().as_deref().copied())
    })
    .expect("it runs");
    assert_eq!(seen.0, Some(1));
    assert_eq!(seen.1, (Some(2), Some(3), Some(3)));
    assert_eq!(seen.2, [Some(11), Some(21)]);
    assert_eq!((seen.3, seen.4), (Some(2), Some(1)));
    assert_eq!(NUMBER.get().as_deref(), Some(&1), "the thread's own is as it was");
    assert_eq!(std::thread::spawn(|| NUMBER.get()).join().expect("it does not panic"), None);
}

#[test]
fn what_is_dropped_in_the_scope_of_a_variable_sees_its_value() {
    static USER: ContextVar<&str> = ContextVar::new("user");
    struct Last(Arc<std::sync::Mutex<Vec<Option<&'static str>>>>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.lock().expect("not poisoned").push(USER.get().as_deref().copied());
        }
    }
    testing::run(async {
        let seen = Arc::default();
        USER.set("outside");
        for done in [true, false] {
            let last = Last(Arc::clone(&seen));
            let inside = USER.scope("inside", async move {
                let _last = last;
                sleep(Duration::from_secs(if done { 1 } else { 100 })).await;
            });
            assert_eq!(timeout(Duration::from_secs(2), inside).await.is_ok(), done);
            assert_eq!(USER.get().as_deref(), Some(&"outside"));
        }
        assert_eq!(*seen.lock().expect("not poisoned"), [Some("inside"); 2]);
    })
    .expect("it runs");
}

#[test]
fn those_who_hand_over_leave_room_for_those_who_run() {
    within(LIMIT, "a crowd in front of a small executor", || {
        run(async {
            let handle = tokio::runtime::Handle::current();
            let executor = TokioExecutor::builder().workers(2).queue_bound(0).handle(handle).build();
            let executor = Arc::new(executor.expect("it starts"));
            // Until the whole crowd is there, every thread of the runtime that may block does.
            let (gate, blocked) = (Arc::new(std::sync::RwLock::new(())), Arc::new(AtomicUsize::new(0)));
            let closed = gate.write().expect("not poisoned");
            let block = || {
                let (gate, blocked) = (Arc::clone(&gate), Arc::clone(&blocked));
                to_thread(move || {
                    blocked.fetch_add(1, Ordering::SeqCst);
                    drop(gate.read());
                })
            };
            let everybody = gather((0..512).map(|_| block()));
            let crowd = async {
                while blocked.load(Ordering::SeqCst) < 512 {
                    sleep(Duration::from_millis(1)).await;
                }
                let mut crowd =
                    std::pin::pin!(gather((0..700).map(|x| run_in(&executor, double::new(x % 100)))));
                std::future::poll_fn(|cx| std::task::Poll::Ready(crowd.as_mut().poll(cx).is_ready())).await;
                drop(closed);
                crowd.await
            };
            let (_, doubled) = tokio::join!(everybody, crowd);
            assert_eq!(doubled.expect("nothing fails").len(), 700);
        })
        .expect("it runs");
    });
}
