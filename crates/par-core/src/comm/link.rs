//! What collectives are made of.

use super::{CommError, Rank};

/// Messages between the ranks of one communicator that no receive of the program can match: what collectives are made
/// of.
///
/// Blocking, in order per pair of ranks; a receive names its sender, and must offer exactly as many bytes as were sent.
pub trait Link {
    /// This rank.
    fn rank(&self) -> Rank;

    /// How many ranks there are.
    fn size(&self) -> usize;

    /// Sends bytes; may return before they are received.
    ///
    /// # Errors
    /// [`CommError::RankLost`] and what the transport says.
    fn send(&self, bytes: &[u8], to: Rank) -> Result<(), CommError>;

    /// Receives exactly `bytes.len()` bytes.
    ///
    /// # Errors
    /// [`CommError::RankLost`], and [`CommError::CollectiveMismatch`] when another length comes.
    fn recv(&self, bytes: &mut [u8], from: Rank) -> Result<(), CommError>;

    /// Sends and receives at once, so that ranks which exchange with one another cannot block one another.
    ///
    /// # Errors
    /// As [`send`](Self::send) and [`recv`](Self::recv).
    fn send_recv(&self, bytes: &[u8], to: Rank, into: &mut [u8], from: Rank) -> Result<(), CommError>;
}
