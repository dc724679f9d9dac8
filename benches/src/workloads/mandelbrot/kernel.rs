//! The chunk kernel: every lane of a vector has an orbit of its own, and gets the next point as soon as it is done.
//!
//! Neighbouring points may need 10 iterations and 4096; lanes that waited for the slowest among them would be idle
//! wherever the rim of the set is near.

use multiversion::multiversion;

use super::{FRACTION, LIMIT, MandelbrotPicture, MandelbrotRow};

/// Orbits that run side by side: three vectors of the widest kind, to hide the latency of a multiplication.
const LANES: usize = 24;
/// Steps between two looks at which orbits are done.
const STRIDE: i64 = 16;
/// The place of a lane that has no point.
const NOWHERE: usize = usize::MAX;

/// One number of each orbit.
type Numbers = [i64; LANES];

/// The points whose parts are given, row by row.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn picture(reals: &[i64], imaginaries: &[i64], bound: u32) -> MandelbrotPicture {
    let mut histogram = vec![0; bound as usize + 1];
    let mut rows = vec![MandelbrotRow::default(); imaginaries.len()];
    let points = reals.len() * imaginaries.len();
    let mut next = 0;
    let mut orbits = Orbits::default();
    let mut begin = |orbits: &mut Orbits, lane: usize| {
        if next == points {
            // An orbit that never leaves, so that the lane is done only when its age says so.
            orbits.begin(lane, 0, 0);
            return NOWHERE;
        }
        orbits.begin(lane, reals[next % reals.len()], imaginaries[next / reals.len()]);
        next += 1;
        next - 1
    };
    let mut places: [usize; LANES] = std::array::from_fn(|lane| begin(&mut orbits, lane));
    while places.iter().any(|place| *place != NOWHERE) {
        orbits = orbits.walk();
        // Nothing but this loop, so that it can stay in registers.
        while !orbits.any_done(i64::from(bound)) {
            orbits = orbits.walk();
        }
        for (lane, place) in places.iter_mut().enumerate() {
            if !orbits.done(lane, i64::from(bound)) {
                continue;
            }
            if *place != NOWHERE {
                let iterations = orbits.stayed(lane).min(i64::from(bound)) as u64;
                let (row, column) = (*place / reals.len(), *place % reals.len());
                rows[row].iterations += iterations;
                rows[row].moment += (column as u64 + 1) * iterations;
                histogram[iterations as usize] += 1;
            }
            *place = begin(&mut orbits, lane);
        }
    }
    MandelbrotPicture { histogram, rows }
}

/// Orbits in different stages.
#[derive(Debug, Clone, Copy, Default)]
struct Orbits {
    x: Numbers,
    y: Numbers,
    real: Numbers,
    imaginary: Numbers,
    /// −1 once the orbit has left, else 0.
    left: Numbers,
    /// Points of the orbit so far, the first one, 0, included.
    age: Numbers,
    /// Minus those after it had left, and the one with which it left.
    gone: Numbers,
}

impl Orbits {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
    fn begin(&mut self, lane: usize, real: i64, imaginary: i64) {
        (self.x[lane], self.y[lane]) = (0, 0);
        (self.real[lane], self.imaginary[lane]) = (real, imaginary);
        (self.left[lane], self.age[lane], self.gone[lane]) = (0, 0, 0);
    }

    /// Some steps of every orbit.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
    fn walk(self) -> Self {
        let Self { mut x, mut y, real, imaginary, mut left, mut age, mut gone } = self;
        for _ in 0..STRIDE {
            for lane in 0..LANES {
                let (re, im) = (low_half(x[lane]), low_half(y[lane]));
                let (square_re, square_im, product) =
                    (shifted_square(re), shifted_square(im), re.wrapping_mul(im));
                left[lane] |= LIMIT.wrapping_sub(square_re.wrapping_add(square_im)) >> 63;
                gone[lane] += left[lane];
                x[lane] = square_re.wrapping_sub(square_im).wrapping_add(real[lane]);
                // An arithmetic shift rounds down; adding 2^27 − 1 to what is negative makes that toward zero.
                let toward_zero = (product >> 63) & ((1 << (FRACTION - 1)) - 1);
                y[lane] = (product.wrapping_add(toward_zero) >> (FRACTION - 1)).wrapping_add(imaginary[lane]);
            }
        }
        for age in &mut age {
            *age += STRIDE;
        }
        Self { x, y, real, imaginary, left, age, gone }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
    fn any_done(&self, bound: i64) -> bool {
        let done = self.left.iter().zip(&self.age).map(|(left, age)| left | (bound - age));
        done.fold(0, |any, done| any | done) < 0
    }

    fn done(&self, lane: usize, bound: i64) -> bool {
        self.left[lane] < 0 || self.age[lane] > bound
    }

    /// The steps after which the orbit was still inside.
    fn stayed(&self, lane: usize) -> i64 {
        self.age[lane] + self.gone[lane] - 1
    }
}

/// A number that fits 32 bits, as does every number up to the one with which an orbit leaves: that makes a product a
/// single instruction. What becomes of an orbit that has left does not matter.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn low_half(number: i64) -> i64 {
    number << 32 >> 32
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn shifted_square(number: i64) -> i64 {
    number.wrapping_mul(number) >> FRACTION
}
