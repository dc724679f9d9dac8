//! A count of permits; `permits.rs` says why no wake-up is lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::model::const_fn;
use super::permit::{OwnedPermit, Permit, Source};
use super::permits::{MAX, Permits};

/// A count of permits: a thread takes one to go on, and waits while there is none.
///
/// It need not be the thread that took a permit which gives one back: [`release`](Self::release) makes new ones, so a
/// semaphore that begins with none counts events from producers to consumers. Where giving back too much would be a
/// mistake, use [`BoundedSemaphore`](crate::BoundedSemaphore).
///
/// It is not fair: a thread that comes at the right moment overtakes those that wait. No wake-up is lost.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_threads::Semaphore;
///
/// static AT_ONCE: Semaphore = Semaphore::new(2);
///
/// let one = AT_ONCE.acquire();
/// let two = AT_ONCE.acquire();
/// assert!(AT_ONCE.try_acquire().is_none());
/// assert!(AT_ONCE.acquire_timeout(Duration::from_millis(10)).is_none());
/// drop(one);
/// assert_eq!(AT_ONCE.available(), 1);
/// # drop(two);
/// ```
pub struct Semaphore {
    permits: Permits,
}

impl Semaphore {
    /// The most permits that a semaphore counts.
    pub const MAX_PERMITS: usize = MAX;

    const_fn! {
        /// A semaphore with so many permits; with none it counts what is [released](Self::release).
        ///
        /// # Panics
        /// When `permits` is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
        ///
        /// # Examples
        /// ```
        /// let items = par_threads::Semaphore::new(0);
        /// items.release(3);
        /// assert_eq!(items.available(), 3);
        /// ```
        #[track_caller]
        pub fn new(permits: usize) -> Semaphore {
            assert!(permits <= MAX, "a semaphore counts at most `Semaphore::MAX_PERMITS` permits");
            Semaphore { permits: Permits::new(permits, MAX) }
        }
    }

    /// Takes a permit, and waits for one while there is none.
    ///
    /// # Panics
    /// With the feature `deadlock-detection`, when the wait could never end.
    ///
    /// # Blocking
    /// Until there is a permit; [`acquire_timeout`](Self::acquire_timeout) waits no longer than it is told.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn acquire(&self) -> Permit<'_> {
        self.permits.acquire()
    }

    /// Takes a permit if there is one now.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        self.permits.try_acquire()
    }

    /// Takes a permit, and waits for one at most so long. A timeout past the end of the clock is none.
    ///
    /// # Blocking
    /// Until there is a permit, and at most `timeout`.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<'_>> {
        self.permits.acquire_timeout(timeout)
    }

    /// [`acquire`](Self::acquire), for a permit that may travel to another thread.
    ///
    /// # Panics
    /// As [`acquire`](Self::acquire).
    ///
    /// # Blocking
    /// Until there is a permit.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn acquire_owned(self: &Arc<Self>) -> OwnedPermit {
        self.acquire().into_owned(self.clone())
    }

    /// [`try_acquire`](Self::try_acquire), for a permit that may travel to another thread.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_acquire_owned(self: &Arc<Self>) -> Option<OwnedPermit> {
        self.try_acquire().map(|permit| permit.into_owned(self.clone()))
    }

    /// [`acquire_timeout`](Self::acquire_timeout), for a permit that may travel to another thread.
    ///
    /// # Blocking
    /// Until there is a permit, and at most `timeout`.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn acquire_owned_timeout(self: &Arc<Self>, timeout: Duration) -> Option<OwnedPermit> {
        self.acquire_timeout(timeout).map(|permit| permit.into_owned(self.clone()))
    }

    /// Adds so many permits and wakes up to as many waiting threads; with 0 it does nothing.
    ///
    /// It needs no [`Permit`]: whoever produces releases, whoever consumes acquires and [forgets](Permit::forget).
    ///
    /// # Panics
    /// When there were more than [`MAX_PERMITS`](Self::MAX_PERMITS) free then; the semaphore is as it was.
    #[track_caller]
    pub fn release(&self, count: usize) {
        if let Err(free) = self.permits.release_by_hand(count) {
            panic!(
                "{count} permits more than the {free} that are free would be more than a semaphore counts"
            );
        }
    }

    /// How many permits are free: advice, for others take and release meanwhile.
    pub fn available(&self) -> usize {
        self.permits.available()
    }
}

impl Source for Semaphore {
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("available", &self.available()).finish_non_exhaustive()
    }
}
