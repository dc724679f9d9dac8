//! How many workers it takes to be worth it.

use std::num::NonZeroUsize;
use std::time::Duration;

/// COST, the configuration that outperforms a single thread: the smallest number of workers that is faster than the
/// best serial code. `None`: none of them is.
///
/// Source: F. McSherry, M. Isard, D. G. Murray, "Scalability! But at what COST?", Workshop on Hot Topics in
/// Operating Systems, 2015.
///
/// # Examples
/// ```
/// # use std::num::NonZeroUsize;
/// use std::time::Duration;
/// use par_core::laws::cost;
/// let seconds = Duration::from_secs;
/// let workers = |n| NonZeroUsize::new(n).unwrap_or(NonZeroUsize::MIN);
/// let runs = [(workers(4), seconds(7)), (workers(1), seconds(20)), (workers(2), seconds(11))];
/// assert_eq!(cost(seconds(10), &runs), Some(workers(4)));
/// assert_eq!(cost(seconds(5), &runs), None);
/// ```
pub fn cost(best_serial: Duration, runs: &[(NonZeroUsize, Duration)]) -> Option<NonZeroUsize> {
    runs.iter().filter(|(_, time)| *time < best_serial).map(|(workers, _)| *workers).min()
}
