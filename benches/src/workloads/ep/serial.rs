//! The serial reference: the whole sequence in one sweep, with ten counters packed in one word.

use multiversion::multiversion;

use super::ln::ln;
use super::{ANNULI, Aligned, EpTotals, SEED};
use crate::workloads::Lcg;

/// Pairs that are transformed side by side.
const WIDTH: usize = 256;
/// Bits per annulus in a word of counters: ten fields fit.
const FIELD: usize = 6;
/// Rounds until the fields are emptied: the most that one field may count, as a power of two.
const ROUNDS: usize = 32;
const _: () = assert!(ROUNDS < 1 << FIELD && ANNULI * FIELD <= u64::BITS as usize);

/// All pairs, in order.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn solve(pairs: u64) -> EpTotals {
    let Aligned(seeds) = &mut Aligned([0; WIDTH]);
    let mut walker = Lcg::new(SEED);
    for seed in seeds.iter_mut() {
        *seed = walker.next_state();
        walker.next_state();
    }
    let Aligned(x) = &mut Aligned([0.0; WIDTH]);
    let Aligned(y) = &mut Aligned([0.0; WIDTH]);
    let mut counts = [0; ANNULI];
    for _ in 0..pairs / (WIDTH * ROUNDS) as u64 {
        let Aligned(marks) = &mut Aligned([0; WIDTH]);
        for _ in 0..ROUNDS {
            round(seeds, x, y, marks);
        }
        for (annulus, count) in counts.iter_mut().enumerate() {
            let field = |word: u64| word >> (FIELD * annulus) & ((1 << FIELD) - 1);
            *count += marks.iter().map(|&word| field(word)).sum::<u64>();
        }
    }
    EpTotals { sum_x: x.iter().sum(), sum_y: y.iter().sum(), pairs: counts.iter().sum(), counts }
}

/// Draws one pair per stream; a point of the disc adds a Gaussian pair and a mark in the field of its annulus,
/// any other point adds nothing.
// Always inlined, because it must become part of the caller's instruction set to vectorise.
#[inline(always)]
fn round(seeds: &mut [u64; WIDTH], x: &mut [f64; WIDTH], y: &mut [f64; WIDTH], marks: &mut [u64; WIDTH]) {
    const JUMP: u64 = Lcg::power(2 * WIDTH as u64);
    // Converts by adding: the low bits of 2^52 + a are a, rounded; one less where that was up.
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    let one = 1.0_f64.to_bits();
    for (i, seed) in seeds.iter_mut().enumerate() {
        let second = seed.wrapping_mul(Lcg::MULTIPLIER) & Lcg::MASK;
        let u = (f64::from_bits(one | *seed << 6) - 1.5) * 2.0;
        let v = (f64::from_bits(one | second << 6) - 1.5) * 2.0;
        *seed = seed.wrapping_mul(JUMP) & Lcg::MASK;
        let square = u * u + v * v;
        let inside = square <= 1.0;
        let t = if inside { square } else { 1.0 };
        let scale = (ln(t) * -2.0 / t).sqrt();
        x[i] += u * scale;
        y[i] += v * scale;
        let (u, v) = (u.abs(), v.abs());
        let larger = if u > v { u } else { v } * scale;
        let rounded = larger + TWO_52;
        let floor = (rounded.to_bits() & 0xff) - u64::from(rounded - TWO_52 > larger);
        marks[i] += u64::from(inside) << (FIELD as u64 * floor);
    }
}
