//! The suites that every family passes: each call blocks its thread on a future.

use std::future::Future;
use std::time::Duration;

use par_async::{
    Barrier, BarrierTurn, BoundedSemaphore, Condition, Event, Latch, LifoQueue, Lock, Permit, PriorityQueue,
    Queue, Semaphore, timeout,
};
use par_core::testing::sync::{self, Action, BlockingQueue, Held, MemberWait, Turn};
use par_core::{BrokenBarrier, DoneTooOften, GetError, PutError, QueueShutdown, ReleasedTooOften};
use tokio::runtime::{Builder, Handle, Runtime};

/// Something of ours, and the runtime that the calling threads block on.
struct Adapter<T> {
    it: T,
    on: Handle,
}

impl<T> Adapter<T> {
    fn wait<F: Future>(&self, future: F) -> F::Output {
        self.on.block_on(future)
    }

    /// `None`: the time was up first; without one it never is.
    fn within<F: Future>(&self, limit: Option<Duration>, future: F) -> Option<F::Output> {
        self.wait(async {
            match limit {
                Some(limit) => timeout(limit, future).await.ok(),
                None => Some(future.await),
            }
        })
    }
}

/// A runtime with two threads for its clock, and a maker of adapters on it.
fn check<T>(suite: impl FnOnce(&dyn Fn(T) -> Adapter<T>) -> Held) {
    let runtime: Runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("it starts");
    let held = suite(&|it| Adapter { it, on: runtime.handle().clone() });
    print!("{held}");
    assert!(!held.behaviours.is_empty());
}

impl sync::Lock for Adapter<Lock<()>> {
    fn with(&self, f: &mut dyn FnMut()) {
        let _held = self.wait(self.it.lock());
        f();
    }
    fn try_with(&self, f: &mut dyn FnMut()) -> bool {
        self.it.try_lock().map(|_held| f()).is_some()
    }
    fn with_timeout(&self, timeout: Duration, f: &mut dyn FnMut()) -> bool {
        self.within(Some(timeout), self.it.lock()).map(|_held| f()).is_some()
    }
    fn is_locked(&self) -> bool {
        self.it.is_locked()
    }
}

impl sync::Condition for Adapter<(Lock<u64>, Condition)> {
    fn with(&self, f: &mut dyn FnMut(&mut u64)) {
        f(&mut self.wait(self.it.0.lock()));
    }
    fn wait_for(&self, predicate: &mut dyn FnMut(&mut u64) -> bool, timeout: Option<Duration>) -> bool {
        let (lock, condition) = &self.it;
        self.within(timeout, async { drop(condition.wait_for(lock.lock().await, predicate).await) }).is_some()
    }
    fn notify_one(&self) {
        self.it.1.notify_one();
    }
    fn notify(&self, n: usize) {
        self.it.1.notify(n);
    }
    fn notify_all(&self) {
        self.it.1.notify_all();
    }
}

macro_rules! semaphore {
    ($type:ty, $release:expr) => {
        impl sync::Semaphore for Adapter<$type> {
            fn acquire(&self) {
                self.wait(self.it.acquire()).forget();
            }
            fn try_acquire(&self) -> bool {
                self.it.try_acquire().map(Permit::forget).is_some()
            }
            fn acquire_timeout(&self, timeout: Duration) -> bool {
                self.within(Some(timeout), self.it.acquire()).map(Permit::forget).is_some()
            }
            fn release(&self, count: usize) {
                $release(&self.it, count);
            }
            fn available(&self) -> usize {
                self.it.available()
            }
        }
    };
}

semaphore!(Semaphore, Semaphore::release);
semaphore!(BoundedSemaphore, |semaphore: &BoundedSemaphore, count| {
    semaphore.release(count).expect("it was acquired");
});

impl sync::BoundedSemaphore for Adapter<BoundedSemaphore> {
    fn try_release(&self, count: usize) -> Result<(), ReleasedTooOften> {
        self.it.release(count)
    }
}

impl sync::Event for Adapter<Event> {
    fn set(&self) {
        self.it.set();
    }
    fn clear(&self) {
        self.it.clear();
    }
    fn is_set(&self) -> bool {
        self.it.is_set()
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        self.within(timeout, self.it.wait()).is_some()
    }
}

impl sync::Latch for Adapter<Latch> {
    fn count_down_by(&self, steps: usize) {
        self.it.count_down_by(steps);
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        self.within(timeout, self.it.wait()).is_some()
    }
    fn remaining(&self) -> usize {
        self.it.remaining()
    }
}

fn turn(turn: BarrierTurn) -> Turn {
    Turn { index: turn.index(), leader: turn.is_leader() }
}

impl sync::Barrier for Adapter<Barrier> {
    fn wait(&self, timeout: Option<Duration>) -> Result<Turn, BrokenBarrier> {
        match timeout {
            // A timeout around the wait would leave the barrier as it is.
            Some(timeout) => self.wait(self.it.wait_timeout(timeout)),
            None => self.wait(self.it.wait()),
        }
        .map(turn)
    }
    fn abort(&self) {
        self.it.abort();
    }
    fn reset(&self) {
        self.it.reset();
    }
    fn is_broken(&self) -> bool {
        self.it.is_broken()
    }
    fn parties(&self) -> usize {
        self.it.parties()
    }
    fn waiting(&self) -> usize {
        self.it.waiting()
    }
}

impl sync::MemberBarrier for Adapter<Barrier> {
    fn as_member(&self, run: &mut dyn FnMut(MemberWait<'_>)) {
        let party = self.it.join();
        run(&|timeout| {
            match timeout {
                Some(timeout) => self.wait(party.wait_timeout(timeout)),
                None => self.wait(party.wait()),
            }
            .map(turn)
        });
    }
}

/// What the queues have in common.
macro_rules! queue {
    ($queue:ty, $item:ident => ($($put:expr),*), $got:ident => $get:expr) => {
        impl BlockingQueue for Adapter<$queue> {
            fn put(&self, $item: u64) -> Result<(), PutError<u64>> {
                self.wait(self.it.put($($put),*)).map_err(|error| same(error, |$got| $get))
            }

            fn put_timeout(&self, $item: u64, timeout: Duration) -> Result<(), PutError<u64>> {
                if timeout.is_zero() {
                    return self.it.try_put($($put),*).map_err(|error| same(error, |$got| $get));
                }
                // A put that is cancelled drops its item; room that is cancelled does not.
                match self.within(Some(timeout), self.it.reserve()) {
                    None => Err(PutError::Full($item)),
                    Some(Err(error)) => Err(same(error, |()| $item)),
                    Some(Ok(room)) => room.put(($($put),*)).map_err(|error| same(error, |$got| $get)),
                }
            }

            fn get(&self) -> Result<u64, GetError> {
                self.wait(self.it.get()).map(|$got| $get)
            }

            fn get_timeout(&self, timeout: Duration) -> Result<u64, GetError> {
                if timeout.is_zero() {
                    return self.it.try_get().map(|$got| $get);
                }
                let got = self.within(Some(timeout), self.it.get()).unwrap_or(Err(GetError::Empty));
                got.map(|$got| $get)
            }

            fn len(&self) -> usize {
                assert_eq!(self.it.is_empty(), self.it.len() == 0);
                assert_eq!(self.it.is_full(), self.it.len() == self.it.capacity());
                self.it.len()
            }

            fn capacity(&self) -> usize {
                self.it.capacity()
            }

            fn unfinished(&self) -> usize {
                self.it.unfinished()
            }

            fn task_done(&self) -> Result<(), DoneTooOften> {
                self.it.task_done()
            }

            fn join(&self) {
                self.wait(self.it.join());
            }

            fn join_timeout(&self, timeout: Duration) -> Result<(), usize> {
                self.within(Some(timeout), self.it.join()).ok_or_else(|| self.it.unfinished())
            }

            fn shutdown(&self, how: QueueShutdown) {
                self.it.shutdown(how);
                assert!(self.it.is_shut_down());
            }
        }
    };
}

queue!(Queue<u64>, item => (item), got => got);
queue!(LifoQueue<u64>, item => (item), got => got);
queue!(PriorityQueue<u64, u64>, item => (item >> 32, item), got => got.1);

fn same<T>(error: PutError<T>, item: impl FnOnce(T) -> u64) -> PutError<u64> {
    match error {
        PutError::Full(it) => PutError::Full(item(it)),
        PutError::ShutDown(it) => PutError::ShutDown(item(it)),
    }
}

#[test]
fn lock() {
    check(|make| sync::check_lock(|| make(Lock::new(()))));
}

#[test]
fn condition() {
    check(|make| sync::check_condition(|| make((Lock::new(0), Condition::new()))));
}

#[test]
fn semaphore() {
    check(|make| sync::check_semaphore(|permits| make(Semaphore::new(permits))));
}

#[test]
fn bounded_semaphore() {
    check(|make| sync::check_bounded_semaphore(|permits| make(BoundedSemaphore::new(permits))));
}

#[test]
fn event() {
    check(|make| sync::check_event(|| make(Event::new())));
}

#[test]
fn latch() {
    check(|make| sync::check_latch(|count| make(Latch::new(count))));
}

#[test]
fn barrier() {
    check(|make| sync::check_barrier(|parties| make(Barrier::new(parties))));
    check(|make| sync::check_barrier_members(|parties| make(Barrier::new(parties))));
    check(|make| {
        sync::check_barrier_action(|parties, action: Action| {
            make(Barrier::new(parties).action(move || action()))
        })
    });
}

#[test]
fn queue() {
    check(|make| sync::check_queue(|capacity| make(Queue::bounded(capacity))));
}

#[test]
fn lifo_queue() {
    check(|make| sync::check_lifo(|capacity| make(LifoQueue::bounded(capacity))));
}

#[test]
fn priority_queue() {
    check(|make| sync::check_priority(|capacity| make(PriorityQueue::bounded(capacity))));
}
