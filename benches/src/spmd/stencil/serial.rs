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
        let out = &mut out[i * n..(i + 1) * n];
        for j in 2..n - 2 {
            out[j] += 0.25 * (here[j + 1] + s1[j] - here[j - 1] - n1[j])
                + 0.125 * (here[j + 2] + s2[j] - here[j - 2] - n2[j]);
        }
        // No later row needs this one as it was.
        input[(i - 2) * n..(i - 1) * n].iter_mut().for_each(|value| *value += 1.0);
    }
    input[(n - 4) * n..].iter_mut().for_each(|value| *value += 1.0);
}
