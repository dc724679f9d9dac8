//! How short a task may be.

/// One point of a sweep over task lengths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EfficiencyPoint {
    /// The mean time that a task takes from the machine: elapsed × workers / tasks, overhead included, in
    /// nanoseconds.
    pub task_ns: f64,
    /// The part of that time which is computation at the common peak, from 0 to 1.
    pub efficiency: f64,
}

/// Why a sweep has no METG.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoMetg {
    /// There are no points.
    #[error("the sweep has no points")]
    Empty,
    /// Not even the longest tasks are efficient enough.
    #[error("the efficiency of the longest tasks, {best:.2}, is below {wanted:.2}")]
    NeverReached {
        /// The efficiency of the longest tasks.
        best: f64,
        /// The efficiency that was asked for.
        wanted: f64,
    },
    /// The sweep ended before the efficiency fell: METG is below its shortest task.
    #[error("the sweep ended at tasks of {shortest_ns:.0} ns, which are still efficient")]
    NeverFell {
        /// The task time at which the sweep ended, in nanoseconds.
        shortest_ns: f64,
    },
}

/// METG, the minimum effective task granularity: the task time, in nanoseconds, at which a sweep falls through
/// `efficiency` (usually 0.5) on its way from long to short tasks.
///
/// Between the last point above and the first one below, the efficiency is taken to be linear in the logarithm of the
/// task time, because sweeps are geometric. Points below the first that fell are not looked at: a rise after it is
/// noise.
///
/// Source: E. Slaughter et al., "Task Bench: A Parameterized Benchmark for Evaluating Parallel Runtime Performance",
/// SC 2020. Its peak must be **one** for all systems that are compared, or slow ones are flattered.
///
/// # Errors
/// [`NoMetg`], when the sweep does not cross `efficiency`.
///
/// # Examples
/// ```
/// use par_core::laws::{EfficiencyPoint, metg};
/// let point = |task_ns, efficiency| EfficiencyPoint { task_ns, efficiency };
/// let sweep = [point(8000.0, 0.9), point(4000.0, 0.6), point(1000.0, 0.4), point(900.0, 0.2)];
/// assert!((metg(&sweep, 0.5)? - 2000.0).abs() < 1e-6); // half way between, in powers of two
/// # Ok::<(), par_core::laws::NoMetg>(())
/// ```
pub fn metg(points: &[EfficiencyPoint], efficiency: f64) -> Result<f64, NoMetg> {
    let mut sweep = points.to_vec();
    sweep.sort_by(|a, b| b.task_ns.total_cmp(&a.task_ns));
    let first = sweep.first().ok_or(NoMetg::Empty)?;
    if first.efficiency < efficiency {
        return Err(NoMetg::NeverReached { best: first.efficiency, wanted: efficiency });
    }
    let crossing = sweep.windows(2).find(|pair| pair[1].efficiency < efficiency);
    let Some([above, below]) = crossing else {
        return Err(NoMetg::NeverFell { shortest_ns: sweep.last().map_or(f64::NAN, |last| last.task_ns) });
    };
    let along = (above.efficiency - efficiency) / (above.efficiency - below.efficiency);
    Ok(above.task_ns * (below.task_ns / above.task_ns).powf(along))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(points: &[(f64, f64)]) -> Vec<EfficiencyPoint> {
        points.iter().map(|&(task_ns, efficiency)| EfficiencyPoint { task_ns, efficiency }).collect()
    }

    #[test]
    fn only_the_first_crossing_counts_and_order_does_not_matter() {
        let noisy = sweep(&[(100.0, 0.7), (1000.0, 0.4), (4000.0, 0.5), (200.0, 0.1)]);
        assert_eq!(metg(&noisy, 0.5), Ok(4000.0));
    }

    #[test]
    fn a_sweep_that_does_not_cross_says_why() {
        assert_eq!(metg(&[], 0.5), Err(NoMetg::Empty));
        let slow = sweep(&[(4000.0, 0.4), (2000.0, 0.6)]);
        assert_eq!(metg(&slow, 0.5), Err(NoMetg::NeverReached { best: 0.4, wanted: 0.5 }));
        let fast = sweep(&[(4000.0, 0.9), (2000.0, 0.8)]);
        assert_eq!(metg(&fast, 0.5), Err(NoMetg::NeverFell { shortest_ns: 2000.0 }));
    }
}
