//! The chunk kernel: C += A·B for some rows of A and C, blocked for the caches and for the registers.
//!
//! The method is that of K. Goto and R. A. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM
//! TOMS 34(3), 2008: a slab of B as deep as [`DEPTH`] is packed in panels as wide as the register tile, a block of A
//! that fits the second-level cache in panels as high as the tile, and the innermost loop reads both in order.
//! It is plain Rust over arrays: the compiler makes the vector code, and `multiversion` compiles it once for each
//! instruction set and chooses at run time without `unsafe` in this crate.
//! (`matrixmultiply`, the usual library, wants raw pointers; `benches/serial_kernels.rs` measures both in one run.)
//! A tile is 12 vector registers of sums, and leaves room for what is read of A and B.
//! Much larger tiles fall off a cliff (4 instead of 90 Gflop/s for 8×24): past about 100 sums the compiler gives up
//! unrolling the loops over the tile, and leaves the sums in memory.

use multiversion::multiversion;
use multiversion::target::match_target;

/// Columns of A, which are rows of B, per slab: one panel of each stays in the first-level cache.
const DEPTH: usize = 256;
/// Rows of A per packed block, 384 KiB with [`DEPTH`]: the second-level cache.
const HEIGHT: usize = 192;

/// Columns of a matrix B in packed slabs, made once and used by every product.
#[derive(Debug)]
pub(super) struct Packed {
    /// Rows.
    n: usize,
    columns: usize,
    /// Columns in a panel.
    width: usize,
    values: Vec<f64>,
}

/// The width of the register tile on this machine, in columns.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx2+fma", "x86_64+avx2+fma"))]
fn tile_width() -> usize {
    match_target! {
        "x86_64+avx512f" => 24,
        "x86_64+avx2+fma" => 8,
        _ => 4,
    }
}

impl Packed {
    /// Packs `n` rows of `columns` entries: slab by slab, panel by panel, row by row, with zeros past the edge.
    pub(super) fn new(n: usize, columns: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let width = tile_width();
        let mut values = Vec::with_capacity(n * columns.next_multiple_of(width));
        for first in (0..n).step_by(DEPTH) {
            for left in (0..columns).step_by(width) {
                let filled = left..columns.min(left + width);
                for row in first..n.min(first + DEPTH) {
                    values.extend(filled.clone().map(|column| entry(row, column)));
                    values.extend(std::iter::repeat_n(0.0, width - filled.len()));
                }
            }
        }
        Self { n, columns, width, values }
    }
}

/// C += A·B, where A has rows of n values, and C as many rows of as many values as B has columns.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn multiply(a: &[f64], b: &Packed, c: &mut [f64]) {
    match_target! {
        "x86_64+avx512f" => multiply_tiled::<4, 24, true>(a, b, c),
        "x86_64+avx2+fma" => multiply_tiled::<6, 8, true>(a, b, c),
        _ => multiply_tiled::<4, 4, false>(a, b, c),
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn multiply_tiled<const M: usize, const N: usize, const FMA: bool>(a: &[f64], b: &Packed, c: &mut [f64]) {
    assert_eq!(b.width, N, "packed and multiplied on the same machine");
    let (n, columns) = (b.n, b.columns);
    let rows = a.len() / n;
    let mut a_block = vec![0.0; HEIGHT.next_multiple_of(M) * DEPTH];
    let mut slabs = b.values.as_slice();
    for first in (0..n).step_by(DEPTH) {
        let depth = DEPTH.min(n - first);
        let (slab, rest) = slabs.split_at(depth * columns.next_multiple_of(N));
        slabs = rest;
        for top in (0..rows).step_by(HEIGHT) {
            let height = HEIGHT.min(rows - top);
            pack_rows::<M>(&a[top * n..][..height * n], n, first..first + depth, &mut a_block);
            for (panel_b, column) in slab.chunks_exact(depth * N).zip((0..columns).step_by(N)) {
                for (panel_a, row) in a_block.chunks_exact(depth * M).zip((0..height).step_by(M)) {
                    let tile = tile::<M, N, FMA>(panel_a, panel_b);
                    let rows = &mut c[(top + row) * columns..(top + height) * columns];
                    add_tile(&tile, rows, columns, column);
                }
            }
        }
    }
}

/// Packs the given columns of some rows of A: panel by panel, column by column, with zeros past the edge.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn pack_rows<const M: usize>(rows: &[f64], n: usize, columns: std::ops::Range<usize>, packed: &mut [f64]) {
    let depth = columns.len();
    for (group, panel) in rows.chunks(M * n).zip(packed.chunks_exact_mut(depth * M)) {
        if group.len() < M * n {
            panel.fill(0.0);
        }
        for (i, row) in group.chunks_exact(n).enumerate() {
            for (values, &value) in panel.as_chunks_mut::<M>().0.iter_mut().zip(&row[columns.clone()]) {
                values[i] = value;
            }
        }
    }
}

/// The product of a panel of A and a panel of B, in registers.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn tile<const M: usize, const N: usize, const FMA: bool>(a: &[f64], b: &[f64]) -> [[f64; N]; M] {
    let mut sums = [[0.0; N]; M];
    for (a, b) in a.as_chunks::<M>().0.iter().zip(b.as_chunks::<N>().0) {
        for i in 0..M {
            for j in 0..N {
                sums[i][j] = if FMA { a[i].mul_add(b[j], sums[i][j]) } else { sums[i][j] + a[i] * b[j] };
            }
        }
    }
    sums
}

/// Adds a tile to the rows of C, cut at its edges.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn add_tile<const M: usize, const N: usize>(tile: &[[f64; N]; M], rows: &mut [f64], n: usize, column: usize) {
    let width = N.min(n - column);
    for (row, sums) in rows.chunks_exact_mut(n).zip(tile) {
        if let Some(row) = row.get_mut(column..column + N) {
            for (value, sum) in row.iter_mut().zip(sums) {
                *value += sum;
            }
        } else {
            for (value, sum) in row[column..][..width].iter_mut().zip(sums) {
                *value += sum;
            }
        }
    }
}
