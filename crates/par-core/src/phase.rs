//! Where the time of a run goes.

use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A part of a run that time is spent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Making inputs, starting workers: what a real program would have done before.
    Setup,
    /// Cutting the problem into chunks.
    Split,
    /// Turning values into bytes and bytes into values.
    Encode,
    /// Moving bytes between workers.
    Transfer,
    /// Waiting in a queue for a worker.
    Queue,
    /// The kernel.
    Compute,
    /// Joining partials.
    Merge,
    /// Stopping workers, giving memory back.
    Teardown,
}

impl Phase {
    /// All phases, in the order in which a run goes through them.
    pub const ALL: [Self; 8] = [
        Self::Setup,
        Self::Split,
        Self::Encode,
        Self::Transfer,
        Self::Queue,
        Self::Compute,
        Self::Merge,
        Self::Teardown,
    ];

    /// The phase's name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Split => "split",
            Self::Encode => "encode",
            Self::Transfer => "transfer",
            Self::Queue => "queue",
            Self::Compute => "compute",
            Self::Merge => "merge",
            Self::Teardown => "teardown",
        }
    }
}

/// Nanoseconds per [`Phase`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Phases([u64; 8]);

impl Phases {
    /// No time in any phase.
    pub const ZERO: Self = Self([0; 8]);

    /// The time spent in one phase.
    pub const fn get(&self, phase: Phase) -> Duration {
        Duration::from_nanos(self.0[phase as usize])
    }

    /// Adds to one phase.
    pub fn add(&mut self, phase: Phase, time: Duration) {
        let sum = &mut self.0[phase as usize];
        *sum = sum.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// The time spent in all phases together.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.0.iter().copied().fold(0, u64::saturating_add))
    }

    /// Phases and their nanoseconds, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, u64)> {
        Phase::ALL.into_iter().zip(self.0)
    }
}

impl Add for Phases {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].saturating_add(other.0[i])))
    }
}

impl AddAssign for Phases {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Phases {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].saturating_sub(other.0[i])))
    }
}
