//! The star over the parts of a patch that need no neighbour, and over the rest.

use std::ops::Range;

use multiversion::multiversion;

use super::{RADIUS, WEIGHTS};
use crate::spmd::Patch;
use crate::spmd::field::Field;

/// The active points of a patch, in the patch's own rows and columns.
#[derive(Debug)]
pub(super) struct Regions {
    rows: Range<usize>,
    cols: Range<usize>,
    /// Of those, the ones whose star stays within the patch.
    inner_rows: Range<usize>,
    inner_cols: Range<usize>,
}

impl Regions {
    pub(super) fn of(patch: &Patch, active: &Range<usize>) -> Self {
        let local = |own: &Range<usize>| {
            let start = active.start.clamp(own.start, own.end) - own.start;
            start..(active.end.clamp(own.start, own.end) - own.start).max(start)
        };
        let inner = |all: &Range<usize>, length: usize| {
            let start = all.start.max(RADIUS).min(all.end);
            start..all.end.min(length.saturating_sub(RADIUS)).max(start)
        };
        let (rows, cols) = (local(&patch.rows), local(&patch.cols));
        Self { inner_rows: inner(&rows, patch.height()), inner_cols: inner(&cols, patch.width()), rows, cols }
    }

    /// What needs no neighbour.
    pub(super) fn inner(&self, input: &Field, out: &mut Field) {
        self.apply(input, out, self.inner_rows.clone(), &self.inner_cols);
    }

    /// The rest.
    pub(super) fn outer(&self, input: &Field, out: &mut Field) {
        let Self { rows, cols, inner_rows, inner_cols } = self;
        self.apply(input, out, rows.start..inner_rows.start, cols);
        self.apply(input, out, inner_rows.end..rows.end, cols);
        self.apply(input, out, inner_rows.clone(), &(cols.start..inner_cols.start));
        self.apply(input, out, inner_rows.clone(), &(inner_cols.end..cols.end));
    }

    #[expect(clippy::unused_self, reason = "regions apply the star to themselves")]
    fn apply(&self, input: &Field, out: &mut Field, rows: Range<usize>, cols: &Range<usize>) {
        let stride = input.stride();
        let width = cols.len();
        for row in rows {
            let centre = (row + RADIUS) * stride + RADIUS + cols.start;
            let at = |start: usize| &input.cells()[start..start + width];
            let across = &input.cells()[centre - RADIUS..centre + width + RADIUS];
            let vertical =
                [-2_isize, -1, 1, 2].map(|by| at(centre.wrapping_add_signed(by * stride.cast_signed())));
            star(&mut out.row_mut(row)[cols.clone()], across, vertical);
        }
    }
}

/// Adds the star to a row; `across` reaches `RADIUS` further at both ends, `vertical` are the rows above and below.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn star(out: &mut [f64], across: &[f64], vertical: [&[f64]; 4]) {
    let n = out.len();
    let [above2, above, below, below2] = vertical;
    assert!(across.len() == n + 2 * RADIUS);
    assert!(above2.len() == n && above.len() == n && below.len() == n && below2.len() == n);
    for i in 0..n {
        let near = (across[i + 3] - across[i + 1]) + (below[i] - above[i]);
        let far = (across[i + 4] - across[i]) + (below2[i] - above2[i]);
        out[i] += WEIGHTS[0] * near + WEIGHTS[1] * far;
    }
}

/// in += 1, the frame left as it is: the next exchange fills it, and beyond the matrix nothing reads it.
pub(super) fn increment(input: &mut Field) {
    for row in 0..input.height {
        input.row_mut(row).iter_mut().for_each(|value| *value += 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::Regions;
    use crate::spmd::Patch;

    /// Inner and outer points together are the active ones, each once, whatever the patch.
    #[test]
    fn every_active_point_once() {
        let n = 12;
        for rows in [0..12, 0..3, 3..6, 6..8, 9..12, 11..12] {
            for cols in [0..12, 0..5, 5..7, 10..12] {
                let patch = Patch { rows: rows.clone(), cols: cols.clone() };
                let regions = Regions::of(&patch, &(2..n - 2));
                let inner = regions.inner_rows.len() * regions.inner_cols.len();
                let strips = (regions.inner_rows.start - regions.rows.start
                    + (regions.rows.end - regions.inner_rows.end))
                    * regions.cols.len()
                    + regions.inner_rows.len()
                        * (regions.inner_cols.start - regions.cols.start
                            + (regions.cols.end - regions.inner_cols.end));
                let active = |range: &std::ops::Range<usize>| {
                    range.clone().filter(|index| (2..n - 2).contains(index)).count()
                };
                assert_eq!(inner + strips, active(&rows) * active(&cols), "{patch:?}");
            }
        }
    }
}
