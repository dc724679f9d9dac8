//! A function that is called later, unless somebody changes their mind.
//!
//! A timer is waiting, then fired or cancelled, and that for good. The change is made under the lock of its fuse: by its
//! thread when the time has come, by [`Timer::cancel`], or by the token of its thread. So one of them wins, and all know.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Builder, JoinHandle, SpawnError, Thread, ThreadPanic};
use crate::sync::model::{Condvar, Mutex, wait};

/// A function that is called once after a time, on a thread of its own, unless the timer is cancelled before.
///
/// As in Python, dropping the timer neither cancels it nor waits for it, and [`join_all`](crate::thread::join_all) waits
/// for timers that have not fired, unless their thread is a daemon.
/// Each timer is a thread, which is right for a few of them; a loop with a queue of deadlines serves thousands.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_threads::Timer;
///
/// let soon = Timer::after(Duration::from_millis(1), || "ding")?;
/// assert_eq!(soon.join()?, Some("ding"));
///
/// let later = Timer::after(Duration::from_secs(3600), || "dong")?;
/// assert!(later.cancel(), "it came in time");
/// assert_eq!(later.join()?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Timer<T> {
    handle: JoinHandle<Option<T>>,
    fuse: Arc<Fuse>,
}

impl<T: Send + 'static> Timer<T> {
    /// Calls `f` after `delay`, on a thread called `timer-` and a number.
    ///
    /// A delay past the end of the clock never ends: such a timer can only be cancelled.
    ///
    /// # Errors
    /// [`SpawnError`], when the operating system refuses the thread.
    pub fn after(delay: Duration, f: impl FnOnce() -> T + Send + 'static) -> Result<Self, SpawnError> {
        Self::after_on(Builder::new(), delay, f)
    }

    /// Calls `f` after `delay`, on a thread with these settings.
    ///
    /// A thread that is asked to stop before the time has come cancels its timer, so one token can cancel many.
    ///
    /// # Errors
    /// [`SpawnError`], when a setting makes no sense or the operating system refuses the thread.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use par_core::Cancellation;
    /// use par_threads::{Timer, thread};
    ///
    /// let stop = Cancellation::new();
    /// let settings = thread::Builder::new().name("reminder").daemon(true).cancellation(&stop);
    /// let timer = Timer::after_on(settings, Duration::from_secs(3600), || println!("tea time"))?;
    /// stop.cancel();
    /// assert_eq!(timer.join()?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn after_on(
        builder: Builder,
        delay: Duration,
        f: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Self, SpawnError> {
        // Counted from here, not from whenever the thread begins.
        let deadline = Instant::now().checked_add(delay);
        let fuse = Arc::new(Fuse::new());
        let mine = Arc::clone(&fuse);
        let handle = builder.spawn_kind("timer", move || {
            let stopped = Arc::clone(&mine);
            let token = super::current().cancellation();
            let registration = token.on_cancel(move || _ = stopped.cancel());
            let fires = mine.burn(deadline);
            drop(registration);
            fires.then(f)
        })?;
        Ok(Self { handle, fuse })
    }

    /// Waits until the function has returned or the timer is cancelled; `None`: it was cancelled.
    ///
    /// What the function had captured has been dropped by then.
    ///
    /// # Errors
    /// [`ThreadPanic`], when the function panicked.
    ///
    /// # Panics
    /// When the timer's own function calls this.
    ///
    /// # Blocking
    /// Until the time has come and the function has returned, or the timer is cancelled.
    #[track_caller]
    pub fn join(self) -> Result<Option<T>, ThreadPanic> {
        self.handle.join()
    }

    /// Waits for at most `timeout`; after that the timer comes back.
    ///
    /// # Errors
    /// The timer, when the time is up; within the success [`ThreadPanic`], when the function panicked.
    ///
    /// # Panics
    /// When the timer's own function calls this.
    ///
    /// # Blocking
    /// For at most `timeout`.
    #[track_caller]
    pub fn join_timeout(self, timeout: Duration) -> Result<Result<Option<T>, ThreadPanic>, Self> {
        let Self { handle, fuse } = self;
        handle.join_timeout(timeout).map_err(|handle| Self { handle, fuse })
    }
}

impl<T> Timer<T> {
    /// Cancels the timer; `true`: the function has not been called and never will be, `false`: it is too late.
    pub fn cancel(&self) -> bool {
        self.fuse.cancel()
    }

    /// Whether the function has returned, or the timer was cancelled and its thread has ended.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// The timer's thread.
    pub fn thread(&self) -> &Thread {
        self.handle.thread()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Fired,
    Cancelled,
}

/// What burns until the time has come or somebody puts it out.
#[derive(Debug)]
struct Fuse {
    state: Mutex<State>,
    changed: Condvar,
}

impl Fuse {
    fn new() -> Self {
        Self { state: Mutex::new(State::Waiting), changed: Condvar::new() }
    }

    /// Waits for the deadline; `true`: it has come, and the timer has fired.
    fn burn(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.state.lock();
        while *state == State::Waiting {
            // Woken by a cancellation at the very deadline, it is cancelled: whoever did that was told so.
            if wait(&self.changed, &mut state, deadline) && *state == State::Waiting {
                *state = State::Fired;
            }
        }
        *state == State::Fired
    }

    /// `true`: it will never fire.
    fn cancel(&self) -> bool {
        let mut state = self.state.lock();
        if *state == State::Waiting {
            *state = State::Cancelled;
            self.changed.notify_all();
        }
        *state == State::Cancelled
    }
}
