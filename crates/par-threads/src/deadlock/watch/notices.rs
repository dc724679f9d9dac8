//! Notifications at a condition variable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::announce::announce;
use super::stall::{slice, stalled};
use super::tracked::{Relock, Tracked};
use crate::deadlock::Kind;

/// What a condition variable was notified of.
pub(crate) struct Notices {
    tracked: Tracked,
    count: AtomicU64,
}

impl Notices {
    pub(crate) const fn new() -> Self {
        Self { tracked: Tracked::new(Kind::Condvar), count: AtomicU64::new(0) }
    }

    /// Somebody notifies, now.
    pub(crate) fn add(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits by `sleep`, which says whether it was woken before the limit, if there is one.
    ///
    /// A thread that holds other locks sleeps in slices. A notification that comes between two of them wakes nobody, so
    /// it is counted, too: then the wait ends, as it may for no reason. (One that comes without the mutex, after the
    /// count was read and before the next slice has begun, is seen at the end of that.)
    pub(crate) fn wait(&self, relock: &Relock<'_>, mut sleep: impl FnMut(Option<Duration>) -> bool) {
        let before = self.count.load(Ordering::SeqCst);
        relock.begin_notified(Some(Arc::clone(self.tracked.resource())));
        loop {
            let limit = slice();
            if sleep(limit) || self.count.load(Ordering::SeqCst) != before {
                return;
            }
            if let Some(report) = limit.and_then(|_| stalled()) {
                announce(&report);
            }
        }
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self::new()
    }
}
