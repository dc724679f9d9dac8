//! The way in: a runtime, a main future, and an orderly end.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use par_core::plumbing::record_panics;
use tokio::runtime::{Builder, Runtime};

use crate::error::{Reason, RunnerError};
use crate::interrupt::Interrupt;
use crate::task::{Caught, Kind, Node, Scoped};
use crate::watch::{Handler, Report, Shift, Watch, Watchdog};

/// Runs `main` on a runtime of its own, with a worker per processor, and waits until every task under it has ended.
///
/// It is Python's `asyncio.run`.
///
/// # Errors
/// [`RunnerError`]: there is no runtime, or `main` panicked or was cancelled.
///
/// # Blocking
/// Until then.
///
/// # Examples
/// ```
/// let answer = par_async::run(async { 6 * 7 })?;
/// assert_eq!(answer, 42);
/// # Ok::<(), par_async::RunnerError>(())
/// ```
#[track_caller]
pub fn run<F: Future>(main: F) -> Result<F::Output, RunnerError> {
    Runner::builder().build()?.run_at(main, Location::caller())
}

/// A tokio runtime that runs one main future after the other.
///
/// While one runs, SIGINT cancels it, and with it all that is under it; a second SIGINT ends the process, as it does
/// while none runs. Where that is not wanted, see [`RunnerBuilder::interruptible`].
///
/// Dropped, it ends what was spawned past the tree, with `tokio::spawn`, at its next await, and waits for blocking work
/// within the [`shutdown_timeout`](RunnerBuilder::shutdown_timeout).
pub struct Runner {
    /// There until it is dropped.
    runtime: Option<Runtime>,
    name: Option<Arc<str>>,
    interruptible: bool,
    shutdown_timeout: Duration,
    watchdog: Option<Watchdog>,
}

impl Runner {
    /// The settings of a runner.
    pub const fn builder() -> RunnerBuilder {
        RunnerBuilder {
            workers: None,
            current_thread: false,
            paused: false,
            name: None,
            interruptible: None,
            shutdown_timeout: Duration::from_secs(10),
            debug: false,
            slow_after: Duration::from_millis(100),
            reports: None,
        }
    }

    /// Runs `main`, and waits until every task under it has ended.
    ///
    /// # Errors
    /// [`RunnerError`].
    ///
    /// # Blocking
    /// Until then.
    #[track_caller]
    pub fn run<F: Future>(&self, main: F) -> Result<F::Output, RunnerError> {
        self.run_at(main, Location::caller())
    }

    pub(crate) fn run_at<F: Future>(
        &self,
        main: F,
        at: &'static Location<'static>,
    ) -> Result<F::Output, RunnerError> {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(RunnerError::Nested);
        }
        record_panics();
        let runtime = self.runtime();
        let entered = runtime.enter();
        let mut interrupt =
            self.interruptible.then(Interrupt::listen).transpose().map_err(RunnerError::Runtime)?;
        let node = Node::open_here(Kind::Main, self.name.clone(), at);
        drop(entered);
        let _watched = self.watchdog.as_ref().map(|dog| Shift::begin(&dog.watch));
        let ended = runtime.block_on(async {
            let mut main = pin!(Scoped::new(Arc::clone(&node), Caught::new(main)));
            std::future::poll_fn(|cx| {
                if let Poll::Ready(ended) = main.as_mut().poll(cx) {
                    return Poll::Ready(ended);
                }
                if let Some(interrupt) = &mut interrupt
                    && interrupt.poll(cx).is_ready()
                {
                    // Its owner, who is here, is woken.
                    node.cancel(Reason::Borrowed(INTERRUPTED));
                }
                Poll::Pending
            })
            .await
        });
        match ended {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(panic)) => Err(RunnerError::Panicked(panic)),
            Err(cancelled) if cancelled.reason == INTERRUPTED => Err(RunnerError::Interrupted),
            Err(cancelled) => Err(RunnerError::Cancelled(cancelled)),
        }
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until the drop")
    }
}

/// The reason for which SIGINT cancels.
const INTERRUPTED: &str = "interrupted by SIGINT";

impl Drop for Runner {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if tokio::runtime::Handle::try_current().is_ok() {
            // Inside of a runtime nobody may block.
            runtime.shutdown_background();
        } else {
            runtime.shutdown_timeout(self.shutdown_timeout);
        }
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How a [`Runner`] is to be.
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct RunnerBuilder {
    workers: Option<usize>,
    current_thread: bool,
    paused: bool,
    name: Option<Arc<str>>,
    /// `None`: unless the clock is paused.
    interruptible: Option<bool>,
    shutdown_timeout: Duration,
    debug: bool,
    slow_after: Duration,
    reports: Option<Handler>,
}

impl fmt::Debug for RunnerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunnerBuilder")
            .field("name", &self.name)
            .field("workers", &self.workers)
            .field("current_thread", &self.current_thread)
            .field("paused", &self.paused)
            .field("debug", &self.debug)
            .finish_non_exhaustive()
    }
}

impl RunnerBuilder {
    /// How many threads run tasks; one per processor, if nothing is said.
    pub fn workers(self, workers: usize) -> Self {
        Self { workers: Some(workers), ..self }
    }

    /// Everything runs on the thread that calls [`Runner::run`].
    pub fn current_thread(self) -> Self {
        Self { current_thread: true, ..self }
    }

    /// A clock for tests: it stands still while anybody runs, and jumps to the next timer when all wait.
    ///
    /// Implies [`current_thread`](Self::current_thread).
    pub fn paused_clock(self) -> Self {
        Self { paused: true, current_thread: true, ..self }
    }

    /// What the tree of tasks calls the main future.
    pub fn name(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Whether SIGINT cancels the main future; so it is, unless the clock is paused, if nothing is said.
    ///
    /// Once one runner has listened, SIGINT ends the process, as it does by default, whenever no runner listens: a
    /// program that handles SIGINT by itself says no.
    pub fn interruptible(self, interruptible: bool) -> Self {
        Self { interruptible: Some(interruptible), ..self }
    }

    /// How long a runner that is dropped waits for blocking work; 10 s, if nothing is said. What is left goes on in the
    /// background.
    pub fn shutdown_timeout(self, timeout: Duration) -> Self {
        Self { shutdown_timeout: timeout, ..self }
    }

    /// Debug mode: a watchdog reports what blocks a thread, and what was never awaited.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc::channel;
    /// use std::time::Duration;
    /// use par_async::{Report, Runner};
    ///
    /// let (reports, reported) = channel();
    /// let runner = Runner::builder()
    ///     .debug(true)
    ///     .slow_after(Duration::from_millis(20))
    ///     .report_to(move |report| drop(reports.send(report.clone())))
    ///     .build()?;
    /// // Whoever blocks is reported while it does.
    /// let report = runner.run(async move { reported.recv_timeout(Duration::from_secs(10)) })??;
    /// assert!(matches!(report, Report::Blocked { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn debug(self, debug: bool) -> Self {
        Self { debug, ..self }
    }

    /// For how long a poll may last before debug mode reports it; 100 ms, if nothing is said.
    pub fn slow_after(self, limit: Duration) -> Self {
        Self { slow_after: limit, ..self }
    }

    /// Who takes this runner's reports, instead of [`set_report_handler`](crate::set_report_handler)'s.
    pub fn report_to(self, handler: impl Fn(&Report) + Send + Sync + 'static) -> Self {
        Self { reports: Some(Arc::new(handler)), ..self }
    }

    /// Starts the runtime.
    ///
    /// # Errors
    /// [`RunnerError::Runtime`].
    pub fn build(self) -> Result<Runner, RunnerError> {
        let mut builder =
            if self.current_thread { Builder::new_current_thread() } else { Builder::new_multi_thread() };
        if let Some(workers) = self.workers.filter(|workers| *workers > 0) {
            builder.worker_threads(workers);
        }
        if self.paused {
            builder.start_paused(true);
        }
        let watchdog = self.debug.then(|| Watchdog::start(self.slow_after, self.reports));
        let watchdog = watchdog.transpose().map_err(RunnerError::Runtime)?;
        if let Some(dog) = &watchdog {
            let watch = Arc::clone(&dog.watch);
            builder.on_thread_start(move || drop(watch.station()));
            builder.on_thread_stop(Watch::dismiss);
        }
        let runtime = builder.enable_all().build().map_err(RunnerError::Runtime)?;
        Ok(Runner {
            runtime: Some(runtime),
            name: self.name,
            interruptible: self.interruptible.unwrap_or(!self.paused),
            shutdown_timeout: self.shutdown_timeout,
            watchdog,
        })
    }
}
