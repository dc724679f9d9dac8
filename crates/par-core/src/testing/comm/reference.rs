//! What collectives must answer, worked out by each rank alone.

use crate::comm::{Datum, Rank, Reduction};

/// The lengths that collectives are tried with: none, one, odd, some, and more than any transport sends at once.
pub(super) const LENGTHS: [usize; 5] = [0, 1, 7, 1_000, 100_000];

/// What a rank gives: every rank and every place has another.
pub(super) fn given(rank: Rank, len: usize) -> Vec<u64> {
    (0..len).map(|place| mixed(rank, place)).collect()
}

/// Floats whose sums show in their last bits how they were grouped.
pub(super) fn given_floats(rank: Rank, len: usize) -> Vec<f64> {
    (0..len)
        .map(|place| {
            let bits = mixed(rank, place);
            let fraction = (bits >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
            fraction * f64::from(1_u32 << (bits % 24))
        })
        .collect()
}

fn mixed(rank: Rank, place: usize) -> u64 {
    let mut bits = (rank as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (place as u64 + 7);
    for _ in 0..2 {
        bits ^= bits >> 29;
        bits = bits.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    bits ^ (bits >> 32)
}

/// The fold of all ranks in the grouping that [`collectives::fold`](crate::comm::collectives::fold) promises.
pub(super) fn folded<T: Datum, O: Reduction<T>>(parts: &[Vec<T>], op: &O) -> Vec<T> {
    folded_values(parts.to_vec(), |left, right| both(&left, &right, op))
}

/// The same of values: first the pairs, then neighbours again and again.
pub(super) fn folded_values<V: Clone>(mut values: Vec<V>, mut fold: impl FnMut(V, V) -> V) -> V {
    let mut in_pairs = |values: &[V]| -> Vec<V> {
        values.chunks(2).map(|pair| fold(pair[0].clone(), pair[1].clone())).collect()
    };
    let groups = 1_usize << values.len().ilog2();
    let paired = 2 * (values.len() - groups);
    let mut folded = in_pairs(&values[..paired]);
    folded.extend(values.drain(paired..));
    while folded.len() > 1 {
        folded = in_pairs(&folded);
    }
    folded.remove(0)
}

/// What every rank gets of a scan, in the grouping that [`scan`](crate::comm::collectives::scan) promises.
pub(super) fn scanned<T: Datum, O: Reduction<T>>(parts: &[Vec<T>], op: &O) -> Vec<Vec<T>> {
    let mut have = parts.to_vec();
    let mut distance = 1;
    while distance < have.len() {
        let before = have.clone();
        for rank in distance..have.len() {
            have[rank] = both(&before[rank - distance], &before[rank], op);
        }
        distance *= 2;
    }
    have
}

/// From left to right: what every grouping of an exact operation comes to.
pub(super) fn from_left_to_right<T: Datum, O: Reduction<T>>(parts: &[Vec<T>], op: &O) -> Vec<T> {
    let (first, rest) = parts.split_first().expect("there is a rank");
    rest.iter().fold(first.clone(), |total, next| both(&total, next, op))
}

fn both<T: Datum, O: Reduction<T>>(left: &[T], right: &[T], op: &O) -> Vec<T> {
    let mut answer = right.to_vec();
    op.combine(left, &mut answer);
    answer
}
