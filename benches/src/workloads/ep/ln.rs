//! A natural logarithm that vectorises.

/// The natural logarithm of a positive, normal number, within one unit in the last place, without branches,
/// tables or calls, so that a loop over it becomes vector code (a call to the C library does not).
///
/// Zero, subnormal numbers, infinities and NaN give nonsense; EP never asks for them, since t ≥ 2^−90.
///
/// Method and coefficients: Sun's fdlibm 5.3, `e_log.c`: x = 2^k·m with √½ ≤ m < √2, s = (m−1)/(m+1), and a
/// minimax polynomial in s². Fused multiply-adds are left out on purpose: all machines get the same bits.
// Always inlined, because it must become part of the caller's instruction set to vectorise.
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const L1: f64 = 6.666_666_666_666_735e-1;
    const L2: f64 = 3.999_999_999_940_942e-1;
    const L3: f64 = 2.857_142_874_366_239e-1;
    const L4: f64 = 2.222_219_843_214_978_4e-1;
    const L5: f64 = 1.818_357_216_161_805e-1;
    const L6: f64 = 1.531_383_769_920_937_3e-1;
    const L7: f64 = 1.479_819_860_511_658_6e-1;
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    // 2^52 and its bits: adding an integer below 2^52 to the bits adds it to the value, which converts it.
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    const TWO_52_BITS: u64 = 0x4330_0000_0000_0000;

    let bits = x.to_bits();
    // The exponent, biased by 1023 so that it is never negative: a logical shift will do.
    let biased = (bits + (ONE - ROOT_HALF)) >> 52;
    let k = f64::from_bits(TWO_52_BITS | biased) - (TWO_52 + 1023.0);
    let m = f64::from_bits(bits + ONE - (biased << 52));

    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (L2 + w * (L4 + w * L6));
    let odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
    let half_square = 0.5 * f * f;
    let tail = s * (half_square + (even + odd)) + k * LN2_LOW;
    k * LN2_HIGH - ((half_square - tail) - f)
}

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn agrees_with_the_standard_library_to_two_units() {
        let mut generator = crate::workloads::Lcg::new(271_828_183);
        for exponent in 0..90 {
            for _ in 0..200 {
                let x = generator.next_unit() * 0.5_f64.powi(exponent);
                let expected = x.ln();
                assert!((ln(x) - expected).abs() <= 2.0 * f64::EPSILON * expected.abs(), "ln {x:e}");
            }
        }
        assert_eq!(ln(1.0).to_bits(), 0.0_f64.to_bits());
    }
}
