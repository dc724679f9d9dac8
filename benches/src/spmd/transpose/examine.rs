//! Every element of some rows of B against the closed formula.

use super::{Transpose, TransposePart};
use crate::spmd::Patch;

impl Transpose {
    /// Examines rows of B, which lie one after the other in `b`.
    ///
    /// # Panics
    /// When `b` is not as long as the rows of `patch` together.
    pub fn examine(&self, patch: &Patch, b: &[f64]) -> TransposePart {
        assert_eq!(b.len(), patch.height() * patch.width(), "all elements of the rows");
        let mut part = TransposePart { patch: patch.clone(), wrong: 0, first: None };
        for (values, row) in b.chunks_exact(patch.width()).zip(patch.rows.clone()) {
            for (value, col) in values.iter().zip(patch.cols.clone()) {
                // Equal bit by bit; a NaN equals nothing.
                if value.to_bits() != self.expected(row, col).to_bits() {
                    part.wrong += 1;
                    part.first.get_or_insert((row, col, *value));
                }
            }
        }
        part
    }
}
