//! Many tasks on several threads, half of whose waits are cancelled at any moment.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use par_async::{Condition, Lock, PriorityQueue, Queue, Semaphore, timeout};
use par_core::QueueShutdown;
use par_core::testing::within;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

const LIMIT: Duration = Duration::from_mins(1);

/// Runs `main` on a runtime with four threads.
fn crowd(what: &str, main: impl Future<Output = ()>) {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("it starts");
    within(LIMIT, what, || runtime.block_on(main));
}

/// Gives a wait no time, or a little: it ends at any moment.
fn brief(round: u64) -> Duration {
    Duration::from_micros(round * 37 % 200)
}

async fn all_end(mut tasks: JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        ended.expect("it does not panic");
    }
}

#[test]
fn a_queue_loses_nothing() {
    crowd("a queue in a crowd", async {
        let queue = Arc::new(Queue::bounded(3));
        let [put, got] = [(); 2].map(|()| Arc::new(AtomicU64::new(0)));
        let mut getters = JoinSet::new();
        for _ in 0..4 {
            let (queue, got) = (Arc::clone(&queue), Arc::clone(&got));
            getters.spawn(async move {
                for round in 0.. {
                    match timeout(brief(round), queue.take()).await {
                        Ok(Ok(item)) => _ = got.fetch_add(*item, SeqCst),
                        Ok(Err(_)) => return,
                        Err(_) => {}
                    }
                }
            });
        }
        let mut putters = JoinSet::new();
        for _ in 0..4 {
            let (queue, put) = (Arc::clone(&queue), Arc::clone(&put));
            putters.spawn(async move {
                for round in 0..2_000 {
                    if let Ok(room) = timeout(brief(round), queue.reserve()).await {
                        room.expect("it is open").put(round).expect("it is open");
                        put.fetch_add(round, SeqCst);
                    }
                }
            });
        }
        all_end(putters).await;
        queue.join().await;
        assert_eq!(got.load(SeqCst), put.load(SeqCst), "all that was put is done");
        queue.shutdown(QueueShutdown::Drain);
        all_end(getters).await;
        assert!(queue.is_empty() && put.load(SeqCst) > 0);
    });
}

#[test]
fn a_semaphore_loses_no_permit() {
    crowd("a semaphore in a crowd", async {
        let (semaphore, inside) = (Arc::new(Semaphore::new(2)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (semaphore, inside) = (Arc::clone(&semaphore), Arc::clone(&inside));
            tasks.spawn(async move {
                for round in 0..1_000 {
                    if let Ok(_permit) = timeout(brief(round), semaphore.acquire()).await {
                        assert!(inside.fetch_add(1, SeqCst) < 2, "a third one is inside");
                        tokio::task::yield_now().await;
                        inside.fetch_sub(1, SeqCst);
                    }
                }
            });
        }
        all_end(tasks).await;
        assert_eq!(semaphore.available(), 2);
    });
}

/// As many notifications as changes, and half of those who wait give up: the others must not sleep beside a change.
#[test]
fn a_condition_loses_no_notification() {
    crowd("a condition in a crowd", async {
        let shared = Arc::new((Lock::new(0_u64), Condition::new()));
        let mut takers = JoinSet::new();
        for taker in 0..8 {
            let shared = Arc::clone(&shared);
            takers.spawn(async move {
                let (lock, condition) = &*shared;
                let take = async || {
                    *condition.wait_for(lock.lock().await, |left| *left > 0).await -= 1;
                };
                for round in 0..500 {
                    if taker % 2 == 0 {
                        take().await;
                    } else if timeout(brief(round), take()).await.is_ok() {
                        // It was meant for one of the others.
                        *lock.lock().await += 1;
                        condition.notify_one();
                    }
                }
            });
        }
        for _ in 0..4 * 500 {
            *shared.0.lock().await += 1;
            shared.1.notify_one();
        }
        all_end(takers).await;
        assert_eq!(*shared.0.lock().await, 0);
    });
}

#[test]
fn a_comparison_that_panics_gives_its_turn_away() {
    /// A priority whose comparisons panic when it is told.
    #[derive(PartialEq, Eq, Debug)]
    struct Odd(u32, bool);

    impl PartialOrd for Odd {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Odd {
        fn cmp(&self, other: &Self) -> std::cmp::Ordering {
            assert!(!self.1 && !other.1, "it cannot be compared");
            self.0.cmp(&other.0)
        }
    }

    crowd("a comparison that panics", async {
        let queue = Arc::new(PriorityQueue::bounded(2));
        queue.put(Odd(1, false), 1).await.expect("it is open");
        queue.put(Odd(2, false), 2).await.expect("it is open");
        let puts = Arc::clone(&queue);
        let bad = tokio::spawn(async move { puts.put(Odd(0, true), 0).await });
        // Behind the bad one in the line, or before it: it gets its room in any case.
        let puts = Arc::clone(&queue);
        let good = tokio::spawn(async move { puts.put(Odd(3, false), 3).await });
        assert_eq!(queue.get().await.map(|(_, item)| item), Ok(1));
        assert!(bad.await.expect_err("it panics").is_panic());
        good.await.expect("it does not panic").expect("it is open");
        assert_eq!(queue.len(), 2, "nothing has changed by what has panicked");
        assert_eq!(queue.get().await.map(|(_, item)| item), Ok(2));
        assert_eq!(queue.get().await.map(|(_, item)| item), Ok(3));
        assert!(queue.try_reserve().is_ok() && queue.try_reserve().is_ok(), "no room was lost");
    });
}
