//! The one future of the project: it blocks, it awaits, it never hangs.

mod completer;
#[cfg(all(test, loom))]
mod loom_tests;
mod shared;

pub use completer::Completer;
pub(crate) use shared::{Shared, Stage};

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

#[cfg(feature = "deadlock-detection")]
use crate::plumbing::observer::Awaiting;
use crate::plumbing::worker;
use crate::task::Controlled;
use crate::task::stack::{self, Waiting};
use crate::{Options, TaskError, Timing};

/// How often a waiting thread yields before it sleeps: a few microseconds on an idle machine.
const LOOKS_BEFORE_SLEEP: u32 = 8;

/// A submitted task: the one future of the project, which blocks ([`wait`](Self::wait)) and awaits.
///
/// It completes in every case: with the task's output, or with the [`TaskError`] that says why there is none.
/// Dropping it does not cancel the task, it only forgets the output; [`cancel`](Self::cancel) cancels.
///
/// A task that waits for a handle keeps its worker busy with other tasks meanwhile, so nested submits do not
/// deadlock (see [`plumbing::Helper`](crate::plumbing::Helper)).
/// Those run on top of its stack, so a task that is handed the handle of another one, instead of submitting it, may
/// find that one under itself; waiting for it is then [`TaskError::WouldDeadlock`].
///
/// # Examples
/// ```
/// use par_core::{ExecutorExt, SerialExecutor};
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// let handle = SerialExecutor::new().submit(square::new(12))?;
/// assert_eq!(handle.wait()?, 144);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a handle that is dropped forgets the output of its task"]
pub struct Handle<T: Send + 'static> {
    shared: Arc<Shared<T>>,
}

impl<T: Send + 'static> Handle<T> {
    /// A handle and the end that completes it, for those who write an executor.
    ///
    /// # Examples
    /// ```
    /// use par_core::{Handle, Options};
    /// let (handle, completer) = Handle::pair("answer", &Options::new());
    /// std::thread::spawn(move || completer.complete(Ok(42), None));
    /// assert_eq!(handle.wait(), Ok(42));
    /// ```
    pub fn pair(name: &'static str, options: &Options) -> (Self, Completer<T>) {
        let shared = Shared::new(name, options);
        (Self { shared: shared.clone() }, Completer::new(shared))
    }

    /// The task's output.
    ///
    /// # Errors
    /// The [`TaskError`] that says why there is none; [`TaskError::DeadlineExceeded`] as soon as the task's deadline
    /// passes, even if the task still runs; [`TaskError::WouldDeadlock`] when the wait could never end.
    ///
    /// # Blocking
    /// Until the task is done or its deadline has passed; a worker that waits runs other tasks meanwhile.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait(self) -> Result<T, TaskError> {
        self.wait_timed().0
    }

    /// The task's output, and when and where it ran (`None` if it never did).
    ///
    /// # Errors
    /// As [`wait`](Self::wait), within the pair.
    ///
    /// # Blocking
    /// As [`wait`](Self::wait).
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_timed(self) -> (Result<T, TaskError>, Option<Timing>) {
        if self.block(None) {
            return self.shared.take();
        }
        let task = self.shared.control().name().to_owned();
        (Err(TaskError::WouldDeadlock { task }), None)
    }

    /// The task's output if it is there within `timeout`, else the handle itself, to wait again or to cancel.
    ///
    /// # Errors
    /// The handle, when the time is up; that says nothing about the task, which goes on.
    ///
    /// # Blocking
    /// For at most `timeout`, plus the rest of a task that a waiting worker has begun meanwhile.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn wait_timeout(self, timeout: Duration) -> Result<Result<T, TaskError>, Self> {
        // A timeout past the end of the clock is no timeout.
        if self.block(Instant::now().checked_add(timeout)) { Ok(self.shared.take().0) } else { Err(self) }
    }

    /// Whether the outcome is there, so that [`wait`](Self::wait) will not block.
    pub fn is_finished(&self) -> bool {
        self.shared.is_done()
    }

    /// Whether a worker has begun the task and has not finished it.
    pub fn is_running(&self) -> bool {
        self.shared.stage() == Stage::Running
    }

    /// Whether the outcome is there and is a [`TaskError`].
    pub fn is_failed(&self) -> bool {
        self.shared.is_done() && self.shared.is_error()
    }

    /// How far the running task says it is, from 0 to 1; 0 where it says nothing.
    pub fn progress(&self) -> f32 {
        self.shared.control().progress()
    }

    /// Cancels the task; `true` means that it never ran and never will, `false` that it may have begun.
    ///
    /// A running task is *asked* to stop ([`task::current().cancelled()`](crate::task::Context::cancelled)), and ended
    /// by force where the executor's [`Capabilities`](crate::Capabilities) say `hard_kill`.
    pub fn cancel(&self) -> bool {
        self.shared.cancel()
    }

    /// Runs `callback` when the task is done: on the thread that completes it, or here and now if it is done already.
    ///
    /// The outcome becomes visible to [`wait`](Self::wait) after the callbacks have run, so they must be short and may
    /// not wait for this handle.
    /// A callback that panics is reported by the panic hook and harms nothing else.
    pub fn on_done(&self, callback: impl FnOnce(&Result<T, TaskError>) + Send + 'static) {
        self.watch(callback);
    }

    /// As [`on_done`](Self::on_done); the key takes the callback back.
    pub(crate) fn watch(&self, callback: impl FnOnce(&Result<T, TaskError>) + Send + 'static) -> u64 {
        self.shared.on_done(Box::new(callback))
    }

    /// Takes back a callback that has not been called.
    pub(crate) fn unwatch(&self, key: u64) {
        self.shared.forget(key);
    }

    /// When the task's output is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.shared.control().deadline()
    }

    /// Completes the handle with its error when the deadline has passed.
    pub(crate) fn expire_if_due(&self) {
        if self.shared.control().expired() {
            self.shared.expire();
        }
    }

    /// Whether the outcome is certain, though its callbacks may still run.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.shared.stage(), Stage::Finishing | Stage::Done)
    }

    /// Whether the task, or the callback of it that runs, is under the caller on this thread's stack.
    pub(crate) fn is_below(&self) -> bool {
        !self.is_finished() && stack::is_below(self.shared.control())
    }

    /// Waits without taking: whether the outcome was there before `until`; `false` without a limit: it never will be.
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub(crate) fn block(&self, until: Option<Instant>) -> bool {
        if self.shared.is_done() {
            return true;
        }
        let begun = worker::begin_wait();
        let done = self.block_slowly(until, begun.map(|(begun, _)| begun + stack::PATIENCE));
        worker::end_wait(begun);
        done
    }

    /// `patience`: when it is time to see whether a wait without an end would never end.
    /// Looks a few times before it sleeps: the shortest tasks are done sooner than a sleeper is woken.
    fn wait_and_park(&self, limit: Option<Instant>) {
        for _ in 0..LOOKS_BEFORE_SLEEP {
            if self.shared.is_done() {
                return;
            }
            crate::sync::yield_now();
        }
        self.shared.park(limit);
    }

    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    fn block_slowly(&self, until: Option<Instant>, patience: Option<Instant>) -> bool {
        if until.is_none() && self.is_below() {
            return false;
        }
        let deadline = self.shared.control().deadline();
        #[cfg(feature = "deadlock-detection")]
        let Ok(_observed) = self.observed(until.or(deadline)) else { return false };
        let patience = patience.filter(|_| until.is_none() && deadline.is_none());
        let mut waiting: Option<Waiting> = None;
        loop {
            let limit = deadline.into_iter().chain(until).chain(patience.filter(|_| waiting.is_none())).min();
            match worker::helper() {
                Some(helper) if self.shared.poll(&helper.waker()).is_pending() => {
                    helper.help(&|| self.shared.is_done(), limit);
                }
                Some(_) => {}
                None => self.wait_and_park(limit),
            }
            if self.shared.is_done() {
                return true;
            }
            let now = Instant::now();
            if deadline.is_some_and(|deadline| now >= deadline) {
                self.shared.expire();
                // Somebody else may be finishing at this very moment; the outcome is next to there.
                self.shared.park(None);
                return true;
            }
            if until.is_some_and(|until| now >= until) {
                return false;
            }
            if waiting.is_none() && patience.is_some_and(|patience| now >= patience) {
                waiting = Waiting::begin(self.shared.clone());
                if waiting.is_none() {
                    return false;
                }
            }
        }
    }

    /// Tells an observer of a wait without an end; `Err`: it would never end.
    #[cfg(feature = "deadlock-detection")]
    #[track_caller]
    fn observed(&self, end: Option<Instant>) -> Result<Option<Awaiting>, ()> {
        let at = std::panic::Location::caller();
        let observe = || Awaiting::begin(self.shared.control(), at).ok_or(());
        end.is_none().then(observe).transpose()
    }
}

/// Resolves to what [`Handle::wait`] returns.
///
/// # Cancel safety
/// Dropping the future forgets the output and leaves the task running.
/// A deadline completes the future when the executor notices it, at the latest when it takes the task from its queue;
/// a task that is already running and ignores its deadline keeps the future pending until it returns.
///
/// # Panics
/// When it is polled again after it was ready.
impl<T: Send + 'static> Future for Handle<T> {
    type Output = Result<T, TaskError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.shared.poll(context.waker()).map(|()| self.shared.take().0)
    }
}

impl<T: Send + 'static> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("task", &self.shared.control().name())
            .field("stage", &self.shared.stage())
            .finish()
    }
}
