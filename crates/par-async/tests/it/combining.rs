//! Futures made of futures.

use std::convert::Infallible;
use std::time::Duration;

use par_async::testing::{self, cancel_everywhere};
use par_async::{
    TaskGroup, Until, as_completed, gather, gather_all, sleep, sleep_until, timeout, timeout_at,
    timeout_with, wait,
};
use tokio::time::Instant;

use crate::live::Live;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn timeouts_nest() {
    testing::run(async {
        // The inner one ends first, and only itself.
        let outer = timeout(seconds(5), async {
            let inner = timeout(seconds(1), sleep(seconds(60))).await.expect_err("it is short");
            sleep(seconds(1)).await;
            inner
        });
        let inner = outer.await.expect("there is time");
        assert_eq!(inner.after, seconds(1));
        // The outer one ends first: the inner one says nothing.
        let outer = timeout(seconds(1), async {
            timeout(seconds(5), sleep(seconds(60))).await.ok();
            panic!("it must not go on");
        });
        let begun = Instant::now();
        let error = outer.await.map(|never: Infallible| never).expect_err("it is short");
        assert_eq!((error.after, begun.elapsed()), (seconds(1), seconds(1)));
        // Both at once: the inner one is told, and what it returns at once is in time.
        let both = timeout(seconds(1), timeout(seconds(1), sleep(seconds(60)))).await;
        assert!(both.expect("the inner one returns").is_err());
    })
    .expect("it runs");
}

#[test]
fn a_timeout_returns_when_nothing_is_left() {
    let live = Live::default();
    let inner = live.clone();
    testing::run(async move {
        let counted = inner.clone();
        let late = timeout(
            seconds(1),
            TaskGroup::<Infallible>::scope(|group| async move {
                for _ in 0..3 {
                    let mark = inner.mark();
                    group.spawn(async move {
                        let _mark = mark;
                        sleep(seconds(60)).await;
                        Ok(())
                    });
                }
                Ok(())
            }),
        );
        assert!(late.await.is_err());
        assert_eq!(counted.count(), 0);
    })
    .expect("it runs");
}

#[test]
fn edges_of_time() {
    testing::run(async {
        assert_eq!(timeout(Duration::ZERO, async { 1 }).await, Ok(1), "what is ready is in time");
        assert!(timeout(Duration::ZERO, std::future::pending::<()>()).await.is_err());
        assert_eq!(timeout(Duration::MAX, async { 2 }).await, Ok(2));
        let begun = Instant::now();
        assert!(timeout_at(begun, sleep(seconds(1))).await.is_err(), "in the past");
        assert_eq!(timeout_at(begun + seconds(2), sleep(seconds(1))).await, Ok(()));
        sleep_until(begun + seconds(3)).await;
        sleep_until(begun).await;
        sleep(Duration::ZERO).await;
        assert_eq!(begun.elapsed(), seconds(3));
    })
    .expect("it runs");
}

#[test]
fn a_timeout_is_moved_from_elsewhere_too() {
    testing::run(async {
        let begun = Instant::now();
        let (send, receive) = tokio::sync::oneshot::channel();
        let limited = timeout_with(seconds(1000), |handle| async move {
            assert!(!handle.expired());
            drop(send.send(handle));
            sleep(seconds(5000)).await;
        });
        let mover = async {
            let handle = receive.await.expect("it comes");
            sleep(seconds(1)).await;
            handle.reschedule(None);
            assert_eq!(handle.deadline(), None);
            sleep(seconds(1500)).await;
            handle.reschedule_in(seconds(1));
            sleep(seconds(2)).await;
            assert!(handle.expired());
        };
        let (ended, ()) = tokio::join!(limited, mover);
        assert!(ended.is_err());
        assert_eq!(begun.elapsed(), seconds(1503));
    })
    .expect("it runs");
}

#[test]
fn gather_ends_with_the_first_error() {
    let live = Live::default();
    testing::run(async {
        let one = |number: u64| {
            let mark = live.mark();
            async move {
                sleep(seconds(number)).await;
                drop(mark);
                if number == 2 { Err(number) } else { Ok(number) }
            }
        };
        assert_eq!(gather([3, 1].map(&one)).await, Ok(vec![3, 1]));
        let begun = Instant::now();
        assert_eq!(gather([3, 2, 1].map(&one)).await, Err(2));
        assert_eq!((begun.elapsed(), live.count()), (seconds(2), 0));
        assert_eq!(gather_all([3, 2, 1].map(&one)).await, [Ok(3), Err(2), Ok(1)]);
        assert_eq!(gather(Vec::<std::future::Ready<Result<(), ()>>>::new()).await, Ok(Vec::new()));
    })
    .expect("it runs");
    let polls = cancel_everywhere(async |cancel| {
        let live = Live::default();
        let mark = |number| (number, live.mark());
        let all = gather_all([2, 1, 3].map(mark).map(|(number, mark)| async move {
            sleep(seconds(number)).await;
            drop(mark);
        }));
        drop(cancel.run(all).await);
        assert_eq!(live.count(), 0);
    });
    assert!(polls >= 4, "{polls}");
}

#[test]
fn as_completed_yields_each_once_even_if_a_wait_is_given_up() {
    testing::run(async {
        let mut left = as_completed([4, 2, 6].map(|number| async move {
            sleep(seconds(number)).await;
            number
        }));
        let mut seen = Vec::new();
        while !left.is_empty() {
            if let Ok(number) = timeout(seconds(1), left.next()).await {
                seen.extend(number);
            }
        }
        assert_eq!(seen, [2, 4, 6]);
        assert_eq!(left.next().await, None);
    })
    .expect("it runs");
}

#[test]
fn wait_takes_nothing() {
    testing::run(async {
        TaskGroup::<String>::builder()
            .keep_going()
            .scope(|group| async move {
                let mut tasks = [(3, ""), (1, ""), (2, "bad")].map(|(number, error)| {
                    group.spawn(async move {
                        sleep(seconds(number)).await;
                        if error.is_empty() { Ok(number) } else { Err(error.to_owned()) }
                    })
                });
                assert_eq!(wait(&mut tasks, Until::First, Some(Duration::ZERO)).await.finished, [0; 0]);
                assert_eq!(wait(&mut tasks, Until::First, None).await.finished, [1]);
                let waited = wait(&mut tasks, Until::FirstError, Some(Duration::MAX)).await;
                assert_eq!((waited.finished, waited.pending), (vec![1, 2], vec![0]));
                assert!(wait(&mut tasks, Until::All, None).await.pending.is_empty());
                assert_eq!(wait(&mut tasks, Until::All, None).await.finished, [0, 1, 2], "again, at once");
                let [three, one, bad] = tasks;
                assert_eq!((three.await, one.await), (Ok(3), Ok(1)));
                assert!(bad.await.is_err());
                Ok(())
            })
            .await
            .expect_err("one failed");
    })
    .expect("it runs");
}

#[test]
fn a_timeout_that_was_dropped_has_not_expired() {
    testing::run(async {
        let mut kept = None;
        let limited = par_async::timeout_with(Duration::from_secs(9), |limit| {
            kept = Some(limit);
            par_async::TaskGroup::<String>::scope(|group| async move {
                group.spawn(async {
                    par_async::shield(par_async::sleep(Duration::from_secs(5))).await;
                    Ok(())
                });
                par_async::sleep(Duration::from_hours(1)).await;
                Ok(())
            })
        });
        tokio::select! {
            _ = limited => unreachable!("it takes an hour"),
            () = par_async::sleep(Duration::from_secs(1)) => {}
        }
        assert!(!kept.expect("it has begun").expired());
    })
    .expect("it runs");
}
