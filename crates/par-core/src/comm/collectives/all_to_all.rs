//! A block from everybody to everybody.

use super::choice;
use super::{bytes, bytes_mut};
use crate::comm::{Blocks, CommError, Datum, Link};

/// Every rank sends a block to every rank.
///
/// Each pair in turn, every rank busy with one other in each direction at a time (Thakur, Rabenseifner and Gropp 2005,
/// §4.3).
///
/// # Errors
/// What the link says.
pub fn all_to_all<T: Datum>(
    link: &dyn Link,
    data: &[T],
    send_blocks: &Blocks,
    into: &mut [T],
    receive_blocks: &Blocks,
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    into[receive_blocks.range(rank)].copy_from_slice(&data[send_blocks.range(rank)]);
    for step in 1..size {
        let (to, from) = if size.is_power_of_two() {
            (rank ^ step, rank ^ step)
        } else {
            ((rank + step) % size, (rank + size - step) % size)
        };
        let block = &mut into[receive_blocks.range(from)];
        link.send_recv(bytes(&data[send_blocks.range(to)]), to, bytes_mut(block), from)?;
    }
    Ok(())
}

/// As [`all_to_all`], with blocks all of one length in rank order; short ones among many ranks by Bruck's algorithm.
///
/// # Errors
/// What the link says.
pub fn all_to_all_even<T: Datum>(link: &dyn Link, data: &[T], into: &mut [T]) -> Result<(), CommError> {
    let len = data.len() / link.size();
    if choice::exchanges_by_bruck(link.size(), len * size_of::<T>()) {
        return bruck(link, data, into, len);
    }
    let blocks = Blocks::packed(&vec![len; link.size()]);
    all_to_all(link, data, &blocks, into, &blocks)
}

/// As [`all_to_all_even`], with what is received in the place of what was sent.
///
/// In step *s*, ranks whose sum is *s* modulo the number of ranks exchange; so each block leaves its place just when
/// the one that comes needs it.
///
/// # Errors
/// What the link says.
pub fn all_to_all_in_place<T: Datum>(link: &dyn Link, buf: &mut [T]) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    let len = buf.len() / size;
    let mut given = Vec::with_capacity(len);
    for step in 0..size {
        let partner = (step + size - rank) % size;
        if partner == rank {
            continue;
        }
        let block = &mut buf[partner * len..(partner + 1) * len];
        given.clear();
        given.extend_from_slice(block);
        link.send_recv(bytes(&given), partner, bytes_mut(block), partner)?;
    }
    Ok(())
}

/// ⌈log₂ p⌉ steps; in that of distance *d*, blocks travel that still have *d* ranks to go.
fn bruck<T: Datum>(link: &dyn Link, data: &[T], into: &mut [T], len: usize) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    // The block at place `i` has `i` ranks to go.
    let mut have = Vec::with_capacity(data.len());
    have.extend_from_slice(&data[rank * len..]);
    have.extend_from_slice(&data[..rank * len]);
    let (mut given, mut taken) = (Vec::with_capacity(data.len()), vec![T::zeroed(); data.len()]);
    let mut distance = 1;
    while distance < size {
        let travels = |place: &usize| place & distance != 0;
        given.clear();
        for place in (0..size).filter(travels) {
            given.extend_from_slice(&have[place * len..(place + 1) * len]);
        }
        let (to, from) = ((rank + distance) % size, (rank + size - distance) % size);
        let taken = &mut taken[..given.len()];
        link.send_recv(bytes(&given), to, bytes_mut(taken), from)?;
        for (number, place) in (0..size).filter(travels).enumerate() {
            have[place * len..(place + 1) * len].copy_from_slice(&taken[number * len..(number + 1) * len]);
        }
        distance *= 2;
    }
    for place in 0..size {
        let from = (rank + size - place) % size;
        into[from * len..(from + 1) * len].copy_from_slice(&have[place * len..(place + 1) * len]);
    }
    Ok(())
}
