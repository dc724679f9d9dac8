//! Waiting until somebody says that something may have changed.

use std::fmt;
use std::future::Future;
use std::panic::Location;

use super::{LockGuard, Room};
use crate::task::waiting;

/// A condition: a task that holds a [`Lock`](crate::Lock) releases it and waits until it is notified.
///
/// What was true at the notification may no longer be true when the lock is taken again, and a notification that was
/// passed on may come without a change, so wait for a *predicate*: [`wait_for`](Self::wait_for). Those who wait are
/// notified in the order in which they came.
///
/// # Coming from Python
/// | `asyncio.Condition` | here |
/// |---|---|
/// | `Condition()`, with a lock inside | a [`Lock`](crate::Lock) with the value, and the `Condition` beside it; several may share the lock |
/// | `await cond.wait()` without the lock: `RuntimeError` | does not compile: it takes the guard, and gives it back |
/// | `cond.notify()` without the lock: `RuntimeError` | allowed, and wakes who waits already; change the value under the lock first |
/// | `await cond.wait_for(predicate)` | [`wait_for`](Self::wait_for); the predicate gets the value |
/// | `cond.notify(n)`, `cond.notify_all()` | [`notify`](Self::notify), [`notify_one`](Self::notify_one), [`notify_all`](Self::notify_all), which say how many they woke |
/// | a cancelled wait takes the lock again first | a cancelled wait holds no lock: the guard went into it, and nothing is left that could be released |
///
/// # Examples
/// ```
/// use par_async::{Condition, Lock, TaskGroup};
///
/// static BASKET: Lock<Vec<u32>> = Lock::new(Vec::new());
/// static FILLED: Condition = Condition::new();
///
/// # par_async::testing::run(async {
/// let item = TaskGroup::<std::convert::Infallible>::scope(|group| async move {
///     let taker = group.spawn(async {
///         let mut basket = FILLED.wait_for(BASKET.lock().await, |basket| !basket.is_empty()).await;
///         Ok(basket.pop())
///     });
///     BASKET.lock().await.push(7);
///     FILLED.notify_one();
///     Ok(taker.await)
/// }).await?;
/// assert_eq!(item, Ok(Some(7)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// Waiting without the lock is an error of the compiler:
/// ```compile_fail,E0308
/// let (lock, changed) = (par_async::Lock::new(0), par_async::Condition::new());
/// drop(changed.wait(&lock));
/// ```
pub struct Condition {
    room: Room,
}

impl Condition {
    /// A condition that nobody waits for; also in a `static`.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(par_async::Condition::new().notify_all(), 0);
    /// ```
    pub const fn new() -> Self {
        Self { room: Room::new() }
    }

    /// Releases the lock, waits to be notified, and takes the lock again; may end without a change.
    ///
    /// # Cancel safety
    /// Dropped before it was notified, it leaves the line. Dropped between the notification and the lock, it passes the
    /// notification on to the next one who waits. In both cases the lock is not held: the guard is gone.
    #[track_caller]
    pub fn wait<'a, T: ?Sized>(&'a self, guard: LockGuard<'a, T>) -> impl Future<Output = LockGuard<'a, T>> {
        waiting("Condition::wait", Location::caller(), self.notified(guard))
    }

    async fn notified<'a, T: ?Sized>(&self, guard: LockGuard<'a, T>) -> LockGuard<'a, T> {
        let relock = LockGuard::relock(&guard);
        // In the line before the lock is free, so that a notification under the lock is not missed.
        let mut notice = self.room.enter();
        drop(guard);
        notice.told().await;
        let guard = relock.await;
        notice.heed();
        guard
    }

    /// Waits until `predicate` holds, which is asked under the lock: at first before any wait, and never again after it
    /// held.
    ///
    /// # Cancel safety
    /// As [`wait`](Self::wait).
    #[track_caller]
    pub fn wait_for<'a, T: ?Sized>(
        &'a self,
        mut guard: LockGuard<'a, T>,
        mut predicate: impl FnMut(&mut T) -> bool,
    ) -> impl Future<Output = LockGuard<'a, T>> {
        waiting("Condition::wait_for", Location::caller(), async move {
            while !predicate(&mut guard) {
                guard = self.notified(guard).await;
            }
            guard
        })
    }

    /// Wakes the one that has waited longest; `false`: nobody waits. It is not remembered for whoever comes later.
    pub fn notify_one(&self) -> bool {
        self.notify(1) == 1
    }

    /// Wakes up to `n` of the tasks that wait, those that came first; the number that it woke.
    pub fn notify(&self, n: usize) -> usize {
        self.room.tell(n)
    }

    /// Wakes all tasks that wait; the number that it woke.
    pub fn notify_all(&self) -> usize {
        self.notify(usize::MAX)
    }
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").finish_non_exhaustive()
    }
}
