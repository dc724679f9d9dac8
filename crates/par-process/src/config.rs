//! How a pool is to be.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use par_core::{Task, TaskError};

use crate::encode::encode_task;
use crate::error::PoolError;
use crate::event::{Hook, WorkerEvent};
use crate::executor::ProcessPool;

/// How many calls a worker holds ahead of the one that it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prefetch {
    /// About a millisecond of work, at most 64 calls: tiny tasks travel in batches, long ones one by one.
    ///
    /// The first calls go one by one, until the time that they take is known.
    #[default]
    Auto,
    /// This many, always; 0 is the best balance and the least throughput.
    Calls(u16),
}

/// How a [`ProcessPool`] is to be; [`ProcessPool::builder`] makes one.
///
/// # Examples
/// ```no_run
/// use std::time::Duration;
/// use par_process::ProcessPool;
///
/// par_process::init();
/// let pool = ProcessPool::builder()
///     .workers(2)
///     .memory_limit(2 << 30)
///     .cancel_grace(Duration::from_millis(100))
///     .build()?;
/// # Ok::<(), par_process::PoolError>(())
/// ```
#[must_use = "a builder does nothing until it builds"]
#[derive(Clone)]
pub struct Builder {
    pub(crate) workers: usize,
    pub(crate) program: Option<PathBuf>,
    pub(crate) args: Vec<OsString>,
    pub(crate) envs: Vec<(OsString, OsString)>,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) initializer: Option<Result<Bytes, TaskError>>,
    pub(crate) max_tasks: Option<usize>,
    pub(crate) retries: u32,
    pub(crate) queue_bound: usize,
    pub(crate) prefetch: Prefetch,
    pub(crate) memory_limit: Option<u64>,
    pub(crate) nice: Option<i32>,
    pub(crate) cancel_grace: Duration,
    pub(crate) strict: bool,
    pub(crate) start_timeout: Duration,
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) idle_segment_bytes: usize,
    pub(crate) hook: Option<Hook>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            program: None,
            args: Vec::new(),
            envs: Vec::new(),
            cwd: None,
            initializer: None,
            max_tasks: None,
            retries: 1,
            queue_bound: 1024,
            prefetch: Prefetch::Auto,
            memory_limit: None,
            nice: None,
            cancel_grace: Duration::from_millis(250),
            strict: false,
            start_timeout: Duration::from_secs(30),
            stall_timeout: Some(Duration::from_secs(30)),
            idle_segment_bytes: 256 << 20,
            hook: None,
        }
    }
}

impl Builder {
    /// How many worker processes; as many as the machine runs at once, if nothing is said.
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// The program of the workers, which must call [`init`](crate::init) first; this one, if nothing is said.
    ///
    /// A script must `exec` the program: a worker whose parent is not the pool ends itself.
    pub fn program(self, program: impl Into<PathBuf>) -> Self {
        Self { program: Some(program.into()), ..self }
    }

    /// The arguments of the workers; none, if nothing is said.
    pub fn args<A: Into<OsString>>(self, args: impl IntoIterator<Item = A>) -> Self {
        Self { args: args.into_iter().map(Into::into).collect(), ..self }
    }

    /// Another variable in the environment of the workers, which else is this one's.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.envs.push((name.into(), value.into()));
        self
    }

    /// The working directory of the workers; this one's, if nothing is said.
    pub fn current_dir(self, directory: impl Into<PathBuf>) -> Self {
        Self { cwd: Some(directory.into()), ..self }
    }

    /// A task that every worker runs before all others, also each replacement.
    ///
    /// One that panics breaks the pool with [`PoolError::Initializer`].
    pub fn initializer(self, task: impl Task) -> Self {
        Self { initializer: Some(encode_task(task)), ..self }
    }

    /// Replaces each worker by a fresh one when it has run this many tasks (or batches of a chunked `map`).
    ///
    /// The replacement is started ahead and begins when the old one has ended its last task.
    pub fn max_tasks_per_worker(self, tasks: usize) -> Self {
        Self { max_tasks: Some(tasks), ..self }
    }

    /// How often a task is started anew when the worker that ran it dies; 1, if nothing is said.
    ///
    /// [`Options::retries`](par_core::Options::retries) overrules it for a single task.
    /// A task that a worker held but had not begun goes to another worker in any case.
    pub fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// How many tasks may be queued before `submit` blocks; 1024, if nothing is said.
    pub fn queue_bound(self, tasks: usize) -> Self {
        Self { queue_bound: tasks, ..self }
    }

    /// How many calls a worker holds ahead; see [`Prefetch`].
    pub fn prefetch(self, prefetch: Prefetch) -> Self {
        Self { prefetch, ..self }
    }

    /// The most address space that each worker may have, in bytes (`RLIMIT_AS`): allocations beyond it are refused.
    pub fn memory_limit(self, bytes: u64) -> Self {
        Self { memory_limit: Some(bytes), ..self }
    }

    /// How nice the workers are to others, from -20 to 19; less than 0 needs a privilege.
    pub fn nice(self, nice: i32) -> Self {
        Self { nice: Some(nice), ..self }
    }

    /// How long a running task that was cancelled, or whose deadline has passed, may take to stop before its worker is
    /// killed; 250 ms, if nothing is said.
    pub fn cancel_grace(self, grace: Duration) -> Self {
        Self { cancel_grace: grace, ..self }
    }

    /// Breaks the whole pool when a worker dies, as Python's `BrokenProcessPool` does, instead of replacing it.
    pub fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// How long a worker may take to be ready, initializer included; 30 s, if nothing is said.
    pub fn start_timeout(self, timeout: Duration) -> Self {
        Self { start_timeout: timeout, ..self }
    }

    /// A worker whose heartbeat is silent for so long is lost (stopped, swapped to death); 30 s, if nothing is said.
    ///
    /// The heartbeat has a thread of its own in the worker, so a long task does not silence it.
    /// With `None` a stopped worker's task without a deadline waits until the worker is continued.
    pub fn stall_timeout(self, timeout: Option<Duration>) -> Self {
        Self { stall_timeout: timeout, ..self }
    }

    /// How much idle shared memory is kept for the next large payload, per worker and direction; 256 MiB, if nothing is
    /// said.
    pub fn idle_segment_bytes(self, bytes: usize) -> Self {
        Self { idle_segment_bytes: bytes, ..self }
    }

    /// Calls `hook` for everything that happens to a worker, on a thread of the pool: it must be short.
    pub fn on_event(self, hook: impl Fn(&WorkerEvent) + Send + Sync + 'static) -> Self {
        Self { hook: Some(Arc::new(hook)), ..self }
    }

    /// Starts the workers.
    ///
    /// # Errors
    /// [`PoolError`], when a setting makes no sense or one of them does not become ready.
    ///
    /// # Blocking
    /// Until all workers are ready, for the start timeout at the longest.
    pub fn build(self) -> Result<ProcessPool, PoolError> {
        let counts = [("workers", self.workers), ("queue_bound", self.queue_bound)];
        let max_tasks = self.max_tasks.map(|tasks| ("max_tasks_per_worker", tasks));
        for (setting, value) in counts.into_iter().chain(max_tasks) {
            if value == 0 {
                return Err(PoolError::Zero { setting });
            }
        }
        ProcessPool::start(self)
    }

    /// The interval of the heartbeat.
    pub(crate) fn heartbeat(&self) -> Option<Duration> {
        self.stall_timeout
            .map(|timeout| (timeout / 8).clamp(Duration::from_millis(5), Duration::from_millis(500)))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("workers", &self.workers)
            .field("program", &self.program)
            .field("retries", &self.retries)
            .field("queue_bound", &self.queue_bound)
            .field("prefetch", &self.prefetch)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}
