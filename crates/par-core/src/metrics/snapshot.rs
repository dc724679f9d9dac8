//! What the counters said at one moment.

use std::array;
use std::ops::{Add, Sub};

use super::Counter;
use crate::Phases;

/// What an executor's [`Metrics`](super::Metrics) said at one moment; the difference of two is what happened between.
///
/// # Examples
/// ```
/// use par_core::{Counter, Executor, ExecutorExt, SerialExecutor};
///
/// #[par_core::task]
/// fn nothing() {}
///
/// let executor = SerialExecutor::new();
/// let before = executor.metrics();
/// executor.submit(nothing::new())?.wait()?;
/// assert_eq!((executor.metrics() - before).get(Counter::Completed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Snapshot {
    pub(super) counters: [u64; Counter::ALL.len()],
    pub(super) phases: Phases,
}

impl Snapshot {
    /// The value of a counter.
    pub const fn get(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// The time spent per phase, summed over workers.
    pub const fn phases(&self) -> Phases {
        self.phases
    }
}

impl Add for Snapshot {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            counters: array::from_fn(|i| self.counters[i] + other.counters[i]),
            phases: self.phases + other.phases,
        }
    }
}

impl Sub for Snapshot {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            counters: array::from_fn(|i| self.counters[i].saturating_sub(earlier.counters[i])),
            phases: self.phases - earlier.phases,
        }
    }
}
