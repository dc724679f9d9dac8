//! Recursive halving of a buffer, and its mirror image: what long reductions are made of.
//!
//! Neighbouring groups exchange halves first, then those two apart quarters, and so on: so the lower of two partners
//! always speaks for lower ranks, and the grouping of [`fold`](super::fold) comes out by itself. (The reverse, far
//! partners first, is the one in textbooks; it needs an operation that commutes.)

use std::ops::Range;

use super::fold::{Groups, exchange_and_fold};
use super::{bytes, bytes_mut};
use crate::comm::{CommError, Datum, Link, Reduction};

/// The halves of a part: the lower one is the longer by at most one.
const fn halves(part: &Range<usize>) -> (Range<usize>, Range<usize>) {
    let middle = part.end - (part.end - part.start) / 2;
    (part.start..middle, middle..part.end)
}

/// Which part of a buffer a group ends up with.
pub(super) fn part(groups: Groups, group: usize, len: usize) -> Range<usize> {
    let (mut part, mut distance) = (0..len, 1);
    while distance < groups.count {
        let (low, high) = halves(&part);
        part = if group & distance == 0 { low } else { high };
        distance *= 2;
    }
    part
}

/// Folds the groups' buffers; this group has the fold in the part that is answered, the rest is scratch.
pub(super) fn fold<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    groups: Groups,
    buf: &mut [T],
    op: &O,
    scratch: &mut [T],
) -> Result<Range<usize>, CommError> {
    let group = groups.group_of(link.rank());
    let (mut part, mut distance) = (0..buf.len(), 1);
    while distance < groups.count {
        let (low, high) = halves(&part);
        let partner = groups.speaker(group ^ distance);
        let (below, above) = buf.split_at_mut(high.start);
        let (below, above) = (&mut below[low.clone()], &mut above[..high.len()]);
        if group & distance == 0 {
            exchange_and_fold(link, above, below, partner, op, scratch)?;
            part = low;
        } else {
            exchange_and_fold(link, below, above, partner, op, scratch)?;
            part = high;
        }
        distance *= 2;
    }
    Ok(part)
}

/// The way back: every group gets every group's part.
pub(super) fn spread<T: Datum>(link: &dyn Link, groups: Groups, buf: &mut [T]) -> Result<(), CommError> {
    let group = groups.group_of(link.rank());
    let mut parts = Vec::with_capacity(groups.count.ilog2() as usize + 1);
    parts.push(0..buf.len());
    let mut distance = 1;
    while distance < groups.count {
        let (low, high) = halves(parts.last().expect("there is the whole"));
        parts.push(if group & distance == 0 { low } else { high });
        distance *= 2;
    }
    for whole in parts.iter().rev().skip(1) {
        distance /= 2;
        let (low, high) = halves(whole);
        let partner = groups.speaker(group ^ distance);
        let (below, above) = buf.split_at_mut(high.start);
        let (below, above) = (&mut below[low], &mut above[..high.len()]);
        let (give, take) = if group & distance == 0 { (below, above) } else { (above, below) };
        link.send_recv(bytes(give), partner, bytes_mut(take), partner)?;
    }
    Ok(())
}
