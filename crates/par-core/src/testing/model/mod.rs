//! A world that is as plain as can be: every rank a thread, every message a vector under one lock.
//!
//! The suite of communicators is tried on it first, and what is built on communicators can be tested where there is no
//! paradigm crate. It is slow on purpose: what it does must be plain to see.

mod comm;
mod post;
mod wait;

use std::sync::Arc;

use crate::comm::{CommError, RankFailure, Spmd, SpmdError};
use crate::plumbing::catch_panic;

pub use comm::ModelComm;
use post::Post;

/// A world of threads for tests; see [`Communicator`](crate::comm::Communicator).
///
/// # Examples
/// ```
/// use par_core::comm::{Communicator, Tag};
/// use par_core::testing::ModelWorld;
///
/// let sums = ModelWorld::new(3).run_fn(|world| {
///     let next = (world.rank() + 1) % world.size();
///     world.send(&[world.rank() as u64], next, Tag(1))?;
///     let (data, status) = world.recv::<u64>(par_core::comm::Source::Any, Tag(1))?;
///     assert_eq!(data[0], status.source as u64);
///     Ok(data[0])
/// })?;
/// assert_eq!(sums, [2, 0, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ModelWorld {
    ranks: usize,
    eager_limit: usize,
}

impl ModelWorld {
    /// A world of `ranks` ranks.
    ///
    /// # Panics
    /// When `ranks` is 0.
    pub fn new(ranks: usize) -> Self {
        assert!(ranks > 0, "a world needs at least one rank");
        Self { ranks, eager_limit: 4096 }
    }

    /// Sends of more than `bytes` wait for their receive; 4096 if nothing is said, as in Open MPI's shared memory.
    #[must_use]
    pub fn eager_limit(self, bytes: usize) -> Self {
        Self { eager_limit: bytes, ..self }
    }

    /// Runs a program on every rank; what they yield, in rank order.
    ///
    /// # Errors
    /// [`SpmdError::Ranks`] when a rank failed.
    pub fn run<P: Spmd>(&self, program: &P) -> Result<Vec<P::Output>, SpmdError> {
        self.run_fn(|world| program.run(world))
    }

    /// Runs a closure on every rank; what they yield, in rank order.
    ///
    /// # Errors
    /// [`SpmdError::Ranks`] when a rank failed.
    ///
    /// # Panics
    /// Never: a panic of a rank is caught on its thread.
    pub fn run_fn<R: Send>(
        &self,
        f: impl Fn(&ModelComm) -> Result<R, CommError> + Sync,
    ) -> Result<Vec<R>, SpmdError> {
        let post = Arc::new(Post::new(self.ranks, self.eager_limit));
        let outcomes: Vec<Result<R, RankFailure>> = std::thread::scope(|scope| {
            let run = |rank: usize| {
                let (post, f) = (Arc::clone(&post), &f);
                scope.spawn(move || {
                    let outcome = catch_panic(|| f(&ModelComm::world(&post, rank)));
                    let (outcome, reason) = match outcome {
                        Ok(Ok(output)) => (Ok(output), "it has finished".to_owned()),
                        Ok(Err(error)) => {
                            let reason = format!("it failed: {error}");
                            (Err(RankFailure::Failed(error)), reason)
                        }
                        Err(panic) => {
                            let reason = format!("it panicked: {panic}");
                            (Err(RankFailure::Panicked(panic)), reason)
                        }
                    };
                    post.end(rank, reason);
                    outcome
                })
            };
            let threads: Vec<_> = (0..self.ranks).map(run).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("a panic of a rank is caught on its thread"))
                .collect()
        });
        let (mut outputs, mut failures) = (Vec::new(), Vec::new());
        for (rank, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Ok(output) => outputs.push(output),
                Err(failure) => failures.push((rank, failure)),
            }
        }
        if failures.is_empty() { Ok(outputs) } else { Err(SpmdError::of_ranks(failures)) }
    }
}
