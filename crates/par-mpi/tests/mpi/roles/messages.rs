//! Messages from rank to rank.

use par_core::comm::{CommError, Communicator, SendMode, Source, Tag, TagSelector, wait_all, wait_any};
use par_mpi::MpiWorld;

use super::{Outcome, SMALL_LIMIT};

pub(super) fn point_to_point(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());
    let (next, before) = ((rank + 1) % size, (rank + size - 1) % size);

    // In every mode, from everybody to rank 0, told apart by source and tag.
    comm.attach_buffer(1024)?;
    for (tag, mode) in [SendMode::Standard, SendMode::Synchronous, SendMode::Buffered, SendMode::Ready]
        .into_iter()
        .enumerate()
    {
        let tag = Tag(tag as u16);
        comm.barrier()?;
        if rank > 0 {
            if mode == SendMode::Ready {
                comm.recv::<u8>(0, Tag(99))?;
            }
            comm.send_with(mode, &[rank as u32, 7], 0, tag)?;
        } else {
            for from in (1..size).rev() {
                let mut buf = [0_u32; 4];
                let status = if mode == SendMode::Ready {
                    let receive = comm.irecv(vec![0_u32; 4], from, tag)?;
                    comm.send(&[0_u8], from, Tag(99))?;
                    let done = receive.wait()?;
                    buf[..done.data.len()].copy_from_slice(&done.data);
                    done.status
                } else {
                    comm.recv_into(&mut buf, from, tag)?
                };
                assert_eq!((status.source, status.tag, status.bytes), (from, tag, 8));
                assert_eq!(status.count::<u32>(), Some(2));
                assert_eq!(buf, [from as u32, 7, 0, 0]);
            }
        }
    }

    // Messages do not overtake one another; wildcards say who and what.
    comm.send(&[1.5_f64], next, Tag(10))?;
    comm.send(&[2.5_f64; 3], next, Tag(11))?;
    let status = comm.probe(Source::Any, TagSelector::Any)?;
    assert_eq!((status.source, status.tag, status.bytes), (before, Tag(10), 8));
    assert!(comm.try_probe(before, Tag(11))?.is_none_or(|status| status.bytes == 24));
    let (data, status) = comm.recv::<f64>(Source::Any, Tag(11))?;
    assert_eq!((data, status.source), (vec![2.5; 3], before));
    let message = comm.matched_probe(before, TagSelector::Any)?;
    assert!(comm.try_matched_probe(before, Tag(10))?.is_none(), "the matched message can be matched no more");
    let mut one = [0.0];
    message.recv_into(&mut one)?;
    assert_eq!(one, [1.5]);

    // A matched message that is dropped is gone.
    comm.send(&[1_u8; 9], next, Tag(12))?;
    drop(comm.matched_probe(before, Tag(12))?);
    comm.barrier()?;
    assert!(comm.try_probe(before, Tag(12))?.is_none(), "others may have gone on and sent what comes next");

    // Exchanges, of other types and lengths, and with oneself.
    let mut buf = [0_u16; 8];
    let status = comm.send_recv(&[rank as u64], next, Tag(1), &mut buf, before, Tag(1))?;
    assert_eq!((status.bytes, buf[0] as usize), (8, before));
    let mut own = [rank as i32];
    comm.send_recv_replace(&mut own, next, Tag(2), before, Tag(2))?;
    assert_eq!(own, [before as i32]);
    let mut mirror = [0_u8];
    comm.send_recv(&[9_u8], rank, Tag(3), &mut mirror, rank, Tag(3))?;
    assert_eq!(mirror, [9]);

    refused(comm, &world.library_version(), next, before)
}

/// What is wrong is said, and what was sent before and after arrives.
fn refused(comm: &par_mpi::MpiComm, version: &str, next: usize, before: usize) -> Outcome {
    let size = comm.size();
    assert_eq!(comm.send(&[1_u8], size, Tag(0)), Err(CommError::NoSuchRank { rank: size, size }));
    assert_eq!(comm.send(&[1_u8], 0, Tag(40_000)), Err(CommError::TagTooGreat { tag: 40_000 }));
    assert!(matches!(comm.recv::<u8>(size, Tag(0)), Err(CommError::NoSuchRank { .. })));

    // MPICH does not say how long a message was that did not fit, unless it was matched first.
    let told = |bytes: usize| if version.starts_with("Open MPI") { bytes } else { 9 };
    for length in [3_usize, 70_000] {
        let data = vec![7_u32; length];
        let request = comm.isend(data, next, Tag(20))?;
        let mut short = [0_u32; 2];
        let error = comm.recv_into(&mut short, before, Tag(20)).unwrap_err();
        assert_eq!(error, CommError::Truncated { from: before, tag: 20, got: told(4 * length), room: 8 });
        request.wait()?;
        let request = comm.isend(vec![7_u32; length], next, Tag(20))?;
        let error = comm.irecv(vec![0_u32; 2], before, Tag(20))?.wait().unwrap_err();
        assert_eq!(error, CommError::Truncated { from: before, tag: 20, got: told(4 * length), room: 8 });
        request.wait()?;
        let request = comm.isend(vec![7_u32; length], next, Tag(20))?;
        let error = comm.matched_probe(before, Tag(20))?.recv_into(&mut short).unwrap_err();
        assert_eq!(error, CommError::Truncated { from: before, tag: 20, got: 4 * length, room: 8 });
        request.wait()?;
    }
    let request = comm.isend(vec![1_u8; 6], next, Tag(21))?;
    let error = comm.recv::<u32>(before, Tag(21)).unwrap_err();
    assert_eq!(error, CommError::WrongType { from: before, tag: 21, bytes: 6, element: 4 });
    request.wait()?;

    comm.attach_buffer(16)?;
    comm.barrier()?;
    let room = |error| matches!(error, Err(CommError::BufferFull { bytes: 17, room: 16 }));
    assert!(room(comm.send_with(SendMode::Buffered, &[0_u8; 17], next, Tag(22))));
    comm.send_with(SendMode::Buffered, &[3_u8; 16], next, Tag(22))?;
    assert_eq!(comm.recv::<u8>(before, Tag(22))?.0, [3; 16]);
    comm.barrier()?;
    comm.attach_buffer(0)?;
    Ok(())
}

/// Messages that are longer than a count, which is made small for this.
pub(super) fn long(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let other = 1 - comm.rank();
    // Around one chunk, around several, and with a rest.
    for length in [SMALL_LIMIT - 1, SMALL_LIMIT, SMALL_LIMIT + 1, 5 * SMALL_LIMIT, 100_007] {
        let data: Vec<u8> = (0..length).map(|at| (at * 31 + comm.rank()) as u8).collect();
        let theirs: Vec<u8> = (0..length).map(|at| (at * 31 + other) as u8).collect();
        let sent = comm.isend(data.clone(), other, Tag(1))?;
        // Room to spare is no matter.
        let mut buf = vec![0; length + 300];
        let status = comm.recv_into(&mut buf, other, Tag(1))?;
        assert_eq!(status.bytes, length);
        assert!(buf[..length] == theirs && buf[length..].iter().all(|byte| *byte == 0));
        assert!(sent.wait()?.data == data);
        let sent = comm.isend(data.clone(), other, Tag(2))?;
        assert_eq!(comm.probe(other, Tag(2))?.bytes, length);
        assert!(comm.recv::<u8>(other, Tag(2))?.0 == theirs);
        sent.wait()?;
        let mut buf = vec![0; length];
        comm.send_recv(&data, other, Tag(3), &mut buf, other, Tag(3))?;
        assert!(buf == theirs);
        let sent = comm.isend(data.clone(), other, Tag(4))?;
        assert!(comm.irecv(vec![0_u8; length], other, Tag(4))?.wait()?.data == theirs);
        sent.wait()?;
        let sent = comm.isend(data, other, Tag(5))?;
        let error = comm.recv_into(&mut buf[1..], other, Tag(5)).unwrap_err();
        // One byte too many, which is the least that there can be.
        assert!(matches!(error, CommError::Truncated { got, .. } if got == length), "{error}");
        sent.wait()?;
    }
    Ok(())
}

/// A message whose bytes no C `int` can count, where there is memory for it.
pub(super) fn more_than_two_gibibytes(world: &MpiWorld) -> Outcome {
    const ELEMENTS: usize = (1 << 28) + 3;
    let comm = world.comm();
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let free = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) >> 20;
    // Rank 0 says whether it is done, so that both do the same.
    if !comm.broadcast_value((comm.rank() == 0).then_some(free >= 8), 0)? {
        if comm.rank() == 0 {
            println!("skipped: {free} GiB of memory are free, and this needs 8");
        }
        return Ok(());
    }
    if comm.rank() == 0 {
        let mut data = vec![1_u64; ELEMENTS];
        data[ELEMENTS - 1] = 7;
        comm.send(&data, 1, Tag(1))?;
    } else {
        let status = comm.probe(0, Tag(1))?;
        assert_eq!(status.bytes, ELEMENTS * 8);
        let mut data = vec![0_u64; ELEMENTS + 1];
        let status = comm.recv_into(&mut data, 0, Tag(1))?;
        assert_eq!(status.count::<u64>(), Some(ELEMENTS));
        assert_eq!((data[0], data[ELEMENTS - 2], data[ELEMENTS - 1], data[ELEMENTS]), (1, 1, 7, 0));
    }
    Ok(())
}

pub(super) fn requests(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());

    // From everybody to everybody, oneself included.
    let receives = (0..size).map(|from| comm.irecv(vec![0_u64; 5], from, Tag(1)));
    let receives = receives.collect::<Result<Vec<_>, _>>()?;
    let sends = (0..size).map(|to| comm.isend(vec![rank as u64; to + 1], to, Tag(1)));
    let sends = sends.collect::<Result<Vec<_>, _>>()?;
    for (from, done) in wait_all(receives)?.into_iter().enumerate() {
        assert_eq!(done.data, vec![from as u64; rank + 1]);
        assert_eq!((done.status.source, done.status.bytes), (from, 8 * (rank + 1)));
    }
    for (to, done) in wait_all(sends)?.into_iter().enumerate() {
        assert_eq!((done.data, done.status.source), (vec![rank as u64; to + 1], to));
    }

    // In the order in which they come.
    let mut receives: Vec<_> =
        (0..size).map(|from| comm.irecv(vec![0_u8; 1], from, Tag(2))).collect::<Result<_, _>>()?;
    let sends =
        (0..size).map(|to| comm.isend(vec![rank as u8], to, Tag(2))).collect::<Result<Vec<_>, _>>()?;
    let mut seen = Vec::new();
    while let Some((_, done)) = wait_any(&mut receives)? {
        assert_eq!(usize::from(done.data[0]), done.status.source);
        seen.push(done.status.source);
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..size).collect::<Vec<_>>());
    wait_all(sends)?;

    // A synchronous send is not done before its receive has begun; a test says so.
    let mut send = comm.isend_with(SendMode::Synchronous, vec![5_u8], rank, Tag(3))?;
    assert!(!send.test()?);
    assert_eq!(comm.recv::<u8>(rank, Tag(3))?.0, [5]);
    while !send.test()? {}
    assert_eq!(send.wait()?.data, [5]);

    // What is cancelled or dropped takes no message from others.
    assert!(comm.irecv(vec![0_u8; 1], rank, Tag(4))?.cancel()?);
    drop(comm.irecv(vec![0_u8; 1], rank, Tag(4))?);
    comm.isend(vec![8_u8], rank, Tag(4))?.wait()?;
    assert_eq!(comm.recv::<u8>(rank, Tag(4))?.0, [8]);
    // A request that is forgotten leaks its buffer and nothing else.
    std::mem::forget(comm.irecv(vec![0_u8; 1], rank, Tag(5))?);
    // A send that is dropped goes on: nobody else keeps the buffer.
    drop(comm.isend(vec![3_u8; 100_000], rank, Tag(6))?);
    assert_eq!(comm.recv::<u8>(rank, Tag(6))?.0.len(), 100_000);
    Ok(())
}
