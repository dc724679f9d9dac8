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

/// The causes alone, unless there are only consequences; ranks that failed alike are told of together.
fn told(failures: &[(Rank, RankFailure)]) -> String {
    let causes = failures.iter().filter(|(_, failure)| !failure.is_consequence()).count();
    let shown = &failures[..if causes == 0 { failures.len() } else { causes }];
    let mut alike: Vec<(&RankFailure, Vec<Rank>)> = Vec::new();
    for (rank, failure) in shown {
        match alike.iter_mut().find(|(known, _)| *known == failure) {
            Some((_, ranks)) => ranks.push(*rank),
            None => alike.push((failure, vec![*rank])),
        }
    }
    let lines: Vec<String> =
        alike.iter().map(|(failure, ranks)| format!("{}: {failure}", named(ranks))).collect();
    lines.join("\n")
}

/// `rank 3`, `ranks 0 and 1`, `ranks 0, 1 and 5`, `ranks 0, 1, 2, … and 63 (64)`.
fn named(ranks: &[Rank]) -> String {
    const SHOWN: usize = 8;
    let list = |ranks: &[Rank]| ranks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match ranks {
        [rank] => format!("rank {rank}"),
        [.., last] if ranks.len() > SHOWN => {
            format!("ranks {}, … and {last} ({})", list(&ranks[..SHOWN - 1]), ranks.len())
        }
        [others @ .., last] => format!("ranks {} and {last}", list(others)),
        [] => "no rank".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_that_failed_alike_are_told_of_together() {
        let deadlock = || RankFailure::Failed(CommError::Deadlock(vec!["rank 0 waits".to_owned()]));
        let other = RankFailure::Failed(CommError::program("the input is missing"));
        let lost = CommError::RankLost { rank: 0, reason: "it failed".to_owned() };
        let failures = vec![(3, RankFailure::Failed(lost)), (2, deadlock()), (1, other), (0, deadlock())];
        let error = SpmdError::of_ranks(failures);
        assert_eq!(error.to_string(), "ranks 0 and 2: deadlock: rank 0 waits\nrank 1: the input is missing");
        let many = SpmdError::of_ranks((0..64).map(|rank| (rank, deadlock())).collect());
        assert_eq!(many.to_string(), "ranks 0, 1, 2, 3, 4, 5, 6, … and 63 (64): deadlock: rank 0 waits");
        let three = SpmdError::of_ranks([0, 1, 5].map(|rank| (rank, deadlock())).to_vec());
        assert_eq!(three.to_string(), "ranks 0, 1 and 5: deadlock: rank 0 waits");
    }
}
