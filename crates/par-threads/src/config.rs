//! How a pool is built.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::panics::Observer;
use crate::thread::{LARGEST_STACK, LEAST_STACK};
use crate::{Affinity, BuildError, PanicPolicy, RayonPool, TaskPanic, ThreadPool};

/// What each worker does before its first task; it is given the worker's index.
pub(crate) type Initializer = Arc<dyn Fn(usize) + Send + Sync>;

/// So many workers a pool may grow to, per processor and in any case, if nothing is said: threads may wait.
const MOST_PER_PROCESSOR: usize = 4;
const MOST_IN_ANY_CASE: usize = 64;
/// More threads no system gives to a process.
const MOST_WORKERS: usize = u16::MAX as usize;

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
    max_workers: Option<usize>,
    pub(crate) name: String,
    pub(crate) queue_bound: usize,
    pub(crate) stack_size: usize,
    pub(crate) initializer: Option<Initializer>,
    pub(crate) affinity: Affinity,
    pub(crate) panic_policy: PanicPolicy,
    pub(crate) on_panic: Option<Observer>,
    /// Spans per worker.
    pub(crate) timeline: Option<usize>,
    pub(crate) start_timeout: Duration,
    pub(crate) drop_timeout: Duration,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            workers: processors(),
            max_workers: None,
            name: "par".to_owned(),
            queue_bound: 1 << 16,
            // A worker that waits runs other tasks on top of its stack, so it needs more than the usual 2 MiB;
            // only what is touched takes memory.
            stack_size: 8 << 20,
            initializer: None,
            affinity: Affinity::Inherit,
            panic_policy: PanicPolicy::Isolate,
            on_panic: None,
            timeline: None,
            start_timeout: Duration::from_mins(1),
            drop_timeout: Duration::from_secs(5),
        }
    }

    /// How many threads; as many as the machine lets this process use, if nothing is said.
    pub fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// How many workers [`ThreadPool::resize`] may ask for; if nothing is said, 64, or 4 per processor, or
    /// [`workers`](Self::workers), whichever is most.
    ///
    /// Each takes 2 KiB before it has a thread.
    pub fn max_workers(self, workers: usize) -> Self {
        Self { max_workers: Some(workers), ..self }
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

    /// Which processors the workers run on; any that this thread may use, if nothing is said.
    pub fn affinity(self, affinity: Affinity) -> Self {
        Self { affinity, ..self }
    }

    /// What the pool does about a task that panics; nothing, besides telling its handle, if nothing is said.
    pub fn panic_policy(self, policy: PanicPolicy) -> Self {
        Self { panic_policy: policy, ..self }
    }

    /// Is called for every task that panics, on its worker, before its handle tells; for logs and alarms.
    ///
    /// It must be short. A panic of its own is reported by the panic hook and harms nothing else.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc;
    /// use par_core::LocalExecutorExt;
    /// use par_threads::ThreadPool;
    ///
    /// let (report, reports) = mpsc::channel();
    /// let pool = ThreadPool::builder()
    ///     .workers(1)
    ///     .on_panic(move |event| drop(report.send(format!("`{}` said: {}", event.task, event.panic.message))))
    ///     .build()?;
    /// let failed = pool.spawn(|| -> u32 { std::panic::resume_unwind(Box::new("no disk")) })?;
    /// assert!(failed.wait().is_err());
    /// assert_eq!(reports.recv()?, "`closure` said: no disk");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_panic(self, observer: impl Fn(&TaskPanic<'_>) + Send + Sync + 'static) -> Self {
        Self { on_panic: Some(Arc::new(observer)), ..self }
    }

    /// Keeps which task ran when, the latest so many of each worker, for [`ThreadPool::timeline`]; nothing, and at no
    /// price, if nothing is said.
    ///
    /// A span takes 88 bytes, once there is one.
    pub fn timeline(self, spans: usize) -> Self {
        Self { timeline: Some(spans), ..self }
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
        ThreadPool::start(&self)
    }

    /// Starts the threads of a [`RayonPool`].
    ///
    /// # Errors
    /// As [`build`](Self::build); and [`BuildError::NotWithRayon`] for a setting that only a [`ThreadPool`] has.
    ///
    /// # Blocking
    /// As [`build`](Self::build).
    pub fn build_rayon(self) -> Result<RayonPool, BuildError> {
        self.check()?;
        for (setting, given) in [("max_workers", self.max_workers), ("timeline", self.timeline)] {
            if given.is_some() {
                return Err(BuildError::NotWithRayon { setting });
            }
        }
        RayonPool::start(self)
    }

    /// How many workers there may be, ever.
    pub(crate) fn most_workers(&self) -> usize {
        let usual = || self.workers.max(MOST_PER_PROCESSOR * processors()).max(MOST_IN_ANY_CASE);
        self.max_workers.unwrap_or_else(usual)
    }

    fn check(&self) -> Result<(), BuildError> {
        let settings = [
            ("workers", self.workers, 1),
            ("queue_bound", self.queue_bound, 1),
            ("max_workers", self.most_workers(), self.workers),
            ("timeline", self.timeline.unwrap_or(1), 1),
            ("stack_size", self.stack_size, LEAST_STACK),
        ];
        for (setting, value, least) in settings {
            if value < least {
                return Err(BuildError::TooSmall { setting, least });
            }
        }
        let settings = [
            ("workers", self.workers, MOST_WORKERS),
            ("max_workers", self.most_workers(), MOST_WORKERS),
            ("stack_size", self.stack_size, LARGEST_STACK),
        ];
        for (setting, value, most) in settings {
            if value > most {
                return Err(BuildError::TooLarge { setting, most });
            }
        }
        if let Some(position) = self.name.bytes().position(|byte| byte == 0) {
            return Err(BuildError::NulInName { name: self.name.clone(), position });
        }
        Ok(())
    }
}

fn processors() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("workers", &self.workers)
            .field("max_workers", &self.most_workers())
            .field("name", &self.name)
            .field("queue_bound", &self.queue_bound)
            .field("stack_size", &self.stack_size)
            .field("affinity", &self.affinity)
            .field("panic_policy", &self.panic_policy)
            .field("timeline", &self.timeline)
            .finish_non_exhaustive()
    }
}
