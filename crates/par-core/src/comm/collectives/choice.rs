//! Which algorithm is taken: the one place that says so.
//!
//! The choice depends on the number of ranks, the length and the operation's properties, which all ranks know alike.
//! It is no part of what a program may see, since every algorithm yields the same bits (see [`fold`](super::fold));
//! ranks of one collective must only agree on it, so two versions of this table cannot work together in one world.
//!
//! | collective | short | long | crossover |
//! |---|---|---|---|
//! | barrier | dissemination | | |
//! | broadcast | binomial tree | pipelined chain; scatter and ring all-gather from 9 ranks | 32 KiB, 3 ranks |
//! | scatter, gather | binomial tree | linear | blocks of 4 KiB, 4 ranks |
//! | `scatter_v`, `gather_v` | linear | linear: the root alone knows the lengths | |
//! | `all_gather` | recursive doubling, or Bruck | ring | 32 KiB in all |
//! | `all_to_all` | Bruck | pairwise | blocks of 256 bytes, 8 ranks |
//! | reduce | binomial tree | recursive halving, gather | 32 KiB, as many elements as ranks |
//! | `all_reduce` | recursive doubling | recursive halving and doubling; ring | 32 KiB, as many elements as ranks |
//! | `reduce_scatter` | recursive halving | the same; ring | 32 KiB |
//! | scan, exscan | recursive doubling | the same | |
//!
//! The rings of reductions are for operations that commute and are exact, and for numbers of ranks that are no power of
//! two, where halving sends up to twice as much. The algorithms are those of Thakur, Rabenseifner and Gropp,
//! *Optimization of Collective Communication Operations in MPICH*, IJHPCA 19(1), 2005; Bruck, Ho, Kipnis, Upfal and
//! Weathersby, *Efficient Algorithms for All-to-All Communications in Multiport Message-Passing Systems*, IEEE TPDS
//! 8(11), 1997; and Hensgen, Finkel and Manber, *Two Algorithms for Barrier Synchronization*, IJPP 17(1), 1988.

/// From here on, bandwidth counts more than the number of messages.
const LONG: usize = 32 << 10;

/// How to fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AllReduce {
    /// Everybody's whole buffer in every step.
    Doubling,
    /// Everybody a part.
    Halving,
    /// Everybody a part, once around.
    Ring,
}

pub(super) const fn all_reduce(size: usize, bytes: usize, len: usize, free: bool) -> AllReduce {
    if bytes < LONG || len < size {
        AllReduce::Doubling
    } else if free && !size.is_power_of_two() {
        AllReduce::Ring
    } else {
        AllReduce::Halving
    }
}

/// Never a ring: the parts end at one rank anyway.
pub(super) const fn reduce(size: usize, bytes: usize, len: usize) -> AllReduce {
    all_reduce(size, bytes, len, false)
}

pub(super) const fn reduce_scatter(size: usize, bytes: usize, free: bool) -> AllReduce {
    if bytes >= LONG && free && !size.is_power_of_two() { AllReduce::Ring } else { AllReduce::Halving }
}
