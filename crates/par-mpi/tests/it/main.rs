//! Everything that is built on communicators, tried on the model of a world, without MPI.
//!
//! - `conformance`: what every executor does, on one worker and on several.
//! - `balance`: who gets how many tasks.
//! - `nesting`: tasks that submit tasks.
//! - `volume`: many tasks, and large ones.
//! - `failure`: tasks and ranks that fail.
//! - `ending`: how a pool begins and ends.
//! - `collective`: workloads that all ranks run together.
//! - `hosted`: a pool that lives as long as a value, for the suites that want one.
//! - `gate`: what tasks of a test wait for.
//! - `mortal`: ranks that can be ended from outside.

mod balance;
mod collective;
mod conformance;
mod ending;
mod failure;
mod gate;
mod hosted;
mod mortal;
mod nesting;
mod volume;

use std::time::Duration;

use par_core::comm::{CommError, SpmdError};
use par_core::testing::{ModelComm, ModelWorld, within};
use par_mpi::{MpiPool, MpiPoolBuilder};

/// What a test or a program of a test fails with.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Outcome = Result<(), Failure>;

/// No test takes longer, whatever goes wrong.
const LIMIT: Duration = Duration::from_mins(1);

/// Serves a pool on so many ranks, under the time limit; what the program on rank 0 returns.
fn serve<R: Send>(
    ranks: usize,
    builder: impl Fn() -> MpiPoolBuilder + Sync,
    program: impl Fn(&MpiPool) -> R + Sync,
) -> Result<R, SpmdError> {
    let served = world(ranks, |comm| Ok(builder().serve(comm, &program)?))?;
    Ok(served.into_iter().flatten().next().expect("rank 0 returns what its program does"))
}

/// Runs a program on a world of so many ranks, under the time limit.
fn world<R: Send>(
    ranks: usize,
    program: impl Fn(&ModelComm) -> Result<R, CommError> + Sync,
) -> Result<Vec<R>, SpmdError> {
    within(LIMIT, "a world", || ModelWorld::new(ranks).run_fn(program))
}
