//! What an SPMD program must say to be a workload of the catalogue.

use std::fmt::Debug;
use std::time::Duration;

use par_core::comm::Spmd;
use par_core::{Cost, Mismatch};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{LatencyTable, Ranked};

/// An SPMD program whose answer can be checked against a formula.
pub trait SpmdWorkload: Spmd<Output = Ranked<Self::Part>> + Clone + Debug {
    /// What a rank finds out about its part of the answer.
    type Part: Clone + Debug + Send + Serialize + DeserializeOwned + 'static;

    /// What the answer is compared with, for reports.
    fn checked_against(&self) -> &'static str;

    /// The work of all ranks together.
    fn cost(&self) -> Cost;

    /// How few ranks can run it.
    fn ranks_min(&self) -> usize {
        1
    }

    /// How many ranks take part at the most.
    fn ranks_max(&self) -> Option<usize> {
        None
    }

    /// Judges what the ranks found out, in rank order.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn verify(&self, parts: &[Self::Part]) -> Result<(), Mismatch>;

    /// Runs the best serial code, which shares nothing with the program, and verifies its answer; how long it took,
    /// from the parameters to the answer. `None` where there is nothing to compare with.
    ///
    /// # Errors
    /// The answer is wrong.
    fn run_serial(&self) -> Option<Result<Duration, Mismatch>>;

    /// Times of single messages, where the workload is about them.
    fn latency(&self, outputs: &[Ranked<Self::Part>]) -> Option<LatencyTable> {
        let _ = outputs;
        None
    }
}
