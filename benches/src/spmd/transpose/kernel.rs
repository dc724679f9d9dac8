//! What a rank does with its rows: transposing while packing, and adding while unpacking.

use std::ops::Range;

use multiversion::multiversion;

/// Elements along the side of a tile: eight doubles are a cache line, and each line of a tile is then used whole at once.
const TILE: usize = 8;

/// Adds the transpose of the square block of A that stays here, from column `start` on, to that of B, and 1 to it.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(super) fn turn(a: &mut [f64], b: &mut [f64], n: usize, start: usize) {
    let side = a.len() / n.max(1);
    for top in (0..side).step_by(TILE) {
        let rows = top..(top + TILE).min(side);
        for left in (0..side).step_by(TILE) {
            let cols = left..(left + TILE).min(side);
            for target in cols.clone() {
                let sums = &mut b[target * n + start..][rows.clone()];
                for (sum, row) in sums.iter_mut().zip(rows.clone()) {
                    *sum += a[row * n + start + target];
                }
            }
            for row in rows.clone() {
                a[row * n + start..][cols.clone()].iter_mut().for_each(|value| *value += 1.0);
            }
        }
    }
}

/// Writes the transpose of those columns of A into `block`, row by row, and adds 1 to them.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(super) fn pack(a: &mut [f64], n: usize, cols: Range<usize>, block: &mut [f64]) {
    let height = a.len() / n.max(1);
    for top in (0..height).step_by(TILE) {
        let rows = top..(top + TILE).min(height);
        for left in cols.clone().step_by(TILE) {
            let tile = left..(left + TILE).min(cols.end);
            for row in rows.clone() {
                let source = &mut a[row * n..][tile.clone()];
                for (col, value) in source.iter_mut().enumerate() {
                    block[(left - cols.start + col) * height + row] = *value;
                    *value += 1.0;
                }
            }
        }
    }
}

/// Adds a block to those columns of B.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(super) fn add(b: &mut [f64], n: usize, cols: Range<usize>, block: &[f64]) {
    let width = cols.len();
    if width == 0 {
        return;
    }
    for (row, values) in block.chunks_exact(width).enumerate() {
        let target = &mut b[row * n + cols.start..][..width];
        for (sum, value) in target.iter_mut().zip(values) {
            *sum += value;
        }
    }
}
