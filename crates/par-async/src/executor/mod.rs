//! One executor for tasks, closures and futures.

mod futures;
mod helper;
mod lanes;
mod shared;

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use par_core::plumbing::{Job, record_panics};
use par_core::{
    Capabilities, Executor, Handle, Level, LocalExecutor, Options, Shutdown, ShutdownTimedOut, Snapshot,
    SubmitError,
};
use tokio::runtime::{Builder, Runtime};

use crate::config::{Choice, ExecutorBuilder};
use crate::error::BuildError;
use shared::Shared;

/// A tokio runtime as an [`Executor`]: tasks and closures compute on its blocking pool, at most so many at once, and
/// futures run on its workers, which nothing blocks.
///
/// The runtime is its own, or one that is there already. A task that waits for another one runs queued tasks meanwhile.
/// What tasks submit goes first, so those from outside wait for as long as those inside submit others.
/// Futures take [`spawn_future`](Self::spawn_future); their handles block and await like all others.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{TokioExecutor, sleep};
/// use par_core::{ExecutorExt, LocalExecutorExt};
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// let executor = TokioExecutor::new()?;
/// let task = executor.submit(square::new(7))?;
/// let closure = executor.spawn(|| "closures run, too")?;
/// let future = executor.spawn_future(async {
///     sleep(Duration::from_millis(1)).await;
///     "and so do futures"
/// })?;
/// assert_eq!((task.wait()?, closure.wait()?, future.wait()?), (49, "closures run, too", "and so do futures"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TokioExecutor {
    shared: Arc<Shared>,
    /// `None`: somebody else's.
    runtime: Option<Runtime>,
    drop_timeout: Duration,
}

pub(crate) const NAME: &str = "tokio-executor";

impl TokioExecutor {
    /// An executor with a runtime of its own, and a worker per processor that this process may use.
    ///
    /// # Errors
    /// [`BuildError`], when the runtime cannot be started.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// The settings of an executor.
    pub fn builder() -> ExecutorBuilder {
        ExecutorBuilder::new()
    }

    pub(crate) fn start(config: &ExecutorBuilder) -> Result<Self, BuildError> {
        record_panics();
        let own = |mut builder: Builder| {
            // Others may block in it, too: `to_thread` does.
            builder.max_blocking_threads(config.workers.saturating_add(512)).thread_name(&config.name);
            builder.enable_all().build().map_err(BuildError::Runtime)
        };
        let runtime = match config.choice.clone().unwrap_or(Choice::MultiThread(config.workers)) {
            Choice::Given(handle) => Err(handle),
            Choice::MultiThread(threads) => {
                let mut builder = Builder::new_multi_thread();
                builder.worker_threads(threads);
                Ok(own(builder)?)
            }
            Choice::CurrentThread => Ok(own(single())?),
        };
        let handle = runtime.as_ref().map_or_else(Clone::clone, |runtime| runtime.handle().clone());
        Ok(Self {
            shared: Arc::new(Shared::new(config, handle)),
            runtime: runtime.ok(),
            drop_timeout: config.drop_timeout,
        })
    }

    /// The runtime, to spawn on it, or to enter it.
    pub fn runtime(&self) -> &tokio::runtime::Handle {
        self.shared.runtime()
    }

    /// Runs a future on the runtime. Its handle blocks and awaits, and cancels: at the future's next await.
    ///
    /// It belongs to nobody but the executor: tasks that belong together go into a [`TaskGroup`](crate::TaskGroup).
    ///
    /// # Errors
    /// [`SubmitError`], when it was not taken.
    ///
    /// # Blocking
    /// While as many futures are under way as the [bound](ExecutorBuilder::future_bound) allows; so from asynchronous code
    /// only where that cannot be.
    #[track_caller]
    pub fn spawn_future<F>(&self, future: F) -> Result<Handle<F::Output>, SubmitError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.shared.spawn_future(future, &Options::new(), Location::caller())
    }

    /// Runs a future with a deadline or a cancellation token; priorities and retries mean nothing to it.
    ///
    /// # Errors
    /// [`SubmitError`], when it was not taken.
    ///
    /// # Blocking
    /// As [`spawn_future`](Self::spawn_future), at the longest until the deadline.
    #[track_caller]
    pub fn spawn_future_with<F>(&self, future: F, options: &Options) -> Result<Handle<F::Output>, SubmitError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.shared.spawn_future(future, options, Location::caller())
    }
}

/// A runtime whose one thread is not the caller's: futures go on whether or not anybody blocks on them.
fn single() -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1);
    builder
}

/// The executor, as its own tasks see it: it does not keep the runtime from being dropped by its owner.
struct Nested(Arc<Shared>);

macro_rules! executor {
    ($executor:ty, $shared:tt) => {
        impl Executor for $executor {
            fn name(&self) -> &'static str {
                NAME
            }

            fn workers(&self) -> NonZeroUsize {
                self.$shared.workers()
            }

            fn metrics(&self) -> Snapshot {
                self.$shared.metrics()
            }

            fn capabilities(&self) -> Capabilities {
                self.$shared.capabilities()
            }

            fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
                self.$shared.submit(job)
            }

            fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
                self.$shared.shutdown(how)
            }
        }

        impl LocalExecutor for $executor {}
    };
}

executor!(TokioExecutor, shared);
executor!(Nested, 0);

impl Drop for TokioExecutor {
    fn drop(&mut self) {
        // On a thread that polls futures nobody may wait: what is waited for may need this very thread.
        let polls = tokio::runtime::Handle::try_current().is_ok() && !self.shared.runs_here();
        let timeout = if polls { Duration::ZERO } else { self.drop_timeout };
        self.shared.shutdown(Shutdown::at(Level::CancelRunning).within(timeout)).ok();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for TokioExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioExecutor").field("workers", &self.workers()).finish_non_exhaustive()
    }
}
