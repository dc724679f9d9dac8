//! How a pool is built.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::{BuildError, RayonPool, ThreadPool};

/// What each worker does before its first task; it is given the worker's index.
pub(crate) type Initializer = Arc<dyn Fn(usize) + Send + Sync>;

/// Less is not enough for the worker itself, in bytes.
const LEAST_STACK: usize = 64 << 10;

/// Settings of a [`ThreadPool`] or a [`RayonPool`].
///
/// # Examples
/// ```
/// use par_core::LocalExecutorExt;
/// use par_threads::ThreadPool;
///
/// let pool = ThreadPool::builder()
///     .workers(2)
///     .name("render")
///     .queue_bound(1000)
///     .initializer(|index| println!("render-{index} is ready"))
///     .build()?;
/// let name = pool.spawn(|| std::thread::current().name().map(str::to_owned))?.wait()?;
/// assert!(name.is_some_and(|name| name.starts_with("render-")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    pub(crate) workers: usize,
    pub(crate) name: String,
    pub(crate) queue_bound: usize,
    pub(crate) stack_size: usize,
    pub(crate) initializer: Option<Initializer>,
    pub(crate) start_timeout: Duration,
    pub(crate) drop_timeout: Duration,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            workers: available_parallelism().map_or(1, NonZeroUsize::get),
            name: "par".to_owned(),
            queue_bound: 1 << 16,
            // A worker that waits runs other tasks on top of its stack, so it needs more than the usual 2 MiB;
            // only what is touched takes memory.
            stack_size: 8 << 20,
            initializer: None,
            start_timeout: Duration::from_mins(1),
            drop_timeout: Duration::from_secs(5),
        }
    }

    /// How many threads; as many as the machine lets this process use, if nothing is said.
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// What the threads are called, followed by `-` and their index; `par`, if nothing is said.
    ///
    /// The operating system shows the first 15 bytes of it.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// How many tasks may be queued before `submit` blocks; 65,536, if nothing is said.
    pub fn queue_bound(self, tasks: usize) -> Self {
        Self { queue_bound: tasks, ..self }
    }

    /// The stack of each thread, in bytes; 8 MiB, if nothing is said.
    pub fn stack_size(self, bytes: usize) -> Self {
        Self { stack_size: bytes, ..self }
    }

    /// What each worker does before its first task, given its index; [`build`](Self::build) waits for it.
    pub fn initializer(self, initializer: impl Fn(usize) + Send + Sync + 'static) -> Self {
        Self { initializer: Some(Arc::new(initializer)), ..self }
    }

    /// How long [`build`](Self::build) waits for the initializers; a minute, if nothing is said.
    pub fn start_timeout(self, timeout: Duration) -> Self {
        Self { start_timeout: timeout, ..self }
    }

    /// How long dropping the pool waits for tasks that are asked to stop; 5 seconds, if nothing is said.
    ///
    /// A thread that still runs then is left to end by itself.
    pub fn drop_timeout(self, timeout: Duration) -> Self {
        Self { drop_timeout: timeout, ..self }
    }

    /// Starts the threads of a [`ThreadPool`].
    ///
    /// # Errors
    /// [`BuildError`], when a setting makes no sense, a thread cannot be started or an initializer panics.
    ///
    /// # Blocking
    /// Until every worker has run its initializer, or for the start timeout.
    pub fn build(self) -> Result<ThreadPool, BuildError> {
        self.check()?;
        ThreadPool::start(self)
    }

    /// Starts the threads of a [`RayonPool`].
    ///
    /// # Errors
    /// As [`build`](Self::build).
    ///
    /// # Blocking
    /// As [`build`](Self::build).
    pub fn build_rayon(self) -> Result<RayonPool, BuildError> {
        self.check()?;
        RayonPool::start(self)
    }

    fn check(&self) -> Result<(), BuildError> {
        for (setting, value) in [("workers", self.workers), ("queue_bound", self.queue_bound)] {
            if value == 0 {
                return Err(BuildError::TooSmall { setting, least: 1 });
            }
        }
        if self.stack_size < LEAST_STACK {
            return Err(BuildError::TooSmall { setting: "stack_size", least: LEAST_STACK });
        }
        Ok(())
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("workers", &self.workers)
            .field("name", &self.name)
            .field("queue_bound", &self.queue_bound)
            .field("stack_size", &self.stack_size)
            .finish_non_exhaustive()
    }
}
