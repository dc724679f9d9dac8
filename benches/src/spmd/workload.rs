//! What an SPMD program must say to be a workload of the catalogue.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use par_core::comm::Spmd;
use par_core::{Cost, Mismatch};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{LatencyTable, Ranked};
use crate::process_tree::thread_cpu;

/// What serial code took, without the examination of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SerialTime {
    /// From the parameters to the answer.
    pub wall: Duration,
    /// CPU time of the thread within that.
    pub cpu: Duration,
}

impl SerialTime {
    /// Calls `f`, and measures it.
    pub(super) fn of<R>(f: impl FnOnce() -> R) -> (R, Self) {
        let (cpu, begun) = (thread_cpu(), Instant::now());
        let answer = f();
        let wall = begun.elapsed();
        (answer, Self { wall, cpu: thread_cpu().saturating_sub(cpu) })
    }
}

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

    /// Runs the best serial code, which shares nothing with the program, and verifies its answer; what it took.
    /// `None` where there is nothing to compare with.
    ///
    /// # Errors
    /// The answer is wrong.
    fn run_serial(&self) -> Option<Result<SerialTime, Mismatch>>;

    /// Times of single messages, where the workload is about them.
    fn latency(&self, outputs: &[Ranked<Self::Part>]) -> Option<LatencyTable> {
        let _ = outputs;
        None
    }
}
