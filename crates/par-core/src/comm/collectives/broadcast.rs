//! One rank's data for all.

use super::all_gather::ring;
use super::choice::{self, Broadcast};
use super::tree::{children, parent, subtree};
use super::{bytes, bytes_mut, pieces};
use crate::comm::{Blocks, CommError, Datum, Link, Rank};

/// Every rank gets the `root`'s `buf`.
///
/// Short ones down a binomial tree; long ones along a chain, piece by piece, so that all links are busy at once; among
/// many ranks, where a chain is slow to fill, scattered first and gathered by all (van de Geijn's algorithm; Thakur,
/// Rabenseifner and Gropp 2005, §4.2).
///
/// # Errors
/// What the link says.
pub fn broadcast<T: Datum>(link: &dyn Link, buf: &mut [T], root: Rank) -> Result<(), CommError> {
    match choice::broadcast(link.size(), size_of_val(buf), buf.len()) {
        Broadcast::Tree => down_the_tree(link, buf, root),
        Broadcast::Chain => along_the_chain(link, buf, root),
        Broadcast::Scatter => scattered(link, buf, root),
    }
}

fn down_the_tree<T: Datum>(link: &dyn Link, buf: &mut [T], root: Rank) -> Result<(), CommError> {
    let size = link.size();
    // Ranks as seen from the root, which is 0 then.
    let here = (link.rank() + size - root) % size;
    if let Some(parent) = parent(here) {
        link.recv(bytes_mut(buf), (parent + root) % size)?;
    }
    children(here, size).try_for_each(|child| link.send(bytes(buf), (child + root) % size))
}

fn along_the_chain<T: Datum>(link: &dyn Link, buf: &mut [T], root: Rank) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    let (next, previous) = ((rank + 1) % size, (rank + size - 1) % size);
    let mut pieces = pieces::short::<T>(buf.len());
    if rank == root {
        return pieces.try_for_each(|piece| link.send(bytes(&buf[piece]), next));
    }
    if next == root {
        return pieces.try_for_each(|piece| link.recv(bytes_mut(&mut buf[piece]), previous));
    }
    let Some(mut have) = pieces.next() else { return Ok(()) };
    link.recv(bytes_mut(&mut buf[have.clone()]), previous)?;
    for coming in pieces {
        let (before, after) = buf.split_at_mut(coming.start);
        link.send_recv(bytes(&before[have]), next, bytes_mut(&mut after[..coming.len()]), previous)?;
        have = coming;
    }
    link.send(bytes(&buf[have]), next)
}

fn scattered<T: Datum>(link: &dyn Link, buf: &mut [T], root: Rank) -> Result<(), CommError> {
    let size = link.size();
    let here = (link.rank() + size - root) % size;
    let blocks = Blocks::even(buf.len(), size);
    // The blocks of a subtree are one range.
    let range = |top: usize| blocks.range(top).start..blocks.range(top + subtree(top, size) - 1).end;
    if let Some(parent) = parent(here) {
        link.recv(bytes_mut(&mut buf[range(here)]), (parent + root) % size)?;
    }
    for child in children(here, size) {
        link.send(bytes(&buf[range(child)]), (child + root) % size)?;
    }
    ring(link, buf, &blocks, root)
}
