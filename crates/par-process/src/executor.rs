//! The pool.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use par_core::plumbing::Job;
use par_core::{Capabilities, Delivery, Executor, Shutdown, ShutdownTimedOut, Snapshot, SubmitError};

use crate::config::Builder;
use crate::error::PoolError;
use crate::event::WorkerEvent;
use crate::pool::{self, Shared, on_pool_thread};

/// How long dropping a pool may take.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long [`ProcessPool::terminate_workers`] waits between SIGTERM and SIGKILL.
const TERMINATE_GRACE: Duration = Duration::from_secs(1);

/// Worker processes that run tasks; a worker that dies costs at most the task that it was running, and is replaced.
///
/// The workers are this program, started again: [`init`](crate::init) must be the first thing in `main`.
/// Clones are the same pool.
/// Dropping the last clone cancels what is queued, kills what runs, and leaves no process behind;
/// [`shutdown`](Executor::shutdown) ends it more gently.
///
/// # Examples
/// ```no_run
/// use par_core::ExecutorExt;
/// use par_process::ProcessPool;
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     par_process::init();
///     let pool = ProcessPool::new()?;
///     assert_eq!(pool.submit(square::new(12))?.wait()?, 144);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct ProcessPool {
    owner: Arc<Owner>,
}

/// Ends the pool when the last clone is dropped.
struct Owner {
    shared: Arc<Shared>,
    supervisor: Mutex<Option<JoinHandle<()>>>,
}

impl ProcessPool {
    /// A pool with as many workers as the machine runs at once.
    ///
    /// # Errors
    /// [`PoolError`], when a worker does not become ready; first of all when `main` does not call
    /// [`init`](crate::init).
    ///
    /// # Blocking
    /// Until all workers are ready.
    pub fn new() -> Result<Self, PoolError> {
        Self::builder().build()
    }

    /// Says how the pool is to be.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn start(mut config: Builder) -> Result<Self, PoolError> {
        crate::spawn::unless_marked(&PoolError::NotInitialised.to_string());
        if let Some(Err(error)) = config.initializer.take_if(|call| call.is_err()) {
            return Err(PoolError::Encode(error));
        }
        par_core::plumbing::record_panics();
        let (shared, supervisor) = pool::start(config)?;
        Ok(Self { owner: Arc::new(Owner { shared, supervisor: Mutex::new(Some(supervisor)) }) })
    }

    /// The process numbers of the workers that there are now, standbys included.
    pub fn worker_pids(&self) -> Vec<u32> {
        self.shared().peers().iter().map(|peer| peer.pid).collect()
    }

    /// What happened to workers lately, oldest first; at most 1024 events are kept.
    pub fn events(&self) -> Vec<WorkerEvent> {
        self.shared().events.latest()
    }

    /// Ends all worker processes, by SIGTERM and a second later by SIGKILL; they are replaced, and their tasks are
    /// retried or fail as with any other loss.
    ///
    /// # Blocking
    /// Until the processes are gone, for about three seconds at the longest.
    pub fn terminate_workers(&self) {
        self.shared().terminate_workers(TERMINATE_GRACE);
    }

    fn shared(&self) -> &Shared {
        &self.owner.shared
    }
}

impl Executor for ProcessPool {
    fn name(&self) -> &'static str {
        pool::NAME
    }

    fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.shared().config.workers).expect("the builder checks that")
    }

    fn metrics(&self) -> Snapshot {
        self.shared().metrics.snapshot()
    }

    fn capabilities(&self) -> Capabilities {
        capabilities(self.shared().config.retries > 0, self.shared().config.queue_bound)
    }

    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        self.shared().submit(job)
    }

    /// Takes no more tasks, ends the ones that it has as hard as `how` says, and then the workers.
    ///
    /// On a thread of the pool itself, in a callback, it begins the shutdown and does not wait for it.
    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        self.shared().shutdown(how)
    }
}

/// What a pool can do, seen from outside and from within its workers.
pub(crate) fn capabilities(at_least_once: bool, queue_bound: usize) -> Capabilities {
    Capabilities {
        closures: false,
        hard_kill: true,
        priorities: true,
        survives_crash: true,
        asynchronous: true,
        nesting: true,
        delivery: if at_least_once { Delivery::AtLeastOnce } else { Delivery::AtMostOnce },
        queue_bound,
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.shared.shutdown(Shutdown::kill().within(DROP_TIMEOUT));
        let supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(supervisor) = supervisor.filter(|_| !on_pool_thread() && self.shared.is_over()) {
            // It has nothing left to wait for.
            let _ = supervisor.join();
        }
    }
}

impl fmt::Debug for ProcessPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPool")
            .field("workers", &self.workers())
            .field("pids", &self.worker_pids())
            .finish()
    }
}
