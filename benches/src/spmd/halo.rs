//! The halo exchange: what neighbours in a grid of ranks have along their common edge.
//!
//! Each rank has a patch of a square matrix with a frame around it.
//! An exchange packs the edges that neighbours need, posts all receives and then all sends, and unpacks into the frame
//! when they have come; between `begin` and `finish` a program computes what needs no frame.
//! Corners are not exchanged: five-point and star stencils need none.

use par_core::comm::{Cartesian, CommError, Communicator, Rank, Request, Tag, compute_dims};

use super::field::Field;
use super::patch::Patch;

/// The neighbours of one rank.
#[derive(Debug)]
pub(super) struct Halo<C> {
    grid: Cartesian<C>,
    patch: Patch,
    depth: usize,
    sides: Vec<Side>,
}

/// One neighbour, and buffers that go back and forth.
#[derive(Debug)]
struct Side {
    neighbour: Rank,
    edge: Edge,
    length: usize,
    outgoing: Vec<f64>,
    incoming: Vec<f64>,
    messages: u64,
}

/// Which edge of the patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    North,
    South,
    West,
    East,
}

/// An exchange under way.
#[derive(Debug)]
#[must_use = "the frame is filled by `finish`"]
pub(super) struct Exchange<'a> {
    sides: &'a mut [Side],
    receives: Vec<Request<'a, f64>>,
    sends: Vec<Request<'a, f64>>,
}

impl<C: Communicator> Halo<C> {
    /// Divides an n×n matrix among the ranks of `world`, as square and as even as can be.
    ///
    /// # Errors
    /// [`CommError::Program`] when a patch would be thinner than `depth`.
    pub(super) fn divide(world: &C, n: usize, depth: usize) -> Result<Self, CommError> {
        let dims = compute_dims(world.size(), &[0, 0])?;
        if dims.iter().any(|&dim| dim > 1 && n / dim < depth) {
            return Err(CommError::program(format_args!(
                "{} ranks leave patches of a {n}×{n} matrix thinner than the {depth} that neighbours need: \
                 take fewer ranks or a larger matrix",
                world.size()
            )));
        }
        let grid = world
            .cartesian(&dims, &[false, false], true)?
            .ok_or_else(|| CommError::program("the grid has no place for this rank"))?;
        let patch = Patch::of_grid(n, &dims, &grid.coords(grid.comm().rank())?);
        let mut sides = Vec::new();
        let ((north, south), (west, east)) = (grid.shift(0, 1)?, grid.shift(1, 1)?);
        for (edge, neighbour) in
            [(Edge::North, north), (Edge::South, south), (Edge::West, west), (Edge::East, east)]
        {
            let Some(neighbour) = neighbour else { continue };
            let along = if edge.is_row() { patch.width() } else { patch.height() };
            let length = along * depth;
            let (outgoing, incoming) = (Vec::with_capacity(length), vec![0.0; length]);
            sides.push(Side { neighbour, edge, length, outgoing, incoming, messages: 0 });
        }
        Ok(Self { grid, patch, depth, sides })
    }

    /// This rank's patch.
    pub(super) const fn patch(&self) -> &Patch {
        &self.patch
    }

    /// Packs and posts.
    pub(super) fn begin(&mut self, field: &Field) -> Result<Exchange<'_>, CommError> {
        debug_assert_eq!(field.depth, self.depth, "the frame is as deep as the exchange");
        let Self { grid, sides, .. } = self;
        let comm = grid.comm();
        let mut receives = Vec::with_capacity(sides.len());
        for side in sides.iter_mut() {
            let mut incoming = std::mem::take(&mut side.incoming);
            incoming.resize(side.length, 0.0);
            receives.push(comm.irecv(incoming, side.neighbour, side.edge.opposite().tag())?);
        }
        let mut sends = Vec::with_capacity(sides.len());
        for side in sides.iter_mut() {
            let mut outgoing = std::mem::take(&mut side.outgoing);
            side.edge.pack(field, &mut outgoing);
            sends.push(comm.isend(outgoing, side.neighbour, side.edge.tag())?);
            side.messages += 1;
        }
        Ok(Exchange { sides, receives, sends })
    }

    /// Who was sent how many messages and bytes, by rank of the world.
    pub(super) fn sent(&self) -> impl Iterator<Item = (Rank, u64, u64)> {
        self.sides.iter().map(|side| {
            let bytes = side.messages * (side.length * size_of::<f64>()) as u64;
            (self.grid.comm().world_rank(side.neighbour), side.messages, bytes)
        })
    }
}

impl Exchange<'_> {
    /// Waits for everything, and fills the frame of `field`.
    pub(super) fn finish(self, field: &mut Field) -> Result<(), CommError> {
        for ((side, receive), send) in self.sides.iter_mut().zip(self.receives).zip(self.sends) {
            let received = receive.wait()?.data;
            CommError::unless_length("the edge that a neighbour sent", received.len(), side.length)?;
            side.edge.unpack(field, &received);
            // What came is what goes next time; what went comes back, or has moved to the neighbour.
            side.outgoing = received;
            side.incoming = send.wait()?.data;
        }
        Ok(())
    }
}

impl Edge {
    const fn is_row(self) -> bool {
        matches!(self, Self::North | Self::South)
    }

    const fn opposite(self) -> Self {
        match self {
            Self::North => Self::South,
            Self::South => Self::North,
            Self::West => Self::East,
            Self::East => Self::West,
        }
    }

    /// The tag of what leaves through this edge.
    const fn tag(self) -> Tag {
        Tag(match self {
            Self::North => 0,
            Self::South => 1,
            Self::West => 2,
            Self::East => 3,
        })
    }

    /// Copies the patch's own elements along the edge.
    fn pack(self, field: &Field, out: &mut Vec<f64>) {
        out.clear();
        let depth = field.depth;
        match self {
            Self::North => (0..depth).for_each(|row| out.extend_from_slice(field.row(row))),
            Self::South => {
                (field.height - depth..field.height).for_each(|row| out.extend_from_slice(field.row(row)));
            }
            Self::West => {
                (0..field.height).for_each(|row| out.extend_from_slice(&field.row(row)[..depth]));
            }
            Self::East => (0..field.height)
                .for_each(|row| out.extend_from_slice(&field.row(row)[field.width - depth..])),
        }
    }

    /// Copies what the neighbour packed into the frame beyond the edge.
    fn unpack(self, field: &mut Field, packed: &[f64]) {
        let (depth, width, height, stride) = (field.depth, field.width, field.height, field.stride());
        // Where the part of the frame begins, how long its rows are.
        let (start, length) = match self {
            Self::North => (depth, width),
            Self::South => ((depth + height) * stride + depth, width),
            Self::West => (depth * stride, depth),
            Self::East => (depth * stride + depth + width, depth),
        };
        let cells = field.cells_mut();
        for (row, packed) in packed.chunks_exact(length).enumerate() {
            let at = start + row * stride;
            cells[at..at + length].copy_from_slice(packed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Edge, Field};
    use crate::spmd::Patch;

    /// What one patch packs at an edge is what its neighbour has beyond the opposite one.
    #[test]
    fn edges_land_in_the_neighbours_frame() {
        let value = |row: usize, col: usize| (100 * row + col) as f64;
        let left = Field::new(&Patch { rows: 0..3, cols: 0..4 }, 2, value);
        let mut right = Field::new(&Patch { rows: 0..3, cols: 4..9 }, 2, value);
        let mut packed = Vec::new();
        Edge::East.pack(&left, &mut packed);
        assert_eq!(packed, [2.0, 3.0, 102.0, 103.0, 202.0, 203.0]);
        Edge::West.unpack(&mut right, &packed);
        let stride = right.stride();
        assert_eq!(right.cells()[2 * stride..2 * stride + 3], [2.0, 3.0, 4.0]);
        let mut below = Field::new(&Patch { rows: 3..6, cols: 0..4 }, 2, value);
        Edge::South.pack(&left, &mut packed);
        Edge::North.unpack(&mut below, &packed);
        assert_eq!(below.cells()[2..6], [100.0, 101.0, 102.0, 103.0]);
        assert_eq!(below.row(0), [300.0, 301.0, 302.0, 303.0]);
    }
}
