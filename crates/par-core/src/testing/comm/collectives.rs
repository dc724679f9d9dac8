//! Operations of all ranks.

use super::reference::{LENGTHS, given};
use super::stage::{Behaviour, watched};
use crate::comm::{Blocks, CommError, Communicator, CommunicatorExt, Source, Tag, TagSelector, op};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::of_ranks(2, "nobody leaves a barrier before the last has come", barrier),
        Behaviour::new("everybody gets what the root broadcasts", broadcast),
        Behaviour::new("everybody gets its block of what the root scatters", scatter),
        Behaviour::new("the root gathers every block in its place", gather),
        Behaviour::new("blocks of different lengths, with gaps between them, keep to their places", uneven),
        Behaviour::new("everybody gathers every block", all_gather),
        Behaviour::new("everybody sends everybody a block", all_to_all),
        Behaviour::new("blocks of different lengths go from everybody to everybody", all_to_all_uneven),
        Behaviour::new("collectives one after the other do not mix", in_turn),
        Behaviour::new("collectives and messages do not mix", beside_messages),
        Behaviour::new("buffers that do not fit are an error before anything is sent", wrong_lengths),
        Behaviour::new("the link under collectives is in order, and exact", link),
        Behaviour::of_ranks(
            2,
            "lengths that differ between ranks are an error of who gets another",
            mismatch,
        ),
    ]
}

fn barrier<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for round in 0..2 * comm.size() {
        let late = round % comm.size();
        if comm.rank() == late {
            // Whoever leaves too early says so before this rank has come.
            for _ in 0..300 {
                let early = comm.try_probe(Source::Any, Tag(1))?;
                assert_eq!(early, None, "a rank has left the barrier, and rank {late} was not there");
                std::thread::yield_now();
            }
            comm.barrier()?;
            for _ in 1..comm.size() {
                comm.recv_into(&mut [0_u8], Source::Any, Tag(1))?;
            }
        } else {
            comm.barrier()?;
            comm.send(&[1_u8], late, Tag(1))?;
        }
        // The next round's messages come after this one's.
        comm.barrier()?;
    }
    Ok(())
}

fn broadcast<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in LENGTHS {
        for root in 0..comm.size() {
            let mut buf = if comm.rank() == root { given(root, len) } else { vec![0; len] };
            comm.broadcast(&mut buf, root)?;
            assert!(buf == given(root, len), "{len} elements of rank {root}");
        }
    }
    let mut small = [comm.rank() as u8; 3];
    comm.broadcast(&mut small, comm.size() - 1)?;
    assert_eq!(small, [comm.size() as u8 - 1; 3]);
    Ok(())
}

/// All ranks' blocks in a row.
fn in_a_row(size: usize, len: usize) -> Vec<u64> {
    (0..size).flat_map(|rank| given(rank, len)).collect()
}

fn scatter<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in LENGTHS {
        for root in 0..comm.size() {
            let data = if comm.rank() == root { in_a_row(comm.size(), len) } else { Vec::new() };
            let mut into = vec![0; len];
            comm.scatter(&data, &mut into, root)?;
            assert!(into == given(comm.rank(), len), "{len} elements of rank {root}");
            let mut buf = if comm.rank() == root { data } else { vec![0; len] };
            comm.scatter_in_place(&mut buf, root)?;
            let expected = if comm.rank() == root { in_a_row(comm.size(), len) } else { into };
            assert!(buf == expected, "{len} elements of rank {root}, in place");
        }
    }
    Ok(())
}

fn gather<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in LENGTHS {
        for root in 0..comm.size() {
            let mut into = vec![0; if comm.rank() == root { comm.size() * len } else { 0 }];
            comm.gather(&given(comm.rank(), len), &mut into, root)?;
            if comm.rank() == root {
                assert!(into == in_a_row(comm.size(), len), "{len} elements at rank {root}");
            }
            let own = given(comm.rank(), len);
            let mut buf = if comm.rank() == root { vec![9; comm.size() * len] } else { own.clone() };
            if comm.rank() == root {
                buf[root * len..(root + 1) * len].copy_from_slice(&own);
            }
            comm.gather_in_place(&mut buf, root)?;
            let expected = if comm.rank() == root { into } else { own };
            assert!(buf == expected, "{len} elements at rank {root}, in place");
        }
    }
    Ok(())
}

/// Lengths that grow with the rank, one of them 0, at places in reverse order with gaps.
fn placed(size: usize, scale: usize) -> Result<Blocks, CommError> {
    let counts: Vec<usize> = (0..size).map(|rank| (rank % 3) * scale + rank / 3).collect();
    let mut displacements = vec![0; size];
    let mut next = 2;
    for rank in (0..size).rev() {
        displacements[rank] = next;
        next += counts[rank] + 3;
    }
    Blocks::placed(&counts, &displacements)
}

/// A buffer with every rank's block in its place, and `gap` elsewhere.
fn laid_out(blocks: &Blocks, gap: u64) -> Vec<u64> {
    let mut buf = vec![gap; blocks.extent() + 2];
    for rank in 0..blocks.len() {
        buf[blocks.range(rank)].copy_from_slice(&given(rank, blocks.counts()[rank]));
    }
    buf
}

fn uneven<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (rank, size) = (comm.rank(), comm.size());
    for scale in [1, 500, 20_000] {
        let blocks = placed(size, scale)?;
        let own = given(rank, blocks.counts()[rank]);
        let nothing = Blocks::packed(&[]);
        for root in 0..size {
            let is_root = rank == root;
            let data = if is_root { laid_out(&blocks, 9) } else { Vec::new() };
            let mut into = vec![0; own.len()];
            comm.scatter_v(&data, if is_root { &blocks } else { &nothing }, &mut into, root)?;
            assert!(into == own, "scattered by rank {root}, {scale}");
            let mut into = vec![9; if is_root { blocks.extent() + 2 } else { 0 }];
            comm.gather_v(&own, &mut into, if is_root { &blocks } else { &nothing }, root)?;
            assert!(!is_root || into == laid_out(&blocks, 9), "gathered by rank {root}, {scale}");
        }
        let mut into = vec![9; blocks.extent() + 2];
        comm.all_gather_v(&own, &mut into, &blocks)?;
        assert!(into == laid_out(&blocks, 9), "gathered by all, {scale}");
        let mut buf = vec![9; blocks.extent() + 2];
        buf[blocks.range(rank)].copy_from_slice(&own);
        comm.all_gather_in_place(&mut buf, &blocks)?;
        assert!(buf == laid_out(&blocks, 9), "gathered by all, in place, {scale}");
    }
    Ok(())
}

fn all_gather<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in LENGTHS {
        let mut into = vec![0; comm.size() * len];
        comm.all_gather(&given(comm.rank(), len), &mut into)?;
        assert!(into == in_a_row(comm.size(), len), "{len} elements");
    }
    Ok(())
}

/// What `from` has for `to`.
fn between(from: usize, to: usize, len: usize) -> Vec<u64> {
    given(100 * from + to, len)
}

fn all_to_all<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (rank, size) = (comm.rank(), comm.size());
    for len in [0, 1, 7, 1_000, 20_000] {
        let data: Vec<u64> = (0..size).flat_map(|to| between(rank, to, len)).collect();
        let expected: Vec<u64> = (0..size).flat_map(|from| between(from, rank, len)).collect();
        let mut into = vec![0; data.len()];
        comm.all_to_all(&data, &mut into)?;
        assert!(into == expected, "{len} elements");
        let mut buf = data;
        comm.all_to_all_in_place(&mut buf)?;
        assert!(buf == expected, "{len} elements in place");
    }
    Ok(())
}

fn all_to_all_uneven<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (rank, size) = (comm.rank(), comm.size());
    for scale in [0, 1, 300, 6_000] {
        // Other lengths in either direction, and nothing for some.
        let count = |from: usize, to: usize| ((from + 2 * to) % 4) * scale;
        let counts: Vec<usize> = (0..size).map(|to| count(rank, to)).collect();
        let starts: Vec<usize> = (0..size).map(|to| (size - 1 - to) * (3 * scale + 1)).collect();
        let send_blocks = Blocks::placed(&counts, &starts)?;
        let mut data = vec![77; send_blocks.extent()];
        for to in 0..size {
            data[send_blocks.range(to)].copy_from_slice(&between(rank, to, counts[to]));
        }
        let counts: Vec<usize> = (0..size).map(|from| count(from, rank)).collect();
        let starts: Vec<usize> = (0..size).map(|from| from * (3 * scale + 2)).collect();
        let receive_blocks = Blocks::placed(&counts, &starts)?;
        let mut into = vec![88; receive_blocks.extent() + 1];
        let mut expected = into.clone();
        for from in 0..size {
            expected[receive_blocks.range(from)].copy_from_slice(&between(from, rank, counts[from]));
        }
        comm.all_to_all_v(&data, &send_blocks, &mut into, &receive_blocks)?;
        assert!(into == expected, "{scale}");
    }
    Ok(())
}

fn in_turn<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (rank, size) = (comm.rank() as u64, comm.size());
    for round in 0..40_u64 {
        let root = round as usize % size;
        let mut one = [rank + round];
        comm.broadcast(&mut one, root)?;
        assert_eq!(one, [root as u64 + round]);
        let mut sum = [rank, round];
        comm.all_reduce_in_place(&mut sum, &op::Sum)?;
        assert_eq!(sum, [(0..size as u64).sum(), round * size as u64]);
        let mut all = vec![0; size];
        comm.gather(&[rank * round], &mut all, root)?;
        comm.barrier()?;
        comm.broadcast(&mut all, root)?;
        assert_eq!(all, (0..size as u64).map(|rank| rank * round).collect::<Vec<_>>());
        let mut below = [1_u64];
        comm.scan(&mut below, &op::Sum)?;
        assert_eq!(below, [rank + 1]);
    }
    Ok(())
}

fn beside_messages<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (next, previous) = ((comm.rank() + 1) % comm.size(), (comm.rank() + comm.size() - 1) % comm.size());
    // Receives that want whatever comes, and messages that nobody has received, on both sides of collectives.
    let receive = comm.irecv(vec![0_u64; 4], Source::Any, TagSelector::Any)?;
    let mut all = vec![0; comm.size()];
    comm.all_gather(&[comm.rank() as u64], &mut all)?;
    assert_eq!(all, (0..comm.size() as u64).collect::<Vec<_>>());
    comm.send(&[5_u64; 4], next, Tag(0))?;
    let second = comm.isend(vec![6_u64; 3], next, Tag(0))?;
    let mut buf = [comm.rank() as u64; 4];
    comm.broadcast(&mut buf, comm.size() - 1)?;
    assert_eq!(buf, [comm.size() as u64 - 1; 4]);
    comm.barrier()?;
    assert_eq!(receive.wait()?.data, [5; 4]);
    assert_eq!(comm.recv::<u64>(previous, TagSelector::Any)?.0, [6; 3]);
    second.wait()?;
    assert_eq!(comm.try_probe(Source::Any, TagSelector::Any)?, None);
    Ok(())
}

fn wrong_lengths<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (size, rank) = (comm.size(), comm.rank());
    let wrong = |outcome: Result<(), CommError>| {
        assert!(matches!(outcome, Err(CommError::WrongLength { .. })), "{outcome:?}");
    };
    let (mut one, mut more) = ([0_u64], vec![0_u64; size + 1]);
    let many = Blocks::packed(&vec![1; size + 1]);
    wrong(comm.all_gather(&one, &mut more));
    wrong(comm.all_gather_in_place(&mut more, &many));
    wrong(comm.all_gather_v(&one, &mut more, &many));
    wrong(comm.all_to_all(&vec![1; size], &mut more));
    wrong(comm.all_reduce(&more, &mut one, &op::Sum));
    wrong(comm.reduce_scatter(&more, &many, &mut one, &op::Sum));
    wrong(comm.all_to_all_v(&more, &many, &mut [0; 9], &many));
    if size > 1 {
        wrong(comm.all_to_all(&vec![1; size + 1], &mut more));
        let mut buf = vec![0_u64; size + 1];
        wrong(comm.all_to_all_in_place(&mut buf));
    }
    // What counts at the root alone is tried where the root is alone.
    if let Some(own) = comm.split(Some(rank as u32), 0)? {
        let own = watched(own);
        wrong(own.scatter(&[1_u64, 2], &mut one, 0));
        wrong(own.gather(&[1_u64, 2], &mut one, 0));
        wrong(own.reduce(&[1_u64, 2], &mut one, &op::Sum, 0));
        wrong(own.scatter_v(&[1_u64], &Blocks::packed(&[2]), &mut [0, 0], 0));
        wrong(own.gather_v(&[1_u64, 2], &mut one, &Blocks::packed(&[2]), 0));
    }
    if size > 1 {
        let overlapping = Blocks::placed(&vec![2; size], &vec![0; size])?;
        let outcome = comm.all_gather_in_place(&mut [0_u64; 2], &overlapping);
        assert!(matches!(outcome, Err(CommError::Invalid(_))), "blocks on one another: {outcome:?}");
    }
    let mut sum = [1_u64];
    comm.all_reduce_in_place(&mut sum, &op::Sum)?;
    assert_eq!(sum, [size as u64], "nothing was sent before");
    Ok(())
}

fn link<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let link = comm.link();
    assert_eq!((link.rank(), link.size()), (comm.rank(), comm.size()));
    let (next, previous) = ((comm.rank() + 1) % comm.size(), (comm.rank() + comm.size() - 1) % comm.size());
    for len in [0, 1, 70, 300_000] {
        let mut into = vec![0_u8; len];
        for number in 0..5_u8 {
            link.send_recv(&vec![comm.rank() as u8 + number; len], next, &mut into, previous)?;
            assert!(into.iter().all(|byte| *byte == previous as u8 + number), "{len} bytes, {number}");
        }
    }
    if comm.rank() == 0 && comm.size() > 1 {
        for number in 0..50_u8 {
            link.send(&[number; 9], 1)?;
        }
    }
    if comm.rank() == 1 {
        for number in 0..50_u8 {
            let mut into = [0_u8; 9];
            link.recv(&mut into, 0)?;
            assert_eq!(into, [number; 9]);
        }
    }
    Ok(())
}

fn mismatch<C: Communicator>(comm: &C) -> Result<(), CommError> {
    // Two ranks alone: where there are more, others could wait for the one that fails.
    for (sent, expected) in [(8, 4), (4, 8), (300_000, 4), (4, 300_000), (0, 1), (1, 0)] {
        let color = (comm.rank() < 2).then_some(0);
        let Some(pair) = comm.split(color, 0)?.map(watched) else { continue };
        let link = pair.link();
        let outcome = if pair.rank() == 0 {
            link.send(&vec![1; sent], 1)
        } else {
            let mut buf = vec![2_u8; expected + 1];
            let outcome = link.recv(&mut buf[..expected], 0);
            assert_eq!(buf[expected], 2, "behind the buffer");
            outcome
        };
        if pair.rank() == 1 {
            assert!(
                matches!(outcome, Err(CommError::CollectiveMismatch(_))),
                "{sent} bytes where {expected} are wanted: {outcome:?}"
            );
        }
    }
    Ok(())
}
