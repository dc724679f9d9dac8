//! What one rank yields.

use serde::{Deserialize, Serialize};

/// One rank's part of an answer, and what it took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked<T> {
    /// What the rank found out about its part.
    pub part: T,
    /// What it took.
    pub cost: RankCost,
}

/// What a program took on one rank; times are in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RankCost {
    /// From the barrier at the start until this rank's part of the answer was there.
    pub wall_ns: u64,
    /// From the program's first line to its last, the examination of the answer included.
    pub whole_ns: u64,
    /// CPU time of this rank's thread within `wall_ns`.
    pub cpu_ns: u64,
    /// Making inputs, within `wall_ns`.
    pub setup_ns: u64,
    /// Computing, within `wall_ns`.
    pub compute_ns: u64,
    /// Packing, sending, waiting and unpacking, within `wall_ns`.
    pub transfer_ns: u64,
    /// The process that the rank is, or is a thread of.
    pub process: u32,
    /// That process's peak memory.
    pub peak_rss_bytes: u64,
    /// What the program sent to each rank of the world.
    pub sent: Vec<Sent>,
}

/// Messages from one rank to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sent {
    /// How many.
    pub messages: u64,
    /// How long they were together.
    pub bytes: u64,
}
