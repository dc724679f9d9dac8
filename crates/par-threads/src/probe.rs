//! What this machine offers to threads.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// What this machine offers to threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads {
    /// How many threads can run at once, as far as this process may use the machine (affinity and cgroup quota).
    pub parallelism: usize,
}

/// Asks the machine; threads are always there.
///
/// # Examples
/// ```
/// assert!(par_threads::probe().parallelism >= 1);
/// ```
pub fn probe() -> Threads {
    Threads { parallelism: available_parallelism().map_or(1, NonZeroUsize::get) }
}
