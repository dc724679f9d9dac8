//! Many readers, or one writer.

mod guards;

pub use guards::{
    MappedRwLockReadGuard, MappedRwLockWriteGuard, RwLockReadGuard, RwLockUpgradableReadGuard,
    RwLockWriteGuard,
};

use std::fmt;
use std::time::{Duration, Instant};

use crate::deadlock::{Kind, Mode, Tracked};

/// A lock that many readers have at a time, or else one writer.
///
/// A third kind of guard, the upgradable one, reads beside the readers and may become the writer without letting anybody
/// in between; there is one of them at a time.
///
/// Readers that come while a writer waits for readers stand behind it, so that readers never starve a writer. (While the
/// upgradable guard is out, a writer waits for that one first, and readers come and go.) Therefore **a thread
/// that reads must not call [`read`](Self::read) again**: if a writer comes between the two, the second waits for the
/// writer, the writer for the first, and nobody goes on. [`try_read`](Self::try_read) cannot hang. The feature
/// `deadlock-detection` explains that hang like every other, see [`deadlock`](crate::deadlock).
///
/// Nothing is poisoned by a panic, see [`Mutex`](crate::Mutex).
///
/// # Coming from Python
/// There is no such lock in `threading`, and [asking for one](https://github.com/python/cpython/issues/53046) began in
/// 2010.
///
/// # Examples
/// ```
/// use std::collections::HashMap;
/// use par_threads::{RwLock, RwLockUpgradableReadGuard};
///
/// let cache = RwLock::new(HashMap::new());
/// let length = |word: &'static str| {
///     if let Some(known) = cache.read().get(word) {
///         return *known;
///     }
///     let known = cache.upgradable_read(); // others go on reading
///     let length = word.len();
///     RwLockUpgradableReadGuard::upgrade(known).insert(word, length);
///     length
/// };
/// assert_eq!((length("four"), length("four")), (4, 4));
/// assert_eq!(cache.into_inner().len(), 1);
/// ```
///
/// Writing through a reader's guard is an error of the compiler:
/// ```compile_fail,E0594
/// let lock = par_threads::RwLock::new(0);
/// *lock.read() = 1;
/// ```
/// So is giving a guard to another thread:
/// ```compile_fail,E0277
/// let lock = par_threads::RwLock::new(0);
/// let guard = lock.write();
/// std::thread::scope(|scope| {
///     scope.spawn(move || drop(guard));
/// });
/// ```
pub struct RwLock<T: ?Sized> {
    tracked: Tracked,
    inner: parking_lot::RwLock<T>,
}

impl<T> RwLock<T> {
    /// An unlocked lock with `value` in it; also in a `static`.
    #[inline]
    pub const fn new(value: T) -> Self {
        Self { tracked: Tracked::new(Kind::RwLock), inner: parking_lot::RwLock::new(value) }
    }

    /// The value; nobody else can have the lock then.
    #[inline]
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until nobody writes or waits to write, and reads beside other readers.
    ///
    /// # Blocking
    /// Until the writer, and those that wait to write, are done.
    ///
    /// # Panics
    /// With the feature `deadlock-detection`, when the wait could never end.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        let inner = &self.inner;
        let slice = |time| inner.try_read_for(time);
        let (hold, inner) =
            self.tracked.acquire_behind(Mode::Read, || inner.try_read(), slice, || inner.read());
        RwLockReadGuard { hold, inner }
    }

    /// Reads if nobody writes or waits to write at this moment.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Read, || self.inner.try_read())?;
        Some(RwLockReadGuard { hold, inner })
    }

    /// Reads if that is possible within `timeout`.
    ///
    /// # Blocking
    /// For at most `timeout`.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_read_for(&self, timeout: Duration) -> Option<RwLockReadGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Read, || self.inner.try_read_for(timeout))?;
        Some(RwLockReadGuard { hold, inner })
    }

    /// Reads if that is possible before `deadline`.
    ///
    /// # Blocking
    /// Until `deadline` at most.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_read_until(&self, deadline: Instant) -> Option<RwLockReadGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Read, || self.inner.try_read_until(deadline))?;
        Some(RwLockReadGuard { hold, inner })
    }

    /// Waits until nobody reads or writes, and keeps readers that come meanwhile behind it, except while it waits for the
    /// upgradable guard; writes alone.
    ///
    /// # Blocking
    /// Until all who have the lock release it.
    ///
    /// # Panics
    /// With the feature `deadlock-detection`, when the wait could never end.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        let (hold, inner) =
            self.tracked.acquire(Mode::Exclusive, || self.inner.try_write(), || self.inner.write());
        RwLockWriteGuard { hold, inner }
    }

    /// Writes if nobody has the lock at this moment.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Exclusive, || self.inner.try_write())?;
        Some(RwLockWriteGuard { hold, inner })
    }

    /// Writes if that is possible within `timeout`; meanwhile keeps readers behind it.
    ///
    /// # Blocking
    /// For at most `timeout`.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_write_for(&self, timeout: Duration) -> Option<RwLockWriteGuard<'_, T>> {
        let (hold, inner) =
            self.tracked.attempt_ahead(Mode::Exclusive, || self.inner.try_write_for(timeout))?;
        Some(RwLockWriteGuard { hold, inner })
    }

    /// Writes if that is possible before `deadline`; meanwhile keeps readers behind it.
    ///
    /// # Blocking
    /// Until `deadline` at most.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_write_until(&self, deadline: Instant) -> Option<RwLockWriteGuard<'_, T>> {
        let (hold, inner) =
            self.tracked.attempt_ahead(Mode::Exclusive, || self.inner.try_write_until(deadline))?;
        Some(RwLockWriteGuard { hold, inner })
    }

    /// Waits until nobody writes, waits to write, or has the other upgradable guard; reads beside other readers.
    ///
    /// # Blocking
    /// Until those are done.
    ///
    /// # Panics
    /// With the feature `deadlock-detection`, when the wait could never end.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn upgradable_read(&self) -> RwLockUpgradableReadGuard<'_, T> {
        let inner = &self.inner;
        let slice = |time| inner.try_upgradable_read_for(time);
        let now = || inner.try_upgradable_read();
        let (hold, inner) =
            self.tracked.acquire_behind(Mode::Upgradable, now, slice, || inner.upgradable_read());
        RwLockUpgradableReadGuard { hold, inner }
    }

    /// Reads with the right to upgrade, if that is possible at this moment.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_upgradable_read(&self) -> Option<RwLockUpgradableReadGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Upgradable, || self.inner.try_upgradable_read())?;
        Some(RwLockUpgradableReadGuard { hold, inner })
    }

    /// Reads with the right to upgrade, if that is possible within `timeout`.
    ///
    /// # Blocking
    /// For at most `timeout`.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_upgradable_read_for(&self, timeout: Duration) -> Option<RwLockUpgradableReadGuard<'_, T>> {
        let (hold, inner) =
            self.tracked.attempt(Mode::Upgradable, || self.inner.try_upgradable_read_for(timeout))?;
        Some(RwLockUpgradableReadGuard { hold, inner })
    }

    /// Reads with the right to upgrade, if that is possible before `deadline`.
    ///
    /// # Blocking
    /// Until `deadline` at most.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_upgradable_read_until(&self, deadline: Instant) -> Option<RwLockUpgradableReadGuard<'_, T>> {
        let (hold, inner) =
            self.tracked.attempt(Mode::Upgradable, || self.inner.try_upgradable_read_until(deadline))?;
        Some(RwLockUpgradableReadGuard { hold, inner })
    }

    /// Whether somebody reads or writes; that may be over before the answer is read.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    /// Whether somebody writes; that may be over before the answer is read.
    #[inline]
    pub fn is_locked_exclusive(&self) -> bool {
        self.inner.is_locked_exclusive()
    }

    /// The value, without locking: who has the lock to himself needs no guard.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
