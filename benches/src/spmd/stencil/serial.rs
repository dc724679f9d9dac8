//! The serial reference: the whole matrices, two iterations in one pass over the memory.
//!
//! The star of the second iteration follows four rows behind that of the first, and in += 1 two rows behind each: so
//! every row is as it must be, and still cached. Memory is read and written half as often as by iteration after
//! iteration.

use multiversion::multiversion;

use super::{RADIUS, Stencil, WEIGHTS};

/// Iterations in one pass. More would need more rows than a second-level cache has room for.
const TOGETHER: usize = 2;

/// The matrices out and in after all iterations.
pub(super) fn solve(stencil: &Stencil) -> (Vec<f64>, Vec<f64>) {
    let n = stencil.side();
    let mut input = Vec::with_capacity(n * n);
    for i in 0..n {
        input.extend((0..n).map(|j| (i + j) as f64));
    }
    let mut out = Vec::with_capacity(n * n);
    out.resize(n * n, 0.0);
    let mut left = stencil.iterations as usize + 1;
    while left > 0 {
        let now = left.min(TOGETHER);
        pass(&mut out, &mut input, n, now);
        left -= now;
    }
    (out, input)
}

/// So many iterations.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn pass(out: &mut [f64], input: &mut [f64], n: usize, iterations: usize) {
    let (first, last) = (RADIUS, n - 1 - RADIUS);
    for front in first..=last + 2 * RADIUS * (iterations - 1) {
        for behind in 0..iterations {
            let i = front.wrapping_sub(2 * RADIUS * behind);
            if !(first..=last).contains(&i) {
                continue;
            }
            let rows: &[f64] = &input[(i - 2) * n..(i + 3) * n];
            let (n2, n1, here, s1, s2) =
                (&rows[..n], &rows[n..2 * n], &rows[2 * n..3 * n], &rows[3 * n..4 * n], &rows[4 * n..5 * n]);
            let active = n - 4;
            let [n2, n1, s1, s2] = [n2, n1, s1, s2].map(|row| &row[2..][..active]);
            let [w2, w1, e1, e2] = [0, 1, 3, 4].map(|shift| &here[shift..][..active]);
            let out = &mut out[i * n + 2..][..active];
            for j in 0..active {
                let near = (e1[j] - w1[j]) + (s1[j] - n1[j]);
                let far = (e2[j] - w2[j]) + (s2[j] - n2[j]);
                out[j] += WEIGHTS[0] * near + WEIGHTS[1] * far;
            }
            // No later row of this iteration needs this one as it was, nor, after the last star, any.
            let done = if i == last { n } else { i - 1 };
            input[(i - 2) * n..done * n].iter_mut().for_each(|value| *value += 1.0);
        }
    }
}
