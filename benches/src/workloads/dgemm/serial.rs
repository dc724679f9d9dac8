//! The serial reference: C += A·B with only B packed, and four rows of A read in place.

use multiversion::multiversion;
use multiversion::target::match_target;

/// Rows of B in a slab: a panel of it stays in the first-level cache.
const SLAB: usize = 192;
/// Rows of A that meet all of a slab before the next rows come, 192 KiB with [`SLAB`].
const BAND: usize = 128;
/// Rows of A per register tile.
const GROUP: usize = 4;

/// `times` times C += A·B, all n×n in rows.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+avx2+fma", "x86_64+avx2+fma"))]
pub(super) fn multiply(n: usize, times: u32, a: &[f64], b: &[f64], c: &mut [f64]) {
    for _ in 0..times {
        match_target! {
            "x86_64+avx512f" => product::<24, true>(n, a, b, c),
            "x86_64+avx2+fma" => product::<8, true>(n, a, b, c),
            _ => product::<4, false>(n, a, b, c),
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn product<const W: usize, const FMA: bool>(n: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    // Columns that do not fill a panel, and rows that do not fill a group, are read as zeros.
    let mut panels = vec![[0.0; W]; n.div_ceil(W) * SLAB];
    let zeros = vec![0.0; n];
    for (k, slab) in b.chunks(SLAB * n).enumerate() {
        let depth = slab.len() / n;
        for (row, values) in slab.chunks_exact(n).enumerate() {
            for (panel, piece) in values.chunks(W).enumerate() {
                panels[panel * depth + row][..piece.len()].copy_from_slice(piece);
            }
        }
        for (band_a, band_c) in a.chunks(BAND * n).zip(c.chunks_mut(BAND * n)) {
            for (p, panel) in panels.chunks_exact(depth).take(n.div_ceil(W)).enumerate() {
                for (group_a, group_c) in band_a.chunks(GROUP * n).zip(band_c.chunks_mut(GROUP * n)) {
                    let row =
                        |i: usize| &group_a.get(i * n..(i + 1) * n).unwrap_or(&zeros)[k * SLAB..][..depth];
                    let sums = dots::<W, FMA>([row(0), row(1), row(2), row(3)], panel);
                    for (target, sums) in group_c.chunks_exact_mut(n).zip(&sums) {
                        for (value, sum) in target[p * W..].iter_mut().zip(sums) {
                            *value += sum;
                        }
                    }
                }
            }
        }
    }
}

/// Four rows times one panel, in registers.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn dots<const W: usize, const FMA: bool>(rows: [&[f64]; GROUP], panel: &[[f64; W]]) -> [[f64; W]; GROUP] {
    let mut sums = [[0.0; W]; GROUP];
    let [first, second, third, fourth] = rows;
    for ((((&p, &q), &r), &s), b) in first.iter().zip(second).zip(third).zip(fourth).zip(panel) {
        for (sums, factor) in sums.iter_mut().zip([p, q, r, s]) {
            for (sum, &value) in sums.iter_mut().zip(b) {
                *sum = if FMA { factor.mul_add(value, *sum) } else { *sum + factor * value };
            }
        }
    }
    sums
}
