//! The published ranks. Source: NPB 3.3, `IS/is.c`, test index and test rank arrays and `rank()`.

use super::{ITERATIONS, PROBES};
use crate::workloads::Class;

/// Where the probes of a class lie, and what their ranks are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Published {
    pub(super) class: Class,
    /// Positions in the unsorted sequence.
    pub(super) probes: [u64; PROBES],
    /// Ranks before the first iteration, which each iteration moves.
    ranks: [u64; PROBES],
}

impl Published {
    /// What is known of a problem of that many keys below that limit.
    pub(super) const fn of(log2_keys: u32, log2_limit: u32) -> Option<Self> {
        let (class, probes, ranks) = match (log2_keys, log2_limit) {
            (16, 11) => (Class::S, [48_427, 17_148, 23_627, 62_548, 4_431], [0, 18, 346, 64_917, 65_463]),
            (20, 16) => (
                Class::W,
                [357_773, 934_767, 875_723, 898_999, 404_505],
                [1_249, 11_698, 1_039_987, 1_043_896, 1_048_018],
            ),
            (23, 19) => (
                Class::A,
                [2_112_377, 662_041, 5_336_171, 3_642_833, 4_250_760],
                [104, 17_523, 123_928, 8_288_932, 8_388_264],
            ),
            (25, 21) => (
                Class::B,
                [41_869, 812_306, 5_102_857, 18_232_239, 26_860_214],
                [33_422_937, 10_244, 59_149, 33_135_281, 99],
            ),
            (27, 23) => (
                Class::C,
                [44_172_927, 72_999_161, 74_326_391, 129_606_274, 21_736_814],
                [61_147, 882_988, 266_290, 133_997_595, 133_525_895],
            ),
            _ => return None,
        };
        Some(Self { class, probes, ranks })
    }

    /// The ranks of the probes in all iterations: each iteration plants one small and one large key, so low ranks
    /// rise by one and high ranks fall by one. How far the count is off at the first iteration differs by class.
    pub(super) fn all_ranks(&self) -> [[u64; PROBES]; ITERATIONS] {
        std::array::from_fn(|index| {
            let iteration = index as i64 + 1;
            std::array::from_fn(|probe| self.ranks[probe].wrapping_add_signed(self.shift(probe, iteration)))
        })
    }

    fn shift(&self, probe: usize, iteration: i64) -> i64 {
        let (rises, up, down) = match self.class {
            Class::S | Class::C => (probe <= 2, iteration, iteration),
            Class::W => (probe < 2, iteration - 2, iteration),
            Class::A => (probe <= 2, iteration - 1, iteration - 1),
            Class::B => (matches!(probe, 1 | 2 | 4), iteration, iteration),
        };
        if rises { up } else { -down }
    }
}
