//! Collectives that move blocks, checked against what each rank can compute alone.

use par_core::comm::{Blocks, CommError, Communicator, Tag, op};
use par_mpi::{MpiComm, MpiWorld};

use super::{Outcome, SMALL_LIMIT};

/// What rank `rank` has at place `at`.
fn element(rank: usize, at: usize) -> u32 {
    (rank * 1000 + at) as u32
}

fn block(rank: usize, length: usize) -> Vec<u32> {
    (0..length).map(|at| element(rank, at)).collect()
}

pub(super) fn blocks_of_one_length(world: &MpiWorld) -> Outcome {
    nothing_at_all(world.comm())?;
    for length in [0, 1, 5] {
        one_length(world, length)?;
    }
    Ok(())
}

fn one_length(world: &MpiWorld, length: usize) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());
    let all: Vec<u32> = (0..size).flat_map(|rank| block(rank, length)).collect();
    let own = block(rank, length);
    comm.barrier()?;
    for root in 0..size {
        let mut buf = if rank == root { own.clone() } else { vec![0; length] };
        comm.broadcast(&mut buf, root)?;
        assert_eq!(buf, block(root, length));

        let mut into = vec![0; if rank == root { length * size } else { 0 }];
        comm.gather(&own, &mut into, root)?;
        assert!(rank != root || into == all);

        let mut into = vec![0; length];
        comm.scatter(if rank == root { &all } else { &[] }, &mut into, root)?;
        assert_eq!(into, own);
    }
    let mut into = vec![0; length * size];
    comm.all_gather(&own, &mut into)?;
    assert_eq!(into, all);

    // Block `to` of rank `from` has its numbers.
    let given: Vec<u32> = (0..size * length).map(|at| element(rank, at)).collect();
    let place = |from: usize| (0..length).map(move |at| element(from, rank * length + at));
    let expected: Vec<u32> = (0..size).flat_map(place).collect();
    let mut into = vec![0; size * length];
    comm.all_to_all(&given, &mut into)?;
    assert_eq!(into, expected);
    let mut buf = given;
    comm.all_to_all_in_place(&mut buf)?;
    assert_eq!(buf, expected);
    Ok(())
}

pub(super) fn blocks_of_many_lengths(world: &MpiWorld) -> Outcome {
    many_lengths(world, 1)?;
    refused(world)
}

/// Of rank r, r times `scale` elements.
fn many_lengths(world: &MpiWorld, scale: usize) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());
    // Rank 0 has none; packed, and with gaps of one, in reverse order.
    let counts: Vec<usize> = (0..size).map(|rank| rank * scale).collect();
    let total: usize = counts.iter().map(|count| count + 1).sum();
    let places: Vec<usize> =
        (0..size).map(|rank| (rank + 1..size).map(|later| later * scale + 1).sum()).collect();
    for blocks in [Blocks::packed(&counts), Blocks::placed(&counts, &places)?] {
        let mut all = vec![u32::MAX; total];
        for (from, count) in counts.iter().enumerate() {
            all[blocks.range(from)].copy_from_slice(&block(from, *count));
        }
        let own = block(rank, counts[rank]);
        for root in 0..size {
            let mut into = vec![u32::MAX; if rank == root { total } else { 0 }];
            comm.gather_v(&own, &mut into, &blocks, root)?;
            assert!(rank != root || into == all, "{into:?} is not {all:?}");
            let mut into = vec![0; counts[rank]];
            comm.scatter_v(if rank == root { &all } else { &[] }, &blocks, &mut into, root)?;
            assert_eq!(into, own);
        }
        let mut into = vec![u32::MAX; total];
        comm.all_gather_v(&own, &mut into, &blocks)?;
        assert_eq!(into, all);
    }
    // Rank s sends s + r times as many elements to rank r, and has them in reverse order.
    let lengths: Vec<usize> = (0..size).map(|other| (other + rank) * scale).collect();
    let places: Vec<usize> = (0..size).map(|rank| lengths[rank + 1..].iter().sum()).collect();
    let (sent, received) = (Blocks::placed(&lengths, &places)?, Blocks::packed(&lengths));
    let row =
        |from: usize, to: usize| (0..(from + to) * scale).map(move |at| [from as u16, to as u16, at as u16]);
    let given: Vec<[u16; 3]> = (0..size).rev().flat_map(|to| row(rank, to)).collect();
    let mut into = vec![[0; 3]; received.extent()];
    comm.all_to_all_v(&given, &sent, &mut into, &received)?;
    assert_eq!(into, (0..size).flat_map(|from| row(from, rank)).collect::<Vec<_>>());
    Ok(())
}

/// What does not fit is refused before anything is sent, on every rank.
fn refused(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let size = comm.size();
    let wrong = |result: Result<(), CommError>| matches!(result, Err(CommError::WrongLength { .. }));
    assert!(wrong(comm.all_gather(&[1_u8, 2], &mut vec![0; 2 * size + 1])));
    assert!(wrong(comm.all_to_all(&vec![0_u8; size], &mut vec![0; size + 1])));
    assert!(wrong(comm.all_gather_in_place(&mut [0_u8], &Blocks::packed(&vec![2; size]))));
    let blocks = Blocks::placed(&vec![1; size], &vec![0; size])?;
    let overlap = comm.all_gather_in_place(&mut [0_u8], &blocks);
    assert!(size == 1 || matches!(overlap, Err(CommError::Invalid(_))), "{overlap:?}");
    let error = comm.broadcast(&mut [0_u8], size).unwrap_err();
    assert_eq!(error, CommError::NoSuchRank { rank: size, size });
    Ok(())
}

/// Blocks that are longer than a count, which is made small for this.
pub(super) fn long(world: &MpiWorld) -> Outcome {
    for length in [SMALL_LIMIT / 4 - 1, SMALL_LIMIT / 4, SMALL_LIMIT, 7 * SMALL_LIMIT + 13] {
        one_length(world, length)?;
    }
    many_lengths(world, SMALL_LIMIT / 6)?;
    many_lengths(world, 3 * SMALL_LIMIT)?;
    let comm = world.comm();
    let length = 5 * SMALL_LIMIT + 3;
    let mut buf: Vec<u64> = (0..length as u64).collect();
    comm.all_reduce_in_place(&mut buf, &par_core::comm::op::Sum)?;
    assert!(buf.iter().enumerate().all(|(at, sum)| *sum == (at * comm.size()) as u64));
    let blocks = Blocks::even(length, comm.size());
    let data: Vec<u64> = (0..length as u64).collect();
    let mut own = vec![0; blocks.counts()[comm.rank()]];
    comm.reduce_scatter(&data, &blocks, &mut own, &par_core::comm::op::Sum)?;
    assert!(own.iter().zip(blocks.range(comm.rank())).all(|(sum, at)| *sum == (at * comm.size()) as u64));
    Ok(())
}

pub(super) fn values(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());
    let text = |rank: usize| format!("rank {rank} says ").repeat(rank * 100 + 1);
    let all: Vec<String> = (0..size).map(text).collect();
    assert_eq!(comm.broadcast_value((rank == 0).then(|| all.clone()), 0)?, all);
    let last = size - 1;
    assert_eq!(comm.gather_values(&text(rank), last)?, (rank == last).then(|| all.clone()));
    assert_eq!(comm.scatter_values((rank == last).then(|| all.clone()), last)?, text(rank));
    assert_eq!(comm.all_gather_values(&text(rank))?, all);
    let given: Vec<(usize, String)> = (0..size).map(|to| (rank, text(to))).collect();
    let expected: Vec<(usize, String)> = (0..size).map(|from| (from, text(rank))).collect();
    assert_eq!(comm.all_to_all_values(&given)?, expected);

    // A long value from every rank to the next, each in its turn; a world of one has nobody to wait for.
    let long = |rank: usize| -> Vec<Option<u64>> {
        (0..30_000).map(|at| (at % 3 > 0).then_some(at + rank as u64)).collect()
    };
    for from in 0..if size > 1 { size } else { 0 } {
        let to = (from + 1) % size;
        if rank == from {
            comm.send_value(&long(rank), to, Tag(1))?;
        }
        if rank == to {
            let (came, status) = comm.recv_value::<Vec<Option<u64>>>(from, Tag(1))?;
            assert_eq!(status.source, from);
            assert!(came == long(from));
        }
    }
    Ok(())
}

/// An empty vector of bytes begins at address 1, which is Open MPI's mark for "in place".
fn nothing_at_all(comm: &MpiComm) -> Outcome {
    let mut nothing = Vec::<u8>::new();
    comm.broadcast(&mut nothing, 0)?;
    comm.gather(&[0_u8; 0], &mut nothing, 0)?;
    comm.scatter(&[0_u8; 0], &mut nothing, 0)?;
    comm.all_gather(&[0_u8; 0], &mut nothing)?;
    comm.all_to_all(&[0_u8; 0], &mut nothing)?;
    comm.reduce(&[0_u8; 0], &mut nothing, &op::Sum, 0)?;
    comm.all_reduce(&[0_u8; 0], &mut nothing, &op::Sum)?;
    comm.scan(&mut nothing, &op::Sum)?;
    assert_eq!(comm.broadcast_value(Some(()), 0).map(|()| nothing.len())?, 0);
    Ok(())
}
