//! What no schedule and no machine can exceed.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Between which times a greedy schedule of a computation lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkSpan {
    /// No schedule is faster: the larger of T1/p and T∞.
    pub least: Duration,
    /// No greedy schedule (one in which no worker idles while a task is ready) is slower: (T1 − T∞)/p + T∞.
    pub greedy: Duration,
}

/// The bounds of a computation's time on `workers`, from its *work* (the time of all tasks together, T1) and its
/// *span* (the time of the longest chain of dependences, T∞).
///
/// Sources: R. P. Brent, "The parallel evaluation of general arithmetic expressions", Journal of the ACM 21(2),
/// 1974; R. L. Graham, "Bounds on multiprocessing timing anomalies", SIAM Journal on Applied Mathematics 17(2), 1969.
///
/// # Examples
/// ```
/// # use std::num::NonZeroUsize;
/// use std::time::Duration;
/// use par_core::laws::work_span_bound;
/// let workers = NonZeroUsize::new(4).ok_or("zero")?;
/// let bound = work_span_bound(Duration::from_secs(100), Duration::from_secs(20), workers);
/// assert_eq!((bound.least, bound.greedy), (Duration::from_secs(25), Duration::from_secs(40)));
/// # Ok::<(), &str>(())
/// ```
pub fn work_span_bound(work: Duration, span: Duration, workers: NonZeroUsize) -> WorkSpan {
    let share = |time: Duration| time.div_f64(workers.get() as f64);
    WorkSpan { least: share(work).max(span), greedy: share(work.saturating_sub(span)) + span }
}

/// The rate (operations per second) that a machine can reach at an intensity (operations per byte of memory
/// traffic): the smaller of its peak rate and intensity × bandwidth (bytes per second).
///
/// Source: S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model for multicore
/// architectures", Communications of the ACM 52(4), 2009.
///
/// # Examples
/// ```
/// use par_core::laws::roofline;
/// let (peak, bandwidth) = (100e9, 20e9);
/// assert_eq!(roofline(0.0625, peak, bandwidth), 1.25e9); // 2 operations on 32 bytes: bound by memory
/// assert_eq!(roofline(64.0, peak, bandwidth), 100e9); // a blocked matrix product: bound by the cores
/// ```
pub fn roofline(intensity: f64, peak: f64, bandwidth: f64) -> f64 {
    peak.min(intensity * bandwidth)
}
