//! What the serial and the loopback executor share: they run a job within `submit`.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::Executor;
use crate::plumbing::{Helper, Ran, enter_worker, record_panics, thread_waker, worker};
use crate::{Counter, Metrics, Shutdown, ShutdownTimedOut, SubmitError};

/// The state behind an executor that runs jobs on the caller's thread.
#[derive(Debug)]
pub(super) struct Inline {
    pub(super) metrics: Metrics,
    shut_down: AtomicBool,
    running: AtomicUsize,
}

impl Inline {
    pub(super) fn new() -> Arc<Self> {
        record_panics();
        Arc::new(Self {
            metrics: Metrics::new(1),
            shut_down: AtomicBool::new(false),
            running: AtomicUsize::new(0),
        })
    }

    /// Runs a job as a worker of `executor`, unless that was shut down.
    pub(super) fn run(
        &self,
        executor: Arc<dyn Executor>,
        job: impl FnOnce() -> Ran,
    ) -> Result<(), SubmitError> {
        if self.shut_down.load(Ordering::Acquire) {
            return Err(SubmitError::ShutDown { executor: executor.name().to_owned() });
        }
        self.metrics.add(0, Counter::Submitted, 1);
        self.running.fetch_add(1, Ordering::AcqRel);
        let guard = enter_worker(Rc::new(Idle { executor, below: worker::helper() }));
        let ran = job();
        drop(guard);
        self.metrics.add_ran(0, &ran);
        self.running.fetch_sub(1, Ordering::AcqRel);
        Ok(())
    }

    pub(super) fn shutdown(&self, name: &str, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        self.shut_down.store(true, Ordering::Release);
        let begun = Instant::now();
        // Nothing is queued, and what runs belongs to other callers of `submit`: there is only waiting.
        loop {
            let running = self.running.load(Ordering::Acquire);
            if running == 0 {
                return Ok(());
            }
            let waited = begun.elapsed();
            if waited >= how.timeout {
                return Err(ShutdownTimedOut { executor: name.to_owned(), running, waited });
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Nothing is ever queued, so there is nothing to help with; a task may still wait for handles of other executors, and
/// the thread may be a worker of one of them, which goes on helping there.
struct Idle {
    executor: Arc<dyn Executor>,
    below: Option<Rc<dyn Helper>>,
}

impl Helper for Idle {
    fn help(&self, done: &dyn Fn() -> bool, deadline: Option<Instant>) {
        if let Some(below) = &self.below {
            below.help(done, deadline);
        } else if !done() {
            match deadline {
                None => std::thread::park(),
                Some(deadline) => {
                    std::thread::park_timeout(deadline.saturating_duration_since(Instant::now()));
                }
            }
        }
    }

    fn waker(&self) -> Waker {
        self.below.as_ref().map_or_else(thread_waker, |below| below.waker())
    }

    fn executor(&self) -> Option<Arc<dyn Executor>> {
        Some(Arc::clone(&self.executor))
    }

    fn stopping(&self) -> bool {
        self.below.as_ref().is_some_and(|below| below.stopping())
    }
}
