//! The serial reference: the whole matrices, and in += 1 follows two rows behind the star, while the row is cached.

use multiversion::multiversion;

use super::Stencil;

/// The matrices out and in after all iterations.
pub(super) fn solve(stencil: &Stencil) -> (Vec<f64>, Vec<f64>) {
    let n = stencil.side();
    let mut input = Vec::with_capacity(n * n);
    for i in 0..n {
        input.extend((0..n).map(|j| (i + j) as f64));
    }
    let mut out = Vec::with_capacity(n * n);
    out.resize(n * n, 0.0);
    for _ in 0..=stencil.iterations {
        iteration(&mut out, &mut input, n);
    }
    (out, input)
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn iteration(out: &mut [f64], input: &mut [f64], n: usize) {
    for i in 2..n - 2 {
        let rows: &[f64] = &input[(i - 2) * n..(i + 3) * n];
        let (n2, n1, here, s1, s2) =
            (&rows[..n], &rows[n..2 * n], &rows[2 * n..3 * n], &rows[3 * n..4 * n], &rows[4 * n..5 * n]);
        let active = n - 4;
        let [n2, n1, s1, s2] = [n2, n1, s1, s2].map(|row| &row[2..][..active]);
        let [w2, w1, e1, e2] = [0, 1, 3, 4].map(|shift| &here[shift..][..active]);
        let out = &mut out[i * n + 2..][..active];
        for j in 0..active {
            out[j] += 0.25 * (e1[j] + s1[j] - w1[j] - n1[j]) + 0.125 * (e2[j] + s2[j] - w2[j] - n2[j]);
        }
        // No later row needs this one as it was.
        input[(i - 2) * n..(i - 1) * n].iter_mut().for_each(|value| *value += 1.0);
    }
    input[(n - 4) * n..].iter_mut().for_each(|value| *value += 1.0);
}
