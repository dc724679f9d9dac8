//! A task that was taken, on its way through the pool.

use std::time::Instant;

use bytes::Bytes;
use par_core::plumbing::{Job, readdress_call};
use par_core::{Priority, TaskError};

/// A task that was taken, on its way through the pool.
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) work: Work,
    /// How many workers were lost while they held it.
    pub(super) lost: u32,
    pub(super) retries: u32,
    pub(super) deadline: Option<Instant>,
    pub(super) priority: Priority,
    /// Whether its handle knows how to stop it.
    pub(super) hooked: bool,
    /// The task that submitted it wants it no more.
    pub(super) unwanted: bool,
    pub(super) submitted: Instant,
}

pub(super) enum Work {
    /// Submitted by the program on rank 0.
    Own(Box<dyn Job>),
    /// Submitted by a task: its bytes are passed on.
    Forwarded(Forwarded),
}

/// A task that a task submitted.
pub(super) struct Forwarded {
    pub(super) name: String,
    /// The worker whose task submitted it, and the number that it has there.
    pub(super) origin: usize,
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

    pub(super) fn new(
        id: u64,
        work: Work,
        retries: u32,
        deadline: Option<Instant>,
        priority: Priority,
    ) -> Self {
        Self {
            id,
            work,
            lost: 0,
            retries,
            deadline,
            priority,
            hooked: false,
            unwanted: false,
            submitted: Instant::now(),
        }
    }

    pub(super) fn name(&self) -> &str {
        match &self.work {
            Work::Own(job) => job.name(),
            Work::Forwarded(call) => &call.name,
        }
    }

    /// The job, if it was submitted by the program.
    pub(super) fn job(&self) -> Option<&dyn Job> {
        match &self.work {
            Work::Own(job) => Some(&**job),
            Work::Forwarded(_) => None,
        }
    }

    pub(super) fn is_from(&self, worker: usize) -> bool {
        matches!(&self.work, Work::Forwarded(call) if call.origin == worker)
    }

    /// `false`: nobody needs the outcome any more. May run callbacks, so no lock is held.
    pub(super) fn begin(&self) -> bool {
        match &self.work {
            Work::Own(job) => job.begin(),
            Work::Forwarded(_) => !self.is_overdue(),
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

    /// The error of a call that was told to stop.
    pub(super) fn stopped(&self) -> TaskError {
        if self.is_overdue() { TaskError::DeadlineExceeded } else { TaskError::Cancelled }
    }
}
