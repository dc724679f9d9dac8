//! How the time is shared out, so that a run ends when it was said to.

use std::time::{Duration, Instant};

use super::statistics;

/// Fewer samples than these are said to be few.
pub(super) const FEW: usize = 10;
const PER_ROUND: usize = 3;
const PER_ROUND_MAX: usize = 10;
const METG_SHARE: f64 = 0.25;

/// The time of one whole run.
#[derive(Debug)]
pub(super) struct Budget {
    deadline: Instant,
    metg: Duration,
}

impl Budget {
    pub(super) fn start(total: Duration, with_metg: bool) -> Self {
        let metg = if with_metg { total.mul_f64(METG_SHARE) } else { Duration::ZERO };
        Self { deadline: Instant::now() + total, metg }
    }

    /// What the next of `left` workloads may take.
    pub(super) fn for_workload(&self, left: usize) -> Duration {
        self.remaining().saturating_sub(self.metg) / left.max(1) as u32
    }

    /// What the next of `left` METG sweeps may take.
    pub(super) fn for_metg(&self, left: usize) -> Duration {
        self.remaining() / left.max(1) as u32
    }

    pub(super) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// How many samples a call takes, so that there can be rounds enough to pair.
pub(super) fn per_round(samples: usize) -> usize {
    samples.div_ceil(statistics::LEAST).min(PER_ROUND)
}

/// What one round costs: without its samples, and for each sample of all configurations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) overhead: Duration,
    pub(super) per_sample: Duration,
}

/// The rounds that follow the first: how many, and how many samples a call takes.
///
/// More rounds with few samples beat few with many, because rounds are what is paired;
/// samples per call grow only where the time would otherwise not reach [`FEW`].
pub(super) fn further_rounds(wanted: usize, had: usize, cost: Cost, left: Duration) -> (usize, usize) {
    let mut best = (0, 0);
    for samples in per_round(wanted)..=PER_ROUND_MAX {
        let round = cost.overhead + cost.per_sample * (samples as u32 + 1);
        let affordable = left.as_nanos() / round.as_nanos().max(1);
        let needed = wanted.saturating_sub(had).div_ceil(samples);
        let rounds = needed.min(affordable.min(1 << 20) as usize);
        if rounds * samples > best.0 * best.1 {
            best = (rounds, samples);
        }
        if had + best.0 * best.1 >= FEW.min(wanted) {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::{Budget, Cost, further_rounds};
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn cost(overhead: u64, per_sample: u64) -> Cost {
        Cost { overhead: SECOND * overhead as u32, per_sample: SECOND * per_sample as u32 }
    }

    #[test]
    fn time_enough_means_many_rounds() {
        assert_eq!(further_rounds(30, 3, cost(1, 1), SECOND * 1000), (9, 3));
        assert_eq!(further_rounds(12, 2, cost(1, 1), SECOND * 1000), (5, 2));
        assert_eq!(further_rounds(1, 1, cost(1, 1), SECOND * 1000), (0, 0));
    }

    #[test]
    fn dear_rounds_take_more_samples_each() {
        // A round of three costs 104 s, one of seven 108 s: only the latter gets to ten in 110 s.
        assert_eq!(further_rounds(30, 3, cost(100, 1), SECOND * 110), (1, 7));
    }

    #[test]
    fn no_time_means_no_rounds() {
        assert_eq!(further_rounds(30, 3, cost(10, 10), SECOND), (0, 0));
    }

    #[test]
    fn shares_add_up() {
        let budget = Budget::start(SECOND * 100, true);
        assert!(budget.for_workload(1) <= SECOND * 75 && budget.for_workload(1) > SECOND * 70);
        assert!(budget.for_workload(3) <= SECOND * 25);
        assert!(budget.for_metg(2) <= SECOND * 50);
    }
}
