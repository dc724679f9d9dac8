//! What a pool does about a task that panics.

use std::io::{Write, stderr};
use std::sync::{Arc, OnceLock};

use par_core::plumbing::catch_panic;
use par_core::{Panic, SubmitError};

use crate::Builder;

/// What a pool does about a task that panics, besides completing its handle with the panic.
///
/// # Examples
/// ```
/// use par_core::{LocalExecutorExt, SubmitError};
/// use par_threads::{PanicPolicy, ThreadPool};
///
/// let pool = ThreadPool::builder().workers(1).panic_policy(PanicPolicy::ShutDown).build()?;
/// let failed = pool.spawn(|| -> u32 { std::panic::resume_unwind(Box::new("no disk")) })?.wait();
/// assert!(failed.is_err());
/// match pool.spawn(|| 1) {
///     Err(SubmitError::Broken { reason, .. }) => assert!(reason.contains("no disk")),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PanicPolicy {
    /// The panic is an error of its task alone; the worker and all other tasks go on.
    #[default]
    Isolate,
    /// Fail fast: the first panic cancels what is queued, asks what runs to stop, and the pool takes nothing more:
    /// [`SubmitError::Broken`] names the task and what it said. All that is so before the task's handle tells, except that
    /// the workers of a [`RayonPool`](crate::RayonPool) cancel what is queued when they come to it.
    ShutDown,
    /// The process aborts, after the panic hook has reported the panic.
    Abort,
}

/// A task that panicked, as [`Builder::on_panic`] is told of it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TaskPanic<'a> {
    /// The task's name.
    pub task: &'static str,
    /// The index of the worker that ran it; the observer runs there, too.
    pub worker: usize,
    /// What it said, and where.
    pub panic: &'a Panic,
}

/// Is told of every task that panics.
pub(crate) type Observer = Arc<dyn Fn(&TaskPanic<'_>) + Send + Sync>;

/// A pool's answer to panics.
pub(crate) struct PanicWatch {
    policy: PanicPolicy,
    observer: Option<Observer>,
    /// Why the pool takes nothing more.
    broken: OnceLock<String>,
}

impl PanicWatch {
    pub(crate) fn new(config: &Builder) -> Self {
        Self { policy: config.panic_policy, observer: config.on_panic.clone(), broken: OnceLock::new() }
    }

    /// Tells the observer; `true`: a panic ends the pool, which its caller has to do, also after the first one: so no
    /// handle tells of a panic before its pool is closed.
    pub(crate) fn panicked(&self, worker: usize, task: &'static str, panic: &Panic) -> bool {
        if let Some(observer) = &self.observer {
            // The panic hook has reported an observer's own panic; it harms nothing else.
            catch_panic(|| observer(&TaskPanic { task, worker, panic })).ok();
        }
        match self.policy {
            PanicPolicy::Isolate => false,
            PanicPolicy::ShutDown => {
                self.broken.get_or_init(|| format!("its task `{task}` panicked: {panic}"));
                true
            }
            PanicPolicy::Abort => {
                let reason = "panicked, and its pool's panic policy is to abort";
                // Whether or not anybody reads it; `eprintln` would panic.
                writeln!(stderr(), "the task `{task}` {reason}: {panic}").ok();
                std::process::abort()
            }
        }
    }

    /// Why a pool that is closed takes nothing.
    pub(crate) fn refusal(&self, executor: &str) -> SubmitError {
        let executor = executor.to_owned();
        match self.broken.get() {
            Some(reason) => SubmitError::Broken { executor, reason: reason.clone() },
            None => SubmitError::ShutDown { executor },
        }
    }
}
