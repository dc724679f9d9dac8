//! The serial reference: one sweep after the other over the whole arrays.

use multiversion::multiversion;
use par_core::{Phase, task};

use super::{Recurrence, S, Stream, StreamTotals};

/// Runs the recurrence over all elements.
pub(super) fn solve(stream: &Stream) -> StreamTotals {
    let n = stream.elements as usize;
    let recurrence = stream.recurrence;
    let [mut a, mut b, mut c] =
        task::current().phase(Phase::Setup, || recurrence.initial().map(|value| filled(n, value)));
    let sum = sweeps(recurrence, stream.iterations, [&mut a, &mut b, &mut c]);
    let expected = stream.expected();
    let worst = task::current().phase(Phase::Setup, || {
        [(a, expected.values[0]), (b, expected.values[1]), (c, expected.values[2])].map(|(array, value)| {
            let error = |largest: f64, element: f64| {
                let error = (element - value).abs();
                // A NaN is neither smaller nor equal; once there, it stays.
                if error <= largest || largest.is_nan() { largest } else { error }
            };
            array.into_iter().fold(0.0, error)
        })
    });
    StreamTotals { elements: stream.elements, worst, sum }
}

fn filled(n: usize, value: f64) -> Vec<f64> {
    std::iter::repeat_n(value, n).collect()
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn sweeps(recurrence: Recurrence, iterations: u32, arrays: [&mut [f64]; 3]) -> f64 {
    let [mut a, mut b, mut c] = arrays;
    // The compiler sees that all indices are in bounds.
    let n = a.len();
    assert!(b.len() == n && c.len() == n, "three arrays of one length");
    match recurrence {
        Recurrence::Triad => {
            for _ in 0..iterations {
                for i in 0..n {
                    a[i] = b[i] + S * c[i];
                }
                (a, b, c) = (b, c, a);
            }
            // Put the names back where the roles came from.
            for _ in 0..(3 - iterations % 3) % 3 {
                (a, b, c) = (b, c, a);
            }
            product(a, b)
        }
        Recurrence::Babel => {
            let mut last = 0.0;
            for _ in 0..iterations {
                c.clone_from_slice(a);
                for i in 0..n {
                    b[i] = S * c[i];
                }
                for i in 0..n {
                    c[i] = a[i] + b[i];
                }
                for i in 0..n {
                    a[i] = b[i] + S * c[i];
                }
                last = product(a, b);
            }
            last
        }
        Recurrence::Nstream => {
            for _ in 0..=iterations {
                for i in 0..n {
                    a[i] += b[i] + 3.0 * c[i];
                }
            }
            // The elements are positive where all is well; a NaN or a sign that is wrong shows in the worst error.
            product(a, &vec![1.0; n])
        }
    }
}

/// Sixteen sums side by side, folded in halves.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 16];
    for (a, b) in a.chunks(16).zip(b.chunks(16)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let mut width = sums.len();
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}
