//! Work stealing over crossbeam's deques.

mod queues;
mod record;
mod roster;
mod shared;
mod sleep;
mod timeline;
mod worker;
mod worker_metrics;

pub use timeline::{TaskSpan, Timeline};
pub use worker_metrics::{WorkerMetrics, WorkerState};

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use par_core::plumbing::{Job, record_panics};
use par_core::{
    Capabilities, Executor, Level, LocalExecutor, Shutdown, ShutdownTimedOut, Snapshot, SubmitError,
};

use self::shared::Shared;
use crate::{BuildError, Builder, ResizeError};

/// A pool of threads that steal work from one another: the [`Executor`] for tasks and closures in this process.
///
/// Each worker has a deque of its own; what a task submits goes there and is run last in, first out, by the worker that
/// has it in its cache, unless an idle worker steals the oldest. Callers from outside share three queues, one per
/// [`Priority`](par_core::Priority): a worker takes the high ones before anything else, and low ones, also those that tasks
/// submit, only when there is nothing else for it, here or in another worker's deque; so a pool that is never idle never
/// runs them. Now and then it takes the normal job that has waited longest. A task that waits for another's handle runs
/// queued tasks meanwhile, so tasks may submit and wait as deep as their stack allows.
///
/// [`resize`](Self::resize) changes the number of workers while they work, [`worker_metrics`](Self::worker_metrics) says
/// what each of them does, and [`timeline`](Self::timeline) what they did when.
///
/// Dropping the pool cancels what is queued, asks what runs to stop, and waits for it for a bounded time;
/// [`shutdown`](Executor::shutdown) does it in the way of your choice.
///
/// # Examples
/// ```
/// use par_core::{ExecutorExt, LocalExecutorExt};
/// use par_threads::ThreadPool;
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// let pool = ThreadPool::new()?;
/// assert_eq!(pool.submit(square::new(7))?.wait()?, 49);
/// let words = vec!["closures", "run", "too"];
/// let lengths: Result<Vec<usize>, _> = pool.map_with(words, str::len).collect();
/// assert_eq!(lengths?, [8, 3, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ThreadPool {
    shared: Arc<Shared>,
    drop_timeout: Duration,
}

impl ThreadPool {
    /// A pool with a thread per processor that this process may use.
    ///
    /// # Errors
    /// [`BuildError`], when a thread cannot be started.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// The settings of a pool.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn start(config: &Builder) -> Result<Self, BuildError> {
        record_panics();
        let pool = Self { shared: Shared::new(config)?, drop_timeout: config.drop_timeout };
        pool.shared.grow(config.workers)?;
        Ok(pool)
    }

    /// Changes the number of workers while they work.
    ///
    /// A pool that grows starts threads, with the processor and the initializer that the builder named. A pool that
    /// shrinks retires its last workers, each after the task that it runs now; what is queued goes to the others. No task
    /// is lost, and none runs twice. [`workers`](Executor::workers) tells the new number at once.
    ///
    /// # Errors
    /// [`ResizeError`], and the pool is as it was: for no worker, for more than
    /// [`max_workers`](Builder::max_workers), after a shutdown, and when a new thread cannot be started or prepared.
    ///
    /// # Blocking
    /// While it grows, until every new worker has run its initializer, or for the start timeout; and while another thread
    /// resizes the pool. It waits for no task, so a task may resize its own pool; an initializer may not.
    ///
    /// # Examples
    /// ```
    /// use par_core::Executor;
    /// use par_threads::ThreadPool;
    ///
    /// let pool = ThreadPool::builder().workers(1).max_workers(4).build()?;
    /// pool.resize(4)?;
    /// assert_eq!(pool.workers().get(), 4);
    /// let refused = pool.resize(5).expect_err("it was built for 4");
    /// assert!(refused.to_string().contains("max_workers(5)"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resize(&self, workers: usize) -> Result<(), ResizeError> {
        self.shared.resize(workers)
    }

    /// The most workers that [`resize`](Self::resize) may ask for.
    pub fn max_workers(&self) -> usize {
        self.shared.max_workers()
    }

    /// What each worker has done so far and does now, by index, with those that were retired.
    ///
    /// A job is counted a moment after its handle tells the outcome.
    pub fn worker_metrics(&self) -> Vec<WorkerMetrics> {
        self.shared.worker_metrics()
    }

    /// Which task ran when and on which worker; empty, unless [`Builder::timeline`] asked for it.
    pub fn timeline(&self) -> Timeline {
        self.shared.timeline()
    }
}

impl Executor for ThreadPool {
    fn name(&self) -> &'static str {
        self.shared.name()
    }

    fn workers(&self) -> NonZeroUsize {
        self.shared.workers()
    }

    fn metrics(&self) -> Snapshot {
        self.shared.metrics()
    }

    fn capabilities(&self) -> Capabilities {
        self.shared.capabilities()
    }

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        self.shared.submit_job(job)
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        self.shared.shutdown(how)
    }
}

impl LocalExecutor for ThreadPool {}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        let shutdown = Shutdown::at(Level::CancelRunning).within(self.drop_timeout);
        let deadline = Instant::now().checked_add(self.drop_timeout);
        let done = self.shared.shutdown(shutdown).is_ok();
        self.shared.terminate();
        // Threads that do not listen end by themselves, after their task; the others are about to.
        if done && !self.shared.is_own_thread() {
            self.shared.roster.wait_until_vacant(deadline);
        }
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool").field("workers", &self.workers()).finish_non_exhaustive()
    }
}
