//! A semaphore that notices when more is released than was acquired.
//!
//! tokio's semaphore counts what is free and hands it out; beside it one word counts how many permits are *out*: acquired,
//! and not released. Whoever got a permit counts it before it can release it, and whoever releases first counts it down,
//! which fails at zero. So the sum of both never exceeds the limit.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use par_core::ReleasedTooOften;

use super::permit::{OwnedPermit, Permit, Source};
use super::semaphore::one_of;
use crate::task::waiting;

/// A [`Semaphore`](crate::Semaphore) that never has more permits than it began with: releasing too much is an error.
///
/// With permits that are dropped that cannot happen. It is for those who [forget](Permit::forget) a permit in one place
/// and [release](Self::release) it in another, and may count wrongly. It is as fair as a
/// [`Semaphore`](crate::Semaphore).
///
/// # Examples
/// ```
/// use par_async::BoundedSemaphore;
///
/// static CONNECTIONS: BoundedSemaphore = BoundedSemaphore::new(2);
///
/// # par_async::testing::run(async {
/// CONNECTIONS.acquire().await.forget();
/// CONNECTIONS.release(1)?;
/// let error = CONNECTIONS.release(1).expect_err("both are free");
/// assert_eq!((error.available, error.limit), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct BoundedSemaphore {
    permits: tokio::sync::Semaphore,
    out: AtomicUsize,
    limit: usize,
}

impl BoundedSemaphore {
    /// A semaphore with so many permits, and never more.
    ///
    /// # Panics
    /// When `permits` is 0, for nobody could ever go on; and when it is more than
    /// [`Semaphore::MAX_PERMITS`](crate::Semaphore::MAX_PERMITS).
    ///
    /// # Examples
    /// ```
    /// let semaphore = par_async::BoundedSemaphore::new(3);
    /// assert_eq!((semaphore.available(), semaphore.limit()), (3, 3));
    /// ```
    #[track_caller]
    pub const fn new(permits: usize) -> Self {
        assert!(permits > 0, "a bounded semaphore without permits lets nobody in, ever");
        assert!(
            permits <= crate::Semaphore::MAX_PERMITS,
            "a semaphore counts at most `Semaphore::MAX_PERMITS` permits"
        );
        Self { permits: tokio::sync::Semaphore::const_new(permits), out: AtomicUsize::new(0), limit: permits }
    }

    /// Takes a permit, and waits for one while there is none.
    ///
    /// # Cancel safety
    /// It may be dropped at any time: then it leaves the line, and a permit that it had got goes to the next one.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Permit<'_>> + Send {
        waiting("BoundedSemaphore::acquire", Location::caller(), async move {
            self.take(one_of(&self.permits).await);
            Permit::taken(self)
        })
    }

    /// Takes a permit if there is one now, and nobody waits for it.
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        self.take(self.permits.try_acquire().ok()?);
        Some(Permit::taken(self))
    }

    /// [`acquire`](Self::acquire), for a permit that keeps the semaphore alive and may travel.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_owned(self: &Arc<Self>) -> impl Future<Output = OwnedPermit> + Send + use<> {
        let semaphore = Arc::clone(self);
        waiting("BoundedSemaphore::acquire_owned", Location::caller(), async move {
            semaphore.take(one_of(&semaphore.permits).await);
            OwnedPermit::taken(semaphore)
        })
    }

    /// [`try_acquire`](Self::try_acquire), for a permit that keeps the semaphore alive and may travel.
    pub fn try_acquire_owned(self: &Arc<Self>) -> Option<OwnedPermit> {
        self.take(self.permits.try_acquire().ok()?);
        Some(OwnedPermit::taken(self.clone()))
    }

    fn take(&self, permit: tokio::sync::SemaphorePermit<'_>) {
        self.out.fetch_add(1, Ordering::AcqRel);
        permit.forget();
    }

    /// Gives back so many permits that were [forgotten](Permit::forget), for up to as many waiting tasks; with 0 it does
    /// nothing.
    ///
    /// # Errors
    /// [`ReleasedTooOften`] when more would be free then than there are; the semaphore is as it was.
    /// A permit that was released by hand and is dropped nevertheless adds nothing, unless others have permits by then:
    /// one of theirs is released in its place, and nobody notices.
    pub fn release(&self, count: usize) -> Result<(), ReleasedTooOften> {
        let less = |out: usize| out.checked_sub(count);
        match self.out.fetch_update(Ordering::AcqRel, Ordering::Acquire, less) {
            Ok(_) => {
                self.permits.add_permits(count);
                Ok(())
            }
            Err(out) => {
                let (available, limit) = (self.limit - out, self.limit);
                Err(ReleasedTooOften { released: count, available, limit })
            }
        }
    }

    /// How many permits are free: advice, for others take and release meanwhile.
    pub fn available(&self) -> usize {
        self.permits.available_permits()
    }

    /// How many permits there are.
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

impl Source for BoundedSemaphore {
    fn give_back(&self) {
        // Refused only where somebody has released this very permit by hand already: then it is free, as it should be.
        self.release(1).ok();
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
