//! Keys of what has finished, in the order in which it did.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use crate::plumbing::worker;

/// A queue that finishing tasks push to and one caller pops from; a caller that is a worker helps while it waits.
pub(crate) struct Arrivals<K> {
    inner: Mutex<Inner<K>>,
    arrived: Condvar,
}

struct Inner<K> {
    queue: VecDeque<K>,
    parked: bool,
    waker: Option<Waker>,
}

impl<K> Default for Arrivals<K> {
    fn default() -> Self {
        let inner = Inner { queue: VecDeque::new(), parked: false, waker: None };
        Self { inner: Mutex::new(inner), arrived: Condvar::new() }
    }
}

impl<K> Arrivals<K> {
    fn lock(&self) -> MutexGuard<'_, Inner<K>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, key: K) {
        let mut inner = self.lock();
        inner.queue.push_back(key);
        if inner.parked {
            self.arrived.notify_one();
        }
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next key; `None` when `limit` has passed.
    pub(crate) fn pop(&self, limit: Option<Instant>) -> Option<K> {
        if let Some(key) = self.lock().queue.pop_front() {
            return Some(key);
        }
        let begun = worker::begin_wait();
        let key = self.pop_slowly(limit);
        worker::end_wait(begun);
        key
    }

    fn pop_slowly(&self, limit: Option<Instant>) -> Option<K> {
        let helper = worker::helper();
        loop {
            let mut inner = self.lock();
            if let Some(key) = inner.queue.pop_front() {
                return Some(key);
            }
            let left = limit.map(|limit| limit.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return None;
            }
            if let Some(helper) = &helper {
                inner.waker = Some(helper.waker());
                drop(inner);
                helper.help(&|| !self.lock().queue.is_empty(), limit);
                continue;
            }
            inner.parked = true;
            let mut inner = match left {
                None => self.arrived.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.arrived.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            inner.parked = false;
        }
    }
}
