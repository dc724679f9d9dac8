//! A patch of a matrix with a frame around it, for what the neighbours have.

use super::patch::Patch;

/// The elements of a patch, and a frame of `depth` elements around them.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) depth: usize,
    cells: Vec<f64>,
}

impl Field {
    /// Elements by their row and column in the whole matrix; the frame is 0.
    pub(super) fn new(patch: &Patch, depth: usize, value: impl Fn(usize, usize) -> f64) -> Self {
        let (height, width) = (patch.height(), patch.width());
        let cells = vec![0.0; (height + 2 * depth) * (width + 2 * depth)];
        let mut field = Self { height, width, depth, cells };
        for (local, row) in patch.rows.clone().enumerate() {
            let cells = field.row_mut(local);
            for (cell, col) in cells.iter_mut().zip(patch.cols.clone()) {
                *cell = value(row, col);
            }
        }
        field
    }

    /// From the start of one row of the patch or the frame to that of the next.
    pub(super) const fn stride(&self) -> usize {
        self.width + 2 * self.depth
    }

    /// A row of the patch without its frame.
    pub(super) fn row(&self, row: usize) -> &[f64] {
        let start = (row + self.depth) * self.stride() + self.depth;
        &self.cells[start..start + self.width]
    }

    /// A row of the patch without its frame.
    pub(super) fn row_mut(&mut self, row: usize) -> &mut [f64] {
        let start = (row + self.depth) * self.stride() + self.depth;
        &mut self.cells[start..start + self.width]
    }

    /// All of it, frame and all, row by row.
    pub(super) fn cells(&self) -> &[f64] {
        &self.cells
    }

    /// All of it, frame and all, row by row.
    pub(super) fn cells_mut(&mut self) -> &mut [f64] {
        &mut self.cells
    }
}
