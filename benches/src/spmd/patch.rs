//! Rectangles of a matrix.

use std::ops::Range;

use par_core::Mismatch;
use par_core::comm::{Blocks, Rank};
use serde::{Deserialize, Serialize};

/// The rectangle of a matrix that one rank has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// Its rows.
    pub rows: Range<usize>,
    /// Its columns.
    pub cols: Range<usize>,
}

impl Patch {
    /// A whole square matrix.
    pub const fn square(n: usize) -> Self {
        Self { rows: 0..n, cols: 0..n }
    }

    /// The patch at `coords` of a grid of `dims` patches that divide a square matrix as evenly as can be.
    pub(super) fn of_grid(n: usize, dims: &[usize], coords: &[usize]) -> Self {
        let along = |axis: usize| Blocks::even(n, dims[axis]).range(coords[axis]);
        Self { rows: along(0), cols: along(1) }
    }

    /// The rows of `rank`, over all columns.
    pub(super) fn band(n: usize, ranks: usize, rank: Rank) -> Self {
        Self { rows: Blocks::even(n, ranks).range(rank), cols: 0..n }
    }

    /// How many rows it has.
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// How many columns it has.
    pub fn width(&self) -> usize {
        self.cols.len()
    }

    fn area(&self) -> usize {
        self.height() * self.width()
    }

    fn overlaps(&self, other: &Self) -> bool {
        let apart = |a: &Range<usize>, b: &Range<usize>| a.end <= b.start || b.end <= a.start;
        self.area() > 0
            && other.area() > 0
            && !apart(&self.rows, &other.rows)
            && !apart(&self.cols, &other.cols)
    }

    /// Passes when the patches cover a square matrix, every element once.
    pub(super) fn unless_tiled<'a>(
        n: usize,
        patches: impl IntoIterator<Item = &'a Self>,
    ) -> Result<(), Mismatch> {
        let patches: Vec<&Self> = patches.into_iter().collect();
        let covered: usize = patches.iter().map(|patch| patch.area()).sum();
        Mismatch::unless_equal("number of elements that ranks have", &covered, &(n * n))?;
        for (index, patch) in patches.iter().enumerate() {
            let inside = patch.area() == 0 || (patch.rows.end <= n && patch.cols.end <= n);
            let twice = patches[..index].iter().any(|other| other.overlaps(patch));
            Mismatch::unless(
                inside && !twice,
                "division among ranks",
                format_args!("rows {:?}, columns {:?} outside or twice", patch.rows, patch.cols),
                "every element once",
            )?;
        }
        Ok(())
    }
}

/// A number that depends on every bit of every element and on its place, and not on who has it: parts add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Digest(pub(super) u64);

impl Digest {
    /// Takes an element in; `place` is its index in the whole matrix.
    pub(super) fn take(&mut self, place: usize, value: f64) {
        // The finaliser of SplitMix64, over place and bits.
        let mut z = (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ value.to_bits();
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = self.0.wrapping_add(z ^ (z >> 31));
    }
}

/// The greater of two distances; a NaN stays, whatever it is compared with.
pub(super) fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::Patch;

    #[test]
    fn gaps_overlaps_and_strangers_are_seen() {
        let patch = |rows, cols| Patch { rows, cols };
        let tiled = |patches: &[Patch]| Patch::unless_tiled(4, patches).is_ok();
        assert!(tiled(&[patch(0..2, 0..4), patch(2..4, 0..1), patch(2..4, 1..4)]));
        assert!(!tiled(&[patch(0..2, 0..4)]), "a gap");
        assert!(!tiled(&[patch(0..2, 0..4), patch(0..2, 0..4)]), "twice");
        assert!(!tiled(&[patch(0..2, 0..4), patch(3..5, 0..4)]), "beyond the edge");
    }
}
