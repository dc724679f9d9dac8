//! Items in guards, and iterators.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use par_core::testing::within;
use par_threads::{DoneTooOften, GetError, LifoQueue, PriorityQueue, Queue, QueueShutdown, Taken};

use super::LIMIT;

#[test]
fn a_guard_that_is_dropped_by_a_panic_is_done() {
    let queue = Queue::bounded(8);
    (0..4).try_for_each(|item| queue.put(item)).expect("there is room");
    within(LIMIT, "a join after panics", || {
        thread::scope(|scope| {
            let joiner = scope.spawn(|| queue.join());
            let worker = scope.spawn(|| {
                for _ in 0..4 {
                    let panicked = catch_unwind(AssertUnwindSafe(|| {
                        let task = queue.take().expect("it is there");
                        assert!(*task > 9, "it fails");
                    }));
                    panicked.expect_err("all are small");
                }
            });
            worker.join().expect("it catches them");
            joiner.join().expect("it returns");
        });
    });
    assert_eq!(queue.task_done(), Err(DoneTooOften));
}

/// Sees, when it is dropped, how many items of its queue are not done.
struct Witness {
    queue: Arc<Queue<Witness>>,
    seen: Arc<AtomicUsize>,
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.seen.store(self.queue.unfinished(), Ordering::Relaxed);
    }
}

#[test]
fn an_item_is_done_after_its_destructor() {
    let (queue, seen) = (Arc::new(Queue::bounded(1)), Arc::new(AtomicUsize::new(9)));
    let witness = Witness { queue: Arc::clone(&queue), seen: Arc::clone(&seen) };
    assert!(queue.put(witness).is_ok());
    drop(queue.take());
    assert_eq!((seen.load(Ordering::Relaxed), queue.unfinished()), (1, 0));
}

#[test]
fn a_guard_gives_its_item_away() {
    let queue = PriorityQueue::bounded(2);
    queue.put(1, String::from("a")).expect("there is room");
    queue.put(2, String::from("b")).expect("there is room");
    let mut task = queue.take().expect("it is there");
    task.1.push('!');
    assert_eq!(format!("{task:?}"), r#"Taken((1, "a!"))"#);
    assert_eq!(Taken::done(task), (1, String::from("a!")));
    assert_eq!(queue.unfinished(), 1);
    let item = Taken::defer(queue.try_take().expect("it is there"));
    assert_eq!((item.1.as_str(), queue.unfinished()), ("b", 1));
    assert_eq!(queue.task_done(), Ok(()));
    assert_eq!(queue.unfinished(), 0);
    assert_eq!(queue.take_timeout(Duration::ZERO).expect_err("it is empty"), GetError::Empty);
}

#[test]
fn iterators_end_with_the_queue() {
    let queue = Arc::new(LifoQueue::bounded(4));
    (0..4).try_for_each(|item| queue.put(item)).expect("there is room");
    assert!(queue.try_iter().take(2).eq([3, 2]));
    let others = Arc::clone(&queue);
    let consumer = thread::spawn(move || others.tasks().map(Taken::done).sum::<i32>());
    while queue.unfinished() > 2 {
        thread::yield_now();
    }
    (0..100).try_for_each(|item| queue.put(item)).expect("it is open");
    queue.shutdown(QueueShutdown::Drain);
    assert_eq!(within(LIMIT, "the consumer", || consumer.join()).expect("it ends"), 4950 + 1);
    assert_eq!((&*queue).into_iter().next(), None);
    assert_eq!(queue.unfinished(), 2, "an iterator of items does nobody's work");
}

#[test]
fn a_queue_says_what_it_is() {
    let queue = Queue::bounded(4);
    queue.put(std::marker::PhantomData::<*const u8>).expect("there is room");
    let text = format!("{queue:?}");
    assert_eq!(text, "Queue { len: 1, capacity: 4, unfinished: 1, is_shut_down: false, .. }");
}

#[test]
fn several_iterate_and_a_panic_beside_a_queue_is_no_danger() {
    let queue = Queue::bounded(4);
    let (mut one, queue) = catch_unwind(|| {
        (0..4).try_for_each(|item| queue.put(item)).expect("there is room");
        (queue.iter(), &queue)
    })
    .expect("it does not panic");
    let mut other = one.clone();
    assert_eq!((one.next(), other.next(), queue.len()), (Some(0), Some(1), 2));
}
