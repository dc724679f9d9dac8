//! Who of a world lives, and what became of the others: rows in the shared memory.
//!
//! ```text
//! ABSENT ──rank: join──▶ JOINED ──rank: its program ended──▶ FINISHED or FAILED
//!    └─────────────────────┴──────parent: its process ended──▶ LOST
//! ```
//! A rank writes its own row, and the parent writes it when the rank's process is gone, so a row never has two writers.
//! The reason stands before the state says so.

use std::sync::atomic::Ordering;

use super::memory::Memory;

/// A row: state, number of the end, length of the reason, the reason.
pub(super) const ROW: usize = 1024;
const ORDER: usize = 8;
const LENGTH: usize = 16;
const REASON: usize = 24;
const REASON_MAX: usize = ROW - REASON;

/// How far a rank is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Its process has not joined.
    Absent,
    /// It has joined, and waits for the others or runs.
    Joined,
    /// Its program has ended with an output.
    Finished,
    /// Its program has failed or panicked.
    Failed,
    /// Its process has ended before its program.
    Lost,
}

impl State {
    fn of(word: u64) -> Self {
        match word {
            0 => Self::Absent,
            1 => Self::Joined,
            2 => Self::Finished,
            3 => Self::Failed,
            _ => Self::Lost,
        }
    }

    /// Whether nothing more comes from the rank.
    pub(super) fn is_end(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Lost)
    }
}

impl Memory {
    /// How far that rank is.
    pub(super) fn state(&self, rank: usize) -> State {
        State::of(self.mapping().word(self.row(rank)).load(Ordering::Acquire))
    }

    /// This rank is there.
    pub(super) fn set_joined(&self, rank: usize) {
        self.mapping().word(self.row(rank)).store(State::Joined as u64, Ordering::Release);
    }

    /// That rank has ended, and why; the ends are numbered as they come.
    pub(super) fn set_ended(&self, rank: usize, state: State, reason: &str) {
        let at = self.row(rank);
        let mut length = reason.len().min(REASON_MAX);
        while !reason.is_char_boundary(length) {
            length -= 1;
        }
        self.mapping().write(at + REASON, &reason.as_bytes()[..length]);
        self.mapping().word(at + LENGTH).store(length as u64, Ordering::Relaxed);
        let order = self.ends().fetch_add(1, Ordering::AcqRel);
        self.mapping().word(at + ORDER).store(order, Ordering::Relaxed);
        self.mapping().word(at).store(state as u64, Ordering::Release);
        // After the state, so that whoever sees the news sees the state.
        self.news().fetch_add(1, Ordering::SeqCst);
    }

    /// The how-manieth end was that rank's.
    pub(super) fn order(&self, rank: usize) -> u64 {
        self.mapping().word(self.row(rank) + ORDER).load(Ordering::Relaxed)
    }

    /// What became of that rank, when it has ended.
    pub(super) fn reason(&self, rank: usize) -> Option<String> {
        if !self.state(rank).is_end() {
            return None;
        }
        let at = self.row(rank);
        let length = self.mapping().word(at + LENGTH).load(Ordering::Relaxed).min(REASON_MAX as u64);
        let mut reason = vec![0; length as usize];
        self.mapping().read(at + REASON, &mut reason);
        Some(String::from_utf8_lossy(&reason).into_owned())
    }
}
