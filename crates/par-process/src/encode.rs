//! A task as the bytes of a call, without an executor that would run it.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use par_core::plumbing::Job;
use par_core::{
    Capabilities, Delivery, Executor, ExecutorExt, Metrics, Shutdown, ShutdownTimedOut, Snapshot,
    SubmitError, Task, TaskError,
};

/// The bytes of a call of `task`.
pub(crate) fn encode_task(task: impl Task) -> Result<Bytes, TaskError> {
    let scribe = Scribe::default();
    // Nobody wants the output; the handle completes when the scribe drops the job.
    drop(scribe.submit(task).map_err(TaskError::Refused)?);
    scribe.written.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or(Err(TaskError::Cancelled))
}

/// The bytes of a job's call.
pub(crate) fn encode_job(job: &dyn Job, attempt: u32) -> Result<Vec<u8>, TaskError> {
    let mut buffer = vec![0; job.encoded_size()?];
    let size = job.encode(attempt, &mut buffer)?;
    buffer.truncate(size);
    Ok(buffer)
}

/// An executor that only writes down what it is given.
#[derive(Default)]
struct Scribe {
    written: Mutex<Option<Result<Bytes, TaskError>>>,
}

impl Executor for Scribe {
    fn name(&self) -> &'static str {
        "scribe"
    }

    fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn metrics(&self) -> Snapshot {
        Metrics::new(1).snapshot()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            closures: false,
            hard_kill: false,
            priorities: false,
            survives_crash: false,
            asynchronous: false,
            nesting: false,
            delivery: Delivery::AtMostOnce,
            queue_bound: 0,
        }
    }

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        let bytes = encode_job(&*job, 1).map(Bytes::from);
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
        Ok(())
    }

    fn shutdown(&self, _: Shutdown) -> Result<(), ShutdownTimedOut> {
        Ok(())
    }
}
