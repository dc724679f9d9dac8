//! A count of permits.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use super::permit::{OwnedPermit, Permit, Source};
use crate::task::waiting;

/// A count of permits: a task takes one to go on, and waits while there is none.
///
/// It need not be the task that took a permit which gives one back: [`release`](Self::release) makes new ones, from any
/// thread, so a semaphore that begins with none counts events from producers to consumers. Where giving back too much
/// would be a mistake, use [`BoundedSemaphore`](crate::BoundedSemaphore).
///
/// It is fair, unlike the one of the threads' family: permits go to those who wait in the order in which they came. A
/// future that waits in the line must be polled or dropped: one that is kept and never polled may have got a permit.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{Semaphore, timeout};
///
/// static AT_ONCE: Semaphore = Semaphore::new(2);
///
/// # par_async::testing::run(async {
/// let one = AT_ONCE.acquire().await;
/// let two = AT_ONCE.acquire().await;
/// assert!(AT_ONCE.try_acquire().is_none());
/// assert!(timeout(Duration::from_secs(1), AT_ONCE.acquire()).await.is_err());
/// drop(one);
/// assert_eq!(AT_ONCE.available(), 1);
/// # drop(two);
/// # }).unwrap();
/// ```
pub struct Semaphore {
    permits: tokio::sync::Semaphore,
}

/// One permit of a semaphore of tokio's that is ours.
pub(super) async fn one_of(permits: &tokio::sync::Semaphore) -> tokio::sync::SemaphorePermit<'_> {
    permits.acquire().await.expect("nobody closes what is ours")
}

impl Semaphore {
    /// The most permits that a semaphore counts.
    pub const MAX_PERMITS: usize = tokio::sync::Semaphore::MAX_PERMITS;

    /// A semaphore with so many permits; with none it counts what is [released](Self::release).
    ///
    /// # Panics
    /// When `permits` is more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// # Examples
    /// ```
    /// let items = par_async::Semaphore::new(0);
    /// items.release(3);
    /// assert_eq!(items.available(), 3);
    /// ```
    #[track_caller]
    pub const fn new(permits: usize) -> Self {
        assert!(permits <= Self::MAX_PERMITS, "a semaphore counts at most `Semaphore::MAX_PERMITS` permits");
        Self { permits: tokio::sync::Semaphore::const_new(permits) }
    }

    /// Takes a permit, and waits for one while there is none.
    ///
    /// # Cancel safety
    /// It may be dropped at any time: then it leaves the line, and a permit that it had got goes to the next one.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Permit<'_>> + Send {
        waiting("Semaphore::acquire", Location::caller(), async move {
            one_of(&self.permits).await.forget();
            Permit::taken(self)
        })
    }

    /// Takes a permit if there is one now, and nobody waits for it.
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        self.permits.try_acquire().ok()?.forget();
        Some(Permit::taken(self))
    }

    /// [`acquire`](Self::acquire), for a permit that keeps the semaphore alive and may travel.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_owned(self: &Arc<Self>) -> impl Future<Output = OwnedPermit> + Send + use<> {
        let semaphore = Arc::clone(self);
        waiting("Semaphore::acquire_owned", Location::caller(), async move {
            one_of(&semaphore.permits).await.forget();
            OwnedPermit::taken(semaphore)
        })
    }

    /// [`try_acquire`](Self::try_acquire), for a permit that keeps the semaphore alive and may travel.
    pub fn try_acquire_owned(self: &Arc<Self>) -> Option<OwnedPermit> {
        self.permits.try_acquire().ok()?.forget();
        Some(OwnedPermit::taken(self.clone()))
    }

    /// Adds so many permits, for up to as many waiting tasks; with 0 it does nothing.
    ///
    /// It needs no [`Permit`]: whoever produces releases, whoever consumes acquires and [forgets](Permit::forget).
    ///
    /// # Panics
    /// When there were more than [`MAX_PERMITS`](Self::MAX_PERMITS) free then.
    #[track_caller]
    pub fn release(&self, count: usize) {
        self.permits.add_permits(count);
    }

    /// How many permits are free: advice, for others take and release meanwhile.
    pub fn available(&self) -> usize {
        self.permits.available_permits()
    }
}

impl Source for Semaphore {
    fn give_back(&self) {
        self.permits.add_permits(1);
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("available", &self.available()).finish_non_exhaustive()
    }
}
