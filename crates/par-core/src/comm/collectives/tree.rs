//! The binomial tree of ranks as seen from its root, rank 0.
//!
//! Under a rank are those that differ from it in lower bits than its lowest; they follow it without a gap.

/// Who is above; nobody above the root.
pub(super) const fn parent(rank: usize) -> Option<usize> {
    if rank == 0 { None } else { Some(rank & (rank - 1)) }
}

/// How many ranks are in the tree under a rank, itself included.
pub(super) fn subtree(rank: usize, size: usize) -> usize {
    reach(rank, size).min(size - rank)
}

/// Who is right below, the greatest subtree first: it has the longest way to go.
pub(super) fn children(rank: usize, size: usize) -> impl DoubleEndedIterator<Item = usize> {
    let bits = reach(rank, size).trailing_zeros();
    (0..bits).rev().map(move |bit| rank + (1 << bit)).filter(move |child| *child < size)
}

/// How many ranks there would be in a tree without an end.
const fn reach(rank: usize, size: usize) -> usize {
    if rank == 0 { size.next_power_of_two() } else { 1 << rank.trailing_zeros() }
}

#[cfg(test)]
mod tests {
    use super::{children, parent, subtree};

    #[test]
    fn every_rank_is_under_its_parent_and_subtrees_are_what_their_ranks_make() {
        for size in 1..40 {
            for rank in 0..size {
                let below: usize = children(rank, size).map(|child| subtree(child, size)).sum();
                assert_eq!(subtree(rank, size), below + 1, "{rank} of {size}");
                assert!(children(rank, size).all(|child| parent(child) == Some(rank)));
            }
            assert_eq!(subtree(0, size), size);
        }
    }
}
