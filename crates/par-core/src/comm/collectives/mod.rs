//! Collectives made of point-to-point messages, for every world that has none of its own.

mod all_reduce;
pub(crate) mod check;
pub mod choice;
pub mod fold;
mod halving;
mod pieces;
mod reduce;
mod scan;
pub(crate) mod values;

use super::{Blocks, CommError, Datum, Link, Rank};

pub use all_reduce::{all_reduce, reduce_scatter};
pub use reduce::reduce;
pub use scan::{exscan, scan};

fn bytes<T: Datum>(data: &[T]) -> &[u8] {
    bytemuck::cast_slice(data)
}

fn bytes_mut<T: Datum>(data: &mut [T]) -> &mut [u8] {
    bytemuck::cast_slice_mut(data)
}

/// Returns when every rank has called it.
///
/// # Errors
/// What the link says.
pub fn barrier(link: &dyn Link) -> Result<(), CommError> {
    let size = link.size();
    let mut distance = 1;
    while distance < size {
        let to = (link.rank() + distance) % size;
        let from = (link.rank() + size - distance) % size;
        link.send_recv(&[], to, &mut [], from)?;
        distance *= 2;
    }
    Ok(())
}

/// Every rank gets the `root`'s `buf`.
///
/// # Errors
/// What the link says.
pub fn broadcast<T: Datum>(link: &dyn Link, buf: &mut [T], root: Rank) -> Result<(), CommError> {
    if link.rank() != root {
        return link.recv(bytes_mut(buf), root);
    }
    (0..link.size()).filter(|rank| *rank != root).try_for_each(|rank| link.send(bytes(buf), rank))
}

/// The `root` gets every rank's `data`, at its block of `into`.
///
/// # Errors
/// What the link says.
pub fn gather<T: Datum>(
    link: &dyn Link,
    data: &[T],
    into: &mut [T],
    blocks: &Blocks,
    root: Rank,
) -> Result<(), CommError> {
    if link.rank() != root {
        return link.send(bytes(data), root);
    }
    for rank in 0..link.size() {
        let block = &mut into[blocks.range(rank)];
        if rank == root {
            block.copy_from_slice(data);
        } else {
            link.recv(bytes_mut(block), rank)?;
        }
    }
    Ok(())
}

/// Every rank gets its block of the `root`'s `data`.
///
/// # Errors
/// What the link says.
pub fn scatter<T: Datum>(
    link: &dyn Link,
    data: &[T],
    blocks: &Blocks,
    into: &mut [T],
    root: Rank,
) -> Result<(), CommError> {
    if link.rank() != root {
        return link.recv(bytes_mut(into), root);
    }
    for rank in 0..link.size() {
        let block = &data[blocks.range(rank)];
        if rank == root {
            into.copy_from_slice(block);
        } else {
            link.send(bytes(block), rank)?;
        }
    }
    Ok(())
}

/// Every rank gets every rank's block; this rank's own is in its place already.
///
/// # Errors
/// What the link says.
pub fn all_gather<T: Datum>(link: &dyn Link, into: &mut [T], blocks: &Blocks) -> Result<(), CommError> {
    let size = link.size();
    let (right, left) = ((link.rank() + 1) % size, (link.rank() + size - 1) % size);
    for step in 0..size - 1 {
        let give = (link.rank() + size - step) % size;
        let take = (link.rank() + size - step - 1) % size;
        let given = into[blocks.range(give)].to_vec();
        link.send_recv(bytes(&given), right, bytes_mut(&mut into[blocks.range(take)]), left)?;
    }
    Ok(())
}

/// Every rank sends a block to every rank.
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
        let to = (rank + step) % size;
        let from = (rank + size - step) % size;
        let block = &mut into[receive_blocks.range(from)];
        link.send_recv(bytes(&data[send_blocks.range(to)]), to, bytes_mut(block), from)?;
    }
    Ok(())
}
