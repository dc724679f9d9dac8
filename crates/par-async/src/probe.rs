//! What must be there.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// What this machine offers to asynchronous tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tasks {
    /// How many threads can run at once, as far as this process may use the machine (affinity and cgroup quota).
    pub parallelism: usize,
}

/// Asks the machine; tokio is always there.
///
/// # Examples
/// ```
/// assert!(par_async::probe().parallelism >= 1);
/// ```
pub fn probe() -> Tasks {
    Tasks { parallelism: available_parallelism().map_or(1, NonZeroUsize::get) }
}
