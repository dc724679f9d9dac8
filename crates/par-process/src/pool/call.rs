//! A task that was taken, on its way through the pool.

use std::sync::Weak;
use std::time::{Duration, Instant};

use bytes::Bytes;
use par_core::plumbing::{Job, Ran, Reply, readdress_call};
use par_core::{Priority, TaskError};

use super::peer::Peer;

/// A task that was taken, on its way through the pool.
pub(crate) struct Call {
    pub(super) id: u64,
    work: Work,
    /// How many workers died while they ran it.
    pub(super) lost: u32,
    pub(super) retries: u32,
    pub(super) deadline: Option<Instant>,
    pub(super) priority: Priority,
    /// Whether its handle knows how to stop it.
    pub(super) hooked: bool,
    submitted: Instant,
}

enum Work {
    /// Submitted here.
    Own(Box<dyn Job>),
    /// Submitted by a task, in a worker: its bytes are passed on.
    Forwarded(Forwarded),
}

/// A task that a task submitted.
pub(super) struct Forwarded {
    pub(super) name: String,
    pub(super) origin: Weak<Peer>,
    pub(super) nested: u64,
    pub(super) bytes: Bytes,
}

impl Call {
    pub(super) fn own(id: u64, job: Box<dyn Job>, default_retries: u32) -> Self {
        let options = job.options();
        let (deadline, priority) = (options.expires(), options.priority_class());
        let retries = options.retry_limit().unwrap_or(default_retries);
        Self::new(id, Work::Own(job), retries, deadline, priority)
    }

    pub(super) fn forwarded(
        id: u64,
        call: Forwarded,
        retries: u32,
        deadline: Option<Instant>,
        priority: Priority,
    ) -> Self {
        Self::new(id, Work::Forwarded(call), retries, deadline, priority)
    }

    fn new(id: u64, work: Work, retries: u32, deadline: Option<Instant>, priority: Priority) -> Self {
        let submitted = Instant::now();
        Self { id, work, lost: 0, retries, deadline, priority, hooked: false, submitted }
    }

    pub(super) fn name(&self) -> &str {
        match &self.work {
            Work::Own(job) => job.name(),
            Work::Forwarded(call) => &call.name,
        }
    }

    /// The job, if it was submitted here.
    pub(super) fn job(&self) -> Option<&dyn Job> {
        match &self.work {
            Work::Own(job) => Some(&**job),
            Work::Forwarded(_) => None,
        }
    }

    /// The worker whose task submitted it, and the number that it has there.
    pub(super) fn is_from(&self, peer: &Peer) -> bool {
        match &self.work {
            Work::Own(_) => false,
            Work::Forwarded(call) => std::ptr::eq(call.origin.as_ptr(), peer),
        }
    }

    /// `false`: nobody needs the outcome any more. May run callbacks, so no lock is held.
    pub(super) fn begin(&self) -> bool {
        match &self.work {
            Work::Own(job) => job.begin(),
            Work::Forwarded(call) => call.origin.strong_count() > 0 && !self.is_overdue(),
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.job().is_some_and(Job::is_cancelled)
    }

    pub(super) fn is_overdue(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(super) fn encoded_size(&self) -> Result<usize, TaskError> {
        match &self.work {
            Work::Own(job) => job.encoded_size(),
            Work::Forwarded(call) => Ok(call.bytes.len()),
        }
    }

    pub(super) fn encode(&self, buffer: &mut [u8]) -> Result<usize, TaskError> {
        let attempt = self.lost + 1;
        match &self.work {
            Work::Own(job) => job.encode(attempt, buffer),
            Work::Forwarded(call) => {
                let size = call.bytes.len();
                buffer[..size].copy_from_slice(&call.bytes);
                readdress_call(&mut buffer[..size], attempt, self.deadline)?;
                Ok(size)
            }
        }
    }

    /// May run callbacks, so no lock is held.
    pub(super) fn complete(self, worker: usize, reply: &Bytes) -> Ran {
        match self.work {
            Work::Own(job) => job.complete(worker, reply),
            Work::Forwarded(call) => {
                if let Some(origin) = call.origin.upgrade() {
                    origin.answer_nested(call.nested, reply);
                }
                let ran = Reply::ran(reply, Duration::ZERO);
                let queued = self.submitted.elapsed().saturating_sub(ran.phases.total());
                Ran { queued, ..ran }
            }
        }
    }

    /// May run callbacks, so no lock is held.
    pub(super) fn fail(self, error: TaskError) {
        match self.work {
            Work::Own(job) => job.fail(error),
            Work::Forwarded(call) => {
                if let Some(origin) = call.origin.upgrade() {
                    let mut reply = Reply::failed(error);
                    let mut buffer = vec![0; reply.encoded_size()];
                    if let Ok(size) = reply.encode(&mut buffer) {
                        buffer.truncate(size);
                        origin.answer_nested(call.nested, &buffer.into());
                    }
                }
            }
        }
    }

    /// The error of a call that was told to stop.
    pub(super) fn stopped(&self) -> TaskError {
        if self.is_overdue() { TaskError::DeadlineExceeded } else { TaskError::Cancelled }
    }
}
