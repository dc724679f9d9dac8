//! Folds that one rank gets.

use super::choice;
use super::fold::{Groups, holder, receive_and_fold, send_to_be_folded};
use super::{bytes, bytes_mut, halving, pieces};
use crate::comm::{CommError, Datum, Link, Rank, Reduction};

/// The `root`'s `buf` becomes the fold of all ranks'; that of the others is scratch afterwards.
///
/// Short buffers go up a binomial tree, each group's speaker folding what it gets; long ones are folded in parallel by
/// recursive halving, each group a part of them, and the parts gathered at the root (Rabenseifner; Thakur,
/// Rabenseifner and Gropp, *Optimization of Collective Communication Operations in MPICH*, 2005, §4.4).
///
/// # Errors
/// What the link says.
pub fn reduce<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    buf: &mut [T],
    op: &O,
    root: Rank,
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    if size == 1 {
        return Ok(());
    }
    let groups = Groups::new(size, Some(root));
    let mut scratch = vec![T::zeroed(); pieces::length::<T>(buf.len())];
    if let Some(twin) = groups.twin(rank) {
        if groups.speaker(groups.group_of(rank)) != rank {
            return send_to_be_folded(link, buf, twin);
        }
        receive_and_fold(link, buf, twin, op, &mut scratch)?;
    }
    if choice::reduces_by_halving(size, size_of_val(buf), buf.len()) {
        let own = halving::fold(link, groups, buf, op, &mut scratch)?;
        if rank != root {
            return link.send(bytes(&buf[own]), root);
        }
        for group in (0..groups.count).filter(|group| *group != groups.group_of(root)) {
            let part = halving::part(groups, group, buf.len());
            link.recv(bytes_mut(&mut buf[part]), groups.speaker(group))?;
        }
        return Ok(());
    }
    tree(link, groups, buf, op, root, &mut scratch)
}

/// A rank's part in a [`reduce`] of which another is the root, from a buffer that stays as it is.
///
/// # Errors
/// What the link says.
pub fn contribute<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    data: &[T],
    op: &O,
    root: Rank,
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    let groups = Groups::new(size, Some(root));
    let group = groups.group_of(rank);
    // A leaf of the tree folds nothing, so it needs no scratch.
    let speaks = groups.speaker(group) == rank;
    if let Some(twin) = groups.twin(rank).filter(|_| !speaks) {
        return send_to_be_folded(link, data, twin);
    }
    let next = holder(groups, groups.group_of(root), group & !1, 2);
    let in_parts = choice::reduces_by_halving(size, size_of_val(data), data.len());
    if groups.twin(rank).is_none() && groups.count > 1 && !in_parts && next != rank {
        return send_to_be_folded(link, data, next);
    }
    reduce(link, &mut data.to_vec(), op, root)
}

/// The speakers' buffers, up a binomial tree.
fn tree<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    groups: Groups,
    buf: &mut [T],
    op: &O,
    root: Rank,
    scratch: &mut [T],
) -> Result<(), CommError> {
    let (mine, target) = (groups.group_of(link.rank()), groups.group_of(root));
    let holder = |first: usize, width: usize| holder(groups, target, first, width);
    let mut width = 1;
    while width < groups.count {
        let first = mine & !(2 * width - 1);
        let (low, high) = (holder(first, width), holder(first + width, width));
        let next = holder(first, 2 * width);
        if next != link.rank() {
            return send_to_be_folded(link, buf, next);
        }
        receive_and_fold(link, buf, if next == low { high } else { low }, op, scratch)?;
        width *= 2;
    }
    Ok(())
}
