//! Ends under load: every item is taken once, or dropped once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use par_core::testing::within;
use par_threads::{GetError, PriorityQueue, PutError, Queue, QueueShutdown};

use super::LIMIT;

/// How many items were dropped.
#[derive(Debug, Default)]
struct Drops(AtomicUsize);

#[derive(Debug)]
struct Item(Arc<Drops>);

impl Drop for Item {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

const PARTIES: usize = 3;

#[test]
fn an_immediate_end_under_load_drops_each_item_once() {
    for round in 0..200 {
        let queue = Queue::bounded(1 + round % 7);
        let drops = Arc::new(Drops::default());
        let [put, refused, got] = [0; 3].map(AtomicUsize::new);
        let (put, refused, got) = (&put, &refused, &got);
        let drain_first = round % 2 == 0;
        within(LIMIT, "an end under load", || {
            thread::scope(|scope| {
                for _ in 0..PARTIES {
                    scope.spawn(|| {
                        loop {
                            match queue.put(Item(Arc::clone(&drops))) {
                                Ok(()) => put.fetch_add(1, Ordering::Relaxed),
                                Err(PutError::ShutDown(_)) => break refused.fetch_add(1, Ordering::Relaxed),
                                Err(PutError::Full(_)) => unreachable!("it waits for room"),
                            };
                        }
                    });
                    scope.spawn(|| {
                        queue.tasks().for_each(|_| {
                            got.fetch_add(1, Ordering::Relaxed);
                        });
                    });
                }
                while got.load(Ordering::Relaxed) < 50 {
                    thread::yield_now();
                }
                if drain_first {
                    queue.shutdown(QueueShutdown::Drain);
                }
                queue.shutdown(QueueShutdown::Immediate);
                queue.join();
                assert_eq!(queue.try_get().expect_err("it is over"), GetError::ShutDown);
            });
        });
        let [put, refused, got] = [put, refused, got].map(|count| count.load(Ordering::Relaxed));
        assert_eq!(refused, PARTIES);
        assert!(got <= put, "{got} of {put}");
        assert_eq!(drops.0.load(Ordering::Relaxed), put + refused, "each once, before the queue is dropped");
        assert_eq!((queue.len(), queue.unfinished()), (0, 0));
    }
}

/// Puts another one into its queue when it is dropped.
struct Hydra {
    queue: Arc<Queue<Hydra>>,
    heads: usize,
    refused: Arc<AtomicUsize>,
}

impl Drop for Hydra {
    fn drop(&mut self) {
        if self.heads > 0 {
            let (queue, refused) = (Arc::clone(&self.queue), Arc::clone(&self.refused));
            let grown = Hydra { queue, heads: self.heads - 1, refused };
            if let Err(error) = self.queue.put(grown) {
                assert!(error.is_shut_down());
                self.refused.fetch_add(1, Ordering::Relaxed);
                // It has had enough.
                error.into_inner().heads = 0;
            }
        }
    }
}

#[test]
fn destructors_use_the_queue() {
    within(LIMIT, "puts from destructors", || {
        let (queue, refused) = (Arc::new(Queue::bounded(1)), Arc::new(AtomicUsize::new(0)));
        let hydra = |heads| Hydra { queue: Arc::clone(&queue), heads, refused: Arc::clone(&refused) };
        assert!(queue.put(hydra(100)).is_ok());
        // The guard's item is dropped after it has left, so there is room for its child.
        let taken = queue.tasks().take(101).count();
        assert_eq!((taken, queue.unfinished(), queue.is_empty()), (101, 0, true));

        assert!(queue.put(hydra(5)).is_ok());
        queue.shutdown(QueueShutdown::Immediate);
        assert_eq!((refused.load(Ordering::Relaxed), queue.unfinished()), (1, 0));
    });
}

#[test]
fn a_static_queue_ends() {
    static QUEUE: PriorityQueue<u8, &str> = PriorityQueue::bounded(2);
    thread::scope(|scope| {
        let getter = scope.spawn(|| QUEUE.get_timeout(LIMIT));
        QUEUE.put(1, "one").expect("there is room");
        assert_eq!(getter.join().expect("it does not panic"), Ok((1, "one")));
    });
    QUEUE.shutdown(QueueShutdown::Drain);
    assert_eq!(QUEUE.put_timeout(2, "two", Duration::ZERO), Err(PutError::ShutDown((2, "two"))));
    assert_eq!(QUEUE.iter().next(), None);
}
