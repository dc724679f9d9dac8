//! When and where a task ran.

use std::time::{Duration, Instant};

use crate::Phases;

/// When and where a task ran, and on what it spent the time.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// When it was submitted.
    pub submitted: Instant,
    /// When a worker began it (for a worker elsewhere: derived from the reply and the measured run time).
    pub started: Instant,
    /// When it ended, or when its reply arrived.
    pub finished: Instant,
    /// Which worker of the executor ran it, counted from 0.
    pub worker: usize,
    /// What the task itself measured; compute is what no other phase claims.
    pub phases: Phases,
}

impl Timing {
    /// The time between submission and start.
    pub fn queued(&self) -> Duration {
        self.started.saturating_duration_since(self.submitted)
    }

    /// The time between start and end.
    pub fn ran(&self) -> Duration {
        self.finished.saturating_duration_since(self.started)
    }
}
