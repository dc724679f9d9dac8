//! What an executor's handles, runners and futures share.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use par_core::plumbing::{Gauge, Job, Ran, enter_worker};
use par_core::{
    Capabilities, Counter, Delivery, Level, Metrics, Shutdown, ShutdownTimedOut, Snapshot, SubmitError,
    TaskError,
};
use tokio::runtime::Handle as Runtime;

use super::NAME;
use super::futures::Futures;
use super::helper::TokioHelper;
use super::lanes::{Lanes, Pushed};
use crate::config::ExecutorBuilder;

pub(super) struct Shared {
    runtime: Runtime,
    pub(super) lanes: Lanes,
    gauge: Gauge,
    pub(super) futures: Futures,
    pub(super) metrics: Metrics,
    workers: NonZeroUsize,
    queue_bound: usize,
    /// The hardest level of shutdown so far, plus one.
    level: AtomicU8,
    /// The runtime is gone: no runner can be started.
    broken: AtomicBool,
}

thread_local! {
    /// The executor whose runner this thread is, by its address, and the runner's seat.
    static RUNS: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

impl Shared {
    pub(super) fn new(config: &ExecutorBuilder, runtime: Runtime) -> Self {
        Self {
            runtime,
            lanes: Lanes::new(config.workers),
            gauge: Gauge::new(config.workers, config.queue_bound),
            futures: Futures::new(config.future_bound),
            metrics: Metrics::new(config.workers + 1),
            workers: NonZeroUsize::new(config.workers).expect("the builder checks that"),
            queue_bound: config.queue_bound,
            level: AtomicU8::new(0),
            broken: AtomicBool::new(false),
        }
    }

    pub(super) const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) const fn workers(&self) -> NonZeroUsize {
        self.workers
    }

    pub(super) fn metrics(&self) -> Snapshot {
        self.metrics.snapshot()
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        Capabilities {
            closures: true,
            hard_kill: false,
            priorities: true,
            survives_crash: false,
            asynchronous: true,
            nesting: true,
            delivery: Delivery::AtMostOnce,
            queue_bound: self.queue_bound,
        }
    }

    pub(super) fn has_reached(&self, level: Level) -> bool {
        self.level.load(Ordering::SeqCst) > level as u8
    }

    /// The seat of the runner that this thread is, if it is one of this executor.
    pub(super) fn seat(&self) -> Option<usize> {
        let (of, seat) = RUNS.get()?;
        (of == std::ptr::from_ref(self).addr()).then_some(seat)
    }

    /// Whether this thread is one of the executor's runners.
    pub(super) fn runs_here(&self) -> bool {
        self.seat().is_some()
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::SeqCst)
    }

    pub(super) fn refusal(&self) -> SubmitError {
        let executor = NAME.to_owned();
        if self.is_broken() {
            return SubmitError::Broken { executor, reason: "its runtime was shut down".to_owned() };
        }
        SubmitError::ShutDown { executor }
    }

    pub(super) fn submit(self: &Arc<Self>, job: Box<dyn Job>) -> Result<(), SubmitError> {
        let own = self.seat();
        let closed = || {
            let level = if own.is_some() { Level::CancelQueued } else { Level::Drain };
            self.has_reached(level) || self.is_broken()
        };
        if own.is_some() && !closed() {
            self.gauge.enter_unbounded();
        } else if closed() || !self.gauge.enter(job.options().expires(), closed) {
            return Err(if closed() {
                self.refusal()
            } else {
                SubmitError::DeadlineExceeded { executor: NAME.to_owned() }
            });
        }
        self.metrics.add(own.unwrap_or(self.workers.get()), Counter::Submitted, 1);
        if let Pushed::StartRunner = self.lanes.push(job, own.is_some()) {
            self.start_runner();
        }
        // Whoever closed or broke it may have looked before the job was there.
        if self.is_broken() {
            self.abandon();
        } else if self.has_reached(Level::CancelQueued) {
            self.cancel_queued();
        }
        Ok(())
    }

    fn start_runner(self: &Arc<Self>) {
        let mut runner = Runner { shared: Arc::clone(self), begun: false };
        drop(self.runtime.spawn_blocking(move || runner.run()));
    }

    pub(super) fn run(&self, job: Box<dyn Job>, seat: usize) {
        let ran = if self.has_reached(Level::CancelQueued) {
            job.fail(TaskError::Cancelled);
            Ran::SKIPPED
        } else {
            job.run(seat)
        };
        self.metrics.add_ran(seat, &ran);
        self.gauge.leave();
    }

    /// No runner will come: whatever is queued is lost.
    fn abandon(&self) {
        self.broken.store(true, Ordering::SeqCst);
        for job in self.lanes.drain() {
            // Its handle tells that it was lost.
            drop(job);
            self.gauge.leave();
        }
        self.gauge.wake_all();
    }

    fn cancel_queued(&self) {
        for job in self.lanes.drain() {
            job.fail(TaskError::Cancelled);
            self.metrics.add_ran(self.workers.get(), &Ran::SKIPPED);
            self.gauge.leave();
        }
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        let begun = Instant::now();
        // One of the executor's own tasks cannot wait for itself.
        let timeout = if self.runs_here() { Duration::ZERO } else { how.timeout };
        self.level.fetch_max(how.level as u8 + 1, Ordering::SeqCst);
        self.gauge.wake_all();
        self.futures.close();
        self.lanes.close();
        if self.has_reached(Level::CancelQueued) {
            self.cancel_queued();
        }
        if self.has_reached(Level::CancelRunning) {
            self.futures.cancel_all();
        }
        let end = begun.checked_add(timeout);
        if self.gauge.wait_until_empty(end) && self.futures.wait_until_empty(end) {
            return Ok(());
        }
        let running = self.gauge.unfinished() + self.futures.under_way();
        Err(ShutdownTimedOut { executor: NAME.to_owned(), running, waited: begun.elapsed() })
    }
}

/// A loop on the blocking pool; the lanes have counted it.
struct Runner {
    shared: Arc<Shared>,
    begun: bool,
}

impl Runner {
    fn run(&mut self) {
        self.begun = true;
        let seat = self.shared.lanes.take_seat();
        let former = RUNS.replace(Some((Arc::as_ptr(&self.shared).addr(), seat)));
        let guard = enter_worker(Rc::new(TokioHelper::new(&self.shared)));
        while let Some(job) = self.shared.lanes.next() {
            self.shared.run(job, seat);
        }
        drop(guard);
        RUNS.set(former);
        self.shared.lanes.leave_seat(seat);
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if !self.begun {
            // The runtime drops what it does not run: it is shut down.
            self.shared.lanes.runner_lost();
            self.shared.abandon();
        }
    }
}
