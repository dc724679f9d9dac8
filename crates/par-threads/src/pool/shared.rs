//! What the workers and the callers of a pool share.
//!
//! The state only ever goes up: *open* (everybody may submit), *draining* (only the pool's own tasks may), *cancelling*
//! (nobody may), *terminated* (workers end when they are idle).

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use crossbeam::deque::Worker as Deque;
use crossbeam::sync::Parker;
use par_core::plumbing::Job;
use par_core::{
    Capabilities, Counter, Delivery, Executor, Level, LocalExecutor, Metrics, Shutdown, ShutdownTimedOut,
    Snapshot, SubmitError, TaskError,
};

use super::queues::{BoxedJob, Queues};
use super::sleep::Sleep;
use super::worker::{self, Local};
use crate::Builder;
use crate::gauge::Gauge;

const OPEN: u8 = 0;
const DRAINING: u8 = 1;
const CANCELLING: u8 = 2;
const TERMINATED: u8 = 3;

pub(super) struct Shared {
    pub(super) queues: Queues,
    pub(super) sleep: Sleep,
    pub(super) gauge: Gauge,
    pub(super) metrics: Metrics,
    workers: NonZeroUsize,
    queue_bound: usize,
    state: AtomicU8,
    stopping: AtomicBool,
}

impl Shared {
    /// The shared part, and what each worker keeps to itself: the end of its deque, and where it sleeps.
    pub(super) fn new(config: &Builder) -> (Arc<Self>, Vec<(Deque<BoxedJob>, Parker)>) {
        let (queues, deques) = Queues::new(config.workers);
        let parkers: Vec<_> = deques.iter().map(|_| Parker::new()).collect();
        let shared = Arc::new(Self {
            queues,
            sleep: Sleep::new(&parkers),
            gauge: Gauge::new(config.workers, config.queue_bound),
            // The last shard is that of the callers from outside.
            metrics: Metrics::new(config.workers + 1),
            workers: NonZeroUsize::new(config.workers).expect("the builder checks that"),
            queue_bound: config.queue_bound,
            state: AtomicU8::new(OPEN),
            stopping: AtomicBool::new(false),
        });
        (shared, deques.into_iter().zip(parkers).collect())
    }

    fn at_least(&self, state: u8) -> bool {
        self.state.load(Ordering::SeqCst) >= state
    }

    pub(super) fn is_terminated(&self) -> bool {
        self.at_least(TERMINATED)
    }

    /// Whether running tasks are asked to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether queued jobs are to be cancelled.
    pub(super) fn is_cancelling(&self) -> bool {
        self.at_least(CANCELLING)
    }

    pub(super) fn is_own_thread(&self) -> bool {
        worker::with_local(self, |_| ()).is_some()
    }

    /// Lets the workers end.
    pub(super) fn terminate(&self) {
        self.state.fetch_max(TERMINATED, Ordering::SeqCst);
        self.sleep.wake_all();
    }

    pub(super) fn cancel_queued(&self) {
        self.queues.drain(|job| {
            job.fail(TaskError::Cancelled);
            self.metrics.add(self.workers.get(), Counter::Cancelled, 1);
            self.gauge.leave();
        });
    }

    fn refusal(&self) -> SubmitError {
        SubmitError::ShutDown { executor: self.name().to_owned() }
    }

    /// From one of the pool's own threads: never blocks.
    fn submit_local(&self, local: &Local, job: BoxedJob) -> Result<(), SubmitError> {
        if self.at_least(CANCELLING) {
            return Err(self.refusal());
        }
        if self.gauge.is_full() {
            local.make_room(self);
        }
        self.gauge.enter_unbounded();
        self.metrics.add(local.index(), Counter::Submitted, 1);
        self.queues.push_local(job, local.deque());
        Ok(())
    }

    fn submit_from_outside(&self, job: BoxedJob) -> Result<(), SubmitError> {
        let deadline = job.options().expires();
        if self.at_least(DRAINING) || !self.gauge.enter(deadline, || self.at_least(DRAINING)) {
            return Err(if self.at_least(DRAINING) {
                self.refusal()
            } else {
                SubmitError::DeadlineExceeded { executor: self.name().to_owned() }
            });
        }
        self.metrics.add(self.workers.get(), Counter::Submitted, 1);
        self.queues.push(job);
        Ok(())
    }
}

impl Executor for Shared {
    fn name(&self) -> &'static str {
        "thread-pool"
    }

    fn workers(&self) -> NonZeroUsize {
        self.workers
    }

    fn metrics(&self) -> Snapshot {
        self.metrics.snapshot()
    }

    fn capabilities(&self) -> Capabilities {
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

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        let mut job = Some(job);
        let mut take = || job.take().expect("one of the two ways takes it");
        match worker::with_local(self, |local| self.submit_local(local, take())) {
            Some(submitted) => submitted?,
            None => self.submit_from_outside(take())?,
        }
        self.sleep.job_queued();
        // A shutdown that went by between the check and the push has not seen the job.
        if self.at_least(CANCELLING) {
            self.cancel_queued();
        }
        Ok(())
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        let begun = Instant::now();
        // One of the pool's own tasks cannot wait for itself.
        let timeout = if self.is_own_thread() { Duration::ZERO } else { how.timeout };
        let deadline = begun.checked_add(timeout);
        let state = if how.level >= Level::CancelQueued { CANCELLING } else { DRAINING };
        self.state.fetch_max(state, Ordering::SeqCst);
        self.gauge.wake_all();
        if how.level >= Level::CancelRunning {
            self.stopping.store(true, Ordering::Relaxed);
        }
        if how.level >= Level::CancelQueued {
            self.cancel_queued();
        }
        if self.gauge.wait_until_empty(deadline) {
            self.terminate();
            return Ok(());
        }
        let running = self.gauge.unfinished();
        Err(ShutdownTimedOut { executor: self.name().to_owned(), running, waited: begun.elapsed() })
    }
}

impl LocalExecutor for Shared {}
