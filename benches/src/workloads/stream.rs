//! `stream`: memory bandwidth, after `BabelStream` and PRK nstream.

mod kernel;
mod serial;

use std::num::NonZeroUsize;
use std::ops::Range;

use par_core::{Cost, Mismatch, Phase, Workload, split, task};
use serde::{Deserialize, Serialize};

use self::kernel::Arrays;
use crate::Fixed;

/// The scalar of BabelStream's kernels, s.
const S: f64 = 0.4;
/// The error that BabelStream allows in an array, in units of the double's epsilon.
const ARRAY_TOLERANCE: f64 = 100.0 * f64::EPSILON;
/// The relative error that BabelStream allows in the dot product.
const DOT_TOLERANCE: f64 = 1e7 * f64::EPSILON;
/// The relative error that PRK allows in the sum of nstream.
const NSTREAM_TOLERANCE: f64 = 1e-8;

/// Sweeps over three long arrays, I times: triads, BabelStream's five kernels, or PRK's nstream.
///
/// The regime is memory bandwidth.
/// Chunks are ranges of elements; each owns, makes and sweeps its slices of the arrays.
/// A rate is one of main memory only where a chunk's slices, 24 bytes per element, are larger than the caches: with
/// many parts, each stays in a cache from one sweep to the next.
///
/// Every element of an array is the same number, that of a scalar recurrence in the same operations, so the largest
/// error should be zero; BabelStream's tolerance (100 epsilon) is kept, but for the largest error where BabelStream
/// has the mean, in which one wrong element of 2^25 is lost.
///
/// Operations count floating-point operations; bytes count reads and writes as BabelStream does, without the reads
/// that a write-allocate cache makes: 16 per element for copy, scale and dot, 24 for add and triad, 32 for nstream.
///
/// # Examples
/// ```
/// use par_benches::workloads::{Recurrence, Stream};
/// use par_core::Workload;
/// let stream = Stream::new(1000, 10, Recurrence::Triad)?;
/// let reference = stream.serial();
/// stream.verify(&reference, &reference)?;
/// assert_eq!(stream.cost().bytes, 1000 * (10 * 24 + 16));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    elements: u64,
    iterations: u32,
    recurrence: Recurrence,
}

/// What one iteration does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recurrence {
    /// One triad, a = b + s·c, then b = c + s·a, then c = a + s·b, and so on; one dot product a·b in the end.
    ///
    /// The arrays take turns because BabelStream's triad alone writes the same values every time: a sweep that was
    /// left out would not show.
    Triad,
    /// BabelStream's sequence: copy c = a, scale b = s·c, add c = a + b, triad a = b + s·c, dot a·b.
    Babel,
    /// PRK nstream: a += b + 3·c with a = 0, b = c = 2, I + 1 times; Σ|a| = 8(I+1)N in the end.
    Nstream,
}

impl Recurrence {
    /// What a, b and c hold at first. Sources: BabelStream (0.1, 0.2, 0), PRK (0, 2, 2).
    const fn initial(self) -> [f64; 3] {
        match self {
            Self::Triad | Self::Babel => [0.1, 0.2, 0.0],
            Self::Nstream => [0.0, 2.0, 2.0],
        }
    }
}

/// Why there is no such stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// No elements, or more than any memory holds.
    #[error("arrays of {0} elements are not possible; choose from 1 to 2^36")]
    Elements(u64),
    /// No sweep, or so many that the values of the recurrence overflow.
    #[error("{0} iterations are not possible; choose from 1 to 1000")]
    Iterations(u32),
}

impl Stream {
    /// The size for tests: 2^20 elements, ten triads.
    pub const fn test() -> Self {
        Self { elements: 1 << 20, iterations: 10, recurrence: Recurrence::Triad }
    }

    /// The size for a first look: 2^22 elements, 96 MiB in all, ten triads.
    pub const fn quick() -> Self {
        Self { elements: 1 << 22, iterations: 10, recurrence: Recurrence::Triad }
    }

    /// The size for measurements: 2^25 elements, 768 MiB in all, ten triads.
    pub const fn bench() -> Self {
        Self { elements: 1 << 25, iterations: 10, recurrence: Recurrence::Triad }
    }

    /// `iterations` of `recurrence` over arrays of `elements` doubles.
    ///
    /// # Errors
    /// [`StreamError::Elements`] unless `elements` is in 1..=2^36, [`StreamError::Iterations`] unless `iterations`
    /// is in 1..=1000.
    pub const fn new(elements: u64, iterations: u32, recurrence: Recurrence) -> Result<Self, StreamError> {
        if elements == 0 || elements > 1 << 36 {
            return Err(StreamError::Elements(elements));
        }
        if iterations == 0 || iterations > 1000 {
            return Err(StreamError::Iterations(iterations));
        }
        Ok(Self { elements, iterations, recurrence })
    }

    /// What [`verify`](Workload::verify) compares with.
    pub const fn checked_against(&self) -> &'static str {
        match self.recurrence {
            Recurrence::Triad => "scalar recurrence of triads, BabelStream tolerances",
            Recurrence::Babel => "BabelStream recurrence",
            Recurrence::Nstream => "PRK nstream checksum",
        }
    }

    /// What every element of a, b and c is after the last iteration, and what the sum is.
    fn expected(&self) -> Expected {
        let [mut a, mut b, mut c] = self.recurrence.initial();
        let n = self.elements as f64;
        for iteration in 0..self.iterations {
            match (self.recurrence, iteration % 3) {
                (Recurrence::Triad, 0) => a = b + S * c,
                (Recurrence::Triad, 1) => b = c + S * a,
                (Recurrence::Triad, _) => c = a + S * b,
                (Recurrence::Babel, _) => {
                    c = a;
                    b = S * c;
                    c = a + b;
                    a = b + S * c;
                }
                (Recurrence::Nstream, _) => a = 8.0 * f64::from(self.iterations + 1),
            }
        }
        let sum = if self.recurrence == Recurrence::Nstream { a * n } else { a * b * n };
        Expected { values: [a, b, c], sum }
    }
}

/// The answer that the scalar recurrence predicts.
#[derive(Debug, Clone, Copy)]
struct Expected {
    values: [f64; 3],
    sum: f64,
}

/// What a chunk of a stream yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamSums {
    elements: u64,
    /// The bits of the largest error in each array, which order like the errors, NaN above all.
    worst: [u64; 3],
    /// The dot product, or the sum, in units of the expected one.
    sum: Fixed,
}

/// The answer of a stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StreamTotals {
    /// How many elements were swept.
    pub elements: u64,
    /// The largest absolute error of an element in a, b and c; NaN where an element is NaN.
    pub worst: [f64; 3],
    /// The dot product of a and b; for nstream, the sum of the absolute values of a.
    pub sum: f64,
}

#[par_core::workload]
impl Workload for Stream {
    const NAME: &'static str = "stream";
    type Chunk = Range<u64>;
    type Partial = StreamSums;
    type Output = StreamTotals;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Range<u64>> {
        split(0..self.elements, parts)
    }

    fn compute(&self, chunk: Range<u64>) -> StreamSums {
        let elements = chunk.end - chunk.start;
        let context = task::current();
        let mut arrays = context.phase(Phase::Setup, || Arrays::new(self.recurrence, elements as usize));
        let sum = arrays.run(self.recurrence, self.iterations);
        let expected = self.expected();
        // Looking for errors is no part of the kernel either.
        let worst = context.phase(Phase::Setup, || arrays.worst(expected.values).map(f64::to_bits));
        StreamSums { elements, worst, sum: Fixed::from_f64(sum, expected.sum) }
    }

    fn identity(&self) -> StreamSums {
        StreamSums { elements: 0, worst: [0; 3], sum: Fixed::ZERO }
    }

    fn merge(&self, left: StreamSums, right: StreamSums) -> StreamSums {
        StreamSums {
            elements: left.elements + right.elements,
            worst: std::array::from_fn(|array| left.worst[array].max(right.worst[array])),
            sum: left.sum.add(right.sum),
        }
    }

    fn finish(&self, total: StreamSums) -> StreamTotals {
        StreamTotals {
            elements: total.elements,
            worst: total.worst.map(f64::from_bits),
            sum: total.sum.to_f64(self.expected().sum),
        }
    }

    fn serial(&self) -> StreamTotals {
        serial::solve(self)
    }

    fn verify(&self, output: &StreamTotals, _reference: &StreamTotals) -> Result<(), Mismatch> {
        let expected = self.expected();
        Mismatch::unless_equal("number of elements", &output.elements, &self.elements)?;
        let magnitude = expected.values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        for (name, worst) in ["a", "b", "c"].iter().zip(output.worst) {
            let tolerance = ARRAY_TOLERANCE * magnitude;
            let expected = format_args!("at most {tolerance:e}").to_string();
            // A NaN fails the comparison.
            Mismatch::unless(worst <= tolerance, &format!("largest error in {name}"), worst, expected)?;
        }
        let (quantity, tolerance) = match self.recurrence {
            Recurrence::Triad | Recurrence::Babel => ("dot product", DOT_TOLERANCE),
            Recurrence::Nstream => ("sum of |a|", NSTREAM_TOLERANCE),
        };
        Mismatch::unless_close(quantity, output.sum, expected.sum, tolerance)
    }

    fn cost(&self) -> Cost {
        let iterations = u64::from(self.iterations);
        let (operations, bytes) = match self.recurrence {
            Recurrence::Triad => (2 * iterations + 2, 24 * iterations + 16),
            Recurrence::Babel => (6 * iterations, (16 + 16 + 24 + 24 + 16) * iterations),
            Recurrence::Nstream => (3 * (iterations + 1) + 1, 32 * (iterations + 1) + 8),
        };
        Cost::operations(operations * self.elements).with_bytes(bytes * self.elements)
    }
}
