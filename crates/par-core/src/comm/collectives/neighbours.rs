//! Blocks between neighbours.

use super::{bytes, bytes_mut};
use crate::comm::{Blocks, CommError, Datum, Link, Neighbourhood, Rank};

/// Every neighbour gets its block of `data`, and `into` those of the neighbours.
///
/// Edges are served in the order of how far up their ends are, round the ranks: so both ends come to an edge at the same
/// step, the ranks that are at the least step can always go on, and sends that wait for their receives cannot wait for
/// one another in a circle.
///
/// # Errors
/// What the link says.
pub fn neighbor_exchange<T: Datum>(
    link: &dyn Link,
    around: &Neighbourhood,
    data: &[T],
    send_blocks: &Blocks,
    into: &mut [T],
    receive_blocks: &Blocks,
) -> Result<(), CommError> {
    let (rank, size) = (link.rank(), link.size());
    let by_distance = |mut edges: Vec<Edge>| {
        // Stable: edges between two ranks keep their order.
        edges.sort_by_key(|edge| edge.distance);
        edges
    };
    let sends = by_distance(
        around
            .sends()
            .map(|(place, to)| Edge { distance: (to + size - rank) % size, place, rank: to })
            .collect(),
    );
    let receives = by_distance(
        around
            .receives()
            .map(|(place, from)| Edge { distance: (rank + size - from) % size, place, rank: from })
            .collect(),
    );
    let (mut sends, mut receives) = (sends.into_iter().peekable(), receives.into_iter().peekable());
    loop {
        let distances = [sends.peek(), receives.peek()].map(|edge| edge.map(|edge| edge.distance));
        let Some(distance) = distances.into_iter().flatten().min() else { return Ok(()) };
        let now = |edge: &Edge| edge.distance == distance;
        match (sends.next_if(now), receives.next_if(now)) {
            (Some(send), Some(receive)) => {
                let (given, taken) =
                    (&data[send_blocks.range(send.place)], &mut into[receive_blocks.range(receive.place)]);
                if distance == 0 {
                    CommError::unless_length(
                        "a block that this rank sends itself",
                        given.len(),
                        taken.len(),
                    )?;
                    taken.copy_from_slice(given);
                } else {
                    link.send_recv(bytes(given), send.rank, bytes_mut(taken), receive.rank)?;
                }
            }
            (Some(send), None) => link.send(bytes(&data[send_blocks.range(send.place)]), send.rank)?,
            (None, Some(receive)) => {
                link.recv(bytes_mut(&mut into[receive_blocks.range(receive.place)]), receive.rank)?;
            }
            (None, None) => return Ok(()),
        }
    }
}

struct Edge {
    /// How many ranks up it goes, round the ranks.
    distance: usize,
    place: usize,
    rank: Rank,
}
