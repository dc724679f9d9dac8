//! What a world of ranks must be able to do, for the engine to make communicators of it.

use std::ops::Deref;
use std::time::Duration;

pub use crate::comm::Parcel;
use crate::comm::{CommError, Rank};

/// A word that two ranks share.
pub type Word = crate::sync::AtomicU64;

/// How one rank reaches the others: shared words, fragments of memory, and sleep.
///
/// A value of it belongs to one rank and is used by that rank's thread alone. Ranks are those of the whole world.
///
/// # What the engine promises
/// - What a rank sends to itself never comes here; only its ring to itself is asked for, for the credit in it.
/// - Fragment `index` of a pair is written, then read once, then written again, never two of these at the same time; the
///   words of the ring order them, as Release and Acquire do.
/// - Parcels that were given to a rank are taken by it in the same order, and never more than were given.
///
/// # What the transport promises
/// - Memory is the same at both ends, and stays while either end has its transport.
/// - A rank that ended has written nothing after [`ended`](Self::ended) tells so: what it sent before lies in its rings.
/// - When a rank ends, all that sleep are woken.
pub trait Transport: 'static {
    /// Words that this rank shares with another, or with all. For speed, they begin at a multiple of 64 bytes.
    type Words: Deref<Target = [Word]> + 'static;

    /// This rank.
    fn rank(&self) -> Rank;

    /// How many ranks there are.
    fn ranks(&self) -> usize;

    /// How many ranks can run at the same time: processors. With fewer than ranks, no wait spins.
    fn processors(&self) -> usize;

    /// The [`RING_WORDS`](super::RING_WORDS) words of the ring for what `from` sends to `to`, zero at first; one of the
    /// two is this rank. Called once for each, when the rank begins.
    fn ring(&self, from: Rank, to: Rank) -> Self::Words;

    /// How many fragments each ordered pair of ranks has, at least 2, and how long each is in bytes, a multiple of 64.
    fn fragments(&self) -> (usize, usize);

    /// Copies `bytes` to the head of fragment `index` of those from this rank to `to`; they are no more than it has room
    /// for.
    fn write_fragment(&self, to: Rank, index: usize, bytes: &[u8]);

    /// Copies the head of fragment `index` of those from `from` to this rank to `bytes`, which may be shorter than what
    /// was written.
    fn read_fragment(&self, from: Rank, index: usize, bytes: &mut [u8]);

    /// Whether whole buffers can be given to another rank without a copy, because they lie in one address space.
    fn gives(&self) -> bool {
        false
    }

    /// Gives a buffer to `to`. Called only where [`gives`](Self::gives) says so.
    fn give(&self, to: Rank, parcel: Box<dyn Parcel>) {
        let _ = (to, parcel);
    }

    /// Takes the oldest buffer that `from` gave to this rank; `None` when there is none, which ends the rank's trust in
    /// `from`.
    fn take(&self, from: Rank) -> Option<Box<dyn Parcel>> {
        let _ = from;
        None
    }

    /// Makes it known that this rank sleeps, asks `ready` once more, and unless it says so sleeps until
    /// [`wake`](Self::wake), or until `timeout` has passed. May return early for no reason.
    ///
    /// Between the making known and the asking lies a sequentially consistent fence, as in `wake`.
    fn sleep(&self, timeout: Duration, ready: &mut dyn FnMut() -> bool);

    /// Wakes `rank` if it sleeps; called after every change of a ring that it may wait for.
    ///
    /// Begins with a sequentially consistent fence, so that of a sleeper's last look and a sender's look at whether there
    /// is a sleeper, one sees the other; and costs little when there is none.
    fn wake(&self, rank: Rank);

    /// What became of `rank`, if it takes part no more. Called often: while it takes part, this is one load.
    fn ended(&self, rank: Rank) -> Option<Ended>;

    /// Words that all ranks share, zero at first, the same for the same `key`. All ranks call it with the same arguments;
    /// nobody touches the words before all have.
    ///
    /// # Errors
    /// What the operating system says, and [`CommError::Unsupported`] when there is no room.
    fn shared_words(&self, key: u64, words: usize) -> Result<Self::Words, CommError>;
}

/// What became of a rank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Whether it failed, panicked or was killed, so that the others cannot go on; `false`: its program has returned.
    pub failed: bool,
    /// In words: "it has finished", "it panicked: …", "it was killed by signal 9".
    pub reason: String,
}
