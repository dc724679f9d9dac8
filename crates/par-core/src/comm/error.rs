//! Why a message did not come through.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Rank, Tag};

/// Why an operation on a communicator failed.
///
/// After [`RankLost`](Self::RankLost), [`Deadlock`](Self::Deadlock) and
/// [`CollectiveMismatch`](Self::CollectiveMismatch) the program can only end: its ranks no longer agree on what comes
/// next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum CommError {
    /// There is no such rank.
    #[error("there is no rank {rank} in a communicator of {size}; ranks are 0 to {}", size.saturating_sub(1))]
    NoSuchRank {
        /// The rank that was named.
        rank: Rank,
        /// How many there are.
        size: usize,
    },
    /// The tag is greater than the greatest that every MPI takes.
    #[error("the tag {tag} is greater than {}, the greatest that every world takes", Tag::MAX)]
    TagTooGreat {
        /// The tag that was named.
        tag: u16,
    },
    /// A buffer has not the length that the operation needs; nothing was sent.
    #[error("{what} has {got} elements, and must have {expected}")]
    WrongLength {
        /// Which buffer, or list.
        what: String,
        /// How long it is.
        got: usize,
        /// How long it must be.
        expected: usize,
    },
    /// An argument makes no sense; nothing was sent.
    #[error("{0}")]
    Invalid(String),
    /// The message is longer than the buffer for it; it was taken, and its head is in the buffer.
    #[error(
        "the message from rank {from} with tag {tag} has {got} bytes and the buffer {room}: \
         ask `probe` for its length, or use `recv`, which makes room"
    )]
    Truncated {
        /// The sender.
        from: Rank,
        /// Its tag.
        tag: u16,
        /// The message's length in bytes; where a library does not say it, the least that it can be.
        got: usize,
        /// The buffer's length in bytes.
        room: usize,
    },
    /// The message is no whole number of elements.
    #[error(
        "the message from rank {from} with tag {tag} has {bytes} bytes, no multiple of the {element} of one element: \
         was it sent as another type?"
    )]
    WrongType {
        /// The sender.
        from: Rank,
        /// Its tag.
        tag: u16,
        /// The message's length in bytes.
        bytes: usize,
        /// The length of an element in bytes.
        element: usize,
    },
    /// A value could not be made of the bytes that came, or bytes of a value.
    #[error("a value could not cross the wire: {0}")]
    Codec(String),
    /// A rank ended before it did its part.
    #[error("rank {rank} is gone ({reason}), and this rank waits for it")]
    RankLost {
        /// Which rank of the world.
        rank: Rank,
        /// What became of it.
        reason: String,
    },
    /// Ranks wait for one another in a circle; each line says who waits where for whom.
    #[error("deadlock: {}", .0.join("; "))]
    Deadlock(Vec<String>),
    /// Ranks called different collectives, or the same with arguments that do not fit.
    #[error("collectives do not match: {}", .0.join("; "))]
    CollectiveMismatch(Vec<String>),
    /// The program has ended, and messages that nobody has received or requests that nobody has waited for are left.
    #[error("the program has ended, and left something behind: {}", .0.join("; "))]
    LeftBehind(Vec<String>),
    /// The world's limit for a single wait has passed.
    #[error("{operation} has waited for {waited:?}, the limit of this world")]
    TimedOut {
        /// What waited.
        operation: String,
        /// For how long.
        waited: Duration,
    },
    /// A buffered send found no room.
    #[error("a buffered send of {bytes} bytes found {room} left: attach a larger buffer, or use `send`")]
    BufferFull {
        /// What was to be sent.
        bytes: usize,
        /// What room was left.
        room: usize,
    },
    /// The library below said no.
    #[error("{call} failed: {message}")]
    Native {
        /// Which call.
        call: String,
        /// What it said.
        message: String,
    },
    /// The world has no such operation.
    #[error("{0}")]
    Unsupported(String),
    /// The program itself gave up.
    #[error("{0}")]
    Program(String),
}

impl CommError {
    /// The failure of a program itself, in words.
    pub fn program(reason: impl std::fmt::Display) -> Self {
        Self::Program(reason.to_string())
    }

    /// Passes when `got` is what it must be.
    ///
    /// # Errors
    /// [`CommError::WrongLength`], which names `what`.
    pub fn unless_length(what: &str, got: usize, expected: usize) -> Result<(), Self> {
        if got == expected {
            return Ok(());
        }
        Err(Self::WrongLength { what: what.to_owned(), got, expected })
    }

    /// Passes when `rank` is one of `size`.
    ///
    /// # Errors
    /// [`CommError::NoSuchRank`].
    pub const fn unless_rank(rank: Rank, size: usize) -> Result<(), Self> {
        if rank < size { Ok(()) } else { Err(Self::NoSuchRank { rank, size }) }
    }

    /// Passes when `tag` is one that every world takes.
    ///
    /// # Errors
    /// [`CommError::TagTooGreat`].
    pub const fn unless_tag(tag: Tag) -> Result<(), Self> {
        if tag.0 <= Tag::MAX.0 { Ok(()) } else { Err(Self::TagTooGreat { tag: tag.0 }) }
    }

    /// Whether it only follows from the end of another rank, so that the other's own error tells more.
    pub const fn is_consequence(&self) -> bool {
        matches!(self, Self::RankLost { .. })
    }
}
