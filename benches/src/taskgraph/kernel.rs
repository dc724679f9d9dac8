//! The body of a task: computation of a known length.

use std::hint::black_box;
use std::time::Instant;

/// Computes for `iterations` steps of one dependent multiplication and addition each, and returns the value, which
/// tends to 2.
///
/// No step can start before the last has ended, so the time is proportional to `iterations` on any core, whatever
/// its vector units; [`ns_per_iteration`] measures the factor. It touches no memory.
#[inline(never)]
pub fn kernel(iterations: u64) -> f64 {
    // x ↦ x/2 + 1, with both numbers hidden from the compiler; not `mul_add`, which calls a function of the C
    // library where the target has no such instruction.
    let (factor, term) = (black_box(0.5), black_box(1.0));
    let mut x = black_box(1.0);
    for _ in 0..iterations {
        x = x * factor + term;
    }
    black_box(x)
}

/// Nanoseconds that one iteration of [`kernel`] takes on this core: the median of 31 runs of about half a
/// millisecond.
///
/// # Blocking
/// Computes for about 20 ms.
pub fn ns_per_iteration() -> f64 {
    const RUNS: usize = 31;
    const ITERATIONS: u64 = 250_000;
    // The first run wakes the core up.
    kernel(ITERATIONS);
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            kernel(ITERATIONS);
            start.elapsed().as_nanos() as f64 / ITERATIONS as f64
        })
        .collect();
    runs.sort_unstable_by(f64::total_cmp);
    runs[RUNS / 2]
}
