//! N-queens: how many ways n queens stand on an n × n board without attacking each other.

use std::num::NonZeroUsize;
use std::ops::Range;

use par_core::{Cost, Mismatch, Workload, split};
use serde::{Deserialize, Serialize};

/// Backtracking over bit masks: a search tree whose subtrees differ in size, though far less than those of
/// [`Uts`](super::Uts).
///
/// A chunk is a range of *prefixes*, the placements of the first two rows.
/// Both the serial code and the chunks search only boards whose first queen stands in the left half (and in the
/// middle column of an odd board, once) and count each twice: the mirror image is a solution too.
///
/// Reproducibility: exact.
///
/// # Examples
/// ```
/// use par_benches::workloads::NQueens;
/// use par_core::Workload;
///
/// let board = NQueens::new(8)?;
/// assert_eq!(board.serial(), 92);
/// board.verify(&92, &board.serial())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NQueens {
    n: u32,
}

/// A board that [`NQueens`] does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NQueensError {
    /// The side is 0 or above [`NQueens::MAX_N`].
    #[error("no board with a side of {n}; choose 1 to {max}", max = NQueens::MAX_N)]
    Side {
        /// The side that was asked for.
        n: u32,
    },
}

/// Solutions for n = 1, 2, …: OEIS A000170.
const PUBLISHED: [u64; 18] = [
    1,
    0,
    0,
    2,
    10,
    4,
    40,
    92,
    352,
    724,
    2_680,
    14_200,
    73_712,
    365_596,
    2_279_184,
    14_772_512,
    95_815_104,
    666_090_624,
];

impl NQueens {
    /// The largest side: beyond it the count is no longer published in this file, and takes hours.
    pub const MAX_N: u32 = PUBLISHED.len() as u32;

    /// A board of `n` × `n` squares.
    ///
    /// # Errors
    /// [`NQueensError::Side`] unless `1 ≤ n ≤ MAX_N`.
    pub const fn new(n: u32) -> Result<Self, NQueensError> {
        if n == 0 || n > Self::MAX_N { Err(NQueensError::Side { n }) } else { Ok(Self { n }) }
    }

    /// The test size, n = 10.
    pub const fn test() -> Self {
        Self { n: 10 }
    }

    /// The quick size, n = 14.
    pub const fn quick() -> Self {
        Self { n: 14 }
    }

    /// The bench size, n = 14.
    pub const fn bench() -> Self {
        Self { n: 14 }
    }

    /// The side of the board, in squares.
    pub const fn n(&self) -> u32 {
        self.n
    }

    /// What [`verify`](Workload::verify) compares with.
    pub const fn checked_against(&self) -> &'static str {
        "OEIS A000170"
    }

    fn published(&self) -> u64 {
        PUBLISHED[self.n as usize - 1]
    }

    /// Every placement of the first two rows (of the first, on a board of one row), left half only.
    fn prefixes(&self) -> Vec<Prefix> {
        let n = self.n;
        let full = (1_u32 << n) - 1;
        let first_rows = (0..n.div_ceil(2)).map(|column| Prefix {
            board: Board { free: full, left: 0, right: 0 }.place(1 << column),
            weight: if 2 * column + 1 == n { 1 } else { 2 },
        });
        if n == 1 {
            return first_rows.collect();
        }
        first_rows
            .flat_map(|first| {
                Bits(first.board.open()).map(move |queen| Prefix { board: first.board.place(queen), ..first })
            })
            .collect()
    }
}

/// A placement of the first rows, and how many boards it stands for.
#[derive(Debug, Clone, Copy)]
struct Prefix {
    board: Board,
    weight: u64,
}

/// The rows above, as seen by the next row: bit c is column c.
#[derive(Debug, Clone, Copy)]
struct Board {
    /// Columns without a queen.
    free: u32,
    /// Squares attacked along falling and rising diagonals.
    left: u32,
    right: u32,
}

impl Board {
    /// The squares of the next row where a queen may stand.
    const fn open(self) -> u32 {
        self.free & !(self.left | self.right)
    }

    const fn place(self, queen: u32) -> Self {
        Self { free: self.free & !queen, left: (self.left | queen) << 1, right: (self.right | queen) >> 1 }
    }

    fn solutions(self) -> u64 {
        if self.free == 0 { 1 } else { search(self.open(), self.free, self.left, self.right) }
    }
}

/// Solutions with a queen on one of the open squares of the next row; a board's three masks as three arguments, since
/// a struct of them would be packed into two registers and unpacked again at every call.
fn search(open: u32, free: u32, left: u32, right: u32) -> u64 {
    let mut found = 0;
    for queen in Bits(open) {
        let next = Board { free, left, right }.place(queen);
        // A row without an open square ends the branch here, and so does the last row: no call for either.
        match next.open() {
            0 => {}
            _ if next.free.is_power_of_two() => found += 1,
            open => found += search(open, next.free, next.left, next.right),
        }
    }
    found
}

/// The set bits of a mask, lowest first, each as a mask of its own.
struct Bits(u32);

impl Iterator for Bits {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let lowest = self.0 & self.0.wrapping_neg();
        self.0 ^= lowest;
        (lowest != 0).then_some(lowest)
    }
}

/// Counts with the open squares of a row handed down, dead ends cut before the call, and no call for the last row.
fn count_serial(n: u32) -> u64 {
    if n == 1 {
        return 1;
    }
    let full = (1_u32 << n) - 1;
    let left_half = (1_u32 << (n / 2)) - 1;
    let middle = (1_u32 << (n / 2)) & (n % 2).wrapping_neg();
    2 * below(left_half, full, 0, 0) + below(middle, full, 0, 0)
}

/// Solutions whose next queen stands on one of the squares `open`; `columns` are without a queen yet, two at least.
fn below(mut open: u32, columns: u32, falling: u32, rising: u32) -> u64 {
    let mut solutions = 0;
    while open != 0 {
        let queen = open & open.wrapping_neg();
        open ^= queen;
        let rest = columns ^ queen;
        let (fall, rise) = ((falling | queen) << 1, (rising | queen) >> 1);
        let next = rest & !(fall | rise);
        if next == 0 {
            continue;
        }
        solutions += if rest.is_power_of_two() { 1 } else { below(next, rest, fall, rise) };
    }
    solutions
}

#[par_core::workload]
impl Workload for NQueens {
    const NAME: &'static str = "nqueens";
    type Chunk = Range<u64>;
    type Partial = u64;
    type Output = u64;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Self::Chunk> {
        split(0..self.prefixes().len() as u64, parts)
    }

    fn compute(&self, chunk: Self::Chunk) -> u64 {
        let prefixes = self.prefixes();
        prefixes[chunk.start as usize..chunk.end as usize]
            .iter()
            .map(|prefix| prefix.weight * prefix.board.solutions())
            .sum()
    }

    fn identity(&self) -> u64 {
        0
    }

    fn merge(&self, left: u64, right: u64) -> u64 {
        left + right
    }

    fn finish(&self, total: u64) -> u64 {
        total
    }

    fn serial(&self) -> u64 {
        count_serial(self.n)
    }

    fn verify(&self, output: &u64, _reference: &u64) -> Result<(), Mismatch> {
        Mismatch::unless_equal("solutions", output, &self.published())
    }

    /// Operations are solutions: the size of the search tree is not published.
    fn cost(&self) -> Cost {
        Cost::operations(self.published())
    }
}
