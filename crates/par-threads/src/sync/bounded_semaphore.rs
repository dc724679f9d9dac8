//! A semaphore that notices when more is released than was acquired; `permits.rs` says why no wake-up is lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use par_core::ReleasedTooOften;

use super::model::const_fn;
use super::permit::{OwnedPermit, Permit, Source};
use super::permits::{MAX, Permits};

/// A [`Semaphore`](crate::Semaphore) that never has more permits than it began with: releasing too much is an error.
///
/// With permits that are dropped that cannot happen. It is for those who [forget](Permit::forget) a permit in one place
/// and [release](Self::release) it in another, and may count wrongly.
///
/// # Examples
/// ```
/// use par_threads::BoundedSemaphore;
///
/// static CONNECTIONS: BoundedSemaphore = BoundedSemaphore::new(2);
///
/// CONNECTIONS.acquire().forget();
/// CONNECTIONS.release(1)?;
/// let error = CONNECTIONS.release(1).expect_err("both are free");
/// assert_eq!((error.available, error.limit), (2, 2));
/// # Ok::<(), par_core::ReleasedTooOften>(())
/// ```
pub struct BoundedSemaphore {
    permits: Permits,
}

impl BoundedSemaphore {
    const_fn! {
        /// A semaphore with so many permits, and never more.
        ///
        /// # Panics
        /// When `permits` is 0, for nobody could ever go on; and when it is more than
        /// [`Semaphore::MAX_PERMITS`](crate::Semaphore::MAX_PERMITS).
        ///
        /// # Examples
        /// ```
        /// let semaphore = par_threads::BoundedSemaphore::new(3);
        /// assert_eq!((semaphore.available(), semaphore.limit()), (3, 3));
        /// ```
        #[track_caller]
        pub fn new(permits: usize) -> BoundedSemaphore {
            assert!(permits > 0, "a bounded semaphore without permits lets nobody in, ever");
            assert!(permits <= MAX, "a semaphore counts at most `Semaphore::MAX_PERMITS` permits");
            BoundedSemaphore { permits: Permits::new(permits, permits) }
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

    /// Gives back so many permits that were [forgotten](Permit::forget), and wakes up to as many waiting threads; with 0 it
    /// does nothing.
    ///
    /// # Errors
    /// [`ReleasedTooOften`] when more would be free then than there are; the semaphore is as it was.
    /// A permit that was released by hand and is dropped nevertheless adds nothing.
    pub fn release(&self, count: usize) -> Result<(), ReleasedTooOften> {
        let too_often = |available| ReleasedTooOften { released: count, available, limit: self.limit() };
        self.permits.release_by_hand(count).map_err(too_often)
    }

    /// How many permits are free: advice, for others take and release meanwhile.
    pub fn available(&self) -> usize {
        self.permits.available()
    }

    /// How many permits there are.
    pub fn limit(&self) -> usize {
        self.permits.limit()
    }
}

impl Source for BoundedSemaphore {
    fn permits(&self) -> &Permits {
        &self.permits
    }
}

impl fmt::Debug for BoundedSemaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedSemaphore")
            .field("available", &self.available())
            .field("limit", &self.limit())
            .finish_non_exhaustive()
    }
}
