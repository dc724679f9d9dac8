//! All ranks' blocks at all.

use super::choice::{self, AllGather};
use super::{apart, bytes, bytes_mut};
use crate::comm::{Blocks, CommError, Datum, Link, Rank};

/// Every rank gets every rank's block; this rank's own is in its place already.
///
/// Short ones in ⌈log₂ p⌉ steps, by recursive doubling where the number of ranks is a power of two and blocks follow
/// one another, else by Bruck's algorithm; long ones round a ring, where neighbours alone talk to one another (Thakur,
/// Rabenseifner and Gropp 2005, §4.1).
///
/// # Errors
/// What the link says.
pub fn all_gather<T: Datum>(link: &dyn Link, into: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
    let total: usize = blocks.counts().iter().sum();
    let follow = (1..blocks.len()).all(|rank| blocks.range(rank).start == blocks.range(rank - 1).end);
    match choice::all_gather(link.size(), total * size_of::<T>(), follow) {
        AllGather::Doubling => doubling(link, into, blocks),
        AllGather::Bruck => bruck(link, into, blocks, total),
        AllGather::Ring => ring(link, into, blocks, 0),
    }
}

/// Groups of 1, 2, 4, … ranks exchange all they have with their neighbours.
fn doubling<T: Datum>(link: &dyn Link, into: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
    let (rank, mut distance) = (link.rank(), 1);
    while distance < link.size() {
        let first = rank & !(2 * distance - 1);
        let (low, middle) = (blocks.range(first).start, blocks.range(first + distance).start);
        let high = blocks.range(first + 2 * distance - 1).end;
        let (below, above) = into[low..high].split_at_mut(middle - low);
        let (give, take) = if rank & distance == 0 { (below, above) } else { (above, below) };
        let partner = rank ^ distance;
        link.send_recv(bytes(give), partner, bytes_mut(take), partner)?;
        distance *= 2;
    }
    Ok(())
}

/// What a rank has begins with its own block and grows by as much in each step; at last it is put in its place.
fn bruck<T: Datum>(link: &dyn Link, into: &mut [T], blocks: &Blocks, total: usize) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    let mut have = vec![T::zeroed(); total];
    let mut starts = Vec::with_capacity(size + 1);
    starts.push(0);
    for place in 0..size {
        starts.push(starts[place] + blocks.counts()[(rank + place) % size]);
    }
    have[..starts[1]].copy_from_slice(&into[blocks.range(rank)]);
    let mut distance = 1;
    while distance < size {
        let count = distance.min(size - distance);
        let (old, new) = have.split_at_mut(starts[distance]);
        // A rank so far below has our first blocks behind its own.
        let (to, from) = ((rank + size - distance) % size, (rank + distance) % size);
        let new = &mut new[..starts[distance + count] - starts[distance]];
        link.send_recv(bytes(&old[..starts[count]]), to, bytes_mut(new), from)?;
        distance *= 2;
    }
    for place in 1..size {
        let block = blocks.range((rank + place) % size);
        into[block].copy_from_slice(&have[starts[place]..starts[place + 1]]);
    }
    Ok(())
}

/// Blocks go round, each rank handing on what it got last. The block of rank `first` is the first one.
pub(super) fn ring<T: Datum>(
    link: &dyn Link,
    into: &mut [T],
    blocks: &Blocks,
    first: Rank,
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    let (right, left) = ((rank + 1) % size, (rank + size - 1) % size);
    let here = (rank + size - first) % size;
    for step in 0..size - 1 {
        let give = blocks.range((here + size - step) % size);
        let take = blocks.range((here + size - step - 1) % size);
        let (give, take) = apart(into, give, take);
        link.send_recv(bytes(give), right, bytes_mut(take), left)?;
    }
    Ok(())
}
