//! How many items travel together.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::Timing;

/// How many items of a `map` travel together as one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chunking {
    /// Each item alone: the best balance, the highest overhead. The default, as in `concurrent.futures`.
    #[default]
    One,
    /// This many.
    Fixed(NonZeroUsize),
    /// Grows from 1, at most doubling, until moving a batch costs less than 5 % of computing it.
    ///
    /// The cost of moving is the least time seen between submission and start; the cost of computing is the mean of
    /// the latest batch. Near the end of an input of known length batches shrink, so that no worker is left alone.
    Auto,
}

/// Overhead is to be below one part in twenty.
const COMPUTE_PER_OVERHEAD: f64 = 19.0;
const LARGEST: usize = 1 << 16;
/// Batches that each worker should still get before the end of the input.
const BATCHES_TO_THE_END: usize = 4;

/// Chooses the size of the next batch.
#[derive(Debug)]
pub(super) struct Chooser {
    chunking: Chunking,
    workers: usize,
    size: usize,
    least_overhead: Option<Duration>,
}

impl Chooser {
    pub(super) fn new(chunking: Chunking, workers: NonZeroUsize) -> Self {
        Self { chunking, workers: workers.get(), size: 1, least_overhead: None }
    }

    /// The size of the next batch, when `left` items are left, if that is known.
    pub(super) fn size(&self, left: Option<usize>) -> usize {
        match self.chunking {
            Chunking::One => 1,
            Chunking::Fixed(size) => size.get(),
            Chunking::Auto => {
                let fair = left.map_or(LARGEST, |left| left.div_ceil(BATCHES_TO_THE_END * self.workers));
                self.size.min(fair).max(1)
            }
        }
    }

    /// Learns from a batch that came back.
    pub(super) fn observe(&mut self, items: usize, timing: &Timing) {
        if self.chunking != Chunking::Auto {
            return;
        }
        let overhead = self.least_overhead.map_or(timing.queued(), |least| least.min(timing.queued()));
        self.least_overhead = Some(overhead);
        let per_item = (timing.ran().as_nanos() as f64 / items as f64).max(1.0);
        let wanted = COMPUTE_PER_OVERHEAD * overhead.as_nanos() as f64 / per_item;
        // The cast saturates, and `wanted` is finite and not negative.
        self.size = (wanted.ceil() as usize).clamp(1, (2 * self.size).min(LARGEST));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::Phases;

    fn timing(queued: u64, ran: u64) -> Timing {
        let submitted = Instant::now();
        let started = submitted + Duration::from_nanos(queued);
        let finished = started + Duration::from_nanos(ran);
        Timing { submitted, started, finished, worker: 0, phases: Phases::ZERO }
    }

    fn chooser() -> Chooser {
        Chooser::new(Chunking::Auto, NonZeroUsize::new(2).expect("2 is not 0"))
    }

    #[test]
    fn grows_by_doubling_until_overhead_is_below_five_percent() {
        let mut chooser = chooser();
        for _ in 0..20 {
            let size = chooser.size(None);
            chooser.observe(size, &timing(10_000, 1_000 * size as u64));
        }
        let size = chooser.size(None) as f64;
        assert!(10_000.0 / (10_000.0 + 1_000.0 * size) <= 0.05, "size {size}");
        assert!(size <= 200.0, "no larger than needed, but {size}");
    }

    #[test]
    fn long_items_travel_alone_and_the_end_is_shared_out() {
        let mut long = chooser();
        long.observe(1, &timing(10_000, 50_000_000));
        assert_eq!(long.size(None), 1);
        let mut short = chooser();
        (0..12).for_each(|_| short.observe(1, &timing(1_000_000, 1_000)));
        assert!(short.size(None) > 1000);
        assert_eq!(short.size(Some(80)), 10);
        assert_eq!(short.size(Some(1)), 1);
    }
}
