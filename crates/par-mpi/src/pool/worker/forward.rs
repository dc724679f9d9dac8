//! The pool, as a task on a worker sees it.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use par_core::plumbing::Job;
use par_core::{
    Capabilities, Counter, Executor, Metrics, Priority, Shutdown, ShutdownTimedOut, Snapshot, SubmitError,
    TaskError,
};

use super::station::Station;
use crate::pool::NAME;
use crate::pool::builder::Settings;
use crate::pool::executor::capabilities;
use crate::pool::wire::{Kind, Record};

/// So many tasks of one worker may wait for others, one on top of the other; one more might overflow the stack, so a
/// task that submits there is refused.
const DEEPEST: usize = 4096;

/// Sends what tasks submit to rank 0; `task::current().executor()` on a worker.
pub(super) struct Forward {
    this: Weak<Self>,
    station: Weak<Station>,
    workers: NonZeroUsize,
    settings: Settings,
    next: AtomicU64,
    /// Jobs whose outcomes are to come; `None` once the pool has ended.
    pending: Mutex<Option<HashMap<u64, Box<dyn Job>>>>,
    metrics: Metrics,
}

impl Forward {
    pub(super) fn new(station: &Weak<Station>, workers: NonZeroUsize, settings: Settings) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            station: station.clone(),
            workers,
            settings,
            next: AtomicU64::new(1),
            pending: Mutex::new(Some(HashMap::new())),
            metrics: Metrics::new(1),
        })
    }

    fn pending(&self) -> MutexGuard<'_, Option<HashMap<u64, Box<dyn Job>>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outcome of a nested call is there.
    pub(super) fn complete(&self, nested: u64, reply: &Bytes) {
        let job = self.pending().as_mut().and_then(|pending| pending.remove(&nested));
        if let Some(job) = job {
            self.metrics.add_ran(0, &job.complete(0, reply));
        }
    }

    /// The pool has ended: nothing more is sent, and what is pending fails.
    pub(super) fn end(&self) {
        let pending = self.pending().take();
        for job in pending.into_iter().flat_map(HashMap::into_values) {
            self.metrics.add(0, Counter::Failed, 1);
            job.fail(TaskError::Cancelled);
        }
    }

    fn send(
        &self,
        station: &Station,
        nested: u64,
        job: Box<dyn Job>,
    ) -> Result<(), (Box<dyn Job>, TaskError)> {
        let options = job.options();
        let priority = match options.priority_class() {
            Priority::Low => 0,
            Priority::Normal => 1,
            Priority::High => 2,
        };
        let retries = options.retry_limit().map_or(0, |retries| u64::from(retries) + 1);
        let left = options.expires().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.map_or(u64::MAX, |left| u64::try_from(left.as_nanos()).unwrap_or(u64::MAX));
        let numbers = [nested, priority | retries << 8, left];
        let encoded = job.encoded_size().and_then(|size| {
            let mut outbox = crate::pool::wire::Outbox::default();
            outbox.push_with(Kind::Nested, numbers, size, |buffer| job.encode(1, buffer)).map(|_| outbox)
        });
        let mut outbox = match encoded {
            Ok(outbox) => outbox,
            Err(error) => return Err((job, error)),
        };
        // Listed before it is sent, so that the outcome finds it.
        match &mut *self.pending() {
            Some(pending) => pending.insert(nested, job),
            None => return Err((job, TaskError::Cancelled)),
        };
        station.send(&mut outbox);
        Ok(())
    }
}

impl Executor for Forward {
    fn name(&self) -> &'static str {
        NAME
    }

    fn workers(&self) -> NonZeroUsize {
        self.workers
    }

    /// What the tasks of this worker have submitted.
    fn metrics(&self) -> Snapshot {
        self.metrics.snapshot()
    }

    fn capabilities(&self) -> Capabilities {
        capabilities(&self.settings)
    }

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        let Some(station) = self.station.upgrade() else {
            return Err(SubmitError::ShutDown { executor: NAME.to_owned() });
        };
        if station.blocked() >= DEEPEST {
            let reason = format!("{DEEPEST} tasks of this worker wait for others, one on top of the other");
            return Err(SubmitError::Broken { executor: NAME.to_owned(), reason });
        }
        self.metrics.add(0, Counter::Submitted, 1);
        if !job.begin() {
            return Ok(());
        }
        let nested = self.next.fetch_add(1, Ordering::Relaxed);
        let this = self.this.clone();
        job.on_stop(Box::new(move || {
            let forward = this.upgrade();
            if let Some(station) = forward.and_then(|forward| forward.station.upgrade()) {
                station.post(&Record::new(Kind::CancelNested, nested));
            }
            // Rank 0 will say what became of it.
            false
        }));
        if let Err((job, error)) = self.send(&station, nested, job) {
            self.metrics.add(0, Counter::Failed, 1);
            job.fail(error);
        }
        Ok(())
    }

    /// A task cannot shut the pool down that runs it: it would wait for itself.
    fn shutdown(&self, _: Shutdown) -> Result<(), ShutdownTimedOut> {
        Err(ShutdownTimedOut { executor: NAME.to_owned(), running: 1, waited: Duration::ZERO })
    }
}
