//! A rank's stopwatch.

use std::time::{Duration, Instant};

use par_core::comm::{CommError, Communicator, Rank};

use super::ranked::{RankCost, Ranked, Sent};
use crate::process_tree;

/// Measures one rank, from the barrier at the start on.
#[derive(Debug)]
pub(super) struct Watch {
    entered: Instant,
    begun: Instant,
    cpu: Duration,
    cost: RankCost,
}

impl Watch {
    /// Begins when every rank is there.
    pub(super) fn start<C: Communicator>(world: &C) -> Result<Self, CommError> {
        let entered = Instant::now();
        let sent = vec![Sent::default(); world.world_size()];
        world.barrier()?;
        Ok(Self {
            entered,
            cost: RankCost { sent, process: std::process::id(), ..RankCost::default() },
            cpu: process_tree::thread_cpu(),
            begun: Instant::now(),
        })
    }

    /// Makes inputs.
    pub(super) fn setup<R>(&mut self, f: impl FnOnce() -> R) -> R {
        timed(&mut self.cost.setup_ns, f)
    }

    /// Computes.
    pub(super) fn compute<R>(&mut self, f: impl FnOnce() -> R) -> R {
        timed(&mut self.cost.compute_ns, f)
    }

    /// Moves data.
    pub(super) fn transfer<R>(&mut self, f: impl FnOnce() -> R) -> R {
        timed(&mut self.cost.transfer_ns, f)
    }

    /// The program sent these messages to that rank of the world.
    pub(super) fn sent(&mut self, to: Rank, messages: u64, bytes: u64) {
        let known = &mut self.cost.sent[to];
        known.messages += messages;
        known.bytes += bytes;
    }

    /// The answer is there: what follows only examines it.
    pub(super) fn stop(&mut self) {
        self.cost.wall_ns = nanoseconds(self.begun.elapsed());
        self.cost.cpu_ns = nanoseconds(process_tree::thread_cpu().saturating_sub(self.cpu));
    }

    /// The program's last line.
    pub(super) fn yields<T>(mut self, part: T) -> Ranked<T> {
        self.cost.peak_rss_bytes = process_tree::own_peak_rss_bytes();
        self.cost.whole_ns = nanoseconds(self.entered.elapsed());
        Ranked { part, cost: self.cost }
    }
}

fn timed<R>(total: &mut u64, f: impl FnOnce() -> R) -> R {
    let begun = Instant::now();
    let result = f();
    *total += nanoseconds(begun.elapsed());
    result
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
