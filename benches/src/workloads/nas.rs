//! What the NAS Parallel Benchmarks share: problem classes and the random number generator.
//!
//! Source: D. H. Bailey et al., "The NAS Parallel Benchmarks", RNR-94-007, March 1994, §2.3 (the generator), and
//! NPB 3.3 (the classes).

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

/// A problem size of the NAS Parallel Benchmarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// The sample size, for tests: fractions of a second.
    S,
    /// The workstation size of the 1990s.
    W,
    /// The smallest size that is worth measuring.
    A,
    /// About four times class A.
    B,
    /// About four times class B.
    C,
}

impl Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::S => "S",
            Self::W => "W",
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        };
        f.write_str(name)
    }
}

/// The NAS generator, x' = 5^13·x mod 2^46: a linear congruential generator that jumps ahead in logarithmic time,
/// so every worker makes its own slice of the one sequence.
///
/// NPB splits each number in halves of 23 bits because it computes in doubles; 64-bit integers need one wrapping
/// multiplication and one mask, because 2^46 divides 2^64.
///
/// # Examples
/// ```
/// use par_benches::workloads::Lcg;
/// let mut one_by_one = Lcg::new(314_159_265);
/// for _ in 0..1000 {
///     one_by_one.next_state();
/// }
/// assert_eq!(one_by_one, Lcg::at(314_159_265, 1000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lcg {
    state: u64,
}

impl Lcg {
    /// The multiplier, 5^13.
    pub const MULTIPLIER: u64 = 1_220_703_125;
    /// Keeps the low 46 bits.
    pub const MASK: u64 = (1 << 46) - 1;

    /// The generator before its first number; the seed is odd and below 2^46.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed & Self::MASK }
    }

    /// The generator after `index` numbers.
    pub const fn at(seed: u64, index: u64) -> Self {
        Self::new(seed.wrapping_mul(Self::power(index)))
    }

    /// 5^(13·`exponent`) mod 2^46, the multiplier that makes `exponent` steps at once.
    pub const fn power(exponent: u64) -> u64 {
        let mut result = 1_u64;
        let mut square = Self::MULTIPLIER;
        let mut left = exponent;
        while left > 0 {
            if left & 1 == 1 {
                result = result.wrapping_mul(square) & Self::MASK;
            }
            square = square.wrapping_mul(square) & Self::MASK;
            left >>= 1;
        }
        result
    }

    /// The number last drawn (the seed before the first), 46 bits.
    pub const fn state(self) -> u64 {
        self.state
    }

    /// Draws the next number, 46 bits.
    #[inline]
    pub const fn next_state(&mut self) -> u64 {
        self.state = self.state.wrapping_mul(Self::MULTIPLIER) & Self::MASK;
        self.state
    }

    /// Draws the next number as a fraction of 2^46, in (0, 1); exact, as 46 bits fit a double.
    #[inline]
    pub const fn next_unit(&mut self) -> f64 {
        self.next_state() as f64 * (1.0 / (1_u64 << 46) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::Lcg;

    #[test]
    fn jumping_equals_walking() {
        let mut walker = Lcg::new(271_828_183);
        for index in 1..=300 {
            walker.next_state();
            assert_eq!(walker, Lcg::at(271_828_183, index));
        }
    }

    #[test]
    fn the_period_is_2_to_the_44() {
        assert_eq!(Lcg::power(1 << 44), 1);
        assert_ne!(Lcg::power(1 << 43), 1);
    }

    #[test]
    fn units_lie_between_zero_and_one() {
        let mut generator = Lcg::new(314_159_265);
        assert!((0..1000).map(|_| generator.next_unit()).all(|unit| unit > 0.0 && unit < 1.0));
    }
}
