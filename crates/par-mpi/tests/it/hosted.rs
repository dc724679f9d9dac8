//! A pool that lives as long as a value, for suites that make and drop executors.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use par_core::plumbing::Job;
use par_core::testing::ModelWorld;
use par_core::{Capabilities, Executor, Shutdown, ShutdownTimedOut, Snapshot, SubmitError};
use par_mpi::{MpiPool, MpiPoolBuilder};

/// A pool on a world of its own; dropping it ends both.
pub(crate) struct Hosted {
    pool: MpiPool,
    /// The program on rank 0 returns when this is dropped.
    end: Option<Sender<()>>,
    world: Option<JoinHandle<()>>,
}

impl Hosted {
    pub(crate) fn new(ranks: usize) -> Self {
        Self::with(ranks, || MpiPool::builder().queue_bound(64))
    }

    pub(crate) fn with(ranks: usize, builder: impl Fn() -> MpiPoolBuilder + Send + Sync + 'static) -> Self {
        let (give, take) = channel();
        let (end, ended) = channel::<()>();
        let rank_0 = Mutex::new(Some((give, ended)));
        let world = std::thread::spawn(move || {
            let served = ModelWorld::new(ranks).run_fn(|world| {
                builder().serve(world, |pool| {
                    let (give, ended) = rank_0.lock().expect("taken once").take().expect("rank 0 alone");
                    give.send(pool.clone()).expect("the test waits for it");
                    let _ = ended.recv();
                })?;
                Ok(())
            });
            served.expect("the pool ends well");
        });
        let pool = take.recv().expect("the pool is served");
        assert!(pool.wait_ready(Duration::from_secs(20)).expect("it is whole"), "no worker came");
        Self { pool, end: Some(end), world: Some(world) }
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        // Dropped by a program that wants no more of it.
        let _ = self.pool.shutdown(Shutdown::cancel_running().within(Duration::from_secs(20)));
        drop(self.end.take());
        if let Some(world) = self.world.take() {
            let ended = world.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the world ends well");
        }
    }
}

impl Executor for Hosted {
    fn name(&self) -> &'static str {
        self.pool.name()
    }
    fn workers(&self) -> NonZeroUsize {
        self.pool.workers()
    }
    fn metrics(&self) -> Snapshot {
        self.pool.metrics()
    }
    fn capabilities(&self) -> Capabilities {
        self.pool.capabilities()
    }
    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        self.pool.submit_job(job)
    }
    fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownTimedOut> {
        self.pool.shutdown(how)
    }
}
