//! The collective that makes ranks a pool.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use par_core::comm::Communicator;
use par_core::{Executor, Shutdown};

use super::builder::MpiPoolBuilder;
use super::driver::Driver;
use super::shared::Shared;
use super::worker::{Station, work};
use super::{MpiPool, PoolError};

/// How long tasks may take to heed a cancellation, when the time that the builder gave them is over.
const LAST_CHANCE: Duration = Duration::from_secs(2);

pub(super) fn serve<C: Communicator, R: Send>(
    builder: MpiPoolBuilder,
    comm: &C,
    program: impl FnOnce(&MpiPool) -> R + Send,
) -> Result<Option<R>, PoolError> {
    builder.check()?;
    // The pool's messages are apart from those of the program.
    let comm = comm.duplicate()?;
    if comm.rank() > 0 {
        return work(&comm, builder).map(|()| None);
    }
    let workers = NonZeroUsize::new(comm.size() - 1).unwrap_or(NonZeroUsize::MIN);
    let shared = Shared::new(builder.settings.clone(), workers);
    let local = if comm.size() == 1 { Some(Station::start(0, workers, builder)?) } else { None };
    let station = local.as_ref().map(|resident| Arc::clone(&resident.station));
    let pool = MpiPool { shared: shared.clone() };
    let mut driver = Driver::new(&comm, shared, station);
    let (driven, returned) = std::thread::scope(|scope| {
        let run = || {
            let returned = catch_unwind(AssertUnwindSafe(|| program(&pool)));
            end(&pool, returned.is_err());
            returned
        };
        let program =
            match std::thread::Builder::new().name("mpi-pool-program".to_owned()).spawn_scoped(scope, run) {
                Ok(program) => program,
                Err(error) => {
                    // The workers wait to be told.
                    pool.shared.state().quit = true;
                    driver.run()?;
                    return Err(PoolError::Thread(error));
                }
            };
        let driven = catch_unwind(AssertUnwindSafe(|| driver.run()));
        if driven.is_err() {
            // Else the program would wait for handles that nobody completes.
            driver.collapse();
        }
        let returned = program.join().unwrap_or_else(Err);
        let driven = driven.unwrap_or_else(|panic| resume_unwind(panic));
        Ok((driven, returned))
    })?;
    drop(local);
    match returned {
        Err(panic) => resume_unwind(panic),
        Ok(returned) => driven.map(|()| Some(returned)),
    }
}

/// Ends what the program has left, and then the pool.
fn end(pool: &MpiPool, panicked: bool) {
    let how =
        if panicked { Shutdown::cancel_running().within(LAST_CHANCE) } else { pool.shared.settings.at_end };
    if pool.shutdown(how).is_err() {
        // What does not listen even now is told that it was cancelled, and its thread left to itself.
        let _ = pool.shutdown(Shutdown::cancel_running().within(LAST_CHANCE));
    }
    pool.shared.state().quit = true;
    pool.shared.wake_driver();
}
