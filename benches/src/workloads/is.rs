//! `is`: the integer sort of the NAS Parallel Benchmarks.

mod histogram;
mod published;
mod serial;

use std::iter::repeat_n;
use std::num::NonZeroUsize;
use std::ops::Range;

use par_core::{Cost, Mismatch, Phase, Workload, split, task};
use serde::{Deserialize, Serialize};

use self::histogram::Histogram;
use self::published::Published;
use super::{Class, Lcg};

/// Rankings of the whole sequence, with two keys changed before each.
const ITERATIONS: usize = 10;
/// Keys whose ranks are checked in every iteration.
const PROBES: usize = 5;
/// The generator's seed.
const SEED: u64 = 314_159_265;

/// NAS IS: ten times over, two keys change and all keys are ranked; in the end they are sorted.
///
/// The regime is the histogram and its exchange: counting is cheap, so moving and merging counts shows.
/// Chunks are ranges of positions in the sequence; each jumps ahead to its keys, counts all of them in every
/// iteration, and sums the counts up to each of the five probe keys, which its partial carries beside the counts of
/// the last iteration.
/// (NPB turns the counts of every iteration into ranks; here the serial code does so too, but a chunk, whose ranks
/// would be of no use to anyone, only in [`finish`](Workload::finish), once.)
///
/// Verification is exact: 5×10 ranks, a sequence that is sorted, and as many of each key as the generator makes.
/// Operations count ranked keys, as NPB does for its Mop/s; bytes are one read of all keys per iteration.
///
/// # Examples
/// ```
/// use par_benches::workloads::{Class, Is};
/// use par_core::Workload;
/// let is = Is::class(Class::S);
/// let reference = is.serial();
/// is.verify(&reference, &reference)?;
/// assert_eq!(is.checked_against(), "NPB 3.3 IS class S");
/// # Ok::<(), par_core::Mismatch>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Is {
    log2_keys: u32,
    log2_limit: u32,
}

/// Why there is no such IS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IsError {
    /// Too few keys for the changes, or too many for 32-bit counts.
    #[error("IS of 2^{0} keys is not possible; choose an exponent from 6 to 31")]
    Keys(u32),
    /// Too few key values for the changes, or a table of counts beyond reason.
    #[error("IS of keys below 2^{0} is not possible; choose an exponent from 4 to 28")]
    Limit(u32),
}

impl Is {
    /// The published size of that class: 2^16, 2^20, 2^23, 2^25, 2^27 keys below 2^11, 2^16, 2^19, 2^21, 2^23 for
    /// S, W, A, B, C.
    pub const fn class(class: Class) -> Self {
        let (log2_keys, log2_limit) = match class {
            Class::S => (16, 11),
            Class::W => (20, 16),
            Class::A => (23, 19),
            Class::B => (25, 21),
            Class::C => (27, 23),
        };
        Self { log2_keys, log2_limit }
    }

    /// 2^`log2_keys` keys below 2^`log2_limit`.
    ///
    /// # Errors
    /// [`IsError::Keys`] unless `log2_keys` is in 6..=31, [`IsError::Limit`] unless `log2_limit` is in 4..=28.
    pub const fn new(log2_keys: u32, log2_limit: u32) -> Result<Self, IsError> {
        if log2_keys < 6 || log2_keys > 31 {
            return Err(IsError::Keys(log2_keys));
        }
        if log2_limit < 4 || log2_limit > 28 {
            return Err(IsError::Limit(log2_limit));
        }
        Ok(Self { log2_keys, log2_limit })
    }

    /// What [`verify`](Workload::verify) compares with: the published class, or the serial code.
    pub const fn checked_against(&self) -> &'static str {
        match Published::of(self.log2_keys, self.log2_limit) {
            Some(Published { class: Class::S, .. }) => "NPB 3.3 IS class S",
            Some(Published { class: Class::W, .. }) => "NPB 3.3 IS class W",
            Some(Published { class: Class::A, .. }) => "NPB 3.3 IS class A",
            Some(Published { class: Class::B, .. }) => "NPB 3.3 IS class B",
            Some(Published { class: Class::C, .. }) => "NPB 3.3 IS class C",
            None => "serial code",
        }
    }

    const fn keys(&self) -> u64 {
        1 << self.log2_keys
    }

    const fn limit(&self) -> usize {
        1 << self.log2_limit
    }

    /// Positions of the probes; where none are published, spread out behind the keys that change.
    fn probes(&self) -> [u64; PROBES] {
        let spread = |probe: usize| 21 + (self.keys() - 21) / PROBES as u64 * probe as u64;
        Published::of(self.log2_keys, self.log2_limit)
            .map_or_else(|| std::array::from_fn(spread), |published| published.probes)
    }

    /// The keys at some positions, before any change: the sum of four numbers each, scaled; jumps ahead.
    fn keys_at(&self, positions: Range<u64>) -> impl Iterator<Item = u32> {
        let shift = 48 - self.log2_limit;
        // Four numbers follow from the one before them, so that they need not wait for each other.
        let powers = [1, 2, 3, 4].map(Lcg::power);
        let mut before = Lcg::at(SEED, 4 * positions.start).state();
        positions.map(move |_| {
            let numbers = powers.map(|power| before.wrapping_mul(power) & Lcg::MASK);
            before = numbers[3];
            (numbers.iter().sum::<u64>() >> shift) as u32
        })
    }

    /// The changes before an iteration, 1…10: a small key and a large one.
    fn changes(&self, iteration: usize) -> [(u64, u32); 2] {
        let large = (self.limit() - iteration) as u32;
        [(iteration as u64, iteration as u32), ((iteration + ITERATIONS) as u64, large)]
    }
}

/// What a chunk of IS yields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsRanks {
    /// For each iteration and probe: how many keys are smaller.
    below: [[u64; PROBES]; ITERATIONS],
    histogram: Histogram,
}

/// The answer of IS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsRanking {
    /// For each of the ten iterations, the ranks of the five probes: how many keys are smaller.
    pub ranks: [[u64; PROBES]; ITERATIONS],
    /// All keys as they are after the last iteration, in ascending order.
    pub sorted: Vec<u32>,
}

#[par_core::workload]
impl Workload for Is {
    const NAME: &'static str = "is";
    type Chunk = Range<u64>;
    type Partial = IsRanks;
    type Output = IsRanking;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Range<u64>> {
        split(0..self.keys(), parts)
    }

    fn compute(&self, chunk: Range<u64>) -> IsRanks {
        let (mut keys, probes) = task::current().phase(Phase::Setup, || {
            let keys: Vec<u32> = self.keys_at(chunk.clone()).collect();
            (keys, self.probes().map(|position| self.keys_at(position..position + 1).sum::<u32>()))
        });
        let mut below = [[0; PROBES]; ITERATIONS];
        let mut counts = vec![0_u32; self.limit()];
        for (index, below) in below.iter_mut().enumerate() {
            for (position, key) in self.changes(index + 1) {
                if chunk.contains(&position) {
                    keys[(position - chunk.start) as usize] = key;
                }
            }
            counts.fill(0);
            // The mask is no change, and saves a bounds check per key.
            let (counts, mask) = (counts.as_mut_slice(), self.limit() - 1);
            for &key in &keys {
                counts[key as usize & mask] += 1;
            }
            *below = probes.map(|probe| u64::from(counts[..probe as usize].iter().sum::<u32>()));
        }
        IsRanks { below, histogram: Histogram(counts) }
    }

    fn identity(&self) -> IsRanks {
        IsRanks { below: [[0; PROBES]; ITERATIONS], histogram: Histogram::default() }
    }

    fn merge(&self, left: IsRanks, right: IsRanks) -> IsRanks {
        let below = std::array::from_fn(|iteration| {
            std::array::from_fn(|probe| left.below[iteration][probe] + right.below[iteration][probe])
        });
        IsRanks { below, histogram: left.histogram.add(right.histogram) }
    }

    fn finish(&self, total: IsRanks) -> IsRanking {
        let counts = total.histogram.0;
        let mut sorted = Vec::with_capacity(counts.iter().map(|&count| count as usize).sum());
        for (key, &count) in counts.iter().enumerate() {
            sorted.extend(repeat_n(key as u32, count as usize));
        }
        IsRanking { ranks: total.below, sorted }
    }

    fn serial(&self) -> IsRanking {
        serial::solve(self)
    }

    fn verify(&self, output: &IsRanking, reference: &IsRanking) -> Result<(), Mismatch> {
        let published = Published::of(self.log2_keys, self.log2_limit);
        let ranks = published.map_or(reference.ranks, |published| published.all_ranks());
        for (index, (got, expected)) in output.ranks.iter().zip(&ranks).enumerate() {
            Mismatch::unless_equal(&format!("ranks in iteration {}", index + 1), got, expected)?;
        }
        Mismatch::unless_equal("number of keys", &output.sorted.len(), &(self.keys() as usize))?;
        if let Some(at) = output.sorted.windows(2).position(|pair| pair[0] > pair[1]) {
            let got = format_args!("{} before {}", output.sorted[at], output.sorted[at + 1]).to_string();
            return Err(Mismatch::new(format!("order at {at}"), got, "ascending keys"));
        }
        self.same_keys(&output.sorted)
    }

    fn cost(&self) -> Cost {
        let ranked = self.keys() * ITERATIONS as u64;
        Cost::operations(ranked).with_bytes(4 * ranked)
    }
}

impl Is {
    /// Whether sorted keys are those of the generator, with all changes: as many of each.
    fn same_keys(&self, sorted: &[u32]) -> Result<(), Mismatch> {
        let mut surplus = vec![0_i64; self.limit()];
        let mut keys: Vec<u32> = self.keys_at(0..self.keys()).collect();
        for (position, key) in (1..=ITERATIONS).flat_map(|iteration| self.changes(iteration)) {
            keys[position as usize] = key;
        }
        for key in keys {
            surplus[key as usize] -= 1;
        }
        for &key in sorted {
            let entry = surplus
                .get_mut(key as usize)
                .ok_or_else(|| Mismatch::new("largest key", key, format_args!("below {}", self.limit())))?;
            *entry += 1;
        }
        match surplus.iter().position(|&surplus| surplus != 0) {
            None => Ok(()),
            Some(key) => Err(Mismatch::new(format!("surplus of key {key}"), surplus[key], 0)),
        }
    }
}
