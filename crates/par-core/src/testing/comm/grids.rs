//! Ranks in a grid.

use super::stage::{Behaviour, watched};
use crate::comm::{CommError, Communicator, Tag, compute_dims};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("a torus wraps around, and a shift goes where it says", torus),
        Behaviour::new("an open grid ends at its edges", open),
        Behaviour::new("a grid that does not fit is an error, and ranks too many are in none", sizes),
    ]
}

fn torus<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let dims = compute_dims(comm.size(), &[0, 0])?;
    let grid = comm.cartesian(&dims, &[true, true], false)?.expect("every rank is in it");
    let here = grid.coords(grid.comm().rank())?;
    for dimension in 0..2 {
        let (from, to) = grid.shift(dimension, 1)?;
        let (from, to) = (from.expect("a torus has no edge"), to.expect("a torus has no edge"));
        let mut there = here.clone();
        there[dimension] = (here[dimension] + 1) % dims[dimension];
        assert_eq!(grid.coords(to)?, there);
        let mut got = [0_u64];
        let own = [grid.comm().rank() as u64];
        grid.comm().send_recv(&own, to, Tag(1), &mut got, from, Tag(1))?;
        assert_eq!(got, [from as u64]);
    }
    Ok(())
}

fn open<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let line = comm.cartesian(&[comm.size()], &[false], false)?.expect("every rank is in it");
    let (rank, last) = (line.comm().rank(), comm.size() - 1);
    let expected = (rank.checked_sub(1), (rank < last).then_some(rank + 1));
    assert_eq!(line.shift(0, 1)?, expected);
    assert_eq!(line.shift(0, comm.size() as isize)?, (None, None));
    assert_eq!(line.rank_at(&[-1])?, None);
    assert_eq!(line.rank_at(&[0])?, Some(0));
    assert!(matches!(line.shift(1, 1), Err(CommError::Invalid(_))));
    Ok(())
}

fn sizes<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let outcome = comm.cartesian(&[comm.size() + 1], &[true], false);
    assert!(matches!(outcome, Err(CommError::Invalid(_))), "{:?}", outcome.err());
    let outcome = comm.cartesian(&[comm.size(), 0], &[true, true], false);
    assert!(matches!(outcome, Err(CommError::Invalid(_))), "{:?}", outcome.err());
    let outcome = comm.cartesian(&[comm.size()], &[], false);
    assert!(matches!(outcome, Err(CommError::WrongLength { .. })), "{:?}", outcome.err());
    let one = comm.cartesian(&[1, 1], &[true, false], true)?;
    let inside = watched(comm.duplicate()?);
    let mut count = [u64::from(one.is_some())];
    inside.all_reduce_in_place(&mut count, &crate::comm::op::Sum)?;
    assert_eq!(count, [1], "a grid of one point has one rank");
    Ok(())
}
