//! All ranks' blocks at one, and one's blocks at all.

use super::choice;
use super::tree::{children, parent, subtree};
use super::{bytes, bytes_mut};
use crate::comm::{Blocks, CommError, Datum, Link, Rank};

/// The `root` gets every rank's `data`, at its block of `into`.
///
/// One by one: the root alone knows how long the blocks are.
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

/// The `root` gets every rank's `data`, all of one length, in rank order.
///
/// Short ones up a binomial tree, long ones one by one (Thakur, Rabenseifner and Gropp 2005, §4.1).
///
/// # Errors
/// What the link says.
pub fn gather_even<T: Datum>(
    link: &dyn Link,
    data: &[T],
    into: &mut [T],
    root: Rank,
) -> Result<(), CommError> {
    let (size, len) = (link.size(), data.len());
    if !choice::gathers_by_tree(size, size_of_val(data)) {
        let counts = if link.rank() == root { vec![len; size] } else { Vec::new() };
        return gather(link, data, into, &Blocks::packed(&counts), root);
    }
    let here = (link.rank() + size - root) % size;
    let parent = parent(here).map(|parent| (parent + root) % size);
    // A leaf needs no scratch.
    if let Some(parent) = parent.filter(|_| subtree(here, size) == 1) {
        return link.send(bytes(data), parent);
    }
    let mut below = Vec::with_capacity(subtree(here, size) * len);
    below.extend_from_slice(data);
    below.resize(subtree(here, size) * len, T::zeroed());
    // The smallest subtree is full first.
    for child in children(here, size).rev() {
        let first = (child - here) * len;
        let part = &mut below[first..first + subtree(child, size) * len];
        link.recv(bytes_mut(part), (child + root) % size)?;
    }
    if let Some(parent) = parent {
        return link.send(bytes(&below), parent);
    }
    let (first, wrapped) = below.split_at((size - root) * len);
    into[root * len..].copy_from_slice(first);
    into[..root * len].copy_from_slice(wrapped);
    Ok(())
}

/// Every rank gets its block of the `root`'s `data`.
///
/// One by one: the root alone knows how long the blocks are.
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
    into.copy_from_slice(&data[blocks.range(root)]);
    (0..link.size())
        .filter(|rank| *rank != root)
        .try_for_each(|rank| link.send(bytes(&data[blocks.range(rank)]), rank))
}

/// Every rank gets its block of the `root`'s `data`, all of one length, in rank order.
///
/// Short ones down a binomial tree, long ones one by one.
///
/// # Errors
/// What the link says.
pub fn scatter_even<T: Datum>(
    link: &dyn Link,
    data: &[T],
    into: &mut [T],
    root: Rank,
) -> Result<(), CommError> {
    let (size, len) = (link.size(), into.len());
    if !choice::gathers_by_tree(size, size_of_val(into)) {
        let counts = if link.rank() == root { vec![len; size] } else { Vec::new() };
        return scatter(link, data, &Blocks::packed(&counts), into, root);
    }
    let here = (link.rank() + size - root) % size;
    let parent = parent(here).map(|parent| (parent + root) % size);
    // A leaf needs no scratch.
    if let Some(parent) = parent.filter(|_| subtree(here, size) == 1) {
        return link.recv(bytes_mut(into), parent);
    }
    let mut below = Vec::with_capacity(subtree(here, size) * len);
    if let Some(parent) = parent {
        below.resize(subtree(here, size) * len, T::zeroed());
        link.recv(bytes_mut(&mut below), parent)?;
    } else {
        below.extend_from_slice(&data[root * len..]);
        below.extend_from_slice(&data[..root * len]);
    }
    for child in children(here, size) {
        let first = (child - here) * len;
        link.send(bytes(&below[first..first + subtree(child, size) * len]), (child + root) % size)?;
    }
    into.copy_from_slice(&below[..len]);
    Ok(())
}
