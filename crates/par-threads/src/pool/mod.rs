//! Work stealing over crossbeam's deques.

mod queues;
mod shared;
mod sleep;
mod worker;

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use par_core::plumbing::{Job, record_panics};
use par_core::{
    Capabilities, Executor, Level, LocalExecutor, Shutdown, ShutdownTimedOut, Snapshot, SubmitError,
};

use self::shared::Shared;
use self::worker::Worker;
use crate::config::Initializer;
use crate::{BuildError, Builder};

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
        let (ready, started) = channel();
        for (index, part) in parts.into_iter().enumerate() {
            let worker = Worker::new(Arc::clone(&pool.shared), index, part);
            let (ready, initializer) = (ready.clone(), config.initializer.clone());
            thread::Builder::new()
                .name(format!("{}-{index}", config.name))
                .stack_size(config.stack_size)
                .spawn(move || start_worker(worker, index, initializer.as_ref(), &ready))
                .map_err(|source| BuildError::Spawn { worker: index, workers: config.workers, source })?;
        }
        drop(ready);
        let deadline = Instant::now() + config.start_timeout;
        for arrived in 0..config.workers {
            let left = deadline.saturating_duration_since(Instant::now());
            started.recv_timeout(left).map_err(|_| BuildError::StartTimedOut {
                missing: config.workers - arrived,
                waited: config.start_timeout,
            })??;
        }
        Ok(pool)
    }
}

fn start_worker(
    worker: impl FnOnce() + Send,
    index: usize,
    initializer: Option<&Initializer>,
    ready: &Sender<Result<(), BuildError>>,
) {
    let initialized = initializer.map_or(Ok(()), |initializer| {
        catch_unwind(AssertUnwindSafe(|| initializer(index))).map_err(|panic| {
            let message = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned());
            let message = message.unwrap_or_else(|| "a value that is not text".to_owned());
            BuildError::Initializer { worker: index, message }
        })
    });
    let works = initialized.is_ok();
    // Nobody listens any more when the builder has given up; then the pool is shut down and the worker ends at once.
    ready.send(initialized).ok();
    if works {
        worker();
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
        // A pool that is dropped by one of its own tasks cannot wait for that task.
        let timeout = if self.shared.is_own_thread() { Duration::ZERO } else { self.drop_timeout };
        let shutdown = Shutdown::at(Level::CancelRunning).within(timeout);
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
