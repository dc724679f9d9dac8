//! The whole grid on one thread: points in flight in the lanes of vectors, each with its own count.

use multiversion::multiversion;

use super::{CENTRE, FRACTION, HALF_SIDE, LIMIT, Mandelbrot, MandelbrotPicture, MandelbrotRow};

/// Steps between two looks.
const STEPS: u32 = 16;
/// Points in flight.
const WIDE: usize = 16;

/// A place that no point has.
const EMPTY: (u32, u32) = (u32::MAX, u32::MAX);

/// The points in flight.
#[derive(Clone, Copy, Default)]
struct Flight {
    x: [i64; WIDE],
    y: [i64; WIDE],
    /// The squares of the two, which the next step needs, too.
    xx: [i64; WIDE],
    yy: [i64; WIDE],
    a: [i64; WIDE],
    b: [i64; WIDE],
    /// −1 while the point stays, then 0.
    stays: [i64; WIDE],
    /// Steps after which it was still inside.
    count: [i64; WIDE],
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn picture(grid: &Mandelbrot) -> MandelbrotPicture {
    let (side, bound) = (i64::from(grid.side), i64::from(grid.bound));
    let axis: Vec<i64> = (0..side).map(|index| (2 * index + 1 - side) * HALF_SIDE / side).collect();
    let mut histogram = vec![0_u64; grid.bound as usize + 1];
    let mut rows = vec![MandelbrotRow::default(); axis.len()];
    let (mut row, mut column) = (0, 0);
    let mut places = [EMPTY; WIDE];
    // At first every seat is that of a point that has just left; in the end every seat is empty.
    let mut flight = Flight::default();
    loop {
        let mut flying = false;
        for (i, place) in places.iter_mut().enumerate() {
            if flight.stays[i] != 0 && flight.count[i] < bound {
                flying |= *place != EMPTY;
                continue;
            }
            if *place != EMPTY {
                let count = flight.count[i].min(bound) as u64;
                let (row, column) = *place;
                rows[row as usize].iterations += count;
                rows[row as usize].moment += u64::from(column + 1) * count;
                histogram[count as usize] += 1;
            }
            *place = EMPTY;
            if row < grid.side {
                *place = (row, column);
                flight.board(i, CENTRE + axis[column as usize], axis[row as usize]);
                flying = true;
                (row, column) = if column + 1 < grid.side { (row, column + 1) } else { (row + 1, 0) };
            }
        }
        if !flying {
            return MandelbrotPicture { histogram, rows };
        }
        flight = flight.advance();
        while flight.all_fly_on(bound) {
            flight = flight.advance();
        }
    }
}

impl Flight {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
    fn board(&mut self, i: usize, a: i64, b: i64) {
        (self.x[i], self.y[i], self.xx[i], self.yy[i]) = (0, 0, 0, 0);
        (self.a[i], self.b[i]) = (a, b);
        (self.stays[i], self.count[i]) = (-1, 0);
    }

    /// Whether every point still stays, and is below the bound.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
    fn all_fly_on(&self, bound: i64) -> bool {
        let on = self.stays.iter().zip(&self.count).map(|(stays, count)| stays & (count - bound));
        on.fold(-1, |all, on| all & on) < 0
    }

    /// Some steps of all points.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
    fn advance(self) -> Self {
        let Self { mut x, mut y, mut xx, mut yy, a, b, mut stays, mut count } = self;
        for _ in 0..STEPS {
            for i in 0..WIDE {
                let product = narrow(x[i]).wrapping_mul(narrow(y[i]));
                x[i] = xx[i].wrapping_sub(yy[i]).wrapping_add(a[i]);
                y[i] = toward_zero(product).wrapping_add(b[i]);
                (xx[i], yy[i]) = (square(x[i]), square(y[i]));
                let beyond = LIMIT.wrapping_sub(xx[i].wrapping_add(yy[i])) >> 63;
                stays[i] &= !beyond;
                count[i] -= stays[i];
            }
        }
        Self { x, y, xx, yy, a, b, stays, count }
    }
}

/// Until it has left, a point's coordinates have 32 significant bits, and vectors multiply such numbers fastest.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn narrow(coordinate: i64) -> i64 {
    coordinate << 32 >> 32
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn square(coordinate: i64) -> i64 {
    let narrow = narrow(coordinate);
    narrow.wrapping_mul(narrow) >> FRACTION
}

/// The product doubled and back in Q4.28: what Rust's division does, in shifts.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn toward_zero(product: i64) -> i64 {
    product.wrapping_add((product >> 63).cast_unsigned().wrapping_shr(65 - FRACTION).cast_signed())
        >> (FRACTION - 1)
}
