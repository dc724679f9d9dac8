//! Futures that were first polled inside a scope, and belong to somebody outside of it.

use std::pin::pin;
use std::time::Duration;

use par_async::{
    Runner, TaskGroup, as_completed, cancellable, gather_all, shield, sleep, timeout, to_thread,
};
use par_core::Cancellation;
use par_core::testing::within;

use crate::live::Live;

const LIMIT: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

/// On another thread, because what hangs there would wait for ever on a clock that stands still.
fn run(what: &'static str, main: impl Future<Output = ()> + Send + 'static) {
    within(LIMIT, what, move || {
        Runner::builder().paused_clock().build().expect("it starts").run(main).expect("it runs");
    });
}

/// A group that takes so many seconds.
async fn group(live: Live, seconds: u64) -> u64 {
    TaskGroup::<String>::scope(|group| async move {
        let mark = live.mark();
        let task = group.spawn(async move {
            sleep(Duration::from_secs(seconds)).await;
            drop(mark);
            Ok(seconds)
        });
        Ok(task.await)
    })
    .await
    .expect("no failure")
    .expect("it is done")
}

#[test]
fn a_timeout_of_a_borrowed_future_leaves_it_to_its_owner() {
    run("a borrowed future", async {
        let live = Live::default();
        let begun = tokio::time::Instant::now();
        let mut work = pin!(group(live.clone(), 5));
        assert!(timeout(SECOND, work.as_mut()).await.is_err());
        assert_eq!((begun.elapsed(), live.count()), (SECOND, 1), "it is not over, and nobody waits for it");
        let twice = timeout(2 * SECOND, timeout(SECOND, work.as_mut())).await;
        assert!(twice.expect("the inner one is first").is_err());
        let token = Cancellation::new();
        let stopped = cancellable(&token, async {
            sleep(SECOND).await;
            token.cancel();
            work.as_mut().await
        });
        assert!(stopped.await.is_err());
        assert_eq!(work.await, 5);
        assert_eq!((begun.elapsed(), live.count()), (5 * SECOND, 0));
    });
}

#[test]
fn the_next_of_many_may_have_a_limit() {
    run("as_completed under timeouts", async {
        let live = Live::default();
        let one = |seconds| {
            let live = live.clone();
            async move { shield(timeout(60 * SECOND, group(live, seconds))).await }
        };
        let mut all = as_completed([1, 2, 4].map(one));
        assert_eq!(timeout(9 * SECOND, all.next()).await, Ok(Some(Ok(1))));
        assert_eq!(timeout(9 * SECOND, all.next()).await, Ok(Some(Ok(2))));
        assert!(timeout(SECOND, all.next()).await.is_err());
        assert_eq!(live.count(), 1);
        assert_eq!(all.next().await, Some(Ok(4)));
    });
}

#[test]
fn what_its_owner_drops_later_is_waited_for_further_up() {
    run("dropped later", async {
        let live = Live::default();
        let begun = tokio::time::Instant::now();
        gather_all([async {
            let inner = live.clone();
            let mut work = Box::pin(TaskGroup::<String>::scope(|group| async move {
                let mark = inner.mark();
                group.spawn(async move {
                    shield(sleep(5 * SECOND)).await;
                    drop(mark);
                    Ok(())
                });
                sleep(60 * SECOND).await;
                Ok(())
            }));
            drop(timeout(2 * SECOND, timeout(SECOND, work.as_mut())).await);
            assert_eq!(begun.elapsed(), SECOND);
            drop(work); // its task is shielded
            assert_eq!(live.count(), 1);
        }])
        .await;
        assert_eq!((begun.elapsed(), live.count()), (5 * SECOND, 0));
    });
}

#[test]
fn a_task_hands_on_what_it_has_begun() {
    run("handed on", async {
        let live = Live::default();
        let inner = live.clone();
        let outcome = TaskGroup::<String>::scope(|all| async move {
            let first = all.spawn(async move {
                let mut work = Box::pin(group(inner, 5));
                assert!(timeout(SECOND, work.as_mut()).await.is_err());
                Ok(work)
            });
            let work = first.await.map_err(|error| error.to_string())?;
            all.spawn(async move { Ok(work.await) }).await.map_err(|error| error.to_string())
        });
        assert_eq!(outcome.await.expect("no failure"), 5);
        assert_eq!(live.count(), 0);
    });
}

#[test]
fn a_thread_whose_future_is_kept_does_not_hold_up_a_timeout() {
    within(LIMIT, "a kept thread", || {
        par_async::run(async {
            let (open, gate) = std::sync::mpsc::channel();
            let mut work = pin!(to_thread(move || gate.recv()));
            assert!(timeout(Duration::from_millis(5), work.as_mut()).await.is_err());
            open.send(7).expect("it waits");
            assert_eq!(work.await, Ok(Ok(7)));
        })
        .expect("it runs");
    });
}

/// On two threads: many who poll with limits what others own, drop it, or end it.
#[test]
fn a_crowd_with_limits() {
    within(LIMIT, "a crowd", || {
        let runner = Runner::builder().workers(2).build().expect("it starts");
        for round in 0..300_u64 {
            let live = Live::default();
            let inner = live.clone();
            runner
                .run(async move {
                    let all = TaskGroup::<String>::scope(|group| async move {
                        for number in 0..8_u64 {
                            let live = inner.clone();
                            group.spawn(async move {
                                let mut all = as_completed((0..4_u64).map(|item| {
                                    let live = live.clone();
                                    async move {
                                        TaskGroup::<String>::scope(|group| async move {
                                            let mark = live.mark();
                                            group.spawn(async move {
                                                for _ in 0..item {
                                                    tokio::task::yield_now().await;
                                                }
                                                sleep(Duration::from_micros(50 * item)).await;
                                                drop(mark);
                                                Ok(())
                                            });
                                            Ok(())
                                        })
                                        .await
                                    }
                                }));
                                for _ in 0..(round + number) % 6 {
                                    drop(
                                        timeout(
                                            Duration::from_micros(80),
                                            timeout(Duration::from_micros(50), all.next()),
                                        )
                                        .await,
                                    );
                                }
                                Ok(())
                            });
                        }
                        Ok(())
                    });
                    assert!(all.await.is_ok());
                })
                .expect("it runs");
            assert_eq!(live.count(), 0, "round {round}");
        }
    });
}
