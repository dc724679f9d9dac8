//! In which order, and in which groups, ranks are folded.
//!
//! # The contract
//! Every reduction folds ranks in rank order and groups them in one way, which depends on the number of ranks alone:
//! not on the length, the root, the operation or the transport. With *q* the greatest power of two that is no greater
//! than the number of ranks *p*, and *r* = *p* − *q*:
//! 1. the first 2 *r* ranks are folded in pairs, (0 ⊕ 1), (2 ⊕ 3), …; the others stand alone; that makes *q* groups;
//! 2. the *q* groups are folded by a balanced binary tree of neighbours: ((g0 ⊕ g1) ⊕ (g2 ⊕ g3)) ⊕ …
//!
//! So a sum of floats has the same bits in every world, and whether it is made by `reduce`, `all_reduce` or
//! `reduce_scatter`, for messages of whatever length; and operations that do not commute may be given. All algorithms
//! of this crate keep to it, except the rings, which are taken for operations alone that
//! [commute](Reduction::commutes) and are [exact](Reduction::is_exact): there nobody can tell.
//!
//! `scan` is another matter: see [`scan`](super::scan).

use super::{bytes, bytes_mut, pieces};
use crate::comm::{CommError, Datum, Link, Rank, Reduction};

/// The groups that the ranks make.
#[derive(Debug, Clone, Copy)]
pub(super) struct Groups {
    /// How many: a power of two.
    pub(super) count: usize,
    /// How many of the first ones have two ranks.
    pub(super) pairs: usize,
    /// A rank that speaks for its group, whatever the group; elsewhere the lower one does.
    favoured: Option<Rank>,
}

impl Groups {
    pub(super) const fn new(size: usize, favoured: Option<Rank>) -> Self {
        let count = 1 << size.ilog2();
        Self { count, pairs: size - count, favoured }
    }

    pub(super) const fn group_of(self, rank: Rank) -> usize {
        if rank < 2 * self.pairs { rank / 2 } else { rank - self.pairs }
    }

    /// Who speaks for a group.
    pub(super) fn speaker(self, group: usize) -> Rank {
        match self.favoured {
            Some(rank) if self.group_of(rank) == group => rank,
            _ if group < self.pairs => 2 * group,
            _ => group + self.pairs,
        }
    }

    /// The other rank of a pair.
    pub(super) const fn twin(self, rank: Rank) -> Option<Rank> {
        if rank < 2 * self.pairs { Some(rank ^ 1) } else { None }
    }
}

/// Who has the fold of the `width` groups from `first` on: the root where its group is among them, else the first.
pub(super) fn holder(groups: Groups, target: usize, first: usize, width: usize) -> Rank {
    groups.speaker(if (first..first + width).contains(&target) { target } else { first })
}

/// `buf` becomes the fold of itself and what `other` has, in rank order.
pub(super) fn receive_and_fold<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    buf: &mut [T],
    other: Rank,
    op: &O,
    scratch: &mut [T],
) -> Result<(), CommError> {
    for piece in pieces::of::<T>(buf.len()) {
        let (mine, theirs) = (&mut buf[piece.clone()], &mut scratch[..piece.len()]);
        link.recv(bytes_mut(theirs), other)?;
        fold(other < link.rank(), theirs, mine, op);
    }
    Ok(())
}

/// Sends what [`receive_and_fold`] takes.
pub(super) fn send_to_be_folded<T: Datum>(link: &dyn Link, buf: &[T], to: Rank) -> Result<(), CommError> {
    pieces::of::<T>(buf.len()).try_for_each(|piece| link.send(bytes(&buf[piece]), to))
}

/// Gives `give` to `partner` and folds what it gives in turn into `keep`.
///
/// Piece by piece, so that what came is folded while it is in the cache, and scratch is small.
pub(super) fn exchange_and_fold<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    give: &[T],
    keep: &mut [T],
    partner: Rank,
    op: &O,
    scratch: &mut [T],
) -> Result<(), CommError> {
    // Both sides see the same two lengths, so they count the same pieces; the shorter one's last may be empty.
    for piece in pieces::of::<T>(give.len().max(keep.len())) {
        let given = &give[piece.start.min(give.len())..piece.end.min(give.len())];
        let kept = piece.start.min(keep.len())..piece.end.min(keep.len());
        let theirs = &mut scratch[..kept.len()];
        link.send_recv(bytes(given), partner, bytes_mut(theirs), partner)?;
        fold(partner < link.rank(), theirs, &mut keep[kept], op);
    }
    Ok(())
}

/// `mine` becomes the fold of both.
pub(super) fn fold<T: Datum, O: Reduction<T> + ?Sized>(
    theirs_is_lower: bool,
    theirs: &[T],
    mine: &mut [T],
    op: &O,
) {
    if theirs_is_lower {
        op.combine(theirs, mine);
    } else {
        op.combine_into_left(mine, theirs);
    }
}
