//! The whole grid on one thread: points in flight in vector lanes, gone back to the last look when one has left.

use multiversion::multiversion;

use super::{CENTRE, FRACTION, HALF_SIDE, LIMIT, Mandelbrot, MandelbrotPicture, MandelbrotRow};

/// Steps between two looks.
const STEPS: u32 = 16;
/// Points in flight.
const WIDE: usize = 16;

/// A point on its way: its place, and the steps that it is known to have stayed.
#[derive(Clone, Copy, Default)]
struct Traveller {
    row: u32,
    column: u32,
    stayed: u32,
}

/// Where the points in flight are, and where they come from.
#[derive(Clone, Copy, Default)]
struct Positions {
    x: [i64; WIDE],
    y: [i64; WIDE],
    a: [i64; WIDE],
    b: [i64; WIDE],
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
pub(super) fn picture(grid: &Mandelbrot) -> MandelbrotPicture {
    let side = i64::from(grid.side);
    let axis: Vec<i64> = (0..side).map(|index| (2 * index + 1 - side) * HALF_SIDE / side).collect();
    let mut histogram = vec![0_u64; grid.bound as usize + 1];
    let mut rows = vec![MandelbrotRow::default(); axis.len()];
    let mut queue = (0..grid.side).flat_map(|row| (0..grid.side).map(move |column| (row, column)));
    let mut travellers = [None; WIDE];
    let mut at = Positions::default();
    let mut board = |at: &mut Positions, i: usize| {
        // A seat that stays empty stays at 0.
        let (row, column) = queue.next()?;
        (at.x[i], at.y[i]) = (0, 0);
        (at.a[i], at.b[i]) = (CENTRE + axis[column as usize], axis[row as usize]);
        Some(Traveller { row, column, stayed: 0 })
    };
    for (i, seat) in travellers.iter_mut().enumerate() {
        *seat = board(&mut at, i);
    }
    while travellers.iter().any(Option::is_some) {
        let (ahead, worst) = advance(at);
        let before = std::mem::replace(&mut at, ahead);
        for i in 0..WIDE {
            let Some(traveller) = &mut travellers[i] else { continue };
            if worst[i] >= 0 && grid.bound - traveller.stayed >= STEPS {
                traveller.stayed += STEPS;
                continue;
            }
            let more = grid.bound - traveller.stayed;
            let count = traveller.stayed + alone(before.x[i], before.y[i], before.a[i], before.b[i], more);
            let row = &mut rows[traveller.row as usize];
            row.iterations += u64::from(count);
            row.moment += u64::from(traveller.column + 1) * u64::from(count);
            histogram[count as usize] += 1;
            travellers[i] = board(&mut at, i);
            if travellers[i].is_none() {
                (at.x[i], at.y[i], at.a[i], at.b[i]) = (0, 0, 0, 0);
            }
        }
    }
    MandelbrotPicture { histogram, rows }
}

/// Some steps of all points; `worst` is negative where one has left.
#[inline(always)]
#[expect(clippy::inline_always, reason = "must become part of the caller's instruction set to vectorise")]
fn advance(at: Positions) -> (Positions, [i64; WIDE]) {
    let Positions { mut x, mut y, a, b } = at;
    let mut worst = [0_i64; WIDE];
    let [mut xx, mut yy] = [x, y].map(|v| v.map(square));
    for _ in 0..STEPS {
        for i in 0..WIDE {
            let product = narrow(x[i]).wrapping_mul(narrow(y[i]));
            x[i] = xx[i].wrapping_sub(yy[i]).wrapping_add(a[i]);
            y[i] = toward_zero(product).wrapping_add(b[i]);
            (xx[i], yy[i]) = (square(x[i]), square(y[i]));
            worst[i] |= LIMIT.wrapping_sub(xx[i].wrapping_add(yy[i]));
        }
    }
    (Positions { x, y, a, b }, worst)
}

/// How many of at most `most` further steps one orbit stays.
fn alone(mut x: i64, mut y: i64, real: i64, imaginary: i64, most: u32) -> u32 {
    for count in 0..most {
        (x, y) = (((x * x) >> FRACTION) - ((y * y) >> FRACTION) + real, toward_zero(x * y) + imaginary);
        if ((x * x) >> FRACTION) + ((y * y) >> FRACTION) > LIMIT {
            return count;
        }
    }
    most
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
