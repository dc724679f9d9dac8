//! First come, first served.

use std::cell::RefCell;
use std::future::Future;

use futures_util::future::{join, join_all};
use par_async::testing::run;
use par_async::{Condition, Lock, Queue, Semaphore, all_tasks, tasks_snapshot};
use tokio::task::yield_now;

/// Lets five wait one after the other, each of whom says when it goes on, and then `opens`.
async fn order<F: Future<Output = ()>>(wait: impl Fn() -> F, opens: impl AsyncFnOnce()) -> Vec<usize> {
    let order = RefCell::new(Vec::new());
    let waits = join_all((0..5).map(|number| {
        let (wait, order) = (wait(), &order);
        async move {
            wait.await;
            order.borrow_mut().push(number);
        }
    }));
    join(waits, async {
        yield_now().await;
        opens().await;
    })
    .await;
    order.into_inner()
}

const IN_ORDER: [usize; 5] = [0, 1, 2, 3, 4];

#[test]
fn a_lock_goes_to_who_asked_first_and_nobody_overtakes() {
    run(async {
        let lock = Lock::new(());
        let held = lock.lock().await;
        let served = order(
            || async {
                drop(lock.lock().await);
                assert!(lock.try_lock().is_none() || !lock.is_locked());
            },
            async || {
                drop(held);
                assert!(lock.try_lock().is_none(), "it belongs to the first in the line");
            },
        );
        assert_eq!(served.await, IN_ORDER);
    })
    .expect("it runs");
}

#[test]
fn permits_go_to_who_asked_first() {
    run(async {
        let semaphore = Semaphore::new(0);
        let served = order(
            || async { semaphore.acquire().await.forget() },
            async || {
                for _ in 0..5 {
                    semaphore.release(1);
                    assert!(semaphore.try_acquire().is_none(), "it belongs to the first in the line");
                    yield_now().await;
                }
            },
        );
        assert_eq!(served.await, IN_ORDER);
    })
    .expect("it runs");
}

#[test]
fn notifications_go_to_who_waited_first() {
    run(async {
        let (lock, condition) = (Lock::new(()), Condition::new());
        let served = order(
            || async { drop(condition.wait(lock.lock().await).await) },
            async || {
                assert_eq!(condition.notify(2), 2);
                yield_now().await;
                assert_eq!(condition.notify_all(), 3);
            },
        );
        assert_eq!(served.await, IN_ORDER);
    })
    .expect("it runs");
}

#[test]
fn items_go_to_who_asked_first_and_nobody_overtakes() {
    run(async {
        let queue = Queue::bounded(5);
        let served = order(
            || async { assert!(queue.get().await.is_ok()) },
            async || {
                for item in 0..5 {
                    queue.put(item).await.expect("it is open");
                    assert!(queue.try_get().is_err(), "it is kept for the first in the line");
                    yield_now().await;
                }
            },
        );
        assert_eq!(served.await, IN_ORDER);
    })
    .expect("it runs");
}

#[test]
fn room_goes_to_who_asked_first_and_nobody_overtakes() {
    run(async {
        let queue = Queue::bounded(1);
        queue.put(9).await.expect("it is open");
        let served = order(
            || async { queue.put(1).await.expect("it is open") },
            async || {
                for _ in 0..5 {
                    queue.get().await.expect("it is there");
                    assert!(queue.try_put(7).is_err(), "the room is kept for the first in the line");
                    yield_now().await;
                }
            },
        );
        assert_eq!(served.await, IN_ORDER);
    })
    .expect("it runs");
}

#[test]
fn a_wait_is_in_the_tree_of_tasks_with_its_line() {
    run(async {
        let queue = Queue::<u32>::bounded(1);
        let (got, ()) = join(queue.get(), async {
            let tree = tasks_snapshot().to_string();
            assert!(tree.contains("Queue::get") && tree.contains("fair.rs"), "{tree}");
            queue.try_put(1).expect("there is room");
        })
        .await;
        assert_eq!(got, Ok(1));
        assert!(!all_tasks().is_empty());
        assert!(!tasks_snapshot().to_string().contains("Queue::get"));
    })
    .expect("it runs");
}

#[test]
fn a_permit_that_was_released_by_hand_and_is_dropped_releases_that_of_another() {
    // As the docs of `BoundedSemaphore::release` warn.
    let semaphore = par_async::BoundedSemaphore::new(1);
    let twice = semaphore.try_acquire().expect("it is free");
    semaphore.release(1).expect("it is out");
    let another = semaphore.try_acquire().expect("it is free again");
    drop(twice);
    assert_eq!(semaphore.available(), 1);
    drop(another);
    assert_eq!(semaphore.available(), 1, "and never more than the limit");
}
