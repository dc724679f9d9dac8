//! Long buffers in pieces that a cache holds.

use std::ops::Range;

/// How long a piece is, in bytes: sender and receiver work on neighbouring pieces at the same time, and both fit a
/// core's second-level cache.
const PIECE: usize = 128 << 10;

/// How long a piece is, in bytes, that travels along a chain: the shorter, the sooner the last one begins.
const SHORT_PIECE: usize = 32 << 10;

/// The longest piece, in elements.
pub(super) fn length<T>(buffer: usize) -> usize {
    (PIECE / size_of::<T>().max(1)).max(1).min(buffer)
}

/// The pieces of a buffer of `len` elements, in order; none of an empty one.
pub(super) fn of<T>(len: usize) -> impl Iterator<Item = Range<usize>> {
    steps(len, length::<T>(len))
}

/// The short pieces of a buffer of `len` elements, in order; none of an empty one.
pub(super) fn short<T>(len: usize) -> impl Iterator<Item = Range<usize>> {
    steps(len, SHORT_PIECE / size_of::<T>().max(1))
}

fn steps(len: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    let step = step.max(1);
    (0..len).step_by(step).map(move |start| start..(start + step).min(len))
}
