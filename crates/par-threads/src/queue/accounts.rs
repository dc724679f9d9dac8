//! Who waits until all items of a queue are done.

use std::time::{Duration, Instant};

use par_core::plumbing::sync::{self, AllDone};
use par_core::{DoneTooOften, JoinTimedOut};

use crate::sync::model::{Condvar, Mutex, const_fn, look, wait};

/// The accounts of a queue, and the room of those who join.
#[derive(Debug)]
pub(super) struct Accounts {
    counts: sync::Accounts,
    joiners: Mutex<usize>,
    all_done: Condvar,
}

impl Accounts {
    const_fn! {
        pub(super) fn new() -> Self {
            Self { counts: sync::Accounts::new(), joiners: Mutex::new(0), all_done: Condvar::new() }
        }
    }

    /// An item was put. The caller holds the lock of the queue.
    #[inline]
    pub(super) fn put_one(&self) {
        self.counts.put_one();
    }

    /// An item was taken, and somebody owes a `done`. The caller holds the lock of the queue.
    #[inline]
    pub(super) fn take_one(&self) {
        self.counts.take_one();
    }

    /// Items were dropped from the queue, which does them. The caller holds the lock of the queue.
    pub(super) fn discard(&self, items: usize) {
        self.tell(self.counts.discard(items));
    }

    /// An item that was taken is done.
    #[inline]
    pub(super) fn done(&self) -> Result<(), DoneTooOften> {
        self.counts.done().map(|all| self.tell(all))
    }

    #[inline]
    fn tell(&self, all: AllDone) {
        if all == AllDone::Wake {
            self.wake();
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
        self.counts.unfinished()
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
            match self.counts.announce() {
                0 => break Ok(()),
                unfinished if late => break Err(JoinTimedOut { unfinished }),
                _ => late = wait(&self.all_done, &mut joiners, deadline),
            }
        };
        *joiners -= 1;
        if *joiners == 0 {
            self.counts.nobody_joins();
        }
        outcome
    }
}
