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
//! | `all_gather` | recursive doubling, or Bruck | ring | 32 KiB in all, 3 ranks |
//! | `all_to_all` | Bruck | pairwise | blocks of 256 bytes, 8 ranks |
//! | reduce | binomial tree | recursive halving, gather | 32 KiB, 4 ranks, as many elements as ranks |
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

/// Blocks that are gathered by a tree are no longer.
const SHORT_BLOCK: usize = 4 << 10;

/// Blocks that are worth being sent several times, to send fewer of them, are no longer.
const TINY_BLOCK: usize = 256;

/// A chain of more ranks takes longer to fill than it saves.
const LONGEST_CHAIN: usize = 8;

/// How to broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broadcast {
    /// The whole, from parents to children.
    Tree,
    /// Piece by piece from each rank to the next.
    Chain,
    /// A part to each, which all gather.
    Scatter,
}

pub(super) const fn broadcast(size: usize, bytes: usize, len: usize) -> Broadcast {
    // A chain of two is a tree, too: one message, which the transport may cut as it likes.
    if size <= 2 || bytes < LONG {
        Broadcast::Tree
    } else if size <= LONGEST_CHAIN || len < size {
        Broadcast::Chain
    } else {
        Broadcast::Scatter
    }
}

pub(super) const fn gathers_by_tree(size: usize, block: usize) -> bool {
    size >= 4 && block <= SHORT_BLOCK
}

pub(super) const fn exchanges_by_bruck(size: usize, block: usize) -> bool {
    size >= 8 && block <= TINY_BLOCK
}

/// How all gather.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AllGather {
    /// Twice as much in each step, in place.
    Doubling,
    /// Twice as much in each step, for every number of ranks.
    Bruck,
    /// One block in each step.
    Ring,
}

pub(super) const fn all_gather(size: usize, bytes: usize, follow: bool) -> AllGather {
    if bytes >= LONG && size > 2 {
        AllGather::Ring
    } else if size.is_power_of_two() && follow {
        AllGather::Doubling
    } else {
        AllGather::Bruck
    }
}

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

/// Whether to fold in parallel, part by part; never in a ring, since the parts end at one rank anyway.
pub(super) const fn reduces_by_halving(size: usize, bytes: usize, len: usize) -> bool {
    size >= 4 && bytes >= LONG && len >= size
}

pub(super) const fn reduce_scatter(size: usize, bytes: usize, free: bool) -> AllReduce {
    if bytes >= LONG && free && !size.is_power_of_two() { AllReduce::Ring } else { AllReduce::Halving }
}
