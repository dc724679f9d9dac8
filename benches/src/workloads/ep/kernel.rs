//! The chunk kernel: every lane walks its own stream of the generator, and nothing branches.

use multiversion::multiversion;

use super::ln::ln;
use super::{ANNULI, Aligned, BATCH, SEED};
use crate::workloads::Lcg;

/// Streams that run side by side; a vector register holds eight at most, the others hide latency.
const LANES: usize = 128;
/// Annuli from here on are so rare (one pair in ten thousand) that they are counted one by one.
const FAR: usize = 4;

/// What one batch of 2^16 pairs sums to.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchSums {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) counts: [u64; ANNULI],
}

/// Runs the batch of that number: pairs `batch · 2^16` up to, but not including, `(batch + 1) · 2^16`.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn batch(batch: u64) -> BatchSums {
    const STRIDE: u64 = Lcg::power(2 * LANES as u64);
    let mut first = Lcg::at(SEED, 2 * BATCH * batch);
    let Aligned(states) = &mut Aligned([0_u64; LANES]);
    for state in states.iter_mut() {
        *state = first.next_state();
        first.next_state();
    }
    let Aligned(x_sums) = &mut Aligned([0.0_f64; LANES]);
    let Aligned(y_sums) = &mut Aligned([0.0_f64; LANES]);
    // How many pairs were accepted, and how many of them reach 1, 2 and 3.
    let Aligned(reached) = &mut Aligned([[0_u64; LANES]; FAR]);
    let Aligned(reach) = &mut Aligned([0.0_f64; LANES]);
    let mut counts = [0_u64; ANNULI];
    for _ in 0..BATCH / LANES as u64 {
        let mut any_far = 0;
        for lane in 0..LANES {
            let state = states[lane];
            let x = centred(state);
            let y = centred(state.wrapping_mul(Lcg::MULTIPLIER) & Lcg::MASK);
            states[lane] = state.wrapping_mul(STRIDE) & Lcg::MASK;
            let t = x * x + y * y;
            let accepted = t <= 1.0;
            // A rejected pair becomes ln 1 = 0: it adds nothing and reaches nothing.
            let t = if accepted { t } else { 1.0 };
            let factor = (-2.0 * ln(t) / t).sqrt();
            let (gauss_x, gauss_y) = (x * factor, y * factor);
            x_sums[lane] += gauss_x;
            y_sums[lane] += gauss_y;
            let (abs_x, abs_y) = (gauss_x.abs(), gauss_y.abs());
            let far = if abs_x > abs_y { abs_x } else { abs_y };
            reach[lane] = far;
            reached[0][lane] += u64::from(accepted);
            reached[1][lane] += u64::from(far >= 1.0);
            reached[2][lane] += u64::from(far >= 2.0);
            reached[3][lane] += u64::from(far >= 3.0);
            any_far |= u64::from(far >= FAR as f64);
        }
        if any_far != 0 {
            for &far in reach.iter().filter(|&&far| far >= FAR as f64) {
                counts[(far as usize).min(ANNULI - 1)] += 1;
            }
        }
    }
    let reached: [u64; FAR] = reached.map(|lanes| lanes.iter().sum());
    let far: u64 = counts.iter().sum();
    for annulus in 0..FAR {
        counts[annulus] = reached[annulus] - reached.get(annulus + 1).copied().unwrap_or(far);
    }
    BatchSums { x: x_sums.iter().sum(), y: y_sums.iter().sum(), counts }
}

/// 2·state/2^46 − 1, exactly: the state becomes the fraction of a double in [1, 2).
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn centred(state: u64) -> f64 {
    2.0 * f64::from_bits(0x3ff0_0000_0000_0000 | state << 6) - 3.0
}
