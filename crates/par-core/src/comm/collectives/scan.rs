//! Folds of the ranks up to each.

use super::{bytes, bytes_mut};
use crate::comm::{CommError, Datum, Link, Reduction};

/// Every rank's `buf` becomes the fold of those of the ranks up to it, its own included.
///
/// By recursive doubling (Hillis and Steele 1986): in the step of distance *d* = 1, 2, 4, …, rank *i* ≥ *d* puts what
/// rank *i* − *d* had before the step in front of what it has. So ranks are folded in their order, in groups that
/// depend on the rank alone, and sums of floats have the same bits in every world, whatever its number of ranks.
///
/// # Errors
/// What the link says.
pub fn scan<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    buf: &mut [T],
    op: &O,
) -> Result<(), CommError> {
    let mut scratch = vec![T::zeroed(); if link.rank() > 0 { buf.len() } else { 0 }];
    scan_from(link, 0, buf, op, &mut scratch)
}

/// Every rank's `buf` becomes the fold of those of the ranks below it; rank 0's is left as it was.
///
/// Bit by bit what [`scan`] yields at the rank below: every rank hands its own to the next, which scan it then.
///
/// # Errors
/// What the link says.
pub fn exscan<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    buf: &mut [T],
    op: &O,
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    if size == 1 {
        return Ok(());
    }
    if rank == 0 {
        return link.send(bytes(buf), 1);
    }
    let mut scratch = buf.to_vec();
    if rank + 1 == size {
        link.recv(bytes_mut(buf), rank - 1)?;
    } else {
        link.send_recv(bytes(&scratch), rank + 1, bytes_mut(buf), rank - 1)?;
    }
    scan_from(link, 1, buf, op, &mut scratch)
}

/// The scan of the ranks from `first` on.
fn scan_from<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    first: usize,
    buf: &mut [T],
    op: &O,
    below: &mut [T],
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    let mut distance = 1;
    while distance < size - first {
        let (from, to) = (rank.checked_sub(distance).filter(|from| *from >= first), rank + distance);
        match (from, to < size) {
            (Some(from), true) => link.send_recv(bytes(buf), to, bytes_mut(below), from)?,
            (Some(from), false) => link.recv(bytes_mut(below), from)?,
            (None, true) => link.send(bytes(buf), to)?,
            (None, false) => {}
        }
        if from.is_some() {
            op.combine(below, buf);
        }
        distance *= 2;
    }
    Ok(())
}
