//! Collectives made of point-to-point messages, for every world that has none of its own.

pub(crate) mod check;
pub(crate) mod values;

use super::{Blocks, CommError, Datum, Link, Rank, Reduction};

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

/// The `root`'s `buf` becomes the fold of all ranks'; that of the others is left as it was.
///
/// # Errors
/// What the link says.
pub fn reduce<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    buf: &mut [T],
    op: &O,
    root: Rank,
) -> Result<(), CommError> {
    if link.rank() != root {
        return link.send(bytes(buf), root);
    }
    let mut total: Option<Vec<T>> = None;
    for rank in 0..link.size() {
        let mut next = buf.to_vec();
        if rank != root {
            link.recv(bytes_mut(&mut next), rank)?;
        }
        if let Some(mut total) = total.take() {
            op.combine_into_left(&mut total, &next);
            next = total;
        }
        total = Some(next);
    }
    if let Some(total) = total {
        buf.copy_from_slice(&total);
    }
    Ok(())
}

/// Every rank's `buf` becomes the fold of all ranks'.
///
/// # Errors
/// What the link says.
pub fn all_reduce<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    buf: &mut [T],
    op: &O,
) -> Result<(), CommError> {
    reduce(link, buf, op, 0)?;
    broadcast(link, buf, 0)
}

/// Every rank gets its block of the fold of all ranks' `data`.
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
    let mut total = data.to_vec();
    reduce(link, &mut total, op, 0)?;
    scatter(link, &total, blocks, into, 0)
}

/// Every rank's `buf` becomes the fold of those of the ranks up to it, its own included.
///
/// # Errors
/// What the link says.
pub fn scan<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    buf: &mut [T],
    op: &O,
) -> Result<(), CommError> {
    let rank = link.rank();
    if rank > 0 {
        let mut below = buf.to_vec();
        link.recv(bytes_mut(&mut below), rank - 1)?;
        op.combine(&below, buf);
    }
    if rank + 1 < link.size() { link.send(bytes(buf), rank + 1) } else { Ok(()) }
}

/// Every rank's `buf` becomes the fold of those of the ranks below it; rank 0's is left as it was.
///
/// # Errors
/// What the link says.
pub fn exscan<T: Datum, O: Reduction<T> + ?Sized>(
    link: &dyn Link,
    buf: &mut [T],
    op: &O,
) -> Result<(), CommError> {
    let rank = link.rank();
    let mut next = buf.to_vec();
    if rank > 0 {
        link.recv(bytes_mut(buf), rank - 1)?;
        op.combine(buf, &mut next);
    }
    if rank + 1 < link.size() { link.send(bytes(&next), rank + 1) } else { Ok(()) }
}
