//! What an executor counts.

mod report;
mod snapshot;

pub use report::{ChunkSpan, Report};
pub use snapshot::Snapshot;

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::plumbing::Ran;
use crate::{Phase, Phases};

/// A quantity that only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counter {
    /// Jobs taken.
    Submitted,
    /// Jobs that ended with an output.
    Completed,
    /// Jobs that ended with an error of their own: a panic, a codec error, a mismatch.
    Failed,
    /// Jobs that never ran: cancelled or expired.
    Cancelled,
    /// Workers that died.
    WorkersLost,
    /// Jobs that were started anew after their worker died.
    Retried,
    /// Jobs taken from another worker's queue.
    Stolen,
    /// Bytes sent to workers, or to other ranks.
    BytesSent,
    /// Bytes received from workers, or from other ranks.
    BytesReceived,
    /// Messages sent to other ranks.
    MessagesSent,
    /// Messages received from other ranks.
    MessagesReceived,
}

impl Counter {
    /// All counters.
    pub const ALL: [Self; 11] = [
        Self::Submitted,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::WorkersLost,
        Self::Retried,
        Self::Stolen,
        Self::BytesSent,
        Self::BytesReceived,
        Self::MessagesSent,
        Self::MessagesReceived,
    ];
}

/// The counters of an executor: relaxed atomics, one shard per worker so that counting costs no cache line.
///
/// Reading them is a [`Snapshot`], a plain value.
#[derive(Debug)]
pub struct Metrics {
    shards: Box<[Shard]>,
}

/// 128 bytes: two cache lines, which is what x86-64 fetches at once.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    counters: [AtomicU64; Counter::ALL.len()],
    phases: [AtomicU64; Phase::ALL.len()],
}

impl Metrics {
    /// Counters at zero, in `shards` shards (at least one); usually one per worker and one for the callers.
    pub fn new(shards: usize) -> Self {
        Self { shards: (0..shards.max(1)).map(|_| Shard::default()).collect() }
    }

    /// Adds to a counter, in a shard that this thread is usually alone with.
    #[inline]
    pub fn add(&self, shard: usize, counter: Counter, count: u64) {
        self.shard(shard).counters[counter as usize].fetch_add(count, Ordering::Relaxed);
    }

    /// Adds to the time of a phase.
    #[inline]
    pub fn add_time(&self, shard: usize, phase: Phase, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.shard(shard).phases[phase as usize].fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Counts a job that ended.
    pub fn add_ran(&self, shard: usize, ran: &Ran) {
        let counter = match ran.ok {
            Some(true) => Counter::Completed,
            Some(false) => Counter::Failed,
            None => Counter::Cancelled,
        };
        self.add(shard, counter, 1);
        if ran.ok.is_some() {
            self.add_time(shard, Phase::Queue, ran.queued);
        }
        for (phase, nanoseconds) in ran.phases.iter().filter(|(_, nanoseconds)| *nanoseconds > 0) {
            self.add_time(shard, phase, Duration::from_nanos(nanoseconds));
        }
    }

    /// What one shard says, now: what one worker has done.
    pub fn shard_snapshot(&self, shard: usize) -> Snapshot {
        Self::sum(std::slice::from_ref(self.shard(shard)))
    }

    /// The sum of all shards, now.
    pub fn snapshot(&self) -> Snapshot {
        Self::sum(&self.shards)
    }

    fn sum(shards: &[Shard]) -> Snapshot {
        let sum = |read: &dyn Fn(&Shard) -> u64| shards.iter().map(read).sum();
        let counters = array::from_fn(|i| sum(&|shard| shard.counters[i].load(Ordering::Relaxed)));
        let mut phases = Phases::ZERO;
        for phase in Phase::ALL {
            let time = sum(&|shard| shard.phases[phase as usize].load(Ordering::Relaxed));
            phases.add(phase, Duration::from_nanos(time));
        }
        Snapshot { counters, phases }
    }

    fn shard(&self, index: usize) -> &Shard {
        &self.shards[index % self.shards.len()]
    }
}
