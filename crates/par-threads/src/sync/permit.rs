//! The right to go on, as a value that gives itself back.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, MutexGuard};

use super::permits::Permits;
use crate::deadlock::Hold;

/// A permit of a [`Semaphore`](crate::Semaphore) or a [`BoundedSemaphore`](crate::BoundedSemaphore): dropping it gives it
/// back.
///
/// It stays on the thread that acquired it, like the guard of a lock; [`OwnedPermit`] is the one that travels.
///
/// ```compile_fail,E0382
/// let semaphore = par_threads::Semaphore::new(1);
/// let permit = semaphore.acquire();
/// drop(permit);
/// drop(permit); // it is given back once
/// ```
/// ```compile_fail,E0277
/// let semaphore = par_threads::Semaphore::new(1);
/// let permit = semaphore.acquire();
/// std::thread::scope(|scope| { scope.spawn(|| drop(permit)); }); // it does not leave its thread
/// ```
#[must_use = "a permit that is dropped at once lets the next one in at once"]
pub struct Permit<'a> {
    // Forgotten before the permit is free, so that no thread is ever thought to hold what it does not.
    hold: Hold<'a>,
    taken: Taken<'a>,
    /// As with the guard of a lock: other threads may look at it, none may have it.
    stays_here: PhantomData<MutexGuard<'static, ()>>,
}

/// A permit that is given back when this is dropped.
struct Taken<'a>(&'a Permits);

impl<'a> Permit<'a> {
    /// The caller has taken a permit.
    #[inline]
    pub(super) fn taken(permits: &'a Permits, hold: Hold<'a>) -> Self {
        Self { hold, taken: Taken(permits), stays_here: PhantomData }
    }

    /// Takes the permit out of circulation, until somebody calls `release(1)` for it.
    ///
    /// # Examples
    /// ```
    /// let semaphore = par_threads::Semaphore::new(2);
    /// semaphore.acquire().forget();
    /// assert_eq!(semaphore.available(), 1);
    /// semaphore.release(1);
    /// assert_eq!(semaphore.available(), 2);
    /// ```
    pub fn forget(self) {
        self.hold.forget();
        mem::forget(self.taken);
    }

    /// The permit is somebody else's from now on, who gives it back.
    pub(super) fn into_owned(self, source: Arc<dyn Source>) -> OwnedPermit {
        self.hold.release();
        mem::forget(self.taken);
        OwnedPermit::taken(source)
    }
}

impl Drop for Taken<'_> {
    #[inline]
    fn drop(&mut self) {
        // Refused only where somebody has released this very permit by hand already: then it is free, as it should be.
        self.0.release(1).ok();
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// What an [`OwnedPermit`] goes back to.
pub(super) trait Source: Send + Sync + UnwindSafe + RefUnwindSafe {
    fn permits(&self) -> &Permits;
}

/// A [`Permit`] that keeps its semaphore alive and may travel to another thread.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use par_threads::Semaphore;
///
/// let connections = Arc::new(Semaphore::new(1));
/// let permit = connections.acquire_owned();
/// let thread = std::thread::spawn(move || drop(permit)); // done with the connection
/// thread.join().expect("it does not panic");
/// assert_eq!(connections.available(), 1);
/// ```
#[must_use = "a permit that is dropped at once lets the next one in at once"]
pub struct OwnedPermit {
    /// Empty when it was forgotten.
    source: Option<Arc<dyn Source>>,
}

impl OwnedPermit {
    /// The caller has taken a permit.
    fn taken(source: Arc<dyn Source>) -> Self {
        Self { source: Some(source) }
    }

    /// Takes the permit out of circulation, until somebody calls `release(1)` for it.
    pub fn forget(mut self) {
        self.source = None;
    }
}

impl Drop for OwnedPermit {
    fn drop(&mut self) {
        if let Some(source) = &self.source {
            // As with a `Permit`.
            source.permits().release(1).ok();
        }
    }
}

impl fmt::Debug for OwnedPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
