//! How many items of a queue were put, taken and done, and whether somebody waits until all are done.

#[cfg(loom)]
use loom::sync::atomic::{AtomicUsize, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::DoneTooOften;

/// Counts go in steps of two, which leaves the lowest bit free.
const ONE: usize = 2;
/// In `done`: somebody waits until everything is.
const JOINED: usize = 1;

/// The accounts of a queue: three counts that only grow (and wrap), `done <= taken <= put`.
///
/// Puts and takes are counted by whoever holds the lock of the queue, with plain stores. What is done is counted by
/// anybody, without a lock, and in the same step says whether somebody waits: either the last one who is done sees that
/// somebody joins, and is answered [`AllDone::Wake`], or who joins sees that all is done.
///
/// Those who wait stand in a room of the family's own, with a lock. They [announce](Self::announce) themselves under it;
/// whoever is told to wake takes it, too, and so finds everybody whom it has to wake. The last to leave the room says
/// [`nobody_joins`](Self::nobody_joins) under it.
///
/// # Examples
/// ```
/// use par_core::plumbing::sync::{Accounts, AllDone};
/// use par_core::DoneTooOften;
///
/// let accounts = Accounts::new();
/// accounts.put_one();
/// accounts.take_one();
/// assert_eq!(accounts.announce(), 1);
/// assert_eq!(accounts.done(), Ok(AllDone::Wake));
/// assert_eq!(accounts.done(), Err(DoneTooOften));
/// ```
#[derive(Debug)]
pub struct Accounts {
    put: AtomicUsize,
    taken: AtomicUsize,
    done: AtomicUsize,
}

/// What whoever has done something owes to those who wait until everything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "those who wait until all is done have to be woken"]
pub enum AllDone {
    /// To wake them, to look again.
    Wake,
    /// Nothing: something is left to do, or nobody waits.
    No,
}

impl Accounts {
    /// Nothing was put yet.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self { put: AtomicUsize::new(0), taken: AtomicUsize::new(0), done: AtomicUsize::new(0) }
    }

    /// Nothing was put yet.
    #[cfg(loom)]
    #[expect(clippy::new_without_default, reason = "it has one where loom is not")]
    pub fn new() -> Self {
        Self { put: AtomicUsize::new(0), taken: AtomicUsize::new(0), done: AtomicUsize::new(0) }
    }

    /// An item was put. The caller holds the lock of the queue.
    #[inline]
    pub fn put_one(&self) {
        grow(&self.put, 1);
    }

    /// An item was taken, and somebody owes a [`done`](Self::done). The caller holds the lock of the queue.
    #[inline]
    pub fn take_one(&self) {
        grow(&self.taken, 1);
    }

    /// Items were dropped from the queue, which does them. The caller holds the lock of the queue.
    pub fn discard(&self, items: usize) -> AllDone {
        grow(&self.taken, items);
        let done = self.done.fetch_add(items.wrapping_mul(ONE), Ordering::AcqRel);
        if done & JOINED == 0 { AllDone::No } else { AllDone::Wake }
    }

    /// An item that was taken is done.
    ///
    /// # Errors
    /// None is taken and not done; nothing has changed.
    #[inline]
    pub fn done(&self) -> Result<AllDone, DoneTooOften> {
        let mut done = self.done.load(Ordering::Acquire);
        loop {
            // Read after `done`, so it is at least as much.
            if done & !JOINED == self.taken.load(Ordering::Acquire) {
                return Err(DoneTooOften);
            }
            let one_more = done.wrapping_add(ONE);
            match self.done.compare_exchange_weak(done, one_more, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) if done & JOINED != 0 && one_more & !JOINED == self.put.load(Ordering::Relaxed) => {
                    return Ok(AllDone::Wake);
                }
                Ok(_) => return Ok(AllDone::No),
                Err(now) => done = now,
            }
        }
    }

    /// How many items are in the queue, or taken and not done.
    pub fn unfinished(&self) -> usize {
        let done = self.done.load(Ordering::Acquire) & !JOINED;
        // Read after `done`: if they are equal, they were so when `done` was read.
        self.put.load(Ordering::Relaxed).wrapping_sub(done) / ONE
    }

    /// Says that somebody waits until all is done, and in the same step how many items are not. The caller holds the
    /// lock of the room.
    pub fn announce(&self) -> usize {
        let done = self.done.fetch_or(JOINED, Ordering::AcqRel) & !JOINED;
        self.put.load(Ordering::Relaxed).wrapping_sub(done) / ONE
    }

    /// Nobody waits any more. The caller holds the lock of the room.
    pub fn nobody_joins(&self) {
        self.done.fetch_and(!JOINED, Ordering::AcqRel);
    }
}

#[cfg(not(loom))]
impl Default for Accounts {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds to a count that only the holder of a lock changes, which needs no atomic addition.
#[inline]
fn grow(count: &AtomicUsize, by: usize) {
    count.store(count.load(Ordering::Relaxed).wrapping_add(by.wrapping_mul(ONE)), Ordering::Release);
}
