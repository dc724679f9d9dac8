//! The caller itself.

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::inline::Inline;
use super::{Executor, LocalExecutor};
use crate::plumbing::Job;
use crate::{Capabilities, Delivery, Shutdown, ShutdownTimedOut, Snapshot, SubmitError};

/// Runs every task at once, within `submit`, on the caller's thread: the reference that all others are compared with.
///
/// Clones are the same executor.
///
/// # Examples
/// ```
/// use par_core::{LocalExecutorExt, SerialExecutor};
/// assert_eq!(SerialExecutor::new().spawn(|| 6 * 7)?.wait()?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SerialExecutor {
    inline: Arc<Inline>,
}

impl SerialExecutor {
    /// An executor with one worker: whoever submits.
    pub fn new() -> Self {
        Self { inline: Inline::new() }
    }
}

impl Default for SerialExecutor {
    fn default() -> Self {
        Self::new()
    }
}

impl Executor for SerialExecutor {
    fn name(&self) -> &'static str {
        "serial-executor"
    }

    fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn metrics(&self) -> Snapshot {
        self.inline.metrics.snapshot()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            closures: true,
            hard_kill: false,
            priorities: false,
            survives_crash: false,
            asynchronous: false,
            nesting: true,
            delivery: Delivery::AtMostOnce,
            queue_bound: 0,
        }
    }

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        self.inline.run(Arc::new(self.clone()), || job.run(0))
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        self.inline.shutdown(self.name(), how)
    }
}

impl LocalExecutor for SerialExecutor {}
