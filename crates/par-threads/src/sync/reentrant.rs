//! One thread at a time, as often as it likes.

use std::fmt;
use std::ops::Deref;
use std::time::{Duration, Instant};

use crate::deadlock::{Hold, Kind, Mode, Tracked};

/// A lock that the thread which holds it may lock again; it is free when the last of that thread's guards is dropped.
///
/// Two guards of one thread reach the same value, so a guard gives `&T` and never `&mut T`: put a
/// [`Cell`](std::cell::Cell) or a [`RefCell`](std::cell::RefCell) inside for what changes. `T` need not be `Sync`.
///
/// As everywhere in this crate nothing is poisoned, see [`Mutex`](crate::Mutex).
///
/// # Coming from Python
/// | `threading.RLock` | here |
/// |---|---|
/// | `with lock:`, nested | `let guard = mutex.lock();`, nested |
/// | `lock.release()` by a thread that does not own it: `RuntimeError` | does not compile: a guard stays on its thread |
/// | `lock.release()` once too often: `RuntimeError` | does not compile: a guard is dropped once |
/// | `lock.locked()` (3.14) | [`is_locked`](Self::is_locked) |
/// | `lock._is_owned()` | [`is_owned_by_current_thread`](Self::is_owned_by_current_thread) |
/// | the count, unwound by `Condition.wait` | [`Condvar`](crate::Condvar) takes a [`Mutex`](crate::Mutex), which has no count to forget |
///
/// # Examples
/// ```
/// use std::cell::Cell;
/// use par_threads::ReentrantMutex;
///
/// struct Account { balance: ReentrantMutex<Cell<i64>> }
///
/// impl Account {
///     fn deposit(&self, amount: i64) {
///         let balance = self.balance.lock();
///         balance.set(balance.get() + amount);
///     }
///     fn deposit_all(&self, amounts: &[i64]) {
///         let _all = self.balance.lock(); // nobody sees some of them only
///         amounts.iter().for_each(|amount| self.deposit(*amount)); // locks again
///     }
/// }
///
/// let account = Account { balance: ReentrantMutex::new(Cell::new(0)) };
/// account.deposit_all(&[1, 2, 3]);
/// assert_eq!(account.balance.lock().get(), 6);
/// assert!(!account.balance.is_locked());
/// ```
///
/// Changing the value through a guard, of which there may be another one, is an error of the compiler:
/// ```compile_fail,E0594
/// let mutex = par_threads::ReentrantMutex::new(0);
/// *mutex.lock() = 1;
/// ```
/// So is giving a guard to another thread, which does not own the lock:
/// ```compile_fail,E0277
/// let mutex = par_threads::ReentrantMutex::new(0);
/// let guard = mutex.lock();
/// std::thread::scope(|scope| {
///     scope.spawn(move || drop(guard));
/// });
/// ```
pub struct ReentrantMutex<T: ?Sized> {
    tracked: Tracked,
    inner: parking_lot::ReentrantMutex<T>,
}

impl<T> ReentrantMutex<T> {
    /// An unlocked mutex with `value` in it; also in a `static`.
    #[inline]
    pub const fn new(value: T) -> Self {
        Self { tracked: Tracked::new(Kind::ReentrantMutex), inner: parking_lot::ReentrantMutex::new(value) }
    }

    /// The value; nobody else can have the lock then.
    #[inline]
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> ReentrantMutex<T> {
    /// Waits until no other thread has the lock, and takes it, once more if this thread has it already.
    ///
    /// # Blocking
    /// Until the other thread has dropped all of its guards.
    ///
    /// # Panics
    /// With the feature `deadlock-detection`, when the wait could never end.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn lock(&self) -> ReentrantMutexGuard<'_, T> {
        let (hold, inner) =
            self.tracked.acquire(Mode::Reentrant, || self.inner.try_lock(), || self.inner.lock());
        ReentrantMutexGuard { hold, inner }
    }

    /// Takes the lock if no other thread has it at this moment.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_lock(&self) -> Option<ReentrantMutexGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Reentrant, || self.inner.try_lock())?;
        Some(ReentrantMutexGuard { hold, inner })
    }

    /// Takes the lock if no other thread has it within `timeout`.
    ///
    /// # Blocking
    /// For at most `timeout`.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<ReentrantMutexGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Reentrant, || self.inner.try_lock_for(timeout))?;
        Some(ReentrantMutexGuard { hold, inner })
    }

    /// Takes the lock if no other thread has it before `deadline`.
    ///
    /// # Blocking
    /// Until `deadline` at most.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_lock_until(&self, deadline: Instant) -> Option<ReentrantMutexGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Reentrant, || self.inner.try_lock_until(deadline))?;
        Some(ReentrantMutexGuard { hold, inner })
    }

    /// Whether some thread has the lock; that may be over before the answer is read.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    /// Whether this very thread has the lock.
    #[inline]
    pub fn is_owned_by_current_thread(&self) -> bool {
        self.inner.is_owned_by_current_thread()
    }

    /// The value, without locking: who has the mutex to himself needs no lock.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }
}

impl<T: Default> Default for ReentrantMutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for ReentrantMutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for ReentrantMutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// One of the times that a [`ReentrantMutex`] is locked; it stays on the thread that locked.
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct ReentrantMutexGuard<'a, T: ?Sized> {
    // Forgotten before the lock is free, so that no thread is ever thought to hold what it does not.
    hold: Hold<'a>,
    inner: parking_lot::ReentrantMutexGuard<'a, T>,
}

impl<T: ?Sized> ReentrantMutexGuard<'_, T> {
    /// Releases the lock to the thread that has waited longest, if any does and this is the last guard.
    #[inline]
    pub fn unlock_fair(guard: Self) {
        let Self { hold, inner } = guard;
        hold.release();
        parking_lot::ReentrantMutexGuard::unlock_fair(inner);
    }
}

impl<T: ?Sized> Deref for ReentrantMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for ReentrantMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for ReentrantMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
