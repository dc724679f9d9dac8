//! Cancelled at every await, nothing is left.

use std::time::Duration;

use par_async::testing::{self, cancel_everywhere};
use par_async::{
    GroupError, JoinError, Runner, TaskGroup, cancellable, current, gather, gather_all, shield, sleep,
    timeout,
};
use par_core::{Cancellation, Philox};

use crate::live::{Live, Mark};

async fn busy(mark: Mark, steps: u64) -> Result<u64, String> {
    for _ in 0..steps {
        sleep(Duration::from_millis(1)).await;
        tokio::task::yield_now().await;
    }
    drop(mark);
    Ok(steps)
}

/// Groups in a group, under a timeout, beside others.
async fn nested(live: Live) -> Result<u64, GroupError<String>> {
    TaskGroup::<String>::scope(|group| async move {
        let inner = live.clone();
        let deep = group.spawn(async move {
            let limited = timeout(
                Duration::from_secs(1),
                TaskGroup::<String>::scope(|group| async move {
                    let both = [group.spawn(busy(inner.mark(), 3)), group.spawn(busy(inner.mark(), 2))];
                    gather(both).await.map_err(|error| error.to_string())
                }),
            );
            let counts =
                limited.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
            Ok(counts.iter().sum::<u64>())
        });
        let beside = group.spawn(busy(live.mark(), 4));
        sleep(Duration::from_millis(1)).await;
        Ok(deep.await.map_err(|error| error.to_string())?
            + beside.await.map_err(|error| error.to_string())?)
    })
    .await
}

#[test]
fn a_group_that_is_dropped_anywhere_leaves_nothing() {
    let polls = cancel_everywhere(async |cancel| {
        let live = Live::default();
        // The scope around it waits for what it left.
        let outcome = gather_all([cancel.run(nested(live.clone()))]).await;
        assert_eq!(live.count(), 0, "a future outlives the scope");
        if let Some(outcome) = &outcome[0] {
            assert!(matches!(outcome, Ok(9)), "{outcome:?}");
        }
    });
    assert!(polls >= 4, "{polls}");
}

#[test]
fn a_task_that_is_cancelled_anywhere_ends_with_everything_under_it() {
    for step in 0..20_u64 {
        let live = Live::default();
        let inner = live.clone();
        let outcome = testing::run(async move {
            TaskGroup::<String>::scope(|group| async move {
                let counted = inner.clone();
                let task = group.spawn(async move { nested(inner).await.map_err(|error| error.to_string()) });
                sleep(Duration::from_micros(step * 500)).await;
                task.cancel("the test says so");
                let outcome = task.await;
                assert_eq!(counted.count(), 0, "its handle was ready too early");
                Ok(outcome)
            })
            .await
        })
        .expect("it runs")
        .expect("no failure");
        assert!(matches!(&outcome, Ok(9) | Err(JoinError::Cancelled(_))), "{outcome:?}");
        assert_eq!(live.count(), 0);
    }
}

#[test]
fn it_cannot_be_swallowed() {
    testing::run(async {
        TaskGroup::<String>::scope(|group| async move {
            let stubborn = group.spawn(async {
                loop {
                    sleep(Duration::from_secs(1)).await; // whatever it does after this, it does not come here again
                }
                #[expect(unreachable_code, reason = "it names the output's type")]
                Ok(())
            });
            sleep(Duration::from_secs(5)).await;
            stubborn.cancel("enough");
            assert!(matches!(stubborn.await, Err(JoinError::Cancelled(_))));
            Ok(())
        })
        .await
    })
    .expect("it runs")
    .expect("no failure");
}

#[test]
fn a_shield_holds_and_what_is_behind_it_does_not_run() {
    let (written, read, seen) = testing::run(async {
        let steps = std::sync::Arc::new(std::sync::Mutex::new((false, false, None)));
        let inner = std::sync::Arc::clone(&steps);
        TaskGroup::<String>::scope(|group| async move {
            let task = group.spawn(async move {
                // Shields nest, and a timeout inside one still works.
                shield(async {
                    shield(sleep(Duration::from_secs(2))).await;
                    assert!(timeout(Duration::from_secs(1), sleep(Duration::from_secs(9))).await.is_err());
                    let mut steps = inner.lock().expect("not poisoned");
                    steps.0 = true;
                    steps.2 = current().and_then(|task| task.cancelled());
                })
                .await;
                inner.lock().expect("not poisoned").1 = true; // the same poll: not an await yet
                sleep(Duration::from_secs(1)).await;
                panic!("behind the shield it must not go on")
            });
            let _: &par_async::TaskHandle<()> = &task;
            sleep(Duration::from_secs(1)).await;
            task.cancel("stop");
            drop(task.await);
            Ok(())
        })
        .await
        .expect("no failure");
        let steps = steps.lock().expect("not poisoned");
        (steps.0, steps.1, steps.2.clone())
    })
    .expect("it runs");
    assert!(written && read);
    assert_eq!(seen.expect("inside, it is seen").reason, "stop");
}

#[test]
fn a_body_is_shielded_and_limited_by_its_own() {
    testing::run(async {
        let outcome = TaskGroup::<String>::scope(|group| async move {
            let of = group.clone();
            group.spawn(async move {
                sleep(Duration::from_secs(1)).await;
                of.cancel("enough");
                Ok(())
            });
            let limited = timeout(Duration::from_secs(9), shield(sleep(Duration::from_secs(3)))).await;
            Ok(limited.is_ok())
        });
        assert!(
            outcome.await.expect("the shield held until the body had its value"),
            "the group is no timeout"
        );
    })
    .expect("it runs");
}

#[test]
fn a_shield_that_is_dropped_is_down() {
    testing::run(async {
        TaskGroup::<String>::scope(|group| async move {
            let task = group.spawn(async {
                tokio::select! {
                    () = shield(sleep(Duration::from_secs(100))) => {}
                    () = sleep(Duration::from_secs(1)) => {}
                }
                sleep(Duration::from_hours(1)).await;
                Ok(())
            });
            sleep(Duration::from_millis(500)).await;
            task.cancel("stop");
            let begun = tokio::time::Instant::now();
            assert!(matches!(task.await, Err(JoinError::Cancelled(_))));
            assert_eq!(begun.elapsed(), Duration::from_millis(500));
            Ok(())
        })
        .await
    })
    .expect("it runs")
    .expect("no failure");
}

#[test]
fn a_token_ends_what_it_covers_and_nothing_else() {
    let polls = cancel_everywhere(async |cancel| {
        let (live, token) = (Live::default(), Cancellation::new());
        let inner = live.clone();
        let covered =
            cancellable(&token, async move { nested(inner).await.map_err(|error| error.to_string()) });
        let stopped = gather_all([cancel.run(covered)]).await;
        assert_eq!(live.count(), 0);
        token.cancel();
        let never = cancellable(&token, async { panic!("it must not begin") }).await;
        assert!(never.is_err_and(|error: par_async::Cancelled| error.reason == "its token was cancelled"));
        drop(stopped);
    });
    assert!(polls >= 4, "{polls}");
}

/// Trees of groups that fail, time out, are cancelled and shielded at random, on two threads.
#[test]
fn random_trees_leave_nothing() {
    fn tree(
        live: Live,
        seed: u64,
        depth: u32,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<u64, String>> + Send>> {
        Box::pin(async move {
            let _mark = live.mark();
            let random = |n: u64| Philox::new(seed).block(n)[0];
            if depth == 0 {
                for _ in 0..random(0) % 4 {
                    tokio::task::yield_now().await;
                }
                return match random(1) % 40 {
                    0 => Err("a leaf".to_owned()),
                    1 => panic!("a leaf"),
                    _ => Ok(1),
                };
            }
            let inner = live.clone();
            let body = TaskGroup::<String>::scope(|group| async move {
                let tasks: Vec<_> = (0..3)
                    .map(|child| {
                        group.spawn(tree(inner.clone(), seed.wrapping_mul(31).wrapping_add(child), depth - 1))
                    })
                    .collect();
                if random(2) % 8 == 0 {
                    tasks[0].cancel("at random");
                }
                if random(2) % 8 == 1 {
                    group.cancel("at random");
                }
                let mut sum = 0;
                for task in tasks {
                    sum += task.await.unwrap_or(0);
                }
                Ok(sum)
            });
            match random(3) % 6 {
                0 => timeout(Duration::from_micros(u64::from(random(4) % 200)), body)
                    .await
                    .map_err(|_| "late".to_owned())?,
                1 => shield(body).await,
                2 => tokio::select! { ended = body => ended, () = tokio::task::yield_now() => return Ok(0) },
                _ => body.await,
            }
            .map_err(|error| error.to_string())
        })
    }
    let runner = Runner::builder().workers(2).build().expect("threads start");
    for seed in 0..200 {
        let live = Live::default();
        drop(runner.run(tree(live.clone(), seed, 4)).expect("only leaves panic, in tasks"));
        assert_eq!(live.count(), 0, "seed {seed}");
    }
}
