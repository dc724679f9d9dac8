//! The bench program of par-mpi.
//!
//! It is started as an ordinary process, and starts itself again under `mpirun` for every run; the ranks are told by a
//! variable what they are.

#[cfg(feature = "mpi")]
mod ranks;

use std::process::{Command, ExitCode};

use par_benches::program::{self, ExecutorSpec, Runs, StartError};
use par_mpi::launch::{Launcher, Mpirun};

/// Names the executor to the ranks.
const EXECUTOR: &str = "PAR_BENCH_MPI_EXECUTOR";
/// Tells the ranks when they were launched, in nanoseconds since 1970.
const LAUNCHED: &str = "PAR_BENCH_MPI_LAUNCHED";

const POOL: &str = "mpi-pool";
const COLLECTIVE: &str = "mpi-collective";
const WORLD: &str = "mpi-world";

fn main() -> ExitCode {
    #[cfg(feature = "mpi")]
    if let Ok(executor) = std::env::var(EXECUTOR) {
        return ranks::main(&executor);
    }
    let executors = [
        // Rank 0 of a pool submits and does not compute.
        (POOL, Runs::Tasks, (|workers| launch(POOL, workers.get() + 1)) as program::Launch),
        (COLLECTIVE, Runs::Chunks, |workers| launch(COLLECTIVE, workers.get())),
        (WORLD, Runs::Messages, |workers| launch(WORLD, workers.get())),
    ];
    let obstacle = obstacle();
    let specs = executors.map(|(name, runs, launch)| match &obstacle {
        None => ExecutorSpec::launched(name, runs, launch),
        Some((reason, remedy)) => ExecutorSpec::absent(name, reason, *remedy),
    });
    program::main("mpi", &specs)
}

/// Why there are no ranks here, and what would help.
fn obstacle() -> Option<(String, &'static str)> {
    if cfg!(not(feature = "mpi")) {
        let reason = "this program was built without the feature `mpi`".to_owned();
        return Some((reason, "cargo xtask setup, then cargo xtask bench-all"));
    }
    Launcher::find().err().map(|error| (error.to_string(), "cargo xtask setup"))
}

/// This program on so many ranks.
fn launch(executor: &str, ranks: usize) -> Result<Command, StartError> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let launch = Mpirun::find(ranks)?
        .program(std::env::current_exe()?)
        .env(EXECUTOR, executor)
        .env(LAUNCHED, now.as_nanos().to_string());
    Ok(launch.command())
}
