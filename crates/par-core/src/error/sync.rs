//! What synchronisation and queues answer, in every family: threads, async tasks, processes.

use serde::{Deserialize, Serialize};

/// A barrier that is broken: not every party came, so nobody may go on as if all had.
///
/// It stays broken for every later wait until it is reset; one that was broken by a reset is as new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the barrier is broken: {cause}; {}", .cause.advice())]
pub struct BrokenBarrier {
    /// What broke it.
    pub cause: BreakCause,
}

/// What broke a barrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum BreakCause {
    /// A party waited longer than its timeout.
    TimedOut,
    /// Somebody called `abort`.
    Aborted,
    /// Somebody called `reset` while this party waited.
    Reset,
    /// The action that one party runs for all panicked.
    ActionPanicked,
    /// A party panicked on its way to the barrier.
    PartyPanicked,
    /// A party left for good: its membership was dropped.
    PartyLeft,
    /// Parties that have not come wait for some that have: nobody would ever have gone on.
    WouldDeadlock,
}

impl BreakCause {
    /// What to do next.
    const fn advice(self) -> &'static str {
        match self {
            Self::Reset => "it is as new: wait again when every party does",
            _ => "`reset` it when every party knows",
        }
    }
}

impl std::fmt::Display for BreakCause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "a party's timeout passed before all had come",
            Self::Aborted => "it was aborted",
            Self::Reset => "it was reset while this party waited",
            Self::ActionPanicked => "its action panicked",
            Self::PartyPanicked => "a party panicked",
            Self::PartyLeft => "a party left",
            Self::WouldDeadlock => {
                "parties that are missing wait for parties that have come; see the report of the deadlock explainer, and \
                 come without what the others wait for"
            }
        })
    }
}

/// More permits were released than were ever acquired; the semaphore is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error(
    "cannot release {released} more: of the semaphore's {limit} permits {available} are free; release once for each \
     that was acquired"
)]
pub struct ReleasedTooOften {
    /// How many permits the call wanted to release.
    pub released: usize,
    /// How many were free.
    pub available: usize,
    /// How many there are.
    pub limit: usize,
}

/// Why an item was not put into a queue; it comes back with the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PutError<T> {
    /// The queue was full, for as long as the call waited.
    #[error("the queue is full")]
    Full(T),
    /// The queue was shut down.
    #[error("the queue was shut down and takes nothing more")]
    ShutDown(T),
}

impl<T> PutError<T> {
    /// The item that was not put.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(item) | Self::ShutDown(item) => item,
        }
    }

    /// Whether the queue takes nothing more, ever.
    pub const fn is_shut_down(&self) -> bool {
        matches!(self, Self::ShutDown(_))
    }
}

/// Why a queue gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum GetError {
    /// The queue was empty, for as long as the call waited.
    #[error("the queue is empty")]
    Empty,
    /// The queue was shut down, and what was in it is gone.
    #[error("the queue was shut down and holds nothing more")]
    ShutDown,
}

/// An item was reported as done that nobody had taken; the queue is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("`task_done` was called more often than items were taken from the queue")]
pub struct DoneTooOften;

/// The items of a queue were not all done in time; they go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{unfinished} items of the queue were not done in time")]
pub struct JoinTimedOut {
    /// How many were queued, or taken and not done.
    pub unfinished: usize,
}

/// How a queue ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum QueueShutdown {
    /// Nothing more goes in; what is in it can still be taken.
    Drain,
    /// Nothing more goes in, and what is in it is dropped and counts as done.
    Immediate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_reset_is_not_told_to_reset() {
        let text = |cause| BrokenBarrier { cause }.to_string();
        assert!(text(BreakCause::TimedOut).ends_with("`reset` it when every party knows"));
        assert!(text(BreakCause::Reset).ends_with("it is as new: wait again when every party does"));
    }

    #[test]
    fn who_releases_too_often_is_told_the_counts_as_they_are() {
        let text = ReleasedTooOften { released: 2, available: 1, limit: 2 }.to_string();
        assert!(
            text.starts_with("cannot release 2 more: of the semaphore's 2 permits 1 are free;"),
            "{text}"
        );
    }
}
