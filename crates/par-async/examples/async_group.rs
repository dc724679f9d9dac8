//! A task group fails (the cookbook's tasks, as Python writes them since 3.11): what one failure does to the others.
//!
//! Four downloads run in a group. One of them fails: the others are cancelled at their next await, but what is shielded
//! is finished first, and the group returns when nobody is left. Then the same with a group that keeps going, with one
//! that a task cancels because it has found what all were looking for, and with a timeout around it all. The clock is
//! that of tests: it jumps from event to event, so the example takes no time and prints the same every time.
//!
//! Run it: `cargo run --release -p par-async --example async_group`
//!
//! Expected output:
//! ```text
//! 1 s: index.html is there
//! 2 s: logo.png failed: connection reset
//! 3 s: database.sql was cancelled, after its half was put away
//! 3 s: the group failed: connection reset
//! kept going: 2 of 4 failed
//! found by `mirror 2` after 2 s, 0 left
//! a timeout of 5 s: nobody is left
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use par_async::{Cause, GroupError, TaskGroup, shield, sleep, testing, timeout};
use tokio::time::Instant;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    testing::run(async {
        one_fails().await;
        keep_going().await;
        first_wins().await?;
        times_out().await;
        Ok::<(), GroupError<String>>(())
    })??;
    Ok(())
}

async fn one_fails() {
    let begun = Instant::now();
    let at = move || begun.elapsed().as_secs();
    let outcome = TaskGroup::<String>::scope(|group| async move {
        group.task("index.html").spawn(async move {
            sleep(seconds(1)).await;
            println!("{} s: index.html is there", at());
            Ok(())
        });
        group.task("logo.png").spawn(async move {
            sleep(seconds(2)).await;
            println!("{} s: logo.png failed: connection reset", at());
            Err::<(), _>("connection reset".to_owned())
        });
        group.task("database.sql").spawn(async move {
            shield(sleep(seconds(3))).await; // a half that must not be torn
            println!("{} s: database.sql was cancelled, after its half was put away", at());
            sleep(seconds(60)).await; // the other half: never comes
            Ok(())
        });
        Ok(())
    })
    .await;
    let error = outcome.expect_err("a download failed");
    let [failure] = &error.failures[..] else { panic!("the others were only cancelled: {error}") };
    assert_eq!(failure.task.as_ref().and_then(par_async::Task::name).as_deref(), Some("logo.png"));
    let Cause::Error(reason) = &failure.cause else { panic!("it did not panic") };
    assert_eq!((at(), reason.as_str()), (3, "connection reset"));
    println!("{} s: the group failed: {reason}", at());
}

async fn keep_going() {
    let error = TaskGroup::<String>::builder()
        .name("four downloads")
        .keep_going()
        .scope(|group| async move {
            for number in 1..=4_u64 {
                group.spawn(async move {
                    sleep(seconds(number)).await;
                    if number % 2 == 0 { Ok(()) } else { Err(format!("{number} is odd")) }
                });
            }
            Ok(())
        })
        .await
        .expect_err("two fail");
    assert_eq!(error.failures.len(), 2);
    println!("kept going: {} of 4 failed", error.failures.len());
}

async fn first_wins() -> Result<(), GroupError<String>> {
    let begun = Instant::now();
    let left = Arc::new(AtomicUsize::new(3));
    let counted = Arc::clone(&left);
    let winner = TaskGroup::<String>::scope(|group| async move {
        let (send, receive) = tokio::sync::oneshot::channel();
        let send = Arc::new(std::sync::Mutex::new(Some(send)));
        for (number, answers_after) in [5, 2, 9].into_iter().enumerate() {
            let (group_of_all, send, left) = (group.clone(), Arc::clone(&send), Leaves(Arc::clone(&counted)));
            group.task(format!("mirror {}", number + 1)).spawn(async move {
                let _left = left;
                sleep(seconds(answers_after)).await;
                let name = par_async::current().and_then(|task| task.name());
                if let Some(send) = send.lock().expect("nobody panics under it").take() {
                    drop(send.send(name));
                }
                group_of_all.cancel("a mirror has answered");
                Ok(())
            });
        }
        // The cancellation reaches the body, too; the answer was there before.
        shield(async { receive.await.map_err(|error| error.to_string()) }).await
    })
    .await?;
    let winner = winner.expect("the mirrors have names");
    assert_eq!((&*winner, begun.elapsed(), left.load(Ordering::SeqCst)), ("mirror 2", seconds(2), 0));
    println!(
        "found by `{winner}` after {} s, {} left",
        begun.elapsed().as_secs(),
        left.load(Ordering::SeqCst)
    );
    Ok(())
}

/// Counts down when a task is gone, whichever way it went.
struct Leaves(Arc<AtomicUsize>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn times_out() {
    let running = Arc::new(AtomicUsize::new(3));
    let counted = Arc::clone(&running);
    let late = timeout(
        seconds(5),
        TaskGroup::<String>::scope(|group| async move {
            for _ in 0..3 {
                let leaves = Leaves(Arc::clone(&counted));
                group.spawn(async move {
                    let _leaves = leaves;
                    sleep(seconds(3600)).await;
                    Ok(())
                });
            }
            Ok(())
        }),
    )
    .await;
    assert!(late.is_err());
    assert_eq!(running.load(Ordering::SeqCst), 0, "a timeout waits for what it ends");
    println!("a timeout of 5 s: nobody is left");
}
