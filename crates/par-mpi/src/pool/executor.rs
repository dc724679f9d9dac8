//! The pool, as the program on rank 0 sees it.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use par_core::comm::Communicator;
use par_core::plumbing::Job;
use par_core::{Capabilities, Delivery, Executor, Shutdown, ShutdownTimedOut, Snapshot, SubmitError};

use super::builder::{MpiPoolBuilder, Settings};
use super::shared::Shared;
use super::{NAME, PoolError};

/// The ranks of a communicator as an executor: rank 0 submits, all others work.
///
/// [`serve`](Self::serve) is called by every rank. On rank 0 the program runs on a thread of its own, while the thread
/// that called, which alone touches the communicator, passes messages: so a communicator need be neither `Send` nor
/// `Sync`, and `MPI_THREAD_FUNNELED` is enough. In a world of one, a thread of that process works, so the same program
/// runs without `mpirun`.
///
/// Clones are the same pool; one that outlives `serve` takes nothing any more. Callbacks run on the thread that passes
/// messages, so they should be short.
///
/// # Examples
/// ```
/// use par_core::ExecutorExt;
/// use par_core::testing::ModelWorld;
/// use par_mpi::MpiPool;
///
/// #[par_core::task]
/// fn cube(x: u64) -> u64 { x * x * x }
///
/// // On MPI: `let world = MpiWorld::init()?; MpiPool::serve(world.comm(), …)`, and `mpirun -n 3`.
/// let answers = ModelWorld::new(3).run_fn(|world| {
///     Ok(MpiPool::serve(world, |pool| pool.submit(cube::new(3))?.wait().map_err(Box::<dyn std::error::Error + Send + Sync>::from))?)
/// })?;
/// assert_eq!(answers[0].as_ref().and_then(|answer| answer.as_ref().ok()), Some(&27));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MpiPool {
    pub(super) shared: Arc<Shared>,
}

impl MpiPool {
    /// Makes the ranks of `comm` a pool: rank 0 runs `program`, the others work until it returns.
    ///
    /// A collective: every rank calls it. Rank 0 gets what `program` returned, the others `None`.
    ///
    /// # Errors
    /// [`PoolError`]. A worker that is lost is no error of the pool: its tasks fail.
    ///
    /// # Panics
    /// On rank 0 when `program` panics, after the pool has ended.
    ///
    /// # Blocking
    /// Until `program` has returned and the pool has ended.
    pub fn serve<C: Communicator, R: Send>(
        comm: &C,
        program: impl FnOnce(&Self) -> R + Send,
    ) -> Result<Option<R>, PoolError> {
        Self::builder().serve(comm, program)
    }

    /// Says how the pool is to be.
    pub fn builder() -> MpiPoolBuilder {
        MpiPoolBuilder::default()
    }

    /// Waits until every worker has come and run its initializer; `false` if some have not within `timeout`.
    ///
    /// Nobody needs to: tasks wait in the queue for the first worker. It keeps the start out of measurements.
    ///
    /// # Errors
    /// [`SubmitError::Broken`] when the pool has no worker that can be used.
    ///
    /// # Blocking
    /// For `timeout` at the longest.
    pub fn wait_ready(&self, timeout: Duration) -> Result<bool, SubmitError> {
        let workers = self.shared.workers.get();
        let over = |state: &super::shared::State| state.ready >= workers || state.broken.is_some();
        let ready = self.shared.wait_for(Instant::now().checked_add(timeout), over);
        let state = self.shared.state();
        match &state.broken {
            Some(reason) => Err(SubmitError::Broken { executor: NAME.to_owned(), reason: reason.clone() }),
            None => Ok(ready),
        }
    }
}

impl Executor for MpiPool {
    fn name(&self) -> &'static str {
        NAME
    }

    fn workers(&self) -> NonZeroUsize {
        self.shared.workers
    }

    fn metrics(&self) -> Snapshot {
        self.shared.metrics.snapshot()
    }

    fn capabilities(&self) -> Capabilities {
        capabilities(&self.shared.settings)
    }

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        self.shared.submit(job)
    }

    /// Takes no more tasks, and ends the ones that it has as hard as `how` says; the ranks stay until `serve` ends.
    ///
    /// A rank cannot be killed, so [`Level::Kill`](par_core::Level::Kill) asks the running tasks to stop, no more.
    /// In a callback it begins the shutdown and does not wait for it.
    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        self.shared.shutdown(how)
    }
}

/// What a pool can do, seen from rank 0 and from within its workers.
pub(super) fn capabilities(settings: &Settings) -> Capabilities {
    Capabilities {
        closures: false,
        hard_kill: false,
        priorities: true,
        // A lost rank is survived where the world survives it; MPI ends the job.
        survives_crash: false,
        asynchronous: true,
        nesting: true,
        delivery: if settings.retries > 0 { Delivery::AtLeastOnce } else { Delivery::AtMostOnce },
        queue_bound: settings.queue_bound,
    }
}

impl fmt::Debug for MpiPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MpiPool").field("workers", &self.shared.workers).finish_non_exhaustive()
    }
}
