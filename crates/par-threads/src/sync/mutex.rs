//! One thread at a time.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use crate::deadlock::{Hold, Kind, Mode, Tracked};

/// A lock around a value: one thread at a time reaches it, through the guard that [`lock`](Self::lock) returns.
///
/// It is `parking_lot`'s lock: a byte beside the value, no allocation, `const` to construct, eventually fair. With the
/// feature `deadlock-detection` it also knows who holds it and who waits, see [`deadlock`](crate::deadlock); without it
/// this is `parking_lot`'s code and nothing else.
///
/// A panic while the lock is held releases it, and nothing is poisoned: the next one who locks sees what the panic left
/// half done. That is Python's `with lock:`, and unlike `std::sync::Mutex`, whose `lock` is an error from then on. Where
/// half of a change would do harm, make the whole of it on a copy and assign that.
///
/// # Coming from Python
/// | `threading.Lock` | here |
/// |---|---|
/// | `with lock:` | `let mut value = mutex.lock();`, until the end of the block |
/// | `lock.acquire(blocking=False)` | [`try_lock`](Self::try_lock) |
/// | `lock.acquire(timeout=t)` | [`try_lock_for`](Self::try_lock_for); a timeout past the end of the clock is none, not an error |
/// | `lock.acquire(False, 1)`: `ValueError` | cannot be written |
/// | `lock.locked()` | [`is_locked`](Self::is_locked) |
/// | `lock.release()` when it is not locked: `RuntimeError` | does not compile, see below |
/// | `lock.release()` by another thread: allowed | does not compile; a `Semaphore` of one permit is made for that |
/// | the data beside the lock, reached without it | does not compile |
/// | locking twice: a silent hang | a hang, which `deadlock-detection` turns into a panic that names both lines |
///
/// # Examples
/// ```
/// use par_threads::Mutex;
///
/// static TOTAL: Mutex<u64> = Mutex::new(0);
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| *TOTAL.lock() += 10);
///     }
/// });
/// assert_eq!(*TOTAL.lock(), 40);
/// ```
///
/// The misuses that Python finds at run time, or not at all, are errors of the compiler. Releasing twice:
/// ```compile_fail,E0382
/// let mutex = par_threads::Mutex::new(0);
/// let guard = mutex.lock();
/// drop(guard);
/// drop(guard);
/// ```
/// Releasing from another thread:
/// ```compile_fail,E0277
/// let mutex = par_threads::Mutex::new(0);
/// let guard = mutex.lock();
/// std::thread::scope(|scope| {
///     scope.spawn(move || drop(guard));
/// });
/// ```
/// Keeping a reference to the value longer than the lock:
/// ```compile_fail,E0505
/// let mutex = par_threads::Mutex::new(vec![1]);
/// let guard = mutex.lock();
/// let first = &guard[0];
/// drop(guard);
/// println!("{first}");
/// ```
/// Reaching the value without the lock:
/// ```compile_fail,E0614
/// let mutex = par_threads::Mutex::new(0);
/// *mutex += 1;
/// ```
pub struct Mutex<T: ?Sized> {
    tracked: Tracked,
    inner: parking_lot::Mutex<T>,
}

impl<T> Mutex<T> {
    /// An unlocked mutex with `value` in it; also in a `static`.
    #[inline]
    pub const fn new(value: T) -> Self {
        Self { tracked: Tracked::new(Kind::Mutex), inner: parking_lot::Mutex::new(value) }
    }

    /// The value; nobody else can have the lock then.
    #[inline]
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the lock is free, and takes it until the guard is dropped.
    ///
    /// # Blocking
    /// Until whoever holds it releases it. A thread that locks what it holds already waits for itself for ever.
    ///
    /// # Panics
    /// With the feature `deadlock-detection`, when the wait could never end.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        let (hold, inner) =
            self.tracked.acquire(Mode::Exclusive, || self.inner.try_lock(), || self.inner.lock());
        MutexGuard { hold, inner }
    }

    /// Takes the lock if it is free at this moment.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Exclusive, || self.inner.try_lock())?;
        Some(MutexGuard { hold, inner })
    }

    /// Takes the lock if it becomes free within `timeout`.
    ///
    /// # Blocking
    /// For at most `timeout`.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<MutexGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Exclusive, || self.inner.try_lock_for(timeout))?;
        Some(MutexGuard { hold, inner })
    }

    /// Takes the lock if it becomes free before `deadline`.
    ///
    /// # Blocking
    /// Until `deadline` at most.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn try_lock_until(&self, deadline: Instant) -> Option<MutexGuard<'_, T>> {
        let (hold, inner) = self.tracked.attempt(Mode::Exclusive, || self.inner.try_lock_until(deadline))?;
        Some(MutexGuard { hold, inner })
    }

    /// Whether somebody has the lock; that may be over before the answer is read.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.inner.is_locked()
    }

    /// The value, without locking: who has the mutex to himself needs no lock.
    #[inline]
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// A locked [`Mutex`]: the way to its value, until it is dropped, be it by `return`, `?` or a panic.
///
/// It stays on the thread that locked.
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct MutexGuard<'a, T: ?Sized> {
    // Forgotten before the lock is free, so that no thread is ever thought to hold what it does not.
    hold: Hold<'a>,
    inner: parking_lot::MutexGuard<'a, T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Releases the lock to the thread that has waited longest, if any does.
    ///
    /// A plain drop lets a running thread take it before one that must wake up first, which is faster, and fair only now
    /// and then.
    #[inline]
    pub fn unlock_fair(guard: Self) {
        let Self { hold, inner } = guard;
        hold.release();
        parking_lot::MutexGuard::unlock_fair(inner);
    }

    /// Runs `f` while the lock is released, and takes it again.
    ///
    /// # Blocking
    /// Afterwards, until the lock is free. The guard must be locked again whatever comes, so a deadlock there is
    /// reported by `deadlock-detection`, but not broken.
    ///
    /// # Examples
    /// ```
    /// use par_threads::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(1);
    /// let mut guard = mutex.lock();
    /// MutexGuard::unlocked(&mut guard, || *mutex.lock() += 1);
    /// assert_eq!(*guard, 2);
    /// ```
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn unlocked<R>(guard: &mut Self, f: impl FnOnce() -> R) -> R {
        let inner = &mut guard.inner;
        guard.hold.released(|relock| {
            parking_lot::MutexGuard::unlocked(inner, || {
                let result = f();
                relock.begin();
                result
            })
        })
    }

    /// Keeps the lock, and gives access to a part of the value only.
    ///
    /// # Examples
    /// ```
    /// use par_threads::{Mutex, MutexGuard};
    /// let pair = Mutex::new((1, "one"));
    /// let mut number = MutexGuard::map(pair.lock(), |pair| &mut pair.0);
    /// *number += 1;
    /// drop(number);
    /// assert_eq!(*pair.lock(), (2, "one"));
    /// ```
    #[inline]
    pub fn map<U: ?Sized>(guard: Self, part: impl FnOnce(&mut T) -> &mut U) -> MappedMutexGuard<'a, U> {
        let Self { hold, inner } = guard;
        MappedMutexGuard { inner: parking_lot::MutexGuard::map(inner, part), _hold: hold }
    }

    /// What a condition variable needs: the record of the hold, and the lock itself.
    pub(super) fn parts(&mut self) -> (&Hold<'a>, &mut parking_lot::MutexGuard<'a, T>) {
        (&self.hold, &mut self.inner)
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A locked [`Mutex`] of which only a part of the value can be reached; see [`MutexGuard::map`].
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    _hold: Hold<'a>,
    inner: parking_lot::MappedMutexGuard<'a, T>,
}

impl<T: ?Sized> Deref for MappedMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MappedMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
