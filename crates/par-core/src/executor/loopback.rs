//! The wire without a wire.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::Executor;
use super::inline::Inline;
use crate::plumbing::{Invocation, Job, Ran, Reply};
use crate::{
    Capabilities, Counter, Delivery, Phase, Registry, Shutdown, ShutdownTimedOut, Snapshot, SubmitError,
    TaskError,
};

/// Encodes every task, decodes it, runs it on the caller's thread, and does the same with the output: what works here
/// works where the workers are in another process or on another host.
///
/// Clones are the same executor.
///
/// # Examples
/// ```
/// use par_core::{Counter, Executor, ExecutorExt, LoopbackExecutor};
///
/// #[par_core::task]
/// fn greet(name: String) -> String { format!("hello, {name}") }
///
/// let executor = LoopbackExecutor::new();
/// assert_eq!(executor.submit(greet::new("world".into()))?.wait()?, "hello, world");
/// assert!(executor.metrics().get(Counter::BytesSent) > 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct LoopbackExecutor {
    inline: Arc<Inline>,
    /// `None`: the tasks that were registered at link time.
    registry: Option<Arc<Registry>>,
}

impl LoopbackExecutor {
    /// An executor that knows the tasks which were registered at link time.
    pub fn new() -> Self {
        Self { inline: Inline::new(), registry: None }
    }

    /// An executor that knows only the tasks of `registry`.
    pub fn with_registry(registry: Registry) -> Self {
        Self { inline: Inline::new(), registry: Some(Arc::new(registry)) }
    }

    fn accept_and_run(&self, call: &Bytes) -> Result<Reply, TaskError> {
        let registry = match &self.registry {
            Some(registry) => registry,
            None => Registry::global()
                .map_err(|error| TaskError::Codec { task: error.name.clone(), reason: error.to_string() })?,
        };
        Ok(registry.accept(call).map_or_else(Reply::failed, Invocation::run))
    }

    fn encode_call(&self, job: &dyn Job) -> Result<Bytes, TaskError> {
        let begun = Instant::now();
        let mut buffer = vec![0; job.encoded_size()?];
        let size = job.encode(1, &mut buffer)?;
        buffer.truncate(size);
        self.inline.metrics.add_time(0, Phase::Encode, begun.elapsed());
        self.inline.metrics.add(0, Counter::BytesSent, size as u64);
        Ok(buffer.into())
    }

    fn encode_reply(&self, mut reply: Reply) -> Result<Bytes, TaskError> {
        let begun = Instant::now();
        let mut buffer = vec![0; reply.encoded_size()];
        let size = reply.encode(&mut buffer)?;
        buffer.truncate(size);
        self.inline.metrics.add_time(0, Phase::Encode, begun.elapsed());
        self.inline.metrics.add(0, Counter::BytesReceived, size as u64);
        Ok(buffer.into())
    }

    fn run_job(&self, job: Box<dyn Job>) -> Ran {
        if !job.begin() {
            return Ran::SKIPPED;
        }
        let reply = self
            .encode_call(&*job)
            .and_then(|call| self.accept_and_run(&call))
            .and_then(|reply| self.encode_reply(reply));
        match reply {
            Ok(reply) => job.complete(0, &reply),
            Err(error) => {
                job.fail(error);
                Ran { ok: Some(false), ..Ran::SKIPPED }
            }
        }
    }
}

impl Default for LoopbackExecutor {
    fn default() -> Self {
        Self::new()
    }
}

impl Executor for LoopbackExecutor {
    fn name(&self) -> &'static str {
        "loopback"
    }

    fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    fn metrics(&self) -> Snapshot {
        self.inline.metrics.snapshot()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            closures: false,
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
        self.inline.run(Arc::new(self.clone()), || self.run_job(job))
    }

    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        self.inline.shutdown(self.name(), how)
    }
}
