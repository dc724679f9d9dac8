//! Every wait is dropped at every poll, among others who wait: nothing that was handed to it may be lost.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{join, join3};
use par_async::testing::cancel_everywhere;
use par_async::{
    Barrier, BarrierTurn, BoundedSemaphore, Condition, Event, LifoQueue, Lock, PriorityQueue, Queue,
    Semaphore, sleep, timeout,
};
use par_core::{GetError, PutError, QueueShutdown};
use tokio::task::{LocalSet, yield_now};

const LONG: Duration = Duration::from_hours(1);

/// Runs `scene` where tasks of one thread may be spawned beside it.
async fn staged<F: Future>(scene: F) -> F::Output {
    LocalSet::new().run_until(scene).await
}

/// Lets everybody run who can.
async fn settle() {
    for _ in 0..8 {
        yield_now().await;
    }
}

#[test]
fn a_lock_is_neither_lost_nor_held() {
    let polls = cancel_everywhere(async |cancel| {
        let lock = Rc::new(Lock::new(0));
        let inside = Rc::clone(&lock);
        staged(async {
            let held = lock.lock().await;
            let releases = tokio::task::spawn_local(async { yield_now().await });
            let contender = tokio::task::spawn_local(async move { *inside.lock().await += 10 });
            let victim = async {
                *lock.lock().await += 1;
                yield_now().await;
            };
            let release = async {
                releases.await.expect("it does not panic");
                drop(held);
            };
            let (done, ()) = join(cancel.run(victim), release).await;
            timeout(LONG, contender).await.expect("the contender gets it").expect("it does not panic");
            let total = *lock.try_lock().expect("nobody holds it");
            assert!(total == 11 || (total == 10 && done.is_none()));
        })
        .await;
    });
    assert!(polls >= 2);
}

/// The same scene for both kinds of semaphores.
macro_rules! permits {
    ($name:ident, $type:ident) => {
        #[test]
        fn $name() {
            let polls = cancel_everywhere(async |cancel| {
                let semaphore = $type::new(1);
                let held = semaphore.acquire().await;
                let victim = async {
                    let _permit = semaphore.acquire().await;
                    yield_now().await;
                };
                let contender = async {
                    yield_now().await;
                    drop(held);
                    drop(timeout(LONG, semaphore.acquire()).await.expect("the permit goes on"));
                };
                join(cancel.run(victim), contender).await;
                assert_eq!(semaphore.available(), 1, "the permit is back");
            });
            assert!(polls >= 2);
        }
    };
}

permits!(a_permit_is_not_lost, Semaphore);
permits!(a_bounded_permit_is_not_lost, BoundedSemaphore);

#[test]
fn an_event_reaches_the_others() {
    cancel_everywhere(async |cancel| {
        let event = Event::new();
        let sets = async {
            yield_now().await;
            event.set();
            event.clear();
        };
        let (_, other, ()) = join3(cancel.run(event.wait()), timeout(LONG, event.wait()), sets).await;
        assert_eq!(other, Ok(()));
    });
}

/// One notification, two who wait: the first is cancelled anywhere, also between the notification and the lock.
#[test]
fn a_notification_is_passed_on() {
    let polls = cancel_everywhere(async |cancel| {
        let (lock, condition) = (Lock::new(0), Condition::new());
        let take = async || {
            let mut number = condition.wait_for(lock.lock().await, |number: &mut u32| *number > 0).await;
            *number -= 1;
        };
        let gives = async {
            settle().await;
            let mut number = lock.lock().await;
            *number += 1;
            condition.notify_one();
            // Whoever was notified waits for the lock now.
            settle().await;
            drop(number);
        };
        let second = async {
            yield_now().await;
            timeout(Duration::from_secs(1), take()).await.is_ok()
        };
        let (first, second, ()) = join3(cancel.run(take()), second, gives).await;
        assert!(first.is_some() || second, "one of them takes it");
        assert_eq!(*lock.try_lock().expect("nobody holds it"), 0);
    });
    assert!(polls >= 3, "before, while it waits, and while it waits for the lock");
}

#[test]
fn a_barrier_counts_who_is_there() {
    let polls = cancel_everywhere(async |cancel| {
        let barrier = Barrier::new(2);
        let done = {
            let other = async {
                yield_now().await;
                let stays = cancel_is_over(&barrier).await;
                if stays { Some(barrier.wait().await) } else { None }
            };
            let (done, other) = join(cancel.run(barrier.wait()), other).await;
            if let Some(Ok(turn)) = done {
                assert_eq!(turn.index(), 0);
                assert_eq!(other.expect("it came").map(BarrierTurn::is_leader), Ok(true));
            }
            done
        };
        assert!(!barrier.is_broken(), "a wait that is dropped breaks nothing");
        assert_eq!(barrier.waiting(), 0);
        if done.is_none() {
            let (one, two) = join(barrier.wait(), barrier.wait()).await;
            assert_eq!((one.map(BarrierTurn::index), two.map(BarrierTurn::index)), (Ok(0), Ok(1)));
        }
    });
    assert!(polls >= 1);
}

/// Whether somebody still stands at the barrier after everybody has run.
async fn cancel_is_over(barrier: &Barrier) -> bool {
    settle().await;
    barrier.waiting() > 0
}

/// The same scenes for all queues.
macro_rules! queues {
    ($module:ident, $make:expr, $put:expr, $item:expr) => {
        mod $module {
            use super::*;

            #[test]
            fn a_get_that_is_dropped_loses_no_item() {
                let polls = cancel_everywhere(async |cancel| {
                    let (queue, put) = ($make, $put);
                    let second = async {
                        yield_now().await;
                        timeout(LONG, queue.get()).await.expect("an item is left").map($item)
                    };
                    let putter = async {
                        settle().await;
                        put(&queue, 1).await.expect("it is open");
                        put(&queue, 2).await.expect("it is open");
                    };
                    let (first, second, ()) = join3(cancel.run(queue.get()), second, putter).await;
                    let mut all: Vec<_> = first.into_iter().map(|got| got.map($item)).collect();
                    all.push(second);
                    all.extend(queue.try_iter().map($item).map(Ok));
                    all.sort_by_key(|item| item.ok());
                    assert_eq!(all, [Ok(1), Ok(2)]);
                    assert_eq!(queue.unfinished(), 2);
                });
                assert!(polls >= 1);
            }

            #[test]
            fn an_item_that_was_kept_is_taken_when_the_queue_drains() {
                cancel_everywhere(async |cancel| {
                    let (queue, put) = ($make, $put);
                    let second = async {
                        yield_now().await;
                        timeout(LONG, queue.get()).await.expect("it ends").map($item)
                    };
                    let putter = async {
                        settle().await;
                        put(&queue, 1).await.expect("it is open");
                        queue.shutdown(QueueShutdown::Drain);
                    };
                    let (first, second, ()) = join3(cancel.run(queue.get()), second, putter).await;
                    match first {
                        Some(got) => {
                            assert_eq!(got.map($item), Ok(1));
                            assert_eq!(second, Err(GetError::ShutDown));
                        }
                        None => assert_eq!(second, Ok(1)),
                    }
                    assert_eq!(queue.try_get().map($item), Err(GetError::ShutDown));
                });
            }

            #[test]
            fn a_put_that_is_dropped_puts_all_or_nothing_and_its_room_goes_on() {
                cancel_everywhere(async |cancel| {
                    let (queue, put) = ($make, $put);
                    put(&queue, 1).await.expect("it is open");
                    put(&queue, 2).await.expect("it is open");
                    let second = async {
                        yield_now().await;
                        timeout(LONG, put(&queue, 4)).await.expect("there is room").expect("it is open");
                    };
                    let getter = async {
                        settle().await;
                        let mut got = vec![queue.get().await.map($item)];
                        settle().await;
                        got.extend(std::iter::from_fn(|| queue.try_get().ok()).map($item).map(Ok));
                        settle().await;
                        got
                    };
                    let (first, (), mut got) = join3(cancel.run(put(&queue, 3)), second, getter).await;
                    got.extend(queue.try_iter().map($item).map(Ok));
                    got.sort_by_key(|item| item.ok());
                    let third = first.map(|put| put.map(|()| 3).map_err(|_| GetError::Empty));
                    let expected = [Some(Ok(1)), Some(Ok(2)), third, Some(Ok(4))];
                    assert_eq!(got, expected.into_iter().flatten().collect::<Vec<_>>());
                    assert_eq!(queue.unfinished(), got.len());
                    assert!(queue.try_reserve().is_ok(), "no room was lost");
                });
            }

            #[test]
            fn room_that_is_dropped_goes_on() {
                cancel_everywhere(async |cancel| {
                    let (queue, put) = ($make, $put);
                    put(&queue, 1).await.expect("it is open");
                    put(&queue, 2).await.expect("it is open");
                    let victim = async {
                        let room = queue.reserve().await;
                        yield_now().await;
                        drop(room);
                    };
                    let second = async {
                        yield_now().await;
                        timeout(LONG, put(&queue, 3)).await.expect("there is room").expect("it is open");
                    };
                    let getter = async {
                        settle().await;
                        assert!(queue.get().await.is_ok());
                    };
                    join3(cancel.run(victim), second, getter).await;
                    assert_eq!(queue.len(), 2);
                    assert!(queue.get().await.is_ok());
                    assert!(queue.try_reserve().is_ok(), "no room was lost");
                });
            }

            #[test]
            fn who_joins_may_go_and_the_others_are_told() {
                cancel_everywhere(async |cancel| {
                    let (queue, put) = ($make, $put);
                    put(&queue, 1).await.expect("it is open");
                    let worker = async {
                        let task = queue.take().await;
                        sleep(Duration::from_secs(1)).await;
                        drop(task);
                    };
                    let (_, other, ()) =
                        join3(cancel.run(queue.join()), timeout(LONG, queue.join()), worker).await;
                    assert_eq!(other, Ok(()));
                });
            }
        }
    };
}

queues!(queue, Queue::bounded(2), async |queue: &Queue<u32>, item| queue.put(item).await, |item: u32| item);
queues!(
    lifo_queue,
    LifoQueue::bounded(2),
    async |queue: &LifoQueue<u32>, item| queue.put(item).await,
    |item: u32| item
);
queues!(
    priority_queue,
    PriorityQueue::bounded(2),
    async |queue: &PriorityQueue<u32, u32>, item| queue.put(item, item).await,
    |(_, item): (u32, u32)| item
);

#[test]
fn what_is_refused_comes_back() {
    par_async::testing::run(async {
        let queue = Queue::bounded(1);
        queue.put("one").await.expect("it is open");
        let (refused, ()) = join(queue.put("two"), async {
            settle().await;
            queue.shutdown(QueueShutdown::Immediate);
        })
        .await;
        assert_eq!(refused, Err(PutError::ShutDown("two")));
        assert_eq!(queue.get().await, Err(GetError::ShutDown));
        queue.join().await;
    })
    .expect("it runs");
}
