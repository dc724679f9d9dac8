//! How an executor is built.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::error::BuildError;
use crate::executor::TokioExecutor;

/// Which runtime an executor works on.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    /// One of its own, with so many threads for futures.
    MultiThread(usize),
    /// One of its own, with one thread that polls all futures.
    CurrentThread,
    /// One that is there already.
    Given(Handle),
}

/// Settings of a [`TokioExecutor`].
///
/// # Examples
/// ```
/// use par_async::TokioExecutor;
/// use par_core::ExecutorExt;
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// let executor = TokioExecutor::builder().workers(2).name("cruncher").queue_bound(1000).build()?;
/// assert_eq!(executor.submit(square::new(5))?.wait()?, 25);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ExecutorBuilder {
    pub(crate) workers: usize,
    pub(crate) queue_bound: usize,
    pub(crate) future_bound: usize,
    pub(crate) name: String,
    pub(crate) choice: Option<Choice>,
    pub(crate) drop_timeout: Duration,
}

impl ExecutorBuilder {
    pub(crate) fn new() -> Self {
        Self {
            workers: available_parallelism().map_or(1, NonZeroUsize::get),
            queue_bound: 1 << 16,
            future_bound: 1 << 16,
            name: "par-async".to_owned(),
            choice: None,
            drop_timeout: Duration::from_secs(5),
        }
    }

    /// How many tasks and closures compute at once; one per processor, if nothing is said.
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// How many tasks may be queued before `submit` blocks; 65,536, if nothing is said.
    pub fn queue_bound(self, tasks: usize) -> Self {
        Self { queue_bound: tasks, ..self }
    }

    /// How many futures may be under way before [`spawn_future`](TokioExecutor::spawn_future) blocks; 65,536, if nothing
    /// is said.
    pub fn future_bound(self, futures: usize) -> Self {
        Self { future_bound: futures, ..self }
    }

    /// What the threads of a runtime of its own are called; `par-async`, if nothing is said.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// A runtime of its own, with so many threads that poll futures; this with [`workers`](Self::workers) threads, if
    /// nothing is said.
    pub fn multi_thread(self, threads: usize) -> Self {
        Self { choice: Some(Choice::MultiThread(threads)), ..self }
    }

    /// A runtime of its own, with one thread that polls all futures. Tasks still compute on `workers` threads.
    pub fn current_thread(self) -> Self {
        Self { choice: Some(Choice::CurrentThread), ..self }
    }

    /// A runtime that is there already, whose blocking pool then runs the tasks.
    ///
    /// Whoever has it keeps it alive; where it is shut down first, what is submitted later is refused, and what was under
    /// way ends as lost. Its blocking pool must have room for `workers` threads.
    pub fn handle(self, handle: Handle) -> Self {
        Self { choice: Some(Choice::Given(handle)), ..self }
    }

    /// How long dropping the executor waits for tasks that run; 5 s, if nothing is said.
    pub fn drop_timeout(self, timeout: Duration) -> Self {
        Self { drop_timeout: timeout, ..self }
    }

    /// Starts the runtime, unless there is one.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(self) -> Result<TokioExecutor, BuildError> {
        let too_small = |setting| Err(BuildError::TooSmall { setting, least: 1 });
        if self.workers == 0 {
            return too_small("workers");
        }
        if self.future_bound == 0 {
            return too_small("future_bound");
        }
        if matches!(self.choice, Some(Choice::MultiThread(0))) {
            return too_small("multi_thread");
        }
        TokioExecutor::start(&self)
    }
}
