//! The serial reference: B += Aᵀ and A += 1 in one pass over square tiles.

use multiversion::multiversion;

use super::Transpose;

const BLOCK: usize = 8;

/// B after all iterations.
pub(super) fn solve(transpose: &Transpose) -> Vec<f64> {
    let n = transpose.side();
    let mut a = Vec::with_capacity(n * n);
    a.extend((0..n * n).map(|index| index as f64));
    let mut b = Vec::with_capacity(n * n);
    b.resize(n * n, 0.0);
    for _ in 0..=transpose.iterations {
        pass(&mut a, &mut b, n);
    }
    b
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn pass(a: &mut [f64], b: &mut [f64], n: usize) {
    for i0 in (0..n).step_by(BLOCK) {
        for j0 in (0..n).step_by(BLOCK) {
            let (i1, j1) = ((i0 + BLOCK).min(n), (j0 + BLOCK).min(n));
            for j in j0..j1 {
                let row = &mut b[j * n + i0..j * n + i1];
                for (i, sum) in (i0..i1).zip(row) {
                    *sum += a[i * n + j];
                }
            }
            for i in i0..i1 {
                a[i * n + j0..i * n + j1].iter_mut().for_each(|value| *value += 1.0);
            }
        }
    }
}
