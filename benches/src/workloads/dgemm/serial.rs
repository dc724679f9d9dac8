//! The serial reference: C += A·B with B in panels, and bands of A with four rows zipped into one.

use multiversion::multiversion;
use multiversion::target::match_target;

/// Rows of B in a slab: a panel of it stays in the first-level cache.
const SLAB: usize = 256;
/// Rows of A that meet all of a slab before the next rows come, 192 KiB with [`SLAB`].
const BAND: usize = 192;
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
    // Columns that do not fill a panel are zeros; rows that do not fill a group are what was there before, and their
    // sums go nowhere.
    let mut panels = vec![[0.0; W]; n.div_ceil(W) * SLAB];
    let mut band = vec![[0.0; GROUP]; BAND / GROUP * SLAB];
    for (k, slab) in b.chunks(SLAB * n).enumerate() {
        let depth = slab.len() / n;
        for (row, values) in slab.chunks_exact(n).enumerate() {
            for (panel, piece) in values.chunks(W).enumerate() {
                panels[panel * depth + row][..piece.len()].copy_from_slice(piece);
            }
        }
        for (rows, targets) in a.chunks(BAND * n).zip(c.chunks_mut(BAND * n)) {
            for (zipped, rows) in band.chunks_exact_mut(depth).zip(rows.chunks(GROUP * n)) {
                for (lane, row) in rows.chunks_exact(n).enumerate() {
                    for (factors, &value) in zipped.iter_mut().zip(&row[k * SLAB..]) {
                        factors[lane] = value;
                    }
                }
            }
            for (p, panel) in panels.chunks_exact(depth).take(n.div_ceil(W)).enumerate() {
                for (group, targets) in band.chunks_exact(depth).zip(targets.chunks_mut(GROUP * n)) {
                    let sums = dots::<W, FMA>(group, panel);
                    for (target, sums) in targets.chunks_exact_mut(n).zip(&sums) {
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
fn dots<const W: usize, const FMA: bool>(rows: &[[f64; GROUP]], panel: &[[f64; W]]) -> [[f64; W]; GROUP] {
    let mut sums = [[0.0; W]; GROUP];
    for (factors, b) in rows.iter().zip(panel) {
        for i in 0..GROUP {
            for j in 0..W {
                let (factor, sum) = (factors[i], sums[i][j]);
                sums[i][j] = if FMA { factor.mul_add(b[j], sum) } else { sum + factor * b[j] };
            }
        }
    }
    sums
}
