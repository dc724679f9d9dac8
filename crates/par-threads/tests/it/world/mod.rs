//! The world of threads: what a program sees of it.

mod conformance;
mod failures;
mod messages;
mod requests;
mod wrong;

use par_core::comm::{CommError, SpmdError};
use par_core::testing::within;
use par_threads::{ThreadComm, ThreadWorld};

use crate::LIMIT;

/// Runs a closure on so many ranks, under the time limit of tests.
fn run<R: Send>(ranks: usize, f: impl Fn(&ThreadComm) -> Result<R, CommError> + Sync) -> Vec<R> {
    run_in(&ThreadWorld::new(ranks), f).expect("no rank fails")
}

fn run_in<R: Send>(
    world: &ThreadWorld,
    f: impl Fn(&ThreadComm) -> Result<R, CommError> + Sync,
) -> Result<Vec<R>, SpmdError> {
    within(LIMIT, "a program on a world", || world.run_fn(f))
}
