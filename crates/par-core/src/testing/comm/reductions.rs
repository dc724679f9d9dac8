//! Folds of what ranks have.

use super::reference::{LENGTHS, folded, from_left_to_right, given, given_floats, scanned};
use super::stage::Behaviour;
use crate::comm::{Blocks, CommError, Communicator, CommunicatorExt, Datum, Located, Reduction, op};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("every operation folds integers of every width", integers),
        Behaviour::new("reductions yield the fold of all ranks, at every root, in place or not", reductions),
        Behaviour::new("sums of floats are grouped as is promised, bit by bit", float_sums),
        Behaviour::new("the least and the greatest value are found with their places", located),
        Behaviour::new("operations that do not commute fold in rank order", in_rank_order),
        Behaviour::new("everybody gets its block of a fold", scattered),
        Behaviour::new("a scan yields the fold of the ranks up to each", scans),
        Behaviour::new("a scan without oneself yields the fold of the ranks below each", exclusive_scans),
    ]
}

fn of_all<T>(comm: &impl Communicator, given: impl Fn(usize) -> Vec<T>) -> Vec<Vec<T>> {
    (0..comm.size()).map(given).collect()
}

/// Every reduction of one operation, against what the ranks come to.
fn check<C: Communicator, T: Datum + PartialEq, O: Reduction<T>>(
    comm: &C,
    parts: &[Vec<T>],
    op: &O,
    expected: &[T],
) -> Result<(), CommError> {
    let own = &parts[comm.rank()];
    let what = format!("{} of {} elements", op.name(), own.len());
    for root in 0..comm.size() {
        let is_root = comm.rank() == root;
        let mut into = if is_root { own.clone() } else { Vec::new() };
        comm.reduce(own, &mut into, op, root)?;
        assert!(!is_root || same(&into, expected), "{what} at rank {root}");
        let mut buf = own.clone();
        comm.reduce_in_place(&mut buf, op, root)?;
        assert!(!is_root || same(&buf, expected), "{what} at rank {root}, in place");
    }
    let mut into = own.clone();
    comm.all_reduce(own, &mut into, op)?;
    assert!(same(&into, expected), "{what} at all");
    let mut buf = own.clone();
    comm.all_reduce_in_place(&mut buf, op)?;
    assert!(same(&buf, expected), "{what} at all, in place");
    Ok(())
}

/// Bit by bit, so that floats of different bits differ.
fn same<T: Datum>(a: &[T], b: &[T]) -> bool {
    bytemuck::cast_slice::<T, u8>(a) == bytemuck::cast_slice::<T, u8>(b)
}

fn integers<C: Communicator>(comm: &C) -> Result<(), CommError> {
    macro_rules! widths {
        ($($t:ty),*) => {$({
            let parts = of_all(comm, |rank| given(rank, 5).into_iter().map(|word| word as $t).collect());
            widths!(@ops parts, Sum, Product, Min, Max, LogicalAnd, LogicalOr, LogicalXor, BitAnd, BitOr, BitXor);
        })*};
        (@ops $parts:ident, $($op:ident),*) => {$(
            check(comm, &$parts, &op::$op, &from_left_to_right(&$parts, &op::$op))?;
        )*};
    }
    widths!(i8, i16, i32, i64, u8, u16, u32, u64, u128, usize);
    Ok(())
}

fn reductions<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in LENGTHS {
        let parts = of_all(comm, |rank| given(rank, len));
        check(comm, &parts, &op::Sum, &from_left_to_right(&parts, &op::Sum))?;
        check(comm, &parts, &op::BitXor, &from_left_to_right(&parts, &op::BitXor))?;
    }
    Ok(())
}

fn float_sums<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in LENGTHS {
        let parts = of_all(comm, |rank| given_floats(rank, len));
        check(comm, &parts, &op::Sum, &folded(&parts, &op::Sum))?;
        let narrow: Vec<Vec<f32>> =
            parts.iter().map(|part| part.iter().map(|word| *word as f32).collect()).collect();
        check(comm, &narrow, &op::Sum, &folded(&narrow, &op::Sum))?;
        check(comm, &narrow, &op::Product, &folded(&narrow, &op::Product))?;
    }
    for len in [3, 5_000] {
        let parts = of_all(comm, |rank| given_floats(rank, len));
        check(comm, &parts, &op::Min, &folded(&parts, &op::Min))?;
        check(comm, &parts, &op::Max, &folded(&parts, &op::Max))?;
    }
    Ok(())
}

fn located<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in [1, 9, 3_000] {
        let parts: Vec<Vec<Located<f64>>> = of_all(comm, |rank| {
            // Equal values at several ranks, of which the least index wins.
            let values = given(rank, len).into_iter().map(|word| (word % 3) as f64);
            values.map(|value| Located::new(value, rank as u64)).collect()
        });
        check(comm, &parts, &op::MinLoc, &from_left_to_right(&parts, &op::MinLoc))?;
        check(comm, &parts, &op::MaxLoc, &from_left_to_right(&parts, &op::MaxLoc))?;
    }
    Ok(())
}

type Matrix = [u64; 4];

/// The product of 2 × 2 matrices of integers that wrap around: associative to the bit, and it does not commute.
fn product(a: Matrix, b: Matrix) -> Matrix {
    let dot = |row: usize, column: usize| {
        a[2 * row].wrapping_mul(b[column]).wrapping_add(a[2 * row + 1].wrapping_mul(b[2 + column]))
    };
    [dot(0, 0), dot(0, 1), dot(1, 0), dot(1, 1)]
}

fn matrices(rank: usize, len: usize) -> Vec<Matrix> {
    given(rank, 4 * len).chunks(4).map(|words| [words[0], words[1], words[2], words[3]]).collect()
}

fn in_rank_order<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let ordered = op::User::ordered(product);
    for len in [0, 1, 7, 1_000, 20_000] {
        let parts = of_all(comm, |rank| matrices(rank, len));
        let expected = from_left_to_right(&parts, &ordered);
        assert!(same(&expected, &folded(&parts, &ordered)), "the product is associative");
        check(comm, &parts, &ordered, &expected)?;
    }
    let commutative = op::User::commutative(|a: u64, b: u64| a ^ b.rotate_left(0));
    let parts = of_all(comm, |rank| given(rank, 50_000));
    check(comm, &parts, &commutative, &from_left_to_right(&parts, &commutative))
}

fn scattered<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (rank, size) = (comm.rank(), comm.size());
    for scale in [0, 1, 300, 9_000] {
        let counts: Vec<usize> = (0..size).map(|rank| (rank % 3) * scale + 1).collect();
        let starts: Vec<usize> = (0..size).map(|rank| rank * (2 * scale + 2)).collect();
        let blocks = Blocks::placed(&counts, &starts)?;
        let len = blocks.extent() + 1;

        let parts = of_all(comm, |rank| given(rank, len));
        let mut into = vec![0; counts[rank]];
        comm.reduce_scatter(&parts[rank], &blocks, &mut into, &op::Sum)?;
        assert!(into == from_left_to_right(&parts, &op::Sum)[blocks.range(rank)], "integers, {scale}");

        let parts = of_all(comm, |rank| given_floats(rank, len));
        let mut into = vec![0.0; counts[rank]];
        comm.reduce_scatter(&parts[rank], &blocks, &mut into, &op::Sum)?;
        assert!(same(&into, &folded(&parts, &op::Sum)[blocks.range(rank)]), "floats, {scale}");

        let (ordered, parts) = (op::User::ordered(product), of_all(comm, |rank| matrices(rank, len)));
        let mut into = vec![[0; 4]; counts[rank]];
        comm.reduce_scatter(&parts[rank], &blocks, &mut into, &ordered)?;
        assert!(into == from_left_to_right(&parts, &ordered)[blocks.range(rank)], "matrices, {scale}");
    }
    let parts = of_all(comm, |rank| given_floats(rank, 3 * size));
    let mut into = [0.0; 3];
    comm.reduce_scatter_block(&parts[rank], &mut into, &op::Sum)?;
    assert!(same(&into, &folded(&parts, &op::Sum)[3 * rank..3 * rank + 3]), "blocks of one length");
    let blocks = Blocks::even(3, size);
    let parts = of_all(comm, |rank| given(rank, 3));
    let mut into = vec![0; blocks.counts()[rank]];
    comm.reduce_scatter(&parts[rank], &blocks, &mut into, &op::Sum)?;
    assert_eq!(into, from_left_to_right(&parts, &op::Sum)[blocks.range(rank)], "fewer elements than ranks");
    Ok(())
}

fn scans<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let rank = comm.rank();
    for len in LENGTHS {
        let parts = of_all(comm, |rank| given_floats(rank, len));
        let mut buf = parts[rank].clone();
        comm.scan(&mut buf, &op::Sum)?;
        assert!(same(&buf, &scanned(&parts, &op::Sum)[rank]), "{len} floats");
    }
    let (ordered, parts) = (op::User::ordered(product), of_all(comm, |rank| matrices(rank, 100)));
    let mut buf = parts[rank].clone();
    comm.scan(&mut buf, &ordered)?;
    assert_eq!(buf, from_left_to_right(&parts[..=rank], &ordered));
    Ok(())
}

fn exclusive_scans<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let rank = comm.rank();
    for len in LENGTHS {
        let parts = of_all(comm, |rank| given_floats(rank, len));
        let mut buf = parts[rank].clone();
        comm.exscan(&mut buf, &op::Sum)?;
        let expected = if rank == 0 { &parts[0] } else { &scanned(&parts, &op::Sum)[rank - 1] };
        assert!(same(&buf, expected), "{len} floats");
    }
    let (ordered, parts) = (op::User::ordered(product), of_all(comm, |rank| matrices(rank, 100)));
    let mut buf = parts[rank].clone();
    comm.exscan(&mut buf, &ordered)?;
    let expected = if rank == 0 { parts[0].clone() } else { from_left_to_right(&parts[..rank], &ordered) };
    assert_eq!(buf, expected);
    Ok(())
}
