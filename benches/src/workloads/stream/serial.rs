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
        let [first, second, third] = expected.values;
        [largest_error(&a, first), largest_error(&b, second), largest_error(&c, third)]
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
            sum_of_absolutes(a)
        }
    }
}

/// The dot product, in sixteen sums side by side.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 16];
    let whole = a.len() - a.len() % sums.len();
    for start in (0..whole).step_by(sums.len()) {
        let (a, b) = (&a[start..start + 16], &b[start..start + 16]);
        for lane in 0..16 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for index in whole..a.len() {
        sums[0] += a[index] * b[index];
    }
    sums.iter().sum()
}

/// The sum of absolute values, in halves as long as there are any: fast, and with small errors.
fn sum_of_absolutes(values: &[f64]) -> f64 {
    if values.len() <= 64 {
        return values.iter().map(|value| value.abs()).sum();
    }
    let (left, right) = values.split_at(values.len() / 2);
    sum_of_absolutes(left) + sum_of_absolutes(right)
}

/// The largest distance from `expected`; NaN where there is one.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn largest_error(values: &[f64], expected: f64) -> f64 {
    let mut largest = [0.0_f64; 16];
    // What is no number counts as one more than nothing, so that comparing cannot lose it.
    let mut not_numbers = [0_u64; 16];
    for group in values.chunks(16) {
        for (lane, value) in group.iter().enumerate() {
            let error = (value - expected).abs();
            largest[lane] = if error > largest[lane] { error } else { largest[lane] };
            not_numbers[lane] += u64::from(error.is_nan());
        }
    }
    if not_numbers.iter().any(|&count| count > 0) {
        return f64::NAN;
    }
    largest.into_iter().fold(0.0, f64::max)
}
