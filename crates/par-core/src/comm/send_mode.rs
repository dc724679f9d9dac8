//! What a send promises.

/// What the end of a blocking send means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SendMode {
    /// The buffer may be used again. A short message may lie in the transport's memory then, a long one has found its
    /// receive: whether a send waits for its receive must not matter to a program.
    #[default]
    Standard,
    /// The receive has begun (`Ssend`): a program that is right with this one is right everywhere.
    Synchronous,
    /// The message lies in memory that was set aside for it (`Bsend`); it never waits, and
    /// [`CommError::BufferFull`](super::CommError::BufferFull) says when there is no room.
    Buffered,
    /// The caller knows that the receive has begun (`Rsend`), which saves some transports a question.
    Ready,
}
