//! The executor: runs each job at once, on the caller's thread.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

use par_core::plumbing::{Job, record_panics};
use par_core::{
    Capabilities, Counter, Delivery, Executor, LocalExecutor, Metrics, Shutdown, ShutdownTimedOut, Snapshot,
    SubmitError,
};

use crate::{FooConfig, FooError, probe};

/// An executor that runs each task at once, on the caller's thread.
///
/// # Examples
/// ```
/// use par_core::Executor;
/// use par_foo::{FooConfig, FooExecutor};
///
/// let executor = FooExecutor::new(FooConfig::default())?;
/// assert_eq!(executor.workers().get(), 1);
/// # Ok::<(), par_foo::FooError>(())
/// ```
#[derive(Debug)]
pub struct FooExecutor {
    workers: NonZeroUsize,
    metrics: Metrics,
    shut_down: AtomicBool,
}

impl FooExecutor {
    /// An executor of this configuration.
    ///
    /// # Errors
    /// [`FooError`], when the machine lacks what it needs.
    pub fn new(config: FooConfig) -> Result<Self, FooError> {
        let most = probe()?;
        if config.workers > most {
            return Err(FooError::TooManyWorkers { asked: config.workers.get(), most: most.get() });
        }
        // A task's panic is an error that says where.
        record_panics();
        let metrics = Metrics::new(config.workers.get());
        Ok(Self { workers: config.workers, metrics, shut_down: AtomicBool::new(false) })
    }
}

impl Executor for FooExecutor {
    fn name(&self) -> &'static str {
        "foo-executor"
    }

    fn workers(&self) -> NonZeroUsize {
        self.workers
    }

    fn metrics(&self) -> Snapshot {
        self.metrics.snapshot()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            // The caller's thread shares this memory; where workers do not, this is false.
            closures: true,
            hard_kill: false,
            priorities: false,
            survives_crash: false,
            asynchronous: false,
            // A task finds no executor here; `plumbing::enter_worker` gives it one.
            nesting: false,
            delivery: Delivery::AtMostOnce,
            queue_bound: 0,
        }
    }

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        if self.shut_down.load(Ordering::Acquire) {
            return Err(SubmitError::ShutDown { executor: self.name().to_owned() });
        }
        self.metrics.add(0, Counter::Submitted, 1);
        let ran = job.run(0);
        self.metrics.add_ran(0, &ran);
        Ok(())
    }

    fn shutdown(&self, _how: Shutdown) -> Result<(), ShutdownTimedOut> {
        // Nothing is queued, and what runs is on its caller's stack.
        self.shut_down.store(true, Ordering::Release);
        Ok(())
    }
}

/// Jobs are never encoded here, so closures can run, too.
impl LocalExecutor for FooExecutor {}
