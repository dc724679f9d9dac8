//! Recipe: a pool of ranks, as `mpi4py.futures` has it. Rank 0 maps a function over numbers, the others work; who is
//! faster gets more; a task may ask the pool for more tasks and wait for them.
//!
//! Run it: `cargo run --release -p par-examples --example ranks_pool`,
//! or with MPI: `cargo xtask mpirun -n 4 --release --example ranks_pool`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! 25 primes below 100, found by 3 workers
//! fibonacci(12) is 144, by tasks that wait for tasks
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{CommError, Communicator, Spmd};
use par_core::{Executor, ExecutorExt};
use par_examples::worlds;
use par_mpi::MpiPool;
use serde::{Deserialize, Serialize};

#[par_core::task]
fn is_prime(n: u64) -> bool {
    n > 1 && (2..=n.isqrt()).all(|d| !n.is_multiple_of(d))
}

#[par_core::task]
fn fibonacci(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let Some(pool) = par_core::task::current().executor() else { return fibonacci(n - 1) + fibonacci(n - 2) };
    let below = pool.submit(fibonacci::new(n - 2)).expect("the pool takes tasks while one of its own runs");
    fibonacci(n - 1) + below.wait().expect("a task of numbers alone does not fail")
}

#[derive(Debug, Serialize, Deserialize)]
struct Primes;

par_process::program!(Primes);

impl Spmd for Primes {
    const NAME: &'static str = "primes";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        let outcome = MpiPool::serve(world, |pool| {
            let primes: Vec<bool> = pool.map((0..100).map(is_prime::new)).collect::<Result<_, _>>()?;
            let count = primes.iter().filter(|prime| **prime).count();
            println!("{count} primes below 100, found by {} workers", pool.workers());
            let tenth = pool.submit(fibonacci::new(12)).map_err(par_core::TaskError::Refused)?.wait()?;
            println!("fibonacci(12) is {tenth}, by tasks that wait for tasks");
            Ok::<_, par_core::TaskError>((count, tenth))
        })?;
        // The other ranks have worked, and have nothing to say.
        match outcome {
            Some(result) => assert_eq!(result.map_err(CommError::program)?, (25, 144)),
            None => assert_ne!(world.rank(), 0),
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&Primes).map(drop)?))
}
