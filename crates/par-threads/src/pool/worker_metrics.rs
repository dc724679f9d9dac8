//! What one worker has done so far.

use std::fmt;
use std::time::Duration;

use par_core::{Counter, Snapshot};

/// What one worker of a [`ThreadPool`](crate::ThreadPool) has done so far, and does now.
///
/// `busy`, `waiting` and `idle` add up to the time since its thread was prepared, until that retires; they are kept
/// without looking at the clock for every task. A worker that was retired by a smaller number of workers stays in
/// the list, and goes on counting where it was when the pool grows again.
///
/// # Examples
/// ```
/// use par_core::{Executor, ExecutorExt, Shutdown};
/// use par_threads::ThreadPool;
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// let pool = ThreadPool::builder().workers(2).build()?;
/// let squares: u64 = pool.map_reduce((0..100).map(square::new), 0, |sum, x| sum + x)?;
/// pool.shutdown(Shutdown::drain())?;
/// let workers = pool.worker_metrics();
/// assert_eq!(workers.iter().map(|worker| worker.jobs()).sum::<u64>(), 100);
/// for worker in workers {
///     println!("{worker}"); // par-0: 63 jobs (2 stolen), busy 41 µs, waiting 0 ns, idle 120 µs; idle
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerMetrics {
    /// Its number, counted from 0.
    pub index: usize,
    /// The name of its thread.
    pub thread: String,
    /// The system's number of the thread, as `top -H` shows it, where the system tells and as soon as the
    /// thread has begun; the latest one's, if retired.
    pub native_id: Option<u64>,
    /// What it does now.
    pub state: WorkerState,
    /// What it has counted: jobs, failures, steals, and the phases of its tasks.
    pub counters: Snapshot,
    /// The time in which it ran tasks, took them from queues and delivered their outputs.
    pub busy: Duration,
    /// The time in which its task waited for others, and there was nothing to run meanwhile.
    pub waiting: Duration,
    /// The time in which it looked for tasks, or slept.
    pub idle: Duration,
}

impl WorkerMetrics {
    /// How many jobs it has run, with or without an output; a chunk of a `map` is one job.
    pub const fn jobs(&self) -> u64 {
        self.counters.get(Counter::Completed) + self.counters.get(Counter::Failed)
    }

    /// How often it has taken jobs from another worker's queue.
    pub const fn stolen(&self) -> u64 {
        self.counters.get(Counter::Stolen)
    }

    /// The part of its life in which it was busy, from 0 to 1.
    pub fn utilisation(&self) -> f64 {
        let life = self.busy + self.waiting + self.idle;
        if life.is_zero() { 0.0 } else { self.busy.as_secs_f64() / life.as_secs_f64() }
    }
}

impl fmt::Display for WorkerMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thread, state, busy, waiting, idle, .. } = self;
        let (jobs, stolen) = (self.jobs(), self.stolen());
        write!(f, "{thread}: {jobs} jobs ({stolen} stolen), ")?;
        write!(f, "busy {busy:.0?}, waiting {waiting:.0?}, idle {idle:.0?}; {state}")
    }
}

/// What a worker does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerState {
    /// It looks for a task, or sleeps.
    Idle,
    /// It runs a task.
    Running {
        /// The task's name; between two tasks, that of the former, and empty before the first.
        task: &'static str,
    },
    /// Its task waits for others, and there is nothing to run meanwhile.
    Waiting {
        /// The task's name; if it runs on top of others that wait, the topmost one's.
        task: &'static str,
    },
    /// Its thread has ended, because the pool has fewer workers now or was shut down.
    Retired,
}

impl fmt::Display for WorkerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("idle"),
            Self::Running { task } => write!(f, "running `{task}`"),
            Self::Waiting { task } => write!(f, "waiting in `{task}`"),
            Self::Retired => f.write_str("retired"),
        }
    }
}
