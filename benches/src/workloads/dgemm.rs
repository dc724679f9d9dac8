//! `dgemm`: matrix multiplication in double precision, C += A·B.

mod kernel;
mod serial;

use std::num::NonZeroUsize;
use std::ops::Range;

use par_core::{Cost, Mismatch, Phase, Philox, Workload, split, task};
use serde::{Deserialize, Serialize};

use crate::Doubles;

/// The relative error that PRK allows in the checksum.
const TOLERANCE: f64 = 1e-8;
/// The seed of the vector of the Freivalds check.
const FREIVALDS_SEED: u64 = 0x0046_7265_6976_616c;

/// C += A·B for square matrices, I + 1 times over, as the Parallel Research Kernels (PRK) have it.
///
/// The regime is compute and cache.
/// Chunks are blocks of C, as square as the number of parts allows; each makes its rows of A and its columns of B, and
/// the partial is its block of C, the answer itself, so that whoever sends it pays for it.
/// (Bands of rows would be simpler, but then every chunk would make and pack all of B.)
/// Every element is summed in the same order whatever the chunks are: on one kind of machine the answer has the same
/// bits for any number of parts.
///
/// Operations count floating-point operations, 2n³(I+1); bytes are one pass over A and B and two over C, per product.
///
/// # Examples
/// ```
/// use par_benches::workloads::{Dgemm, Entries};
/// use par_core::Workload;
/// let dgemm = Dgemm::new(32, 1, Entries::Random { seed: 42 })?;
/// let reference = dgemm.serial();
/// dgemm.verify(&reference, &reference)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dgemm {
    n: u32,
    iterations: u32,
    entries: Entries,
}

/// What the matrices hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entries {
    /// `A[i][j] = B[i][j] = j`, the matrices of PRK, whose checksum is published; all rows of C are equal.
    Prk,
    /// Uniform numbers in [−1, 1) from Philox, where every element of C is different.
    Random {
        /// Chooses the matrices.
        seed: u64,
    },
}

/// Why there is no such matrix product.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DgemmError {
    /// The matrices are empty or do not fit an ordinary memory.
    #[error("{0}×{0} matrices are not possible; choose an order from 1 to 32768")]
    Order(u32),
    /// Too many products: the sums would no longer be small against 2^53.
    #[error("{0} iterations are not possible; choose at most 10000")]
    Iterations(u32),
}

impl Dgemm {
    /// The size for tests: n = 128, PRK's matrices, one warm-up and nine iterations.
    pub const fn test() -> Self {
        Self { n: 128, iterations: 9, entries: Entries::Prk }
    }

    /// The size for a first look: n = 512, PRK's matrices, one warm-up and nine iterations.
    pub const fn quick() -> Self {
        Self { n: 512, iterations: 9, entries: Entries::Prk }
    }

    /// The size for measurements: n = 1024, PRK's matrices, one warm-up and nine iterations.
    pub const fn bench() -> Self {
        Self { n: 1024, iterations: 9, entries: Entries::Prk }
    }

    /// `n`×`n` matrices, multiplied once to warm up and `iterations` times more; all of them count.
    ///
    /// # Errors
    /// [`DgemmError::Order`] unless `n` is in 1..=32768, [`DgemmError::Iterations`] above 10000.
    pub const fn new(n: u32, iterations: u32, entries: Entries) -> Result<Self, DgemmError> {
        if n == 0 || n > 32_768 {
            return Err(DgemmError::Order(n));
        }
        if iterations > 10_000 {
            return Err(DgemmError::Iterations(iterations));
        }
        Ok(Self { n, iterations, entries })
    }

    /// What [`verify`](Workload::verify) compares with.
    pub const fn checked_against(&self) -> &'static str {
        match self.entries {
            Entries::Prk => "PRK dgemm checksum, Freivalds",
            Entries::Random { .. } => "Freivalds, serial code",
        }
    }

    const fn order(&self) -> usize {
        self.n as usize
    }

    /// The entry of A (0) or B (1) at that row and column.
    fn entry(&self, matrix: usize, row: usize, column: usize) -> f64 {
        match self.entries {
            Entries::Prk => column as f64,
            Entries::Random { seed } => {
                2.0 * Philox::new(seed).uniform2((row * self.order() + column) as u64)[matrix] - 1.0
            }
        }
    }

    /// Some rows of A (0) or B (1), whole.
    fn rows(&self, matrix: usize, rows: Range<usize>) -> Vec<f64> {
        rows.flat_map(|row| (0..self.order()).map(move |column| self.entry(matrix, row, column))).collect()
    }

    /// The product of A (0) or B (1) and a vector, beside the product of their absolute values.
    fn apply(&self, matrix: usize, vector: &[[f64; 2]]) -> Vec<[f64; 2]> {
        let row_times = |row| {
            vector.iter().enumerate().fold([0.0; 2], |[sum, size], (column, [value, bound])| {
                let entry = self.entry(matrix, row, column);
                [sum + entry * value, size + entry.abs() * bound]
            })
        };
        (0..self.order()).map(row_times).collect()
    }

    /// The units of rounding in n products and I + 1 additions, with a factor of two to spare.
    fn rounding(&self) -> f64 {
        2.0 * f64::EPSILON * f64::from(self.n + self.iterations + 2)
    }

    /// R. Freivalds, "Probabilistic machines can use less running time", IFIP 1977: C·v = (I+1)·A·(B·v) for a random
    /// v, within the bound of the rounding errors, row by row.
    ///
    /// With continuous random v, a wrong row passes only where its errors cancel to the last digits.
    fn freivalds(&self, c: &[f64]) -> Result<(), Mismatch> {
        let generator = Philox::new(FREIVALDS_SEED);
        let random: Vec<[f64; 2]> =
            (0..u64::from(self.n)).map(|index| [0.5 + generator.uniform2(index)[0]; 2]).collect();
        let times = f64::from(self.iterations + 1);
        let expected = self.apply(0, &self.apply(1, &random));
        for (row, (values, [sum, size])) in c.chunks_exact(self.order()).zip(expected).enumerate() {
            let got: f64 = values.iter().zip(&random).map(|(value, [factor, _])| value * factor).sum();
            let tolerance = self.rounding() * times * size;
            // A NaN fails the comparison.
            let right = (got - times * sum).abs() <= tolerance;
            let expected = format_args!("{:e} ± {tolerance:e} (Freivalds)", times * sum).to_string();
            Mismatch::unless(right, &format!("row {row} of C times v"), got, expected)?;
        }
        Ok(())
    }

    /// Every element against the serial code's, within the bound of the rounding errors of both.
    fn elementwise(&self, c: &[f64], reference: &[f64]) -> Result<(), Mismatch> {
        let bound = self.rounding() * f64::from(self.n) * f64::from(self.iterations + 1);
        let wrong = c.iter().zip(reference).position(|(got, expected)| {
            let right = (got - expected).abs() <= bound;
            !right
        });
        wrong.map_or(Ok(()), |at| {
            let quantity = format!("C[{}][{}]", at / self.order(), at % self.order());
            Err(Mismatch::new(quantity, c[at], format_args!("{} ± {bound:e}", reference[at])))
        })
    }
}

/// Where a block of C lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DgemmBlock {
    /// Its rows, which are rows of A, too.
    pub rows: Range<u32>,
    /// Its columns, which are columns of B, too.
    pub columns: Range<u32>,
}

/// Into how many bands of rows and columns C is cut: as many blocks as there are parts, of nearly equal sides.
fn grid(parts: NonZeroUsize) -> [NonZeroUsize; 2] {
    let parts = parts.get();
    let across = (1..=parts.isqrt()).rev().find(|across| parts.is_multiple_of(*across)).unwrap_or(1);
    [parts / across, across].map(|bands| NonZeroUsize::new(bands).expect("a divisor, and its counterpart"))
}

#[par_core::workload]
impl Workload for Dgemm {
    const NAME: &'static str = "dgemm";
    type Chunk = DgemmBlock;
    /// Blocks of C, each with its values in rows.
    type Partial = Vec<(DgemmBlock, Doubles)>;
    /// C, n×n values in rows.
    type Output = Vec<f64>;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<DgemmBlock> {
        let [down, across] = grid(parts).map(|bands| split(0..u64::from(self.n), bands));
        let narrow = |band: &Range<u64>| band.start as u32..band.end as u32;
        let block = |rows, columns| DgemmBlock { rows: narrow(rows), columns: narrow(columns) };
        down.iter().flat_map(|rows| across.iter().map(move |columns| block(rows, columns))).collect()
    }

    fn compute(&self, block: DgemmBlock) -> Self::Partial {
        let rows = block.rows.start as usize..block.rows.end as usize;
        let columns = block.columns.start as usize..block.columns.end as usize;
        let (a, b, mut c) = task::current().phase(Phase::Setup, || {
            let b = kernel::Packed::new(self.order(), columns.len(), |row, column| {
                self.entry(1, row, columns.start + column)
            });
            (self.rows(0, rows.clone()), b, vec![0.0; rows.len() * columns.len()])
        });
        for _ in 0..=self.iterations {
            kernel::multiply(&a, &b, &mut c);
        }
        vec![(block, Doubles(c))]
    }

    fn identity(&self) -> Self::Partial {
        Vec::new()
    }

    fn merge(&self, mut left: Self::Partial, right: Self::Partial) -> Self::Partial {
        left.extend(right);
        left
    }

    fn finish(&self, total: Self::Partial) -> Vec<f64> {
        let n = self.order();
        // What no block covers stays a NaN, which no verification lets pass.
        let mut c = vec![f64::NAN; n * n];
        for (block, values) in total {
            let (first, columns) = (block.rows.start as usize, block.columns);
            let width = columns.len();
            for (row, values) in values.0.chunks_exact(width.max(1)).enumerate() {
                c[(first + row) * n + columns.start as usize..][..width].copy_from_slice(values);
            }
        }
        c
    }

    fn serial(&self) -> Vec<f64> {
        let n = self.order();
        let (a, b, mut c) = task::current()
            .phase(Phase::Setup, || (self.rows(0, 0..n), self.rows(1, 0..n), vec![0.0; n * n]));
        serial::multiply(n, self.iterations + 1, &a, &b, &mut c);
        c
    }

    fn verify(&self, output: &Vec<f64>, reference: &Vec<f64>) -> Result<(), Mismatch> {
        let n = self.order();
        Mismatch::unless_equal("number of elements of C", &output.len(), &(n * n))?;
        if self.entries == Entries::Prk {
            // PRK's closed formula; its sum, like `unless_close`, must take the absolute difference.
            let n = f64::from(self.n);
            let expected = 0.25 * n.powi(3) * (n - 1.0).powi(2) * f64::from(self.iterations + 1);
            Mismatch::unless_close("sum of C", output.iter().sum(), expected, TOLERANCE)?;
        }
        self.freivalds(output)?;
        if let Entries::Random { .. } = self.entries {
            Mismatch::unless_equal("number of elements of the reference", &reference.len(), &(n * n))?;
            self.elementwise(output, reference)?;
        }
        Ok(())
    }

    fn cost(&self) -> Cost {
        let n = u64::from(self.n);
        let products = u64::from(self.iterations) + 1;
        Cost::operations(2 * n.pow(3) * products).with_bytes(4 * 8 * n.pow(2) * products)
    }
}
