//! The other end of a thread.

use std::fmt;
use std::thread as os;
use std::time::{Duration, Instant};

use super::outcome::Outcome;
use super::{Thread, ThreadPanic};

/// The other end of a thread: yields what its closure returned, or the panic that ended it.
///
/// Dropping it detaches the thread, which goes on; its result is dropped at its end, and its panic goes to the
/// [panic hook](super::set_panic_hook) alone.
///
/// # Examples
/// ```
/// use par_threads::thread;
///
/// let sum = thread::spawn(|| (1..=100).sum::<u32>());
/// assert_eq!(sum.join()?, 5050);
/// # Ok::<(), thread::ThreadPanic>(())
/// ```
#[must_use = "a handle that is dropped detaches its thread"]
pub struct JoinHandle<T> {
    outcome: Outcome<T>,
    /// Taken when the thread has ended.
    os: Option<os::JoinHandle<()>>,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(outcome: Outcome<T>, os: os::JoinHandle<()>) -> Self {
        Self { outcome, os: Some(os) }
    }

    /// Waits for the thread and yields its result.
    ///
    /// What the closure had captured has been dropped by then, so have the thread's thread-locals, and the thread is no
    /// longer in [`enumerate`](super::enumerate)'s list.
    ///
    /// # Errors
    /// [`ThreadPanic`], when the thread panicked.
    ///
    /// # Panics
    /// When a thread joins itself, which would never end; with the feature `deadlock-detection` also when it could never
    /// end for another reason.
    ///
    /// # Blocking
    /// Until the thread has ended.
    #[track_caller]
    pub fn join(mut self) -> Result<T, ThreadPanic> {
        self.wait_until(None);
        self.outcome.take()
    }

    /// Waits for the thread for at most `timeout`; after that the handle comes back, to wait again or to
    /// [`cancel`](Self::cancel).
    ///
    /// # Errors
    /// The handle, when the time is up; that says nothing about the thread, which goes on. Within the success:
    /// [`ThreadPanic`], when the thread panicked.
    ///
    /// # Panics
    /// When a thread joins itself.
    ///
    /// # Blocking
    /// For at most `timeout`, and for the destructors of the thread's thread-locals.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use par_threads::thread;
    ///
    /// let sleeper = thread::spawn(|| thread::sleep(Duration::from_secs(3600)));
    /// let sleeper = sleeper.join_timeout(Duration::from_millis(10)).expect_err("it sleeps for an hour");
    /// sleeper.cancel();
    /// assert_eq!(sleeper.join()?, Err(thread::Cancelled));
    /// # Ok::<(), thread::ThreadPanic>(())
    /// ```
    #[track_caller]
    pub fn join_timeout(mut self, timeout: Duration) -> Result<Result<T, ThreadPanic>, Self> {
        // A timeout past the end of the clock is no timeout.
        if self.wait_until(Instant::now().checked_add(timeout)) { Ok(self.outcome.take()) } else { Err(self) }
    }

    /// Whether the thread has ended, so that [`join`](Self::join) waits for nothing but the destructors of its thread-locals.
    pub fn is_finished(&self) -> bool {
        !self.thread().is_alive()
    }

    /// The thread: its name, its identifiers, whether it lives.
    pub fn thread(&self) -> &Thread {
        self.outcome.thread()
    }

    /// Asks the thread to stop: the same as [`Thread::cancel`].
    pub fn cancel(&self) {
        self.thread().cancel();
    }

    /// Waits until the thread has ended; `false`: the deadline came first.
    #[track_caller]
    fn wait_until(&mut self, deadline: Option<Instant>) -> bool {
        self.outcome.wait_until(deadline, &mut self.os)
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("thread", self.thread()).finish_non_exhaustive()
    }
}
