//! Communicators made of others.

use std::collections::BTreeSet;

use par_core::comm::{CommError, Communicator, Source, Tag, TagSelector, op};
use par_mpi::MpiWorld;

use super::Outcome;

pub(super) fn communicators(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());
    assert_eq!((comm.world_rank(rank), comm.world_size()), (rank, size));

    // Odd and even, in reverse order.
    let half = comm.split(Some((rank % 2) as u32), -(rank as i64))?.expect("every rank has a color");
    let members: Vec<usize> = (0..size).rev().filter(|other| other % 2 == rank % 2).collect();
    assert_eq!(half.size(), members.len());
    assert_eq!((0..half.size()).map(|rank| half.world_rank(rank)).collect::<Vec<_>>(), members);
    assert_eq!(members[half.rank()], rank);
    let mut sum = [rank as u64];
    half.all_reduce_in_place(&mut sum, &op::Sum)?;
    assert_eq!(sum[0], members.iter().sum::<usize>() as u64);

    // Messages of one are not received in another.
    let twin = comm.duplicate()?;
    let (next, before) = ((rank + 1) % size, (rank + size - 1) % size);
    let first = comm.isend(vec![1_u8], next, Tag(1))?;
    let second = twin.isend(vec![2_u8], next, Tag(1))?;
    assert_eq!(twin.recv::<u8>(Source::Any, TagSelector::Any)?.0, [2]);
    assert_eq!(comm.recv::<u8>(before, Tag(1))?.0, [1]);
    first.wait()?;
    second.wait()?;

    // Some are in none; those that share memory are all, here.
    let some = comm.split((rank > 0).then_some(3), 0)?;
    assert_eq!(some.as_ref().map(Communicator::rank), rank.checked_sub(1));
    let near = comm.split_shared()?;
    assert_eq!((near.rank(), near.size()), (rank, size));

    // A group that the others know nothing of.
    let members: Vec<usize> = (0..size).rev().step_by(2).collect();
    let group = if members.contains(&rank) { Some(comm.of_members(&members)?) } else { None };
    if let Some(group) = &group {
        assert_eq!(members[group.rank()], rank);
        group.barrier()?;
    } else {
        assert!(matches!(comm.of_members(&members), Err(CommError::Invalid(_))));
    }

    // Numbers are agreed on, and each is another's alone.
    let all = [Some(comm), Some(&half), Some(&twin), some.as_ref(), Some(&near), group.as_ref()];
    let present: Vec<_> = all.iter().flatten().collect();
    let numbers: BTreeSet<u64> = present.iter().map(|comm| comm.context()).collect();
    assert_eq!(numbers.len(), present.len());
    for comm in present {
        assert!(comm.all_gather_values(&comm.context())?.iter().all(|number| *number == comm.context()));
    }

    // Communicators outlive the one that they were made from.
    let nested = half.split(Some(0), 0)?;
    drop(half);
    nested.expect("every rank has a color").barrier()?;
    Ok(())
}

pub(super) fn grids(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let size = comm.size();
    let dims = if size >= 4 { [2, 2] } else { [1, size] };
    for reorder in [false, true] {
        let Some(grid) = comm.cartesian(&dims, &[true, false], reorder)? else {
            assert!(comm.rank() >= dims[0] * dims[1] || reorder);
            continue;
        };
        let here = grid.comm();
        let coords = grid.coords(here.rank())?;
        assert_eq!(coords, [here.rank() / dims[1], here.rank() % dims[1]]);
        // Along the first dimension around the torus, along the second as far as its edges.
        let (from, to) = grid.shift(0, 1)?;
        let (from, to) = (from.expect("it is periodic"), to.expect("it is periodic"));
        let mut came = [9_usize; 2];
        here.send_recv(&coords, to, Tag(0), &mut came, from, Tag(0))?;
        assert_eq!(came, [(coords[0] + dims[0] - 1) % dims[0], coords[1]]);
        let (left, right) = grid.shift(1, 1)?;
        assert_eq!((left.is_none(), right.is_none()), (coords[1] == 0, coords[1] + 1 == dims[1]));
    }
    let wrong = |result: Result<_, CommError>| matches!(result, Err(CommError::Invalid(_)));
    assert!(wrong(comm.cartesian(&[size + 1], &[false], false).map(drop)));
    assert!(wrong(comm.cartesian(&[0], &[false], false).map(drop)));
    Ok(())
}
