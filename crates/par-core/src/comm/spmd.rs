//! Programs that every rank runs.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{CommError, Communicator, Rank};
use crate::error::Panic;

/// A program that every rank runs: single program, multiple data.
///
/// The value holds parameters, never data: every rank gets a copy. Written once for any [`Communicator`], it runs on
/// threads, processes and MPI ranks.
///
/// # Examples
/// ```
/// use par_core::comm::{CommError, Communicator, Spmd, op};
///
/// #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
/// struct SumOfRanks;
///
/// impl Spmd for SumOfRanks {
///     const NAME: &'static str = "sum-of-ranks";
///     type Output = u64;
///     fn run<C: Communicator>(&self, world: &C) -> Result<u64, CommError> {
///         let mut sum = [world.rank() as u64];
///         world.all_reduce_in_place(&mut sum, &op::Sum)?;
///         Ok(sum[0])
///     }
/// }
/// ```
pub trait Spmd: Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The program's name, in kebab-case: by it, processes know what to run.
    const NAME: &'static str;
    /// What each rank yields.
    type Output: Send + Serialize + DeserializeOwned + 'static;

    /// Runs on one rank.
    ///
    /// # Errors
    /// What went wrong on this rank; the world then ends the others.
    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError>;
}

/// How one rank failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RankFailure {
    /// Its program returned an error.
    #[error("{0}")]
    Failed(CommError),
    /// Its program panicked.
    #[error("panicked: {0}")]
    Panicked(Panic),
    /// Its process ended before its program did.
    #[error("{0}")]
    Lost(String),
}

impl RankFailure {
    fn is_consequence(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_consequence())
    }
}

/// Why an SPMD program has no result: which ranks failed, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpmdError {
    /// The world could not be made; no rank has run.
    #[error("the world of {ranks} ranks could not be made: {reason}")]
    NoWorld {
        /// How many ranks were wanted.
        ranks: usize,
        /// Why.
        reason: String,
    },
    /// Ranks failed; those that only lost another come last.
    #[error("{}", told(.0))]
    Ranks(Vec<(Rank, RankFailure)>),
}

impl SpmdError {
    /// The error of these failures, causes before consequences.
    pub fn of_ranks(mut failures: Vec<(Rank, RankFailure)>) -> Self {
        failures.sort_by_key(|(rank, failure)| (failure.is_consequence(), *rank));
        Self::Ranks(failures)
    }
}

/// The causes alone, unless there are only consequences.
fn told(failures: &[(Rank, RankFailure)]) -> String {
    let causes = failures.iter().filter(|(_, failure)| !failure.is_consequence()).count();
    let shown = &failures[..if causes == 0 { failures.len() } else { causes }];
    let lines: Vec<String> = shown.iter().map(|(rank, failure)| format!("rank {rank}: {failure}")).collect();
    lines.join("\n")
}
