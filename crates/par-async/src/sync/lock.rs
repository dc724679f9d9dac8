//! One task at a time.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::Arc;

use bytemuck::{TransparentWrapper, TransparentWrapperAlloc};

use crate::task::waiting;

/// A lock around a value: one task at a time reaches it, through the guard that [`lock`](Self::lock) returns, and keeps
/// it while it awaits.
///
/// It is fair: tasks get it in the order in which they asked, and nobody overtakes. It is tokio's lock, in the tree of
/// tasks. A panic while it is held releases it, and nothing is poisoned.
///
/// Where no await happens under the lock, a lock of the threads' family is faster. A future that waits in the line must
/// be polled or dropped: one that is kept and never polled may get the lock, and keeps all others from it.
///
/// # Coming from Python
/// | `asyncio.Lock` | here |
/// |---|---|
/// | `async with lock:` | `let mut value = lock.lock().await;`, until the end of the block |
/// | `lock.locked()` | [`is_locked`](Self::is_locked) |
/// | `lock.release()` when it is not locked: `RuntimeError` | does not compile |
/// | `lock.release()` by another task | an [`OwnedLockGuard`], which travels |
/// | the data beside the lock, reached without it | does not compile |
/// | bound to one loop | any number of runtimes and threads |
///
/// # Examples
/// ```
/// use par_async::{Lock, TaskGroup, sleep};
/// use std::time::Duration;
///
/// static TOTAL: Lock<u64> = Lock::new(0);
///
/// # par_async::testing::run(async {
/// TaskGroup::<std::convert::Infallible>::scope(|group| async move {
///     for _ in 0..4 {
///         group.spawn(async {
///             let mut total = TOTAL.lock().await;
///             let before = *total;
///             sleep(Duration::from_secs(1)).await; // nobody else gets in meanwhile
///             *total = before + 10;
///             Ok(())
///         });
///     }
///     Ok(())
/// }).await?;
/// assert_eq!(*TOTAL.lock().await, 40);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
// Transparent, so that an `Arc` of it is one of tokio's lock.
#[derive(TransparentWrapper)]
#[repr(transparent)]
pub struct Lock<T: ?Sized>(tokio::sync::Mutex<T>);

impl<T> Lock<T> {
    /// An unlocked lock with `value` in it; also in a `static`.
    ///
    /// # Examples
    /// ```
    /// let lock = par_async::Lock::new(7);
    /// assert_eq!(lock.into_inner(), 7);
    /// ```
    pub const fn new(value: T) -> Self {
        Self(tokio::sync::Mutex::const_new(value))
    }

    /// The value; nobody else can have the lock then.
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: ?Sized> Lock<T> {
    /// Waits until it is this task's turn, and takes the lock until the guard is dropped.
    ///
    /// A task that locks what it holds already waits for itself, until it is cancelled.
    ///
    /// # Cancel safety
    /// It may be dropped at any time: then it leaves the line, and the next one gets the lock.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = LockGuard<'_, T>> {
        waiting("Lock::lock", Location::caller(), async move { LockGuard(self.0.lock().await) })
    }

    /// Takes the lock if it is free at this moment, and nobody waits for it.
    pub fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        self.0.try_lock().ok().map(LockGuard)
    }

    /// [`lock`](Self::lock), with a guard that keeps the lock alive and may travel.
    ///
    /// # Cancel safety
    /// As [`lock`](Self::lock).
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use par_async::Lock;
    ///
    /// # par_async::testing::run(async {
    /// let lock = Arc::new(Lock::new(1));
    /// let mut held = lock.lock_owned().await;
    /// *held += 1;
    /// assert!(lock.is_locked());
    /// std::thread::spawn(move || drop(held)).join().expect("it does not panic");
    /// assert_eq!(*lock.lock().await, 2);
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn lock_owned(self: &Arc<Self>) -> impl Future<Output = OwnedLockGuard<T>> + use<T> {
        let lock = Self::peel_arc(Arc::clone(self));
        waiting(
            "Lock::lock_owned",
            Location::caller(),
            async move { OwnedLockGuard(lock.lock_owned().await) },
        )
    }

    /// [`try_lock`](Self::try_lock), with a guard that keeps the lock alive and may travel.
    pub fn try_lock_owned(self: &Arc<Self>) -> Option<OwnedLockGuard<T>> {
        Self::peel_arc(Arc::clone(self)).try_lock_owned().ok().map(OwnedLockGuard)
    }

    /// Whether somebody has the lock; that may be over before the answer is read.
    ///
    /// It finds out by trying, so a [`try_lock`](Self::try_lock) of another thread in this very moment may fail.
    pub fn is_locked(&self) -> bool {
        self.0.try_lock().is_err()
    }

    /// The value, without locking: who has the lock to himself needs not take it.
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Lock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.try_lock() {
            Ok(value) => f.debug_struct("Lock").field("value", &&*value).finish(),
            Err(_) => f.debug_struct("Lock").field("value", &format_args!("<locked>")).finish(),
        }
    }
}

/// A locked [`Lock`]: the way to its value, until it is dropped, be it by `return`, `?`, a cancellation or a panic.
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct LockGuard<'a, T: ?Sized>(tokio::sync::MutexGuard<'a, T>);

impl<'a, T: ?Sized> LockGuard<'a, T> {
    /// What is locked, and how it is locked again.
    pub(super) fn relock(guard: &Self) -> impl Future<Output = Self> + use<'a, T> {
        let lock = tokio::sync::MutexGuard::mutex(&guard.0);
        async move { Self(lock.lock().await) }
    }
}

/// A locked [`Lock`] that is kept alive by this guard, which may travel to another task or thread.
#[must_use = "the lock is released at once when the guard is dropped"]
pub struct OwnedLockGuard<T: ?Sized>(tokio::sync::OwnedMutexGuard<T>);

/// The way from a guard to the value.
macro_rules! guard {
    ($guard:ty) => {
        impl<T: ?Sized> Deref for $guard {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T: ?Sized> DerefMut for $guard {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }

        impl<T: ?Sized + fmt::Debug> fmt::Debug for $guard {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<T: ?Sized + fmt::Display> fmt::Display for $guard {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    };
}

guard!(LockGuard<'_, T>);
guard!(OwnedLockGuard<T>);
