//! What was gained.

use std::num::NonZeroUsize;
use std::time::Duration;

/// What a speedup is relative to; a speedup that does not say is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Baseline {
    /// The best serial code: the *absolute* speedup, what a user gains by going parallel.
    BestSerial,
    /// The same parallel program on one worker: the *relative* speedup, which flatters slow programs.
    OneWorker,
}

/// A speedup together with what it is relative to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speedup {
    /// How many times faster; below 1 is a loss.
    pub ratio: f64,
    /// Faster than what.
    pub baseline: Baseline,
}

/// How many times faster than the baseline: `T_baseline / T_p`.
///
/// Source: D. H. Bailey, "Twelve ways to fool the masses when giving performance results on parallel computers",
/// Supercomputing Review, 1991 (number 6: scaling against a slow baseline).
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_core::laws::{Baseline, speedup};
/// let (serial, two) = (Duration::from_secs(9), Duration::from_secs(6));
/// assert_eq!(speedup(Baseline::BestSerial, serial, two).ratio, 1.5);
/// ```
pub fn speedup(baseline: Baseline, before: Duration, now: Duration) -> Speedup {
    Speedup { ratio: before.as_secs_f64() / now.as_secs_f64(), baseline }
}

/// The part of the workers that the speedup used: S / p, from 0 to 1 (above 1 where caches help).
///
/// Source: A. Grama, G. Karypis, V. Kumar, A. Gupta, "Introduction to Parallel Computing", 2nd edition, 5.2.
///
/// # Examples
/// ```
/// # use std::num::NonZeroUsize;
/// let four = NonZeroUsize::new(4).ok_or("zero")?;
/// assert_eq!(par_core::laws::efficiency(3.0, four), 0.75);
/// # Ok::<(), &str>(())
/// ```
pub fn efficiency(speedup: f64, workers: NonZeroUsize) -> f64 {
    speedup / workers.get() as f64
}
