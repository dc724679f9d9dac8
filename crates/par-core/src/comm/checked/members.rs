//! The ranks of one communicator.

use std::cell::Cell;

use crate::comm::{Communicator, Rank};

/// What is known of one communicator, longer than it lives.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) context: u64,
    /// The members' ranks in the world, in the order of their ranks here.
    pub(super) ranks: Vec<Rank>,
    /// How many collectives this rank has begun in it.
    pub(super) begun: Cell<u64>,
    /// Whether this rank has dropped it: it begins no further collective.
    pub(super) dropped: Cell<bool>,
    of_world: bool,
}

impl Members {
    pub(super) fn of(comm: &impl Communicator) -> Self {
        Self {
            context: comm.context(),
            ranks: (0..comm.size()).map(|rank| comm.world_rank(rank)).collect(),
            begun: Cell::new(0),
            dropped: Cell::new(false),
            of_world: comm.size() == comm.world_size(),
        }
    }

    #[inline]
    pub(super) fn world_rank(&self, rank: Rank) -> Option<Rank> {
        self.ranks.get(rank).copied()
    }

    /// As bits, 64 ranks of the world per word.
    pub(super) fn bits(&self, bits: &mut Vec<u64>) {
        for rank in &self.ranks {
            if bits.len() <= rank / 64 {
                bits.resize(rank / 64 + 1, 0);
            }
            bits[rank / 64] |= 1 << (rank % 64);
        }
    }

    /// Who is in it, unless it is all.
    pub(super) fn told(&self) -> String {
        if self.of_world { String::new() } else { format!(" among {}", named(&self.ranks)) }
    }
}

/// `rank 3`, `ranks 0, 2`, `ranks 0, 1, 2, … (40)`.
pub(super) fn named(ranks: &[Rank]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = ranks.iter().take(SHOWN).map(ToString::to_string).collect();
    let word = if ranks.len() == 1 { "rank" } else { "ranks" };
    let rest = if ranks.len() > SHOWN { format!(", … ({})", ranks.len()) } else { String::new() };
    format!("{word} {}{rest}", shown.join(", "))
}
