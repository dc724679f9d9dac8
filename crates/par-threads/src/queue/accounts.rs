//! How many items were put, taken and done, and who waits until all are done.

use std::time::{Duration, Instant};

use par_core::{DoneTooOften, JoinTimedOut};

use crate::sync::model::{AtomicUsize, Condvar, Mutex, Ordering, const_fn, look, wait};

/// Counts go in steps of two, which leaves the lowest bit free.
const ONE: usize = 2;
/// In `done`: somebody sleeps until everything is.
const JOINED: usize = 1;

/// Three counts that only grow (and wrap): `done <= taken <= put`.
///
/// `put` and `taken` are changed by whoever holds the lock of the queue, with plain stores. `done` is changed by
/// anybody, without a lock, and in the same step says whether somebody waits: either the last one who is done sees
/// that somebody joins, or who joins sees that all is done.
#[derive(Debug)]
pub(super) struct Accounts {
    put: AtomicUsize,
    taken: AtomicUsize,
    done: AtomicUsize,
    joiners: Mutex<usize>,
    all_done: Condvar,
}

impl Accounts {
    const_fn! {
        pub(super) fn new() -> Self {
            Self {
                put: AtomicUsize::new(0),
                taken: AtomicUsize::new(0),
                done: AtomicUsize::new(0),
                joiners: Mutex::new(0),
                all_done: Condvar::new(),
            }
        }
    }

    /// An item was put. The caller holds the lock of the queue.
    #[inline]
    pub(super) fn put_one(&self) {
        grow(&self.put, 1);
    }

    /// An item was taken, and somebody owes a `done`. The caller holds the lock of the queue.
    #[inline]
    pub(super) fn take_one(&self) {
        grow(&self.taken, 1);
    }

    /// Items were dropped from the queue, which does them. The caller holds the lock of the queue.
    pub(super) fn discard(&self, items: usize) {
        grow(&self.taken, items);
        let done = self.done.fetch_add(items.wrapping_mul(ONE), Ordering::AcqRel);
        if done & JOINED != 0 {
            self.wake();
        }
    }

    /// An item that was taken is done.
    #[inline]
    pub(super) fn done(&self) -> Result<(), DoneTooOften> {
        let mut done = self.done.load(Ordering::Acquire);
        loop {
            // Read after `done`, so it is at least as much.
            if done & !JOINED == self.taken.load(Ordering::Acquire) {
                return Err(DoneTooOften);
            }
            let one_more = done.wrapping_add(ONE);
            match self.done.compare_exchange_weak(done, one_more, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) if done & JOINED != 0 && one_more & !JOINED == self.put.load(Ordering::Relaxed) => {
                    self.wake();
                    return Ok(());
                }
                Ok(_) => return Ok(()),
                Err(now) => done = now,
            }
        }
    }

    /// Wakes all who join, to look again.
    #[cold]
    fn wake(&self) {
        // Whoever said that it waits, and did not see what was just done, sleeps once this lock is free.
        drop(self.joiners.lock());
        self.all_done.notify_all();
    }

    /// How many items are in the queue, or taken and not done.
    pub(super) fn unfinished(&self) -> usize {
        let done = self.done.load(Ordering::Acquire) & !JOINED;
        // Read after `done`: if they are equal, they were so when `done` was read.
        self.put.load(Ordering::Relaxed).wrapping_sub(done) / ONE
    }

    /// Waits until every item that was put is done, or `timeout` has passed.
    pub(super) fn join(&self, timeout: Option<Duration>) -> Result<(), JoinTimedOut> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        if look(deadline, || self.unfinished() == 0) {
            return Ok(());
        }
        let mut joiners = self.joiners.lock();
        *joiners += 1;
        let mut late = false;
        let outcome = loop {
            let done = self.done.fetch_or(JOINED, Ordering::AcqRel) & !JOINED;
            match self.put.load(Ordering::Relaxed).wrapping_sub(done) / ONE {
                0 => break Ok(()),
                unfinished if late => break Err(JoinTimedOut { unfinished }),
                _ => late = wait(&self.all_done, &mut joiners, deadline),
            }
        };
        *joiners -= 1;
        if *joiners == 0 {
            self.done.fetch_and(!JOINED, Ordering::AcqRel);
        }
        outcome
    }
}

/// Adds to a count that only the holder of a lock changes, which needs no atomic addition.
#[inline]
fn grow(count: &AtomicUsize, by: usize) {
    count.store(count.load(Ordering::Relaxed).wrapping_add(by.wrapping_mul(ONE)), Ordering::Release);
}
