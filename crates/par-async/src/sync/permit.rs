//! The right to go on, as a value that gives itself back.

use std::fmt;
use std::mem;
use std::sync::Arc;

/// What a permit goes back to.
pub(super) trait Source: Send + Sync {
    /// Takes back a permit that was acquired.
    fn give_back(&self);
}

/// A permit of a [`Semaphore`](crate::Semaphore) or a [`BoundedSemaphore`](crate::BoundedSemaphore): dropping it gives it
/// back, and the task that has waited longest gets it.
///
/// ```compile_fail,E0382
/// # par_async::testing::run(async {
/// let semaphore = par_async::Semaphore::new(1);
/// let permit = semaphore.acquire().await;
/// drop(permit);
/// drop(permit); // it is given back once
/// # }).unwrap();
/// ```
#[must_use = "a permit that is dropped at once lets the next one in at once"]
pub struct Permit<'a>(&'a dyn Source);

impl<'a> Permit<'a> {
    /// The caller has taken a permit.
    pub(super) const fn taken(source: &'a dyn Source) -> Self {
        Self(source)
    }

    /// Takes the permit out of circulation, until somebody calls `release(1)` for it.
    ///
    /// # Examples
    /// ```
    /// # par_async::testing::run(async {
    /// let semaphore = par_async::Semaphore::new(2);
    /// semaphore.acquire().await.forget();
    /// assert_eq!(semaphore.available(), 1);
    /// semaphore.release(1);
    /// assert_eq!(semaphore.available(), 2);
    /// # }).unwrap();
    /// ```
    pub const fn forget(self) {
        mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// A [`Permit`] that keeps its semaphore alive and may travel to another task or thread.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use par_async::Semaphore;
///
/// # par_async::testing::run(async {
/// let connections = Arc::new(Semaphore::new(1));
/// let permit = connections.acquire_owned().await;
/// std::thread::spawn(move || drop(permit)).join().expect("it does not panic"); // done with the connection
/// assert_eq!(connections.available(), 1);
/// # }).unwrap();
/// ```
#[must_use = "a permit that is dropped at once lets the next one in at once"]
pub struct OwnedPermit {
    /// Empty when it was forgotten.
    source: Option<Arc<dyn Source>>,
}

impl OwnedPermit {
    /// The caller has taken a permit.
    pub(super) fn taken(source: Arc<dyn Source>) -> Self {
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
            source.give_back();
        }
    }
}

impl fmt::Debug for OwnedPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit").finish_non_exhaustive()
    }
}
