//! Philox4x32-10: random numbers that are a function of their index.

/// A counter-based random number generator, Philox4x32-10: the numbers at an index depend on the seed and on the
/// index alone, so every worker makes its own slice and the answer is the same for any number of workers.
///
/// Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
/// SC 2011. The tests check the known answers published with Random123.
///
/// # Examples
/// ```
/// use par_core::Philox;
/// let generator = Philox::new(42);
/// assert_eq!(generator.block(1000), Philox::new(42).block(1000));
/// let [x, y] = generator.uniform2(7);
/// assert!((0.0..1.0).contains(&x) && (0.0..1.0).contains(&y));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Philox {
    key: [u32; 2],
}

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

impl Philox {
    /// A stream of 2^64 blocks, chosen by its seed.
    pub const fn new(seed: u64) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32] }
    }

    /// The four 32-bit numbers at `index`.
    #[inline]
    pub const fn block(self, index: u64) -> [u32; 4] {
        self.block_at([index as u32, (index >> 32) as u32, 0, 0])
    }

    /// The four 32-bit numbers at a 128-bit counter, lowest word first.
    #[inline]
    pub const fn block_at(self, counter: [u32; 4]) -> [u32; 4] {
        let mut c = counter;
        let mut key = self.key;
        let mut round = 0;
        while round < ROUNDS {
            let low = MULTIPLIERS[0] as u64 * c[0] as u64;
            let high = MULTIPLIERS[1] as u64 * c[2] as u64;
            c = [
                (high >> 32) as u32 ^ c[1] ^ key[0],
                high as u32,
                (low >> 32) as u32 ^ c[3] ^ key[1],
                low as u32,
            ];
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
            round += 1;
        }
        c
    }

    /// One uniform 64-bit number at `index`.
    #[inline]
    pub const fn next_u64(self, index: u64) -> u64 {
        let [a, b, _, _] = self.block(index);
        a as u64 | (b as u64) << 32
    }

    /// Two uniform numbers in `[0, 1)` at `index`, with 53 random bits each.
    #[inline]
    pub fn uniform2(self, index: u64) -> [f64; 2] {
        let [a, b, c, d] = self.block(index);
        let unit = |low: u32, high: u32| {
            ((u64::from(low) | u64::from(high) << 32) >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
        };
        [unit(a, b), unit(c, d)]
    }
}

#[cfg(test)]
mod tests {
    use super::Philox;

    // Random123 1.14.0, tests/kat_vectors: philox4x32 10.
    #[test]
    fn known_answers_of_random123() {
        let zero = Philox::new(0).block_at([0; 4]);
        assert_eq!(zero, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = Philox::new(u64::MAX).block_at([u32::MAX; 4]);
        assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi =
            Philox::new(0x299f_31d0_a409_3822).block_at([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]);
        assert_eq!(pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }
}
