//! `ep`: the embarrassingly parallel kernel of the NAS Parallel Benchmarks.

mod kernel;
mod ln;
mod serial;

use std::num::NonZeroUsize;
use std::ops::Range;

use par_core::{Cost, Mismatch, Workload, split};
use serde::{Deserialize, Serialize};

use super::Class;
use crate::Fixed;

/// Square annuli that are counted: 0 ≤ max(|X|, |Y|) < 10.
const ANNULI: usize = 10;
/// Pairs of uniform numbers in a batch, the grain of a chunk.
const BATCH: u64 = 1 << 16;
/// The generator's seed.
const SEED: u64 = 271_828_183;

/// Lanes that begin on a cache line: where a stack happens to be would else decide whether every wide load takes two.
#[repr(align(64))]
struct Aligned<T>(T);
/// The relative error that NPB allows in a sum.
const TOLERANCE: f64 = 1e-8;

/// NAS EP: 2^M pairs of uniform numbers become Gaussian pairs (Marsaglia's polar method), which are summed and
/// counted in square annuli.
///
/// The regime is independent compute: no memory, no communication, chunks of nearly equal cost.
/// Chunks are ranges of batches of 2^16 pairs; each batch jumps ahead in the one NAS sequence.
/// The sums of batches add in fixed point, so the answer is the same to the last bit for any number of parts;
/// the serial code adds in another order, and agrees to about 1e-13.
///
/// Operations count random numbers, 2^(M+1), as NPB does for its Mop/s.
///
/// # Examples
/// ```
/// use par_benches::workloads::{Class, Ep};
/// use par_core::Workload;
/// let ep = Ep::class(Class::S);
/// assert_eq!(ep.checked_against(), "NPB 3.3 EP class S");
/// assert_eq!(ep.cost().operations, 1 << 25);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ep {
    log2_pairs: u32,
}

/// Why there is no such EP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EpError {
    /// The number of pairs is not a whole number of batches, or the sequence would repeat.
    #[error("EP of 2^{0} pairs is not possible; choose an M from 16 (one batch) to 40 (class E)")]
    Pairs(u32),
}

impl Ep {
    /// The published size of that class: M = 24, 25, 28, 30, 32 for S, W, A, B, C.
    pub const fn class(class: Class) -> Self {
        let log2_pairs = match class {
            Class::S => 24,
            Class::W => 25,
            Class::A => 28,
            Class::B => 30,
            Class::C => 32,
        };
        Self { log2_pairs }
    }

    /// 2^`log2_pairs` pairs.
    ///
    /// # Errors
    /// [`EpError::Pairs`] unless `log2_pairs` is in 16..=40.
    pub const fn new(log2_pairs: u32) -> Result<Self, EpError> {
        if log2_pairs < 16 || log2_pairs > 40 {
            return Err(EpError::Pairs(log2_pairs));
        }
        Ok(Self { log2_pairs })
    }

    /// What [`verify`](Workload::verify) compares with: the published class, or the serial code.
    pub const fn checked_against(&self) -> &'static str {
        match self.log2_pairs {
            24 => "NPB 3.3 EP class S",
            25 => "NPB 3.3 EP class W",
            28 => "NPB 3.3 EP class A",
            30 => "NPB 3.3 EP class B",
            32 => "NPB 3.3 EP class C",
            _ => "serial code",
        }
    }

    const fn pairs(&self) -> u64 {
        1 << self.log2_pairs
    }
}

/// What a chunk of EP yields: exact counts, and sums that add exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpSums {
    x: Fixed,
    y: Fixed,
    counts: [u64; ANNULI],
}

/// The answer of EP.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpTotals {
    /// The sum of all Gaussian deviates X.
    pub sum_x: f64,
    /// The sum of all Gaussian deviates Y.
    pub sum_y: f64,
    /// How many pairs were accepted.
    pub pairs: u64,
    /// How many pairs have l ≤ max(|X|, |Y|) < l + 1, for l = 0…9.
    pub counts: [u64; ANNULI],
}

#[par_core::workload]
impl Workload for Ep {
    const NAME: &'static str = "ep";
    type Chunk = Range<u64>;
    type Partial = EpSums;
    type Output = EpTotals;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Range<u64>> {
        split(0..self.pairs() / BATCH, parts)
    }

    fn compute(&self, chunk: Range<u64>) -> EpSums {
        chunk.map(kernel::batch).fold(self.identity(), |sums, batch| {
            let batch = EpSums {
                x: Fixed::from_f64(batch.x, 1.0),
                y: Fixed::from_f64(batch.y, 1.0),
                counts: batch.counts,
            };
            self.merge(sums, batch)
        })
    }

    fn identity(&self) -> EpSums {
        EpSums { x: Fixed::ZERO, y: Fixed::ZERO, counts: [0; ANNULI] }
    }

    fn merge(&self, left: EpSums, right: EpSums) -> EpSums {
        EpSums {
            x: left.x.add(right.x),
            y: left.y.add(right.y),
            counts: std::array::from_fn(|annulus| left.counts[annulus] + right.counts[annulus]),
        }
    }

    fn finish(&self, total: EpSums) -> EpTotals {
        EpTotals {
            sum_x: total.x.to_f64(1.0),
            sum_y: total.y.to_f64(1.0),
            pairs: total.counts.iter().sum(),
            counts: total.counts,
        }
    }

    fn serial(&self) -> EpTotals {
        serial::solve(self.pairs())
    }

    fn verify(&self, output: &EpTotals, reference: &EpTotals) -> Result<(), Mismatch> {
        let expected = published(self.log2_pairs);
        let (sum_x, sum_y) = expected.map_or((reference.sum_x, reference.sum_y), |it| (it.sum_x, it.sum_y));
        Mismatch::unless_close("sum X", output.sum_x, sum_x, TOLERANCE)?;
        Mismatch::unless_close("sum Y", output.sum_y, sum_y, TOLERANCE)?;
        let counts = expected.and_then(|it| it.counts).unwrap_or(reference.counts);
        Mismatch::unless_equal("counts", &output.counts, &counts)?;
        let pairs = expected.map_or(reference.pairs, |it| it.pairs);
        Mismatch::unless_equal("pairs", &output.pairs, &pairs)
    }

    fn cost(&self) -> Cost {
        Cost::operations(2 * self.pairs())
    }
}

/// What is published of one size.
#[derive(Debug, Clone, Copy)]
struct Published {
    sum_x: f64,
    sum_y: f64,
    pairs: u64,
    counts: Option<[u64; ANNULI]>,
}

/// Sources: NPB 3.3 `ep.f` for the sums; the number of pairs is what later releases of NPB, and NPB-Rust, verify
/// (`gc_verify_value`); the counts of class S are in the output of NPB 3.3.
fn published(log2_pairs: u32) -> Option<Published> {
    let (sum_x, sum_y, pairs, counts) = match log2_pairs {
        24 => {
            let counts = [6_140_517, 5_865_300, 1_100_361, 68_546, 1_648, 17, 0, 0, 0, 0];
            (-3.247_834_652_034_74e3, -6.958_407_078_382_297e3, 13_176_389, Some(counts))
        }
        25 => (-2.863_319_731_645_753e3, -6.320_053_679_109_499e3, 26_354_769, None),
        28 => (-4.295_875_165_629_892e3, -1.580_732_573_678_431e4, 210_832_767, None),
        30 => (4.033_815_542_441_498e4, -2.660_669_192_809_235e4, 843_345_606, None),
        32 => (4.764_367_927_995_374e4, -8.084_072_988_043_731e4, 3_373_275_903, None),
        _ => return None,
    };
    Some(Published { sum_x, sum_y, pairs, counts })
}
