//! What ranks may know of one another without a message.

use std::time::Duration;

use super::{CommError, Rank};

/// A table with one row per rank of the world: each writes its own, and may read all.
///
/// Reading costs the other rank nothing and waits for nobody; what was written is seen soon, and a row that is being
/// written may be read half old, half new, so rows carry a number that says which edition they are.
pub trait Board {
    /// How many words a row has.
    fn width(&self) -> usize;

    /// Writes words into this rank's row, from `offset` on.
    ///
    /// # Errors
    /// What the transport says.
    fn write(&self, offset: usize, words: &[u64]) -> Result<(), CommError>;

    /// Reads words of the row of `world_rank`, from `offset` on.
    ///
    /// # Errors
    /// What the transport says.
    fn read(&self, world_rank: Rank, offset: usize, words: &mut [u64]) -> Result<(), CommError>;
}

/// Who is asked, now and then, by an operation that waits.
pub trait Watch {
    /// An operation of this communicator has waited for `waited`; an error ends the wait with that error.
    ///
    /// Called first after about a millisecond, then again and again, a few hundred times a second at most.
    ///
    /// # Errors
    /// What the operation shall answer.
    fn stalled(&self, waited: Duration) -> Result<(), CommError>;
}
