//! How a pool is to be.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use par_core::comm::Communicator;
use par_core::{Registry, Shutdown};

use super::{MpiPool, PoolError, serve};

/// What every worker does before its first task.
pub(super) type Initializer = Box<dyn FnOnce() -> Result<(), Box<dyn Error + Send + Sync>> + Send>;

/// What rank 0 and the workers must know; the same on every rank, because every rank runs the same program.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) queue_bound: usize,
    pub(super) retries: u32,
    pub(super) ahead: Duration,
    pub(super) most_ahead: usize,
    pub(super) longest_nap: Duration,
    pub(super) at_end: Shutdown,
}

/// How an [`MpiPool`] is to be; [`MpiPool::builder`] makes one. Every rank gives the same.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_core::ExecutorExt;
/// use par_core::testing::ModelWorld;
/// use par_mpi::MpiPool;
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// let sums = ModelWorld::new(3).run_fn(|world| {
///     let pool = MpiPool::builder().queue_bound(100).longest_nap(Duration::from_millis(5));
///     Ok(pool.serve(world, |pool| pool.map((0..10).map(square::new)).flatten().sum::<u64>())?)
/// })?;
/// assert_eq!(sums, [Some(285), None, None]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until it serves"]
pub struct MpiPoolBuilder {
    pub(super) settings: Settings,
    pub(super) initializer: Option<Initializer>,
    pub(super) registry: Option<Registry>,
}

impl Default for MpiPoolBuilder {
    fn default() -> Self {
        let settings = Settings {
            queue_bound: 1024,
            retries: 0,
            ahead: Duration::from_millis(2),
            most_ahead: 64,
            longest_nap: Duration::from_millis(1),
            at_end: Shutdown::drain(),
        };
        Self { settings, initializer: None, registry: None }
    }
}

impl MpiPoolBuilder {
    /// How many tasks may be queued before `submit` blocks; 1024 if nothing is said.
    pub fn queue_bound(mut self, tasks: usize) -> Self {
        self.settings.queue_bound = tasks;
        self
    }

    /// How often a task is started anew when the rank that held it is lost; 0 if nothing is said, since it may have
    /// had effects.
    pub fn retries(mut self, retries: u32) -> Self {
        self.settings.retries = retries;
        self
    }

    /// How much work a worker may hold, by the mean run time that was measured for its tasks; 2 ms if nothing is said.
    ///
    /// It is what hides the way of a message there and back. Tasks that take longer, and those whose time is not known
    /// yet, are given one at a time; zero gives all of them so.
    pub fn ahead(mut self, time: Duration) -> Self {
        self.settings.ahead = time;
        self
    }

    /// How many tasks a worker may hold, however short they are; 64 if nothing is said.
    pub fn most_ahead(mut self, tasks: usize) -> Self {
        self.settings.most_ahead = tasks;
        self
    }

    /// How long a rank may sleep between two looks for messages when none has come for a while; 1 ms if nothing is said.
    ///
    /// A rank that has just been busy looks again at once, and then ever more rarely: a nap is a quarter of the time
    /// that nothing came, so a message is late by at most that quarter, and by this. Longer naps make idle ranks
    /// cheaper.
    pub fn longest_nap(mut self, nap: Duration) -> Self {
        self.settings.longest_nap = nap;
        self
    }

    /// What becomes of tasks that are there when the program on rank 0 returns: finished within a minute if nothing is
    /// said. What is left then is cancelled.
    pub fn at_end(mut self, how: Shutdown) -> Self {
        self.settings.at_end = how;
        self
    }

    /// What every worker does, on the thread that runs its tasks, before the first of them.
    ///
    /// If it fails or panics on any worker the pool is broken, since none can be trusted, and all tasks fail.
    pub fn initializer(
        mut self,
        initializer: impl FnOnce() -> Result<(), Box<dyn Error + Send + Sync>> + Send + 'static,
    ) -> Self {
        self.initializer = Some(Box::new(initializer));
        self
    }

    /// The tasks that workers know; those that were registered at link time, if nothing is said.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Makes the ranks of `comm` a pool: rank 0 runs `program`, the others work until it returns.
    ///
    /// A collective: every rank calls it. Rank 0 gets what `program` returned, the others `None`. See [`MpiPool`].
    ///
    /// # Errors
    /// [`PoolError`]. A worker that is lost is no error of the pool: its tasks fail.
    ///
    /// # Panics
    /// On rank 0 when `program` panics, after the pool has ended.
    ///
    /// # Blocking
    /// Until `program` has returned and the pool has ended, as [`at_end`](Self::at_end) says.
    pub fn serve<C: Communicator, R: Send>(
        self,
        comm: &C,
        program: impl FnOnce(&MpiPool) -> R + Send,
    ) -> Result<Option<R>, PoolError> {
        serve::serve(self, comm, program)
    }

    pub(super) fn check(&self) -> Result<(), PoolError> {
        for (setting, value) in
            [("queue_bound", self.settings.queue_bound), ("most_ahead", self.settings.most_ahead)]
        {
            if value == 0 {
                return Err(PoolError::Zero { setting });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for MpiPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MpiPoolBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
