//! The suite for queues.

use std::time::Duration;

use par_core::testing::sync::{BlockingQueue, check_lifo, check_priority, check_queue};
use par_core::{DoneTooOften, GetError, PutError, QueueShutdown};
use par_threads::{LifoQueue, PriorityQueue, Queue};

/// A queue of par-threads under the suite.
struct Adapted<Q>(Q);

/// What the queues have in common.
macro_rules! adapter {
    ($queue:ty, $item:ident => ($($put:expr),*), $got:ident => $get:expr) => {
        impl BlockingQueue for Adapted<$queue> {
            fn put(&self, $item: u64) -> Result<(), PutError<u64>> {
                self.0.put($($put),*).map_err(|error| same(error, |$got| $get))
            }

            fn put_timeout(&self, $item: u64, timeout: Duration) -> Result<(), PutError<u64>> {
                let put = match timeout {
                    Duration::ZERO => self.0.try_put($($put),*),
                    _ => self.0.put_timeout($($put,)* timeout),
                };
                put.map_err(|error| same(error, |$got| $get))
            }

            fn get(&self) -> Result<u64, GetError> {
                self.0.get().map(|$got| $get)
            }

            fn get_timeout(&self, timeout: Duration) -> Result<u64, GetError> {
                let got = if timeout.is_zero() { self.0.try_get() } else { self.0.get_timeout(timeout) };
                got.map(|$got| $get)
            }

            fn len(&self) -> usize {
                assert_eq!(self.0.is_empty(), self.0.len() == 0);
                assert_eq!(self.0.is_full(), self.0.len() == self.0.capacity());
                self.0.len()
            }

            fn capacity(&self) -> usize {
                self.0.capacity()
            }

            fn unfinished(&self) -> usize {
                self.0.unfinished()
            }

            fn task_done(&self) -> Result<(), DoneTooOften> {
                self.0.task_done()
            }

            fn join(&self) {
                self.0.join();
            }

            fn join_timeout(&self, timeout: Duration) -> Result<(), usize> {
                self.0.join_timeout(timeout).map_err(|error| error.unfinished)
            }

            fn shutdown(&self, how: QueueShutdown) {
                self.0.shutdown(how);
                assert!(self.0.is_shut_down());
            }
        }
    };
}

adapter!(Queue<u64>, item => (item), got => got);
adapter!(LifoQueue<u64>, item => (item), got => got);
adapter!(PriorityQueue<u64, u64>, item => (item >> 32, item), got => got.1);

fn same<T>(error: PutError<T>, item: impl FnOnce(T) -> u64) -> PutError<u64> {
    match error {
        PutError::Full(it) => PutError::Full(item(it)),
        PutError::ShutDown(it) => PutError::ShutDown(item(it)),
    }
}

#[test]
fn queue() {
    print!("{}", check_queue(|capacity| Adapted(Queue::bounded(capacity))));
}

#[test]
fn lifo_queue() {
    print!("{}", check_lifo(|capacity| Adapted(LifoQueue::bounded(capacity))));
}

#[test]
fn priority_queue() {
    print!("{}", check_priority(|capacity| Adapted(PriorityQueue::bounded(capacity))));
}

#[test]
#[should_panic(expected = "room for one item")]
fn no_room_is_nonsense() {
    drop(Queue::<u8>::bounded(0));
}
