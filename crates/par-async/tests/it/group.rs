//! Groups: how they end, and what they tell.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::time::Duration;

use par_async::{Budget, Cause, GroupError, JoinError, Runner, TaskGroup, current, sleep, testing, timeout};
use par_core::Cancellation;
use tokio::time::Instant;

use crate::live::Live;

const LONG: Duration = Duration::from_hours(1);

type Error = GroupError<String>;

fn errors(error: &Error) -> Vec<String> {
    let one = |failure: &par_async::Failure<String>| match &failure.cause {
        Cause::Error(error) => error.clone(),
        Cause::Panicked(panic) => format!("panic: {}", panic.message),
    };
    error.failures.iter().map(one).collect()
}

/// Sleeps for so many seconds, and then fails with this, or with nothing does not.
async fn after(live: Live, seconds: u64, error: &'static str) -> Result<u64, String> {
    let _mark = live.mark();
    sleep(Duration::from_secs(seconds)).await;
    if error.is_empty() { Ok(seconds) } else { Err(error.to_owned()) }
}

#[test]
fn the_first_failure_cancels_the_others_and_the_body() {
    let live = Live::default();
    let inner = live.clone();
    let (error, elapsed) = testing::run(async move {
        let begun = Instant::now();
        let error = TaskGroup::<String>::scope(|group| async move {
            group.spawn(after(inner.clone(), 5, "late"));
            group.spawn(after(inner.clone(), 2, "early"));
            let slow = group.spawn(after(inner, 3600, ""));
            slow.await.map_err(|error| format!("the body went on: {error}"))
        })
        .await
        .expect_err("a task fails");
        (error, begun.elapsed())
    })
    .expect("it runs");
    assert_eq!((errors(&error), elapsed), (vec!["early".to_owned()], Duration::from_secs(2)));
    assert_eq!(live.count(), 0);
    let reason = error.cancelled.expect("it was cancelled").reason;
    assert!(
        reason.contains("task ") && reason.contains("group.rs") && reason.ends_with("failed"),
        "{reason}"
    );
}

#[test]
fn every_error_is_returned() {
    let error = testing::run(TaskGroup::<String>::builder().keep_going().scope(|group| async move {
        for (seconds, error) in [(3, "c"), (1, "a"), (2, "b"), (4, "")] {
            group.spawn(after(Live::default(), seconds, error));
        }
        group.task("careless").spawn(async { if true { panic!("oh") } else { Ok(()) } });
        Err::<(), _>("the body's own".to_owned())
    }))
    .expect("it runs")
    .expect_err("they fail");
    assert_eq!(errors(&error), ["the body's own", "panic: oh", "a", "b", "c"]);
    let text = error.to_string();
    assert!(
        text.starts_with("5 failures:\n- the body of the group failed: the body's own\n- `careless` ("),
        "{text}"
    );
}

#[test]
fn a_task_that_panics_fails_its_group_alone() {
    testing::run(async {
        let error = TaskGroup::<String>::scope(|group| async move {
            let sibling = group.spawn(after(Live::default(), 3600, ""));
            group.spawn(async { if true { panic!("a bug") } else { Ok(()) } });
            drop(sibling);
            Ok(())
        })
        .await
        .expect_err("it panics");
        assert_eq!(errors(&error), ["panic: a bug"]);
        let Cause::Panicked(panic) = &error.failures[0].cause else { panic!("{error}") };
        assert!(panic.location.as_ref().is_some_and(|at| at.contains("group.rs")), "{panic:?}");
    })
    .expect("the runner lives");
}

#[test]
fn a_body_that_panics_takes_its_tasks_along() {
    let live = Live::default();
    let inner = live.clone();
    let error = testing::run(async move {
        TaskGroup::<String>::scope(|group| async move {
            group.spawn(after(inner, 3600, ""));
            sleep(Duration::from_secs(1)).await;
            if true { panic!("in the body") } else { Ok(()) }
        })
        .await
    })
    .expect_err("the panic goes on");
    assert!(error.to_string().contains("in the body"), "{error}");
    assert!(error.to_string().contains("group.rs:"), "it says where: {error}");
    assert_eq!(live.count(), 0, "the runner waits for what the group left");
}

#[test]
fn it_can_be_cancelled_from_inside() {
    testing::run(async {
        // By the body, which has its value.
        let found = TaskGroup::<String>::scope(|group| async move {
            let slow = group.spawn(after(Live::default(), 3600, ""));
            group.cancel("found it");
            drop(slow);
            Ok(7)
        });
        assert_eq!(found.await.expect("no failure"), 7);
        // By a task, while the body has its value.
        let found = TaskGroup::<String>::scope(|group| async move {
            let of = group.clone();
            group.spawn(async move {
                sleep(Duration::from_secs(1)).await;
                of.cancel("enough");
                Ok(())
            });
            group.spawn(after(Live::default(), 3600, ""));
            Ok("done")
        });
        assert_eq!(found.await.expect("no failure"), "done");
        // By a task, while the body waits.
        let error = TaskGroup::<String>::scope(|group| async move {
            let of = group.clone();
            group.spawn(async move {
                of.cancel("enough");
                Ok(())
            });
            sleep(LONG).await;
            Ok(())
        })
        .await
        .expect_err("the body has no value");
        assert!(error.failures.is_empty());
        assert_eq!(error.to_string(), "the group was cancelled: enough");
    })
    .expect("it runs");
}

#[test]
fn a_token_cancels_it_with_its_reason() {
    let token = Cancellation::new();
    let parent = token.clone();
    let error = testing::run(async move {
        let group = TaskGroup::<String>::builder().cancellation(&token.child()).scope(|group| async move {
            group.spawn(after(Live::default(), 3600, ""));
            sleep(LONG).await;
            Ok(())
        });
        let stop = async {
            sleep(Duration::from_secs(1)).await;
            parent.cancel_because("closing time");
        };
        tokio::join!(group, stop).0
    })
    .expect("it runs")
    .expect_err("it is cancelled");
    assert_eq!(error.to_string(), "the group was cancelled: closing time");
}

#[test]
fn one_task_is_cancelled_alone() {
    let outcome = testing::run(TaskGroup::<String>::scope(|group| async move {
        let (one, two) =
            (group.spawn(after(Live::default(), 2, "")), group.spawn(after(Live::default(), 3, "")));
        one.cancel("not needed");
        Ok((one.await, two.await))
    }))
    .expect("it runs")
    .expect("a cancelled task is no failure");
    let (one, two) = outcome;
    assert_eq!(two, Ok(3));
    assert!(matches!(&one, Err(JoinError::Cancelled(by)) if by.reason == "not needed"), "{one:?}");
}

#[test]
fn what_comes_too_late_does_not_run() {
    let live = Live::default();
    let inner = live.clone();
    testing::run(async move {
        let mut leaked = None;
        TaskGroup::<String>::scope(|group| {
            leaked = Some(group.clone());
            async { Ok(()) }
        })
        .await
        .expect("nothing fails");
        let late = leaked.expect("it was put there");
        let outcome = late.spawn(after(inner.clone(), 0, "")).await;
        assert!(
            matches!(&outcome, Err(JoinError::Cancelled(by)) if by.reason == "its group is over"),
            "{outcome:?}"
        );

        // One that is cancelled, but not over, takes and cancels.
        TaskGroup::<String>::scope(|group| async move {
            group.cancel("enough");
            let mark = inner.mark();
            let late = group.spawn(async move {
                let _mark = mark;
                if true { panic!("it must not begin") } else { Ok(()) }
            });
            let eager =
                group.task("eager").spawn_eager(async { if true { panic!("nor this") } else { Ok(()) } });
            drop((late, eager));
            Ok(())
        })
        .await
        .expect("no failure");
    })
    .expect("it runs");
    assert_eq!(live.count(), 0);
}

#[test]
fn tasks_spawn_siblings_and_all_are_waited_for() {
    fn grow(
        group: TaskGroup<String>,
        live: Live,
        depth: u32,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        Box::pin(async move {
            let _mark = live.mark();
            sleep(Duration::from_millis(1)).await;
            if depth > 0 {
                for _ in 0..2 {
                    group.spawn(grow(group.clone(), live.clone(), depth - 1));
                }
            }
            Ok(())
        })
    }
    let live = Live::default();
    let most = live.clone();
    Runner::builder()
        .workers(4)
        .build()
        .expect("threads start")
        .run(async {
            TaskGroup::<String>::scope(|group| async move {
                group.spawn(grow(group.clone(), most, 9));
                Ok(())
            })
            .await
            .expect("nothing fails");
        })
        .expect("it runs");
    assert_eq!(live.count(), 0);
}

#[test]
fn an_eager_task_runs_here_until_it_waits() {
    testing::run(async {
        TaskGroup::<Infallible>::scope(|group| async move {
            let here = std::cell::Cell::new(false);
            let _ = &here;
            let done = group.task("ready").spawn_eager(async { Ok(current().and_then(|task| task.name())) });
            assert!(done.is_finished());
            assert_eq!(done.await.expect("it ends").as_deref(), Some("ready"));
            let waits = group.task("waits").spawn_eager(async {
                sleep(Duration::from_secs(1)).await;
                Ok(5)
            });
            assert!(!waits.is_finished());
            assert_eq!(waits.await, Ok(5));
            Ok(())
        })
        .await
        .expect("infallible");
    })
    .expect("it runs");
}

#[test]
fn a_budget_bounds_what_runs() {
    let live = Live::default();
    let inner = live.clone();
    testing::run(async move {
        let budget = Budget::new(NonZeroUsize::new(3).expect("3"));
        let of = budget.clone();
        let counts = TaskGroup::<String>::scope(|group| async move {
            let mut counts = Vec::new();
            for _ in 0..10 {
                group.spawn_within(&of, after(inner.clone(), 1, "")).await;
                counts.push(3 - of.available());
            }
            while of.available() > 0 {
                group.spawn_within(&of, after(inner.clone(), 1, "")).await;
            }
            // A spawn that is given up has started nothing, and keeps nothing.
            let given_up =
                timeout(Duration::from_millis(1), group.spawn_within(&of, after(inner.clone(), 1, "")));
            assert!(given_up.await.is_err());
            Ok(counts)
        })
        .await
        .expect("nothing fails");
        assert!(counts.iter().all(|count| *count <= 3), "{counts:?}");
        assert_eq!(budget.available(), 3);
    })
    .expect("it runs");
    assert_eq!(live.count(), 0);
}

#[test]
fn a_million_tasks_end() {
    let sum = Runner::builder()
        .workers(2)
        .build()
        .expect("threads start")
        .run(TaskGroup::<Infallible>::scope(|group| async move {
            let (count, counted) = (std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0)), 200_000);
            for _ in 0..counted {
                let count = std::sync::Arc::clone(&count);
                group.spawn(async move {
                    count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    Ok(())
                });
            }
            while !group.is_empty() {
                sleep(Duration::from_millis(1)).await;
            }
            Ok(count.load(std::sync::atomic::Ordering::Relaxed))
        }))
        .expect("it runs")
        .expect("infallible");
    assert_eq!(sum, 200_000);
}

#[test]
fn a_runtime_that_is_shut_down_ends_its_tasks() {
    let live = Live::default();
    let inner = live.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads start");
    let handle = runtime.block_on(async move {
        let (send, receive) = tokio::sync::oneshot::channel();
        tokio::spawn(TaskGroup::<String>::scope(|group| async move {
            drop(send.send(group.spawn(after(inner, 3600, ""))));
            Ok(())
        }));
        receive.await
    });
    let handle = handle.expect("it is sent");
    drop(runtime);
    assert_eq!(live.count(), 0);
    let outcome = testing::run(handle).expect("it runs");
    assert!(matches!(outcome, Err(JoinError::Cancelled(_))), "{outcome:?}");
}

#[test]
fn a_budget_counts_a_task_until_all_that_is_under_it_has_ended() {
    testing::run(async {
        let budget = Budget::new(NonZeroUsize::MIN);
        TaskGroup::<Infallible>::scope(|group| async move {
            let first = group.spawn_within(&budget, async {
                drop(
                    TaskGroup::<Infallible>::scope(|inner| async move {
                        inner.spawn(async {
                            par_async::shield(sleep(Duration::from_secs(5))).await;
                            Ok(())
                        });
                        sleep(LONG).await;
                        Ok(())
                    })
                    .await,
                );
                Ok(())
            });
            let first = first.await;
            let begun = Instant::now();
            sleep(Duration::from_secs(1)).await;
            first.cancel("enough");
            let second = group.spawn_within(&budget, async { Ok(Instant::now()) }).await;
            let second = second.await.expect("nobody cancels it");
            assert_eq!((second - begun).as_secs(), 5, "two ran at once");
            drop(first);
            assert_eq!(budget.available(), 1);
            Ok(())
        })
        .await
        .expect("nobody fails");
    })
    .expect("it runs");
}
