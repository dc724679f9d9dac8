//! Every element of a patch against the closed formula.

use super::{Stencil, StencilPart};
use crate::spmd::Patch;
use crate::spmd::patch::{Digest, worse};

impl Stencil {
    /// Examines the elements of a patch, of which `row` gives those of out and of in by the row's index in the whole
    /// matrix.
    ///
    /// # Panics
    /// When a row is not as long as the patch is wide.
    pub fn examine<'a>(&self, patch: &Patch, row: impl Fn(usize) -> (&'a [f64], &'a [f64])) -> StencilPart {
        let (active, expected) = (self.active(), self.expected());
        let increments = f64::from(self.iterations) + 1.0;
        let mut part = StencilPart { patch: patch.clone(), norm: 0.0, active: 0, worst: 0.0, digest: 0 };
        let mut digest = Digest::default();
        for index in patch.rows.clone() {
            let (out, input) = row(index);
            assert!(
                out.len() == patch.width() && input.len() == patch.width(),
                "a row is as long as the patch is wide"
            );
            // Sums of rows first: fewer additions one after the other, smaller errors.
            let mut norm = 0.0;
            for ((value, given), col) in out.iter().zip(input).zip(patch.cols.clone()) {
                let is_active = active.contains(&index) && active.contains(&col);
                if is_active {
                    norm += value.abs();
                    part.active += 1;
                }
                let must = if is_active { expected } else { 0.0 };
                part.worst = worse((value - must).abs(), part.worst);
                part.worst = worse((given - ((index + col) as f64 + increments)).abs(), part.worst);
                digest.take(index * self.side() + col, *value);
            }
            part.norm += norm;
        }
        part.digest = digest.0;
        part
    }
}
