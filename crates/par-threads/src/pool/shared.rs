//! What the workers and the callers of a pool share.
//!
//! The state only ever goes up: *open* (everybody may submit), *draining* (only the pool's own tasks may), *cancelling*
//! (nobody may), *terminated* (workers end when they are idle). A shutdown raises it, and so does a panic where the
//! policy says so.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};

use crossbeam::sync::Parker;
use par_core::plumbing::Job;
use par_core::{
    Capabilities, Counter, Delivery, Executor, Level, LocalExecutor, Metrics, Shutdown, ShutdownTimedOut,
    Snapshot, SubmitError, TaskError,
};

use super::queues::{BoxedJob, Queues};
use super::record::{Activity, Names, Record};
use super::roster::{Parts, Roster};
use super::sleep::Sleep;
use super::timeline::{Recorder, Timeline};
use super::worker::{self, Local};
use super::worker_metrics::{WorkerMetrics, WorkerState};
use crate::panics::PanicWatch;
use crate::{BuildError, Builder};
use par_core::plumbing::Gauge;

const OPEN: u8 = 0;
const DRAINING: u8 = 1;
const CANCELLING: u8 = 2;
const TERMINATED: u8 = 3;

pub(super) struct Shared {
    pub(super) queues: Queues,
    pub(super) sleep: Sleep,
    pub(super) gauge: Gauge,
    pub(super) metrics: Metrics,
    pub(super) roster: Roster,
    /// One per worker that there may ever be.
    pub(super) records: Box<[Record]>,
    pub(super) names: Names,
    pub(super) recorder: Option<Recorder>,
    pub(super) panics: PanicWatch,
    pub(super) birth: Instant,
    queue_bound: usize,
    state: AtomicU8,
    stopping: AtomicBool,
}

impl Shared {
    /// The shared part of a pool that has no workers yet.
    pub(super) fn new(config: &Builder) -> Result<Arc<Self>, BuildError> {
        let most = config.most_workers();
        let (queues, deques) = Queues::new(most);
        let parts: Vec<_> = deques.into_iter().map(|deque| Parts { deque, parker: Parker::new() }).collect();
        let birth = Instant::now();
        Ok(Arc::new(Self {
            queues,
            sleep: Sleep::new(parts.iter().map(|parts| &parts.parker)),
            gauge: Gauge::new(config.workers, config.queue_bound),
            // The last shard is that of the callers from outside.
            metrics: Metrics::new(most + 1),
            roster: Roster::new(config, parts)?,
            records: (0..most).map(|_| Record::new()).collect(),
            names: Names::default(),
            recorder: config.timeline.map(|spans| Recorder::new(most, spans, birth)),
            panics: PanicWatch::new(config),
            birth,
            queue_bound: config.queue_bound,
            state: AtomicU8::new(OPEN),
            stopping: AtomicBool::new(false),
        }))
    }

    pub(super) fn max_workers(&self) -> usize {
        self.records.len()
    }

    /// The shard of the callers from outside.
    fn callers(&self) -> usize {
        self.records.len()
    }

    /// What each worker that there is or was has done.
    pub(super) fn worker_metrics(&self) -> Vec<WorkerMetrics> {
        let one = |(index, record): (usize, &Record)| {
            let reading = record.read(self.birth);
            let task = || self.names.name(reading.task);
            WorkerMetrics {
                index,
                thread: self.roster.thread_name(index),
                native_id: reading.native_id,
                state: match reading.activity {
                    Activity::Idle => WorkerState::Idle,
                    Activity::Running => WorkerState::Running { task: task() },
                    Activity::Waiting => WorkerState::Waiting { task: task() },
                    Activity::Retired => WorkerState::Retired,
                },
                counters: self.metrics.shard_snapshot(index),
                busy: reading.running,
                waiting: reading.waiting,
                idle: reading.idle,
            }
        };
        self.records[..self.roster.high_water()].iter().enumerate().map(one).collect()
    }

    pub(super) fn timeline(&self) -> Timeline {
        let Some(recorder) = &self.recorder else { return Timeline::default() };
        let threads = || (0..self.roster.high_water()).map(|index| self.roster.thread_name(index));
        recorder.timeline(|| threads().collect())
    }

    fn at_least(&self, state: u8) -> bool {
        self.state.load(Ordering::SeqCst) >= state
    }

    pub(super) fn is_terminated(&self) -> bool {
        self.at_least(TERMINATED)
    }

    /// Whether nothing new is taken from outside.
    pub(super) fn is_closed(&self) -> bool {
        self.at_least(DRAINING)
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
            self.metrics.add(self.callers(), Counter::Cancelled, 1);
            self.gauge.leave();
        });
    }

    fn refusal(&self) -> SubmitError {
        self.panics.refusal(self.name())
    }

    /// A panic ends the pool: what is queued is cancelled, what runs is asked to stop, and nothing more is taken.
    pub(super) fn break_down(&self) {
        self.state.fetch_max(CANCELLING, Ordering::SeqCst);
        self.stopping.store(true, Ordering::Relaxed);
        self.gauge.wake_all();
        self.cancel_queued();
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
        self.metrics.add(self.callers(), Counter::Submitted, 1);
        self.queues.push(job);
        Ok(())
    }
}

impl Executor for Shared {
    fn name(&self) -> &'static str {
        "thread-pool"
    }

    fn workers(&self) -> NonZeroUsize {
        self.roster.workers()
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
