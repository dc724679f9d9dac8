//! What this machine offers to threads.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use crate::affinity;

/// What this machine offers to threads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Threads {
    /// How many threads can run at once, as far as this process may use the machine (affinity and cgroup quota).
    pub parallelism: usize,
    /// The processors on which the calling thread may run, for [`Affinity`](crate::Affinity), in ascending order; empty
    /// where the system does not tell.
    pub processors: Vec<usize>,
}

/// Asks the machine; threads are always there.
///
/// # Examples
/// ```
/// let here = par_threads::probe();
/// assert!(here.parallelism >= 1);
/// println!("may run on {:?}", here.processors);
/// ```
pub fn probe() -> Threads {
    Threads {
        parallelism: available_parallelism().map_or(1, NonZeroUsize::get),
        processors: affinity::allowed(),
    }
}
