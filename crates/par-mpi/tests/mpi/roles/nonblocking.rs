//! Collectives that go on while the rank does something else.

use par_core::comm::{CommError, Communicator, op, wait_all};
use par_mpi::MpiWorld;

use super::Outcome;

pub(super) fn all(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());
    let last = size - 1;
    let everybody: Vec<u64> = (0..size as u64).collect();

    comm.ibarrier()?.wait()?;
    let given = if rank == last { vec![7_u16; 3] } else { vec![0; 3] };
    assert_eq!(comm.ibroadcast(given, last)?.wait()?.data, [7; 3]);
    let gathered = comm.igather(vec![rank as u64], last)?.wait()?.data;
    assert_eq!(gathered, if rank == last { everybody.clone() } else { Vec::new() });
    let given = if rank == last { everybody.clone() } else { Vec::new() };
    assert_eq!(comm.iscatter(given, 1, last)?.wait()?.data, [rank as u64]);
    assert_eq!(comm.iall_gather(vec![rank as u64])?.wait()?.data, everybody);
    let given = everybody.iter().map(|to| to * 100 + rank as u64).collect();
    let expected: Vec<u64> = (0..size as u64).map(|from| rank as u64 * 100 + from).collect();
    assert_eq!(comm.iall_to_all(given)?.wait()?.data, expected);

    let sum = |ranks: std::ops::RangeInclusive<usize>| ranks.sum::<usize>() as i32;
    let own = || vec![rank as i32; 2];
    let at_root = comm.ireduce(own(), &op::Sum, 0)?.wait()?.data;
    assert_eq!(at_root, if rank == 0 { vec![sum(0..=last); 2] } else { own() });
    assert_eq!(comm.iall_reduce(own(), &op::Sum)?.wait()?.data, [sum(0..=last); 2]);
    assert_eq!(comm.iscan(own(), &op::Max)?.wait()?.data, own());
    let below = comm.iexscan(own(), &op::Sum)?.wait()?.data;
    assert!(rank == 0 || below == [sum(0..=rank - 1); 2]);
    let floats = comm.iall_reduce(vec![0.5_f32], &op::Sum)?.wait()?.data;
    assert_eq!(floats, [0.5 * size as f32]);

    // Several at once, tested until they are done, and one that nobody waits for.
    let many = (0..4).map(|at| comm.iall_gather(vec![at * 10 + rank as u64]));
    let mut many = many.collect::<Result<Vec<_>, _>>()?;
    drop(comm.iall_gather(vec![1_u8; 10_000])?);
    while !many[3].test()? {}
    for (at, done) in wait_all(many)?.into_iter().enumerate() {
        assert_eq!(done.data, everybody.iter().map(|rank| at as u64 * 10 + rank).collect::<Vec<_>>());
    }
    assert!(!comm.ibarrier()?.cancel()?, "a collective cannot be cancelled");

    let error = comm.iall_reduce(vec![[1_u8; 2]], &op::User::ordered(|left, _| left)).unwrap_err();
    assert!(matches!(error, CommError::Unsupported(_)), "{error}");
    assert!(matches!(comm.ibroadcast(vec![1], size), Err(CommError::NoSuchRank { .. })));
    Ok(())
}
