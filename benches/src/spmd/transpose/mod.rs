//! `transpose`: a matrix onto its transpose, by all-to-all.

mod examine;
mod kernel;
mod serial;

use par_core::comm::{Blocks, CommError, Communicator, Spmd};
use par_core::{Cost, Mismatch};
use serde::{Deserialize, Serialize};

use super::watch::Watch;
use super::{Patch, Ranked, SerialTime, SpmdWorkload};

/// The matrix transpose of the Parallel Research Kernels (PRK): B += Aᵀ, A += 1, I + 1 times over, where at first
/// A\[i\]\[j\] = i·n + j and B = 0.
///
/// The regime is all-to-all: each rank has a band of rows of A and of B, and sends every other rank what that one's
/// rows of B need. All numbers are integers that a double holds, so the answer has the same bits for any number of
/// ranks, and is checked exactly, element by element: B\[j\]\[i\] = (i·n + j)(I+1) + I(I+1)/2.
///
/// Operations count elements moved; bytes are one read and one write of A and of B, per iteration.
///
/// # Examples
/// ```
/// use par_benches::spmd::{SpmdWorkload, Transpose};
/// use par_core::testing::ModelWorld;
/// let transpose = Transpose::new(25, 3)?;
/// let parts: Vec<_> = ModelWorld::new(3).run(&transpose)?.into_iter().map(|rank| rank.part).collect();
/// transpose.verify(&parts)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transpose {
    n: u32,
    iterations: u32,
}

/// Why there is no such transpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransposeError {
    /// The matrix is empty or does not fit an ordinary memory.
    #[error("a {0}×{0} matrix is not possible; choose an order from 1 to 32768")]
    Order(u32),
    /// The sums would leave the integers that a double holds.
    #[error("{0} iterations are not possible; choose at most 100000")]
    Iterations(u32),
}

/// What a rank finds in its rows of B.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransposePart {
    /// Which rows.
    pub patch: Patch,
    /// How many elements are wrong.
    pub wrong: u64,
    /// The first of them: row, column, and what is there.
    pub first: Option<(usize, usize, f64)>,
}

impl Transpose {
    /// The size for tests: 256², one warm-up and nine iterations.
    pub const fn test() -> Self {
        Self { n: 256, iterations: 9 }
    }

    /// The size for a first look: 1200², one warm-up and nine iterations.
    pub const fn quick() -> Self {
        Self { n: 1200, iterations: 9 }
    }

    /// The size for measurements: 4096², one warm-up and nine iterations.
    pub const fn bench() -> Self {
        Self { n: 4096, iterations: 9 }
    }

    /// An `n`×`n` matrix, one iteration to warm up and `iterations` more; all of them count.
    ///
    /// # Errors
    /// [`TransposeError::Order`] unless `n` is in 1..=32768, [`TransposeError::Iterations`] above 100000.
    pub const fn new(n: u32, iterations: u32) -> Result<Self, TransposeError> {
        if n == 0 || n > 32_768 {
            return Err(TransposeError::Order(n));
        }
        if iterations > 100_000 {
            return Err(TransposeError::Iterations(iterations));
        }
        Ok(Self { n, iterations })
    }

    const fn side(&self) -> usize {
        self.n as usize
    }

    /// What must be in that row and column of B.
    fn expected(&self, row: usize, col: usize) -> f64 {
        let all = f64::from(self.iterations) + 1.0;
        (col * self.side() + row) as f64 * all + f64::from(self.iterations) * all / 2.0
    }
}

impl Spmd for Transpose {
    const NAME: &'static str = "transpose";
    type Output = Ranked<TransposePart>;

    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError> {
        let mut watch = Watch::start(world)?;
        let (n, ranks) = (self.side(), world.size());
        let rows = Blocks::even(n, ranks);
        let patch = Patch::band(n, ranks, world.rank());
        let height = patch.height();
        // To and from each other rank goes a block of its rows by mine; what stays here is not packed.
        let others: Vec<usize> = (0..ranks).filter(|rank| *rank != world.rank()).collect();
        let count = |rank: usize| if rank == world.rank() { 0 } else { rows.counts()[rank] * height };
        let blocks = Blocks::packed(&(0..ranks).map(count).collect::<Vec<_>>());
        let (mut a, mut b, mut given, mut taken) = watch.setup(|| {
            let mut a = Vec::with_capacity(height * n);
            for row in patch.rows.clone() {
                a.extend((0..n).map(|col| (row * n + col) as f64));
            }
            // Not `vec![0.0; …]`, which leaves zero pages to be touched later.
            let zeroes = |length| {
                let mut zeroes = Vec::with_capacity(length);
                zeroes.resize(length, 0.0);
                zeroes
            };
            (a, zeroes(height * n), zeroes(blocks.extent()), zeroes(blocks.extent()))
        });
        for _ in 0..=self.iterations {
            watch.compute(|| {
                kernel::turn(&mut a, &mut b, n, patch.rows.start);
                for &rank in &others {
                    kernel::pack(&mut a, n, rows.range(rank), &mut given[blocks.range(rank)]);
                }
            });
            watch.transfer(|| world.all_to_all_v(&given, &blocks, &mut taken, &blocks))?;
            watch.compute(|| {
                for &rank in &others {
                    kernel::add(&mut b, n, rows.range(rank), &taken[blocks.range(rank)]);
                }
            });
        }
        watch.stop();
        let iterations = u64::from(self.iterations) + 1;
        for &rank in &others {
            let bytes = iterations * (blocks.counts()[rank] * size_of::<f64>()) as u64;
            watch.sent(world.world_rank(rank), iterations, bytes);
        }
        let part = self.examine(&patch, &b);
        Ok(watch.yields(part))
    }
}

impl SpmdWorkload for Transpose {
    type Part = TransposePart;

    fn checked_against(&self) -> &'static str {
        "PRK transpose formula, every element"
    }

    fn cost(&self) -> Cost {
        let elements = u64::from(self.n).pow(2) * (u64::from(self.iterations) + 1);
        Cost::operations(elements).with_bytes(32 * elements)
    }

    fn verify(&self, parts: &[TransposePart]) -> Result<(), Mismatch> {
        Patch::unless_tiled(self.side(), parts.iter().map(|part| &part.patch))?;
        for part in parts {
            if let Some((row, col, got)) = part.first {
                return Err(Mismatch::new(
                    format!("element {row}, {col} of B, the first of {}", part.wrong),
                    got,
                    self.expected(row, col),
                ));
            }
            Mismatch::unless_equal("number of wrong elements", &part.wrong, &0)?;
        }
        Ok(())
    }

    fn run_serial(&self) -> Option<Result<SerialTime, Mismatch>> {
        let (b, time) = SerialTime::of(|| serial::solve(self));
        let part = self.examine(&Patch::square(self.side()), &b);
        Some(self.verify(&[part]).map(|()| time))
    }
}
