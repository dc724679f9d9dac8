//! Work stealing over crossbeam's deques.

mod queues;
mod shared;
mod sleep;
mod worker;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use par_core::plumbing::{Job, record_panics};
use par_core::{
    Capabilities, Executor, Level, LocalExecutor, Shutdown, ShutdownTimedOut, Snapshot, SubmitError,
};

use self::shared::Shared;
use self::worker::worker;
use crate::{BuildError, Builder, start};

/// A pool of threads that steal work from one another: the [`Executor`] for tasks and closures in this process.
///
/// Each worker has a deque of its own; what a task submits goes there and is run last in, first out, by the worker that
/// has it in its cache, unless an idle worker steals the oldest. Callers from outside share three queues, one per
/// [`Priority`](par_core::Priority). A task that waits for another's handle runs queued tasks meanwhile, so tasks may
/// submit and wait as deep as their stack allows.
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

    pub(crate) fn start(config: Builder) -> Result<Self, BuildError> {
        record_panics();
        let (shared, parts) = Shared::new(&config);
        // From here on an error drops the pool, and with it the threads that have started.
        let pool = Self { shared, drop_timeout: config.drop_timeout };
        let (starter, reports) = start::starter(config.initializer);
        for (index, part) in parts.into_iter().enumerate() {
            let work = worker(Arc::clone(&pool.shared), index, part);
            let starter = starter.clone();
            let run = move || {
                if starter.start(index) {
                    work();
                }
            };
            thread::Builder::new()
                .name(format!("{}-{index}", config.name))
                .stack_size(config.stack_size)
                .spawn(run)
                .map_err(|source| BuildError::Spawn { worker: index, workers: config.workers, source })?;
        }
        start::wait(&reports, config.workers, config.start_timeout)?;
        Ok(pool)
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
        // Threads that do not listen end by themselves, after their task.
        self.shared.shutdown(shutdown).ok();
        self.shared.terminate();
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool").field("workers", &self.workers()).finish_non_exhaustive()
    }
}
