//! rayon, behind the same trait.

use std::fmt;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use par_core::plumbing::{Helper, Job, Ran, enter_worker, record_panics, thread_waker};
use par_core::{
    Capabilities, Counter, Delivery, Executor, Level, LocalExecutor, Metrics, Panic, Shutdown,
    ShutdownTimedOut, Snapshot, SubmitError, TaskError,
};

use crate::panics::PanicWatch;
use crate::start::{self, Preparation};
use crate::{BuildError, Builder};
use par_core::plumbing::Gauge;

/// A rayon thread pool as an [`Executor`]: for programs that use rayon anyway, and as the peer to measure beside.
///
/// It runs each task with [`rayon::ThreadPool::spawn`]; who waits for a handle on one of its threads, be it a task or a
/// parallel iterator, lets the thread run other tasks through [`rayon::yield_now`]. There are no priorities, the number of
/// workers stays as it is, nobody keeps a timeline, tasks from outside wait for as long as those inside submit others, and
/// a task that is cancelled with all others at a shutdown leaves its queue only when a worker comes to it.
///
/// # Examples
/// ```
/// use par_core::ExecutorExt;
/// use par_threads::RayonPool;
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// let pool = RayonPool::new()?;
/// let squares: Result<Vec<u64>, _> = pool.map((1..4).map(square::new)).collect();
/// assert_eq!(squares?, [1, 4, 9]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RayonPool {
    shared: Arc<Shared>,
    drop_timeout: Duration,
}

const NAME: &str = "rayon-pool";

struct Shared {
    rayon: rayon::ThreadPool,
    gauge: Gauge,
    metrics: Metrics,
    workers: NonZeroUsize,
    queue_bound: usize,
    /// The hardest level of shutdown so far, plus one.
    level: Arc<AtomicU8>,
    panics: PanicWatch,
}

impl RayonPool {
    /// A pool with a thread per processor that this process may use.
    ///
    /// # Errors
    /// [`BuildError`], when a thread cannot be started.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build_rayon()
    }

    /// The settings of a pool; [`build_rayon`](Builder::build_rayon) starts it.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn start(config: Builder) -> Result<Self, BuildError> {
        record_panics();
        let (starter, reports) = Preparation::new(&config)?.starter();
        let panics = PanicWatch::new(&config);
        let Builder { workers, name, queue_bound, stack_size, start_timeout, drop_timeout, .. } = config;
        let level = Arc::new(AtomicU8::new(0));
        let pool = Arc::new(OnceLock::new());
        let (level_seen, pool_seen) = (Arc::clone(&level), Arc::clone(&pool));
        let rayon = rayon::ThreadPoolBuilder::new()
            .num_threads(workers)
            .stack_size(stack_size)
            .thread_name(move |index| format!("{name}-{index}"))
            .start_handler(move |index| {
                let helper = RayonHelper { level: Arc::clone(&level_seen), pool: Arc::clone(&pool_seen) };
                // The thread is a worker until it ends.
                std::mem::forget(enter_worker(Rc::new(helper)));
                starter.start(index);
            })
            .build()
            .map_err(|error| BuildError::Rayon { reason: error.to_string() })?;
        start::wait(&reports, workers, start_timeout)?;
        let shared = Arc::new(Shared {
            rayon,
            gauge: Gauge::new(workers, queue_bound),
            metrics: Metrics::new(workers + 1),
            workers: NonZeroUsize::new(workers).expect("the builder checks that"),
            queue_bound,
            level,
            panics,
        });
        pool.set(Arc::downgrade(&shared)).expect("it is set here alone");
        Ok(Self { shared, drop_timeout })
    }

    /// The pool itself, for parallel iterators: `pool.rayon().install(|| …)`.
    pub fn rayon(&self) -> &rayon::ThreadPool {
        &self.shared.rayon
    }
}

fn has_reached(reached: &AtomicU8, level: Level) -> bool {
    reached.load(Ordering::SeqCst) > level as u8
}

impl Shared {
    fn has_reached(&self, level: Level) -> bool {
        has_reached(&self.level, level)
    }

    fn run(self: &Arc<Self>, job: Box<dyn Job>) {
        let index = rayon::current_thread_index().unwrap_or(0);
        let ran = if self.has_reached(Level::CancelQueued) {
            job.fail(TaskError::Cancelled);
            Ran::SKIPPED
        } else {
            job.run(index)
        };
        self.metrics.add_ran(index, &ran);
        self.gauge.leave();
    }

    fn submit(self: &Arc<Self>, job: Box<dyn Job>) -> Result<(), SubmitError> {
        let own = self.rayon.current_thread_index();
        let closed = || self.has_reached(if own.is_some() { Level::CancelQueued } else { Level::Drain });
        if own.is_some() && !closed() {
            self.gauge.enter_unbounded();
        } else if closed() || !self.gauge.enter(job.options().expires(), closed) {
            return Err(if closed() {
                self.panics.refusal(NAME)
            } else {
                SubmitError::DeadlineExceeded { executor: NAME.to_owned() }
            });
        }
        self.metrics.add(own.unwrap_or(self.workers.get()), Counter::Submitted, 1);
        let shared = Arc::clone(self);
        self.rayon.spawn(move || shared.run(job));
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            closures: true,
            hard_kill: false,
            priorities: false,
            survives_crash: false,
            asynchronous: true,
            nesting: true,
            delivery: Delivery::AtMostOnce,
            queue_bound: self.queue_bound,
        }
    }

    /// Takes nothing more, and treats what it has as that level says.
    fn close(&self, level: Level) {
        self.level.fetch_max(level as u8 + 1, Ordering::SeqCst);
        self.gauge.wake_all();
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        let begun = Instant::now();
        // One of the pool's own tasks cannot wait for itself.
        let own = self.rayon.current_thread_index().is_some();
        let timeout = if own { Duration::ZERO } else { how.timeout };
        self.close(how.level);
        if self.gauge.wait_until_empty(begun.checked_add(timeout)) {
            return Ok(());
        }
        let running = self.gauge.unfinished();
        Err(ShutdownTimedOut { executor: NAME.to_owned(), running, waited: begun.elapsed() })
    }
}

/// The pool, as its own tasks see it: it does not keep the pool from being dropped by its owner.
struct Nested(Arc<Shared>);

macro_rules! executor {
    ($pool:ty, $shared:tt) => {
        impl Executor for $pool {
            fn name(&self) -> &'static str {
                NAME
            }

            fn workers(&self) -> NonZeroUsize {
                self.$shared.workers
            }

            fn metrics(&self) -> Snapshot {
                self.$shared.metrics.snapshot()
            }

            fn capabilities(&self) -> Capabilities {
                self.$shared.capabilities()
            }

            fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
                self.$shared.submit(job)
            }

            fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
                self.$shared.shutdown(how)
            }
        }

        impl LocalExecutor for $pool {}
    };
}

executor!(RayonPool, shared);
executor!(Nested, 0);

impl Drop for RayonPool {
    fn drop(&mut self) {
        self.shared.shutdown(Shutdown::at(Level::CancelRunning).within(self.drop_timeout)).ok();
    }
}

impl fmt::Debug for RayonPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RayonPool").field("workers", &self.workers()).finish_non_exhaustive()
    }
}

/// rayon does not say when a job comes, so an idle helper looks again after this long.
const NAP: Duration = Duration::from_micros(200);

/// What a wait on one of the threads does meanwhile: rayon's other jobs.
struct RayonHelper {
    level: Arc<AtomicU8>,
    /// Weak, because the pool's threads must not keep it: it is the pool that ends them.
    pool: Arc<OnceLock<Weak<Shared>>>,
}

impl Helper for RayonHelper {
    fn help(&self, done: &dyn Fn() -> bool, deadline: Option<Instant>) {
        while !done() && deadline.is_none_or(|deadline| Instant::now() < deadline) {
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
                std::thread::park_timeout(left.map_or(NAP, |left| left.min(NAP)));
            }
        }
    }

    fn waker(&self) -> Waker {
        thread_waker()
    }

    fn executor(&self) -> Option<Arc<dyn Executor>> {
        self.pool.get().and_then(Weak::upgrade).map(|shared| Arc::new(Nested(shared)) as Arc<dyn Executor>)
    }

    fn stopping(&self) -> bool {
        has_reached(&self.level, Level::CancelRunning)
    }

    fn panicked(&self, task: &'static str, panic: &Panic) {
        // A task of the pool keeps it alive.
        let Some(pool) = self.pool.get().and_then(Weak::upgrade) else { return };
        let index = rayon::current_thread_index().unwrap_or(0);
        if pool.panics.panicked(index, task, panic) {
            pool.close(Level::CancelRunning);
        }
    }
}
