//! Waiting until somebody says that something may have changed.

use std::fmt;
use std::time::{Duration, Instant};

use crate::MutexGuard;
use crate::deadlock::Notices;

/// A condition variable: a thread that holds a [`Mutex`](crate::Mutex) releases it and sleeps until it is notified.
///
/// A wait may end without a notification, and what was true at the notification may no longer be true when the lock is
/// taken again, so wait for a *predicate*: [`wait_while`](Self::wait_while), or [`wait_predicate`](Self::wait_predicate)
/// with a timeout. The mutex must be the same one for all who wait at the same time.
///
/// Locks other than that mutex stay locked during a wait. With the feature `deadlock-detection` a wait counts as one for
/// the mutex, which it cannot return without; who will notify is nothing that anybody could know, so a thread that waits
/// with other locks in hand, for which others wait, is reported as a stall.
///
/// # Coming from Python
/// | `threading.Condition` | here |
/// |---|---|
/// | `Condition()`, with a lock inside | a [`Mutex`](crate::Mutex) with the value, and the `Condvar` beside it; several may share the mutex |
/// | `cond.wait()` without the lock: `RuntimeError` | does not compile: it takes the guard |
/// | `cond.notify()` without the lock: `RuntimeError` | allowed, and wakes who waits already; change the value under the lock first |
/// | `cond.wait(timeout) -> bool` | [`wait_for`](Self::wait_for), [`wait_until`](Self::wait_until) |
/// | `cond.wait_for(predicate, timeout) -> bool` | [`wait_predicate`](Self::wait_predicate); the predicate gets the value |
/// | `cond.notify(n)`, `cond.notify_all()` | [`notify`](Self::notify), [`notify_one`](Self::notify_one), [`notify_all`](Self::notify_all), which say how many they woke |
/// | the lock is an `RLock`, fully unwound by `wait` | a [`ReentrantMutex`](crate::ReentrantMutex) has no `wait`: what an outer caller holds is not given away behind its back |
/// | `cond.locked()` (3.14) | [`Mutex::is_locked`](crate::Mutex::is_locked) |
///
/// # Examples
/// ```
/// use par_threads::{Condvar, Mutex};
///
/// let (ready, changed) = (Mutex::new(false), Condvar::new());
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         *ready.lock() = true;
///         changed.notify_one();
///     });
///     let mut guard = ready.lock();
///     changed.wait_while(&mut guard, |ready| !*ready);
///     assert!(*guard);
/// });
/// ```
///
/// Waiting without the lock is an error of the compiler:
/// ```compile_fail,E0308
/// let (mutex, changed) = (par_threads::Mutex::new(0), par_threads::Condvar::new());
/// changed.wait(&mutex);
/// ```
/// So is waiting with a lock that the thread may hold more than once:
/// ```compile_fail,E0308
/// let (mutex, changed) = (par_threads::ReentrantMutex::new(0), par_threads::Condvar::new());
/// changed.wait(&mut mutex.lock());
/// ```
#[derive(Default)]
pub struct Condvar {
    notices: Notices,
    inner: parking_lot::Condvar,
}

/// How a wait with a timeout ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether it ended because the time was up; where there is a predicate: while it said to wait on.
    pub const fn timed_out(self) -> bool {
        self.0
    }
}

impl Condvar {
    /// A condition variable that nobody waits at; also in a `static`.
    #[inline]
    pub const fn new() -> Self {
        Self { notices: Notices::new(), inner: parking_lot::Condvar::new() }
    }

    /// Releases the lock, waits to be notified, and takes the lock again; may end for no reason.
    ///
    /// # Blocking
    /// Until it is notified, and then until the lock is free.
    ///
    /// # Panics
    /// When other threads wait here with another mutex.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        let (hold, inner) = guard.parts();
        hold.released(|relock| {
            self.notices.wait(relock, |limit| match limit {
                None => {
                    self.inner.wait(inner);
                    true
                }
                Some(limit) => !self.inner.wait_for(inner, limit).timed_out(),
            });
        });
    }

    /// As [`wait`](Self::wait), for at most `timeout`.
    ///
    /// # Blocking
    /// For at most `timeout`, and then until the lock is free.
    ///
    /// # Panics
    /// When other threads wait here with another mutex.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_for<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, timeout: Duration) -> WaitTimeoutResult {
        let (hold, inner) = guard.parts();
        hold.released(|relock| {
            relock.begin_timed();
            WaitTimeoutResult(self.inner.wait_for(inner, timeout).timed_out())
        })
    }

    /// As [`wait`](Self::wait), until `deadline` at most.
    ///
    /// # Blocking
    /// Until `deadline` at most, and then until the lock is free.
    ///
    /// # Panics
    /// When other threads wait here with another mutex.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        let (hold, inner) = guard.parts();
        hold.released(|relock| {
            relock.begin_timed();
            WaitTimeoutResult(self.inner.wait_until(inner, deadline).timed_out())
        })
    }

    /// Waits for as long as `condition` holds; not at all if it does not.
    ///
    /// # Blocking
    /// Until a notification comes after which `condition` does not hold.
    ///
    /// # Panics
    /// When other threads wait here with another mutex.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) {
        while condition(guard) {
            self.wait(guard);
        }
    }

    /// As [`wait_while`](Self::wait_while), for at most `timeout`, which is for all of the waits together.
    ///
    /// # Blocking
    /// For at most `timeout`, and then until the lock is free.
    ///
    /// # Panics
    /// When other threads wait here with another mutex.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_while_for<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        self.wait_while_before(guard, condition, Instant::now().checked_add(timeout))
    }

    /// As [`wait_while`](Self::wait_while), until `deadline` at most.
    ///
    /// # Blocking
    /// Until `deadline` at most, and then until the lock is free.
    ///
    /// # Panics
    /// When other threads wait here with another mutex.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_while_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        self.wait_while_before(guard, condition, Some(deadline))
    }

    /// Waits until `predicate` holds, for at most `timeout` if there is one, and says whether it holds.
    ///
    /// This is Python's `Condition.wait_for`. The predicate is asked once more when the time is up, so the answer is that
    /// of the moment at which the call returns, with the lock taken.
    ///
    /// # Blocking
    /// For at most `timeout`, and then until the lock is free; without one until `predicate` holds.
    ///
    /// # Panics
    /// When other threads wait here with another mutex.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use par_threads::{Condvar, Mutex};
    /// let (basket, filled) = (Mutex::new(vec![1]), Condvar::new());
    /// let mut guard = basket.lock();
    /// assert!(filled.wait_predicate(&mut guard, None, |basket| !basket.is_empty()));
    /// let moment = Some(Duration::from_millis(1));
    /// assert!(!filled.wait_predicate(&mut guard, moment, |basket| basket.len() > 1));
    /// ```
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_predicate<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        timeout: Option<Duration>,
        mut predicate: impl FnMut(&mut T) -> bool,
    ) -> bool {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        !self.wait_while_before(guard, |value| !predicate(value), deadline).timed_out()
    }

    /// No deadline is one past the end of the clock.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    fn wait_while_before<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
        deadline: Option<Instant>,
    ) -> WaitTimeoutResult {
        while condition(guard) {
            let Some(deadline) = deadline else {
                self.wait(guard);
                continue;
            };
            if self.wait_until(guard, deadline).timed_out() {
                return WaitTimeoutResult(condition(guard));
            }
        }
        WaitTimeoutResult(false)
    }

    /// Wakes one of the threads that wait; `false`: nobody did. It is not remembered for whoever comes later.
    #[inline]
    pub fn notify_one(&self) -> bool {
        self.notices.add();
        self.inner.notify_one()
    }

    /// Wakes up to `n` of the threads that wait; the number that it woke.
    pub fn notify(&self, n: usize) -> usize {
        (0..n).take_while(|_| self.notify_one()).count()
    }

    /// Wakes all threads that wait; the number that it woke.
    #[inline]
    pub fn notify_all(&self) -> usize {
        self.notices.add();
        self.inner.notify_all()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
