//! The pool, as a task in a worker sees it.

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

use super::link::Link;
use crate::encode::encode_job;
use crate::executor::capabilities;
use crate::pool::NAME;
use crate::wire::{Message, NestedCall, Setup};

/// Sends what tasks submit to the pool; `task::current().executor()` in a worker.
pub(super) struct Forward {
    this: Weak<Self>,
    link: Arc<Link>,
    workers: NonZeroUsize,
    queue_bound: usize,
    at_least_once: bool,
    next: AtomicU64,
    /// Jobs whose replies are to come.
    pending: Mutex<HashMap<u64, Box<dyn Job>>>,
    metrics: Metrics,
}

impl Forward {
    pub(super) fn new(setup: &Setup, link: Arc<Link>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            link,
            workers: NonZeroUsize::new(setup.workers as usize).unwrap_or(NonZeroUsize::MIN),
            queue_bound: setup.queue_bound as usize,
            at_least_once: setup.at_least_once,
            next: AtomicU64::new(1),
            pending: Mutex::default(),
            metrics: Metrics::new(1),
        })
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<u64, Box<dyn Job>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reply to a nested call is there.
    pub(super) fn complete(&self, nested: u64, reply: Result<Bytes, TaskError>) {
        let job = self.pending().remove(&nested);
        let Some(job) = job else { return };
        match reply {
            Ok(reply) => self.metrics.add_ran(0, &job.complete(0, &reply)),
            Err(error) => {
                self.metrics.add(0, Counter::Failed, 1);
                job.fail(error);
            }
        }
    }

    fn send(&self, nested: u64, job: &dyn Job) -> Result<(), TaskError> {
        let options = job.options();
        let left = options.expires().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let call = NestedCall {
            nested,
            priority: match options.priority_class() {
                Priority::Low => 0,
                Priority::Normal => 1,
                Priority::High => 2,
            },
            retries: options.retry_limit(),
            remaining_ns: left.map(|left| u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)),
            payload: self.link.payload(encode_job(job, 1)?)?,
        };
        self.link.send(&Message::Nested(call));
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
        capabilities(self.at_least_once, self.queue_bound)
    }

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        self.metrics.add(0, Counter::Submitted, 1);
        if !job.begin() {
            return Ok(());
        }
        let nested = self.next.fetch_add(1, Ordering::Relaxed);
        let this = self.this.clone();
        job.on_stop(Box::new(move || {
            if let Some(this) = this.upgrade() {
                this.link.send(&Message::CancelNested { nested });
            }
            // The pool will say what became of it.
            false
        }));
        // Listed before it is sent, so that a reply finds it; encoded before it is listed, so that no lock is held.
        match self.send_listed(nested, job) {
            Ok(()) => Ok(()),
            Err((job, error)) => {
                job.fail(error);
                Ok(())
            }
        }
    }

    /// A task cannot shut the pool down that runs it: it would wait for itself.
    fn shutdown(&self, _: Shutdown) -> Result<(), ShutdownTimedOut> {
        Err(ShutdownTimedOut { executor: NAME.to_owned(), running: 1, waited: Duration::ZERO })
    }
}

impl Forward {
    fn send_listed(&self, nested: u64, job: Box<dyn Job>) -> Result<(), (Box<dyn Job>, TaskError)> {
        let mut pending = self.pending();
        // The reply is handled by the listener, which takes this lock: it waits until the job is listed.
        match self.send(nested, &*job) {
            Ok(()) => {
                pending.insert(nested, job);
                Ok(())
            }
            Err(error) => {
                drop(pending);
                Err((job, error))
            }
        }
    }
}
