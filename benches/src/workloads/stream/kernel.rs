//! The chunk kernels: whole-slice loops that the compiler turns into vector code.

use multiversion::multiversion;

use super::{Recurrence, S};

/// The three arrays of a chunk.
#[derive(Debug)]
pub(super) struct Arrays {
    pub(super) a: Vec<f64>,
    pub(super) b: Vec<f64>,
    pub(super) c: Vec<f64>,
}

impl Arrays {
    /// Arrays of that length, written once: the worker that computes on the pages is the one that first touches them.
    pub(super) fn new(recurrence: Recurrence, length: usize) -> Self {
        let [a, b, c] = recurrence.initial().map(|value| {
            // Not `vec![0.0; length]`, which leaves zero pages to be touched later.
            let mut array = Vec::with_capacity(length);
            array.resize(length, value);
            array
        });
        Self { a, b, c }
    }

    /// Runs the recurrence; answers a·b after it, or Σ|a| for nstream.
    pub(super) fn run(&mut self, recurrence: Recurrence, iterations: u32) -> f64 {
        let Self { a, b, c } = self;
        match recurrence {
            Recurrence::Triad => {
                for iteration in 0..iterations {
                    match iteration % 3 {
                        0 => triad(a, b, c),
                        1 => triad(b, c, a),
                        _ => triad(c, a, b),
                    }
                }
                dot(a, b)
            }
            Recurrence::Babel => {
                let mut last = 0.0;
                for _ in 0..iterations {
                    c.copy_from_slice(a);
                    scale(b, c);
                    add(c, a, b);
                    triad(a, b, c);
                    last = dot(a, b);
                }
                last
            }
            Recurrence::Nstream => {
                for _ in 0..=iterations {
                    nstream(a, b, c);
                }
                sum_of_absolutes(a)
            }
        }
    }

    /// The largest absolute difference of each array from what all its elements should be; NaN where there is one.
    pub(super) fn worst(&self, expected: [f64; 3]) -> [f64; 3] {
        let arrays = [&self.a, &self.b, &self.c];
        std::array::from_fn(|array| worst(arrays[array], expected[array]))
    }
}

/// Scales by BabelStream's s = 0.4.
fn scale(b: &mut [f64], c: &[f64]) {
    for (b, c) in b.iter_mut().zip(c) {
        *b = S * c;
    }
}

fn add(c: &mut [f64], a: &[f64], b: &[f64]) {
    for ((c, a), b) in c.iter_mut().zip(a).zip(b) {
        *c = a + b;
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn triad(a: &mut [f64], b: &[f64], c: &[f64]) {
    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
        *a = b + S * c;
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn nstream(a: &mut [f64], b: &[f64], c: &[f64]) {
    const SCALAR: f64 = 3.0;
    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
        *a += b + SCALAR * c;
    }
}

/// Sums that run side by side, since one chain of additions would wait for itself.
const CHAINS: usize = 32;

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; CHAINS];
    let (a_groups, a_rest) = a.as_chunks::<CHAINS>();
    let (b_groups, b_rest) = b.as_chunks::<CHAINS>();
    for (a, b) in a_groups.iter().zip(b_groups) {
        for lane in 0..CHAINS {
            sums[lane] += a[lane] * b[lane];
        }
    }
    a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>() + sums.iter().sum::<f64>()
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn sum_of_absolutes(a: &[f64]) -> f64 {
    let mut sums = [0.0; CHAINS];
    let (groups, rest) = a.as_chunks::<CHAINS>();
    for group in groups {
        for lane in 0..CHAINS {
            sums[lane] += group[lane].abs();
        }
    }
    rest.iter().map(|a| a.abs()).sum::<f64>() + sums.iter().sum::<f64>()
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn worst(values: &[f64], expected: f64) -> f64 {
    // The bits of numbers that are not negative order like the numbers, and NaN lies above them all.
    let bits = values.iter().map(|value| (value - expected).abs().to_bits()).fold(0, u64::max);
    f64::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use par_core::Workload;

    use super::Arrays;
    use crate::Fixed;
    use crate::workloads::stream::{Recurrence, Stream, StreamSums};

    const ELEMENTS: u64 = 1000;
    const ALL: [Recurrence; 3] = [Recurrence::Triad, Recurrence::Babel, Recurrence::Nstream];

    /// Whether the stream passes when its arrays are tampered with after `iterations` of the ten.
    fn passes(recurrence: Recurrence, iterations: u32, tamper: impl FnOnce(&mut Arrays)) -> bool {
        let stream = Stream::new(ELEMENTS, 10, recurrence).unwrap();
        let mut arrays = Arrays::new(recurrence, ELEMENTS as usize);
        let sum = arrays.run(recurrence, iterations);
        tamper(&mut arrays);
        let expected = stream.expected();
        let worst = arrays.worst(expected.values).map(f64::to_bits);
        let sums = StreamSums { elements: ELEMENTS, worst, sum: Fixed::from_f64(sum, expected.sum) };
        stream.verify(&stream.finish(sums), &stream.serial()).is_ok()
    }

    #[test]
    fn untouched_arrays_pass() {
        assert!(ALL.into_iter().all(|recurrence| passes(recurrence, 10, |_| ())));
    }

    #[test]
    fn arrays_of_the_iteration_before_fail() {
        assert!(!ALL.into_iter().any(|recurrence| passes(recurrence, 9, |_| ())));
    }

    #[test]
    fn one_element_that_is_wrong_fails() {
        for recurrence in ALL {
            assert!(!passes(recurrence, 10, |arrays| arrays.a[17] *= 1.0 + 1e-12));
            assert!(!passes(recurrence, 10, |arrays| arrays.b[0] = f64::NAN));
            assert!(!passes(recurrence, 10, |arrays| arrays.c[999] = 0.0));
            assert!(!passes(recurrence, 10, |arrays| arrays.c[500] = f64::INFINITY));
        }
    }

    #[test]
    fn swapped_arrays_fail() {
        for recurrence in ALL {
            assert!(!passes(recurrence, 10, |arrays| std::mem::swap(&mut arrays.a, &mut arrays.b)));
        }
    }

    #[test]
    fn lengths_that_no_vector_divides_are_swept_to_the_end() {
        for elements in [1, 7, 31, 33, 1025] {
            for recurrence in ALL {
                let stream = Stream::new(elements, 4, recurrence).unwrap();
                let chunk = stream.chunks(NonZeroUsize::MIN).remove(0);
                let output = stream.finish(stream.compute(chunk));
                stream.verify(&output, &stream.serial()).unwrap();
                stream.verify(&stream.serial(), &output).unwrap();
            }
        }
    }
}
