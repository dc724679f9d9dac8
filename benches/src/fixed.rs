//! Sums that do not depend on their order.

use serde::{Deserialize, Serialize};

/// A sum in fixed point: 127 bits and one sign, in units of 2^−`FRACTION` times a scale that both sides know.
///
/// Doubles do not add associatively, so a sum of partials would depend on where the chunks lie; integers do.
/// Each term is rounded once, when it enters, to 2^−64 of the scale, which is below the rounding error of the
/// double that it comes from as soon as that is larger than 2^−11 of the scale.
/// What is not a number, or does not fit (beyond 2^63 of the scale), poisons the sum: it reads as NaN.
///
/// # Examples
/// ```
/// use par_benches::Fixed;
/// let terms = [0.1, 1e6, -1e6, 0.2].map(|term| Fixed::from_f64(term, 1.0));
/// let forward = terms.iter().fold(Fixed::ZERO, |sum, &term| sum.add(term));
/// let backward = terms.iter().rev().fold(Fixed::ZERO, |sum, &term| term.add(sum));
/// assert_eq!(forward, backward);
/// assert!((forward.to_f64(1.0) - 0.3).abs() < 1e-15);
/// assert!(forward.add(Fixed::from_f64(f64::NAN, 1.0)).to_f64(1.0).is_nan());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed(i128);

/// 2^64, the units in one scale.
const UNITS: f64 = 18_446_744_073_709_551_616.0;
/// What no sum can be: the poison.
const POISON: i128 = i128::MIN;

impl Fixed {
    /// The empty sum.
    pub const ZERO: Self = Self(0);

    /// One term, rounded to 2^−64 of `scale`, which must be positive and finite.
    pub fn from_f64(term: f64, scale: f64) -> Self {
        let units = term / scale * UNITS;
        // 2^126 leaves room for one addition; larger terms saturate and then poison.
        if units.abs() < 8.5e37 { Self(units as i128) } else { Self(POISON) }
    }

    /// The sum as a double; NaN where a term was not a number or the sum did not fit.
    pub fn to_f64(self, scale: f64) -> f64 {
        if self.0 == POISON { f64::NAN } else { self.0 as f64 / UNITS * scale }
    }

    /// The sum of two sums.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "`+` would hide that the sum can be poisoned")]
    pub fn add(self, other: Self) -> Self {
        if self.0 == POISON || other.0 == POISON {
            return Self(POISON);
        }
        Self(self.0.checked_add(other.0).unwrap_or(POISON))
    }
}

#[cfg(test)]
mod tests {
    use super::Fixed;

    #[test]
    fn what_is_no_number_poisons() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert!(Fixed::from_f64(bad, 1.0).add(Fixed::from_f64(1.0, 1.0)).to_f64(1.0).is_nan());
        }
    }

    #[test]
    fn scales_carry_small_and_large_terms() {
        for scale in [1e-200, 1.0, 1e200] {
            let sum = Fixed::from_f64(0.25 * scale, scale).add(Fixed::from_f64(-3.0 * scale, scale));
            assert!((sum.to_f64(scale) / scale + 2.75).abs() < 1e-15);
        }
    }
}
