//! Folds that every rank gets.

use super::choice::{self, AllReduce};
use super::fold::{Groups, exchange_and_fold, fold, receive_and_fold, send_to_be_folded};
use super::{all_gather, bytes, bytes_mut, halving, pieces};
use crate::comm::{Blocks, CommError, Datum, Link, Reduction};

/// Every rank's `buf` becomes the fold of all ranks'.
///
/// Short buffers by recursive doubling; long ones by recursive halving and doubling (Rabenseifner), or, for operations
/// whose order is free and a number of ranks that is no power of two, by a ring of reduce-scatter and all-gather
/// (Thakur, Rabenseifner and Gropp 2005, §4.5).
///
/// # Errors
/// What the link says.
pub fn all_reduce<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    buf: &mut [T],
    op: &O,
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    if size == 1 {
        return Ok(());
    }
    let free = op.commutes() && op.is_exact();
    let how = choice::all_reduce(size, size_of_val(buf), buf.len(), free);
    if how == AllReduce::Ring {
        return ring(link, buf, op);
    }
    let groups = Groups::new(size, None);
    let length = if how == AllReduce::Doubling { buf.len() } else { pieces::length::<T>(buf.len()) };
    let mut scratch = vec![T::zeroed(); length];
    if let Some(twin) = groups.twin(rank) {
        if groups.speaker(groups.group_of(rank)) != rank {
            send_to_be_folded(link, buf, twin)?;
            return link.recv(bytes_mut(buf), twin);
        }
        receive_and_fold(link, buf, twin, op, &mut scratch)?;
    }
    if how == AllReduce::Doubling {
        doubling(link, groups, buf, op, &mut scratch)?;
    } else {
        halving::fold(link, groups, buf, op, &mut scratch)?;
        halving::spread(link, groups, buf)?;
    }
    groups.twin(rank).map_or(Ok(()), |twin| link.send(bytes(buf), twin))
}

/// Partners exchange all they have, neighbours first: lower ranks are always on one side.
fn doubling<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    groups: Groups,
    buf: &mut [T],
    op: &O,
    scratch: &mut [T],
) -> Result<(), CommError> {
    let group = groups.group_of(link.rank());
    let mut distance = 1;
    while distance < groups.count {
        let partner = groups.speaker(group ^ distance);
        link.send_recv(bytes(buf), partner, bytes_mut(scratch), partner)?;
        fold(partner < link.rank(), scratch, buf, op);
        distance *= 2;
    }
    Ok(())
}

/// A ring of reduce-scatter, then one of all-gather; every rank folds a part, in an order that begins elsewhere for
/// each part.
fn ring<T: Datum, O: Reduction<T> + ?Sized>(link: &dyn Link, buf: &mut [T], op: &O) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    let (right, left) = ((rank + 1) % size, (rank + size - 1) % size);
    let blocks = Blocks::even(buf.len(), size);
    let mut scratch = vec![T::zeroed(); blocks.counts()[0]];
    for step in 1..size {
        let give = blocks.range((rank + size - step) % size);
        let take = blocks.range((rank + size - step - 1) % size);
        let theirs = &mut scratch[..take.len()];
        link.send_recv(bytes(&buf[give]), right, bytes_mut(theirs), left)?;
        op.combine(theirs, &mut buf[take]);
    }
    all_gather(link, buf, &blocks)
}

/// Every rank gets its block of the fold of all ranks' `data`.
///
/// Recursive halving whose parts are whole blocks; blocks are laid out so that what a group ends up with are those of
/// its ranks. For operations whose order is free and a number of ranks that is no power of two, long buffers go round a
/// ring.
///
/// # Errors
/// What the link says.
pub fn reduce_scatter<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    data: &[T],
    blocks: &Blocks,
    into: &mut [T],
    op: &O,
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    if size == 1 {
        into.copy_from_slice(&data[blocks.range(0)]);
        return Ok(());
    }
    let free = op.commutes() && op.is_exact();
    if choice::reduce_scatter(size, size_of::<T>() * blocks.extent(), free) == AllReduce::Ring {
        return ring_scatter(link, data, blocks, into, op);
    }
    let groups = Groups::new(size, None);
    // Group by group in the order of their reversed bits: the blocks of all even groups, then those of the odd ones,
    // and within each half so on.
    let bits = groups.count.trailing_zeros();
    let reversed = |group: usize| {
        if bits == 0 { 0 } else { group.reverse_bits() >> (usize::BITS - bits) }
    };
    let ranks_of = |group: usize| {
        let first = if group < groups.pairs { 2 * group } else { group + groups.pairs };
        first..=first + usize::from(group < groups.pairs)
    };
    let mut buf = Vec::with_capacity(blocks.counts().iter().sum());
    let mut starts = vec![0];
    for place in 0..groups.count {
        for member in ranks_of(reversed(place)) {
            buf.extend_from_slice(&data[blocks.range(member)]);
        }
        starts.push(buf.len());
    }
    let mut scratch = vec![T::zeroed(); pieces::length::<T>(buf.len())];
    if let Some(twin) = groups.twin(rank) {
        if groups.speaker(groups.group_of(rank)) != rank {
            send_to_be_folded(link, &buf, twin)?;
            return link.recv(bytes_mut(into), twin);
        }
        receive_and_fold(link, &mut buf, twin, op, &mut scratch)?;
    }
    let group = groups.group_of(rank);
    let (mut places, mut distance) = (0..groups.count, 1);
    while distance < groups.count {
        let middle = places.start.midpoint(places.end);
        let partner = groups.speaker(group ^ distance);
        let (low, high) = (starts[places.start], starts[places.end]);
        let (below, above) = buf[low..high].split_at_mut(starts[middle] - low);
        if group & distance == 0 {
            exchange_and_fold(link, above, below, partner, op, &mut scratch)?;
            places.end = middle;
        } else {
            exchange_and_fold(link, below, above, partner, op, &mut scratch)?;
            places.start = middle;
        }
        distance *= 2;
    }
    let own = &buf[starts[places.start]..starts[places.end]];
    let (own, rest) = own.split_at(into.len());
    into.copy_from_slice(own);
    groups.twin(rank).map_or(Ok(()), |twin| link.send(bytes(rest), twin))
}

fn ring_scatter<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    data: &[T],
    blocks: &Blocks,
    into: &mut [T],
    op: &O,
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    let (right, left) = ((rank + 1) % size, (rank + size - 1) % size);
    let longest = blocks.counts().iter().copied().max().unwrap_or(0);
    let (mut given, mut taken) = (Vec::with_capacity(longest), vec![T::zeroed(); longest]);
    given.extend_from_slice(&data[blocks.range(left)]);
    for step in 1..size {
        let take = (rank + size - step - 1) % size;
        let block = &data[blocks.range(take)];
        taken.resize(block.len(), T::zeroed());
        link.send_recv(bytes(&given), right, bytes_mut(&mut taken), left)?;
        op.combine_into_left(&mut taken, block);
        std::mem::swap(&mut given, &mut taken);
    }
    into.copy_from_slice(&given);
    Ok(())
}
