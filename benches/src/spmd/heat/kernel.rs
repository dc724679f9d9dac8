//! One step over a patch, in place: rows that were overwritten are remembered as long as they are needed.

use multiversion::multiversion;

use super::MESH_RATIO;
use crate::spmd::field::Field;

/// The rows of the time before that the step still needs.
#[derive(Debug)]
pub(super) struct Sweep {
    above: Vec<f64>,
    here: Vec<f64>,
}

impl Sweep {
    pub(super) fn new(field: &Field) -> Self {
        let row = || vec![0.0; field.stride()];
        Self { above: row(), here: row() }
    }

    /// One step; the frame must have what the neighbours have.
    pub(super) fn step(&mut self, field: &mut Field) {
        let (stride, height) = (field.stride(), field.height);
        let cells = field.cells_mut();
        self.above.copy_from_slice(&cells[..stride]);
        for row in 1..=height {
            let (upper, below) = cells.split_at_mut((row + 1) * stride);
            let out = &mut upper[row * stride..];
            self.here.copy_from_slice(out);
            update(out, &self.above, &self.here, &below[..stride]);
            std::mem::swap(&mut self.above, &mut self.here);
        }
    }
}

/// A row from itself and its neighbours as they were; all have the frame at both ends.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn update(out: &mut [f64], above: &[f64], here: &[f64], below: &[f64]) {
    let last = out.len() - 1;
    let (above, below) = (&above[1..last], &below[1..last]);
    let (west, middle, east) = (&here[..last - 1], &here[1..last], &here[2..]);
    let out = &mut out[1..last];
    // The compiler sees that all indices are in bounds.
    let n = out.len();
    assert!(above.len() == n && below.len() == n && west.len() == n && middle.len() == n && east.len() == n);
    for i in 0..n {
        let around = (above[i] + below[i]) + (west[i] + east[i]);
        out[i] = middle[i] + MESH_RATIO * (around - 4.0 * middle[i]);
    }
}
