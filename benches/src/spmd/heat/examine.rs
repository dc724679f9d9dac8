//! Every element of a patch against the eigenvector and the analytic solution.

use super::{Heat, HeatPart, MODES};
use crate::spmd::Patch;
use crate::spmd::patch::{Digest, worse};

impl Heat {
    /// Examines the elements of a patch, which `row` gives by the row's index in the whole plate.
    ///
    /// # Panics
    /// When a row is not as long as the patch is wide.
    pub fn examine<'a>(&self, patch: &Patch, row: impl Fn(usize) -> &'a [f64]) -> HeatPart {
        let (scheme, solution) = (self.scheme_factor(), self.solution_factor());
        let cols: Vec<f64> = patch.cols.clone().map(|col| self.sine(MODES[1], col)).collect();
        let (mut off_scheme, mut off_solution, mut digest) = (0.0, 0.0, Digest::default());
        for index in patch.rows.clone() {
            let (values, sine) = (row(index), self.sine(MODES[0], index));
            assert_eq!(values.len(), cols.len(), "a row is as long as the patch is wide");
            for ((value, other), col) in values.iter().zip(&cols).zip(patch.cols.clone()) {
                let initial = sine * other;
                off_scheme = worse((value - scheme * initial).abs(), off_scheme);
                off_solution = worse((value - solution * initial).abs(), off_solution);
                digest.take(index * self.side() + col, *value);
            }
        }
        HeatPart { patch: patch.clone(), off_scheme, off_solution, digest: digest.0 }
    }
}
