//! The way in: a runtime, a main future, and an orderly end.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use par_core::plumbing::record_panics;
use tokio::runtime::{Builder, Runtime};

use crate::error::RunnerError;
use crate::task::{Caught, Kind, Node, Scoped};

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
pub struct Runner {
    runtime: Runtime,
    name: Option<Arc<str>>,
}

impl Runner {
    /// The settings of a runner.
    pub const fn builder() -> RunnerBuilder {
        RunnerBuilder { workers: None, current_thread: false, paused: false, name: None }
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
        let node = Node::open_here(Kind::Main, self.name.clone(), at);
        match self.runtime.block_on(Scoped::new(node, Caught::new(main))) {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(panic)) => Err(RunnerError::Panicked(panic)),
            Err(cancelled) => Err(RunnerError::Cancelled(cancelled)),
        }
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How a [`Runner`] is to be.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct RunnerBuilder {
    workers: Option<usize>,
    current_thread: bool,
    paused: bool,
    name: Option<Arc<str>>,
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
        let runtime = builder.enable_all().build().map_err(RunnerError::Runtime)?;
        Ok(Runner { runtime, name: self.name })
    }
}
