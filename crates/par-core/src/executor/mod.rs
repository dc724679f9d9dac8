//! What runs tasks.

mod ext;
mod inline;
mod local;
mod loopback;
mod serial;

pub use ext::ExecutorExt;
pub use local::{LocalExecutor, LocalExecutorExt};
pub use loopback::LoopbackExecutor;
pub use serial::SerialExecutor;

use std::num::NonZeroUsize;

use crate::plumbing::Job;
use crate::{Capabilities, Shutdown, ShutdownTimedOut, Snapshot, SubmitError};

/// Something that runs tasks: threads, processes, ranks, remote workers, or the caller itself.
///
/// The trait is object-safe, so a program can choose its executor at run time; what users call is
/// [`ExecutorExt`]. How one is written is told in [`plumbing`](crate::plumbing).
///
/// # Examples
/// ```
/// use par_core::{Executor, ExecutorExt, LoopbackExecutor, SerialExecutor};
///
/// #[par_core::task]
/// fn cube(x: i64) -> i64 { x * x * x }
///
/// let executors: [Box<dyn Executor>; 2] =
///     [Box::new(SerialExecutor::new()), Box::new(LoopbackExecutor::new())];
/// for executor in &executors {
///     assert_eq!(executor.submit(cube::new(3))?.wait()?, 27, "on {}", executor.name());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Executor: Send + Sync {
    /// The executor's name in reports, in kebab-case, e.g. `"thread-pool"`.
    fn name(&self) -> &'static str;

    /// How many tasks it runs at once.
    fn workers(&self) -> NonZeroUsize;

    /// What it has done so far.
    fn metrics(&self) -> Snapshot;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Takes a job; [`ExecutorExt::submit`] makes one.
    ///
    /// # Errors
    /// [`SubmitError`]; the job was dropped then, and has not run.
    ///
    /// # Blocking
    /// While the bounded queue is full, but never on one of the executor's own threads: there it runs a queued job
    /// instead, or queues past the bound, so that callbacks and nested submits cannot deadlock.
    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError>;

    /// Takes no more tasks, and ends the ones that it has as hard as `how` says.
    ///
    /// May be called again, with a harder [`Level`](crate::Level).
    ///
    /// # Errors
    /// [`ShutdownTimedOut`] when tasks still run at the end of the timeout.
    ///
    /// # Blocking
    /// Until everything that was taken is done, or for `how.timeout`. A pool of threads does not wait on one of its own:
    /// the task there cannot wait for itself.
    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut>;
}
