//! Operations under way.

use std::time::Instant;

use super::reference::{LENGTHS, given};
use super::stage::{Behaviour, deadline};
use crate::comm::{CommError, Communicator, Source, Tag, TagSelector, wait_all, wait_any};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("long messages cross one another under way", crossing),
        Behaviour::new("receives that are under way are served in their order", posted_in_order),
        Behaviour::new("all requests are waited for at once, in their order", waited_for_all),
        Behaviour::new("of several requests, each is done once, whichever comes first", waited_for_any),
        Behaviour::new("a test says when a wait returns at once", tested),
        Behaviour::new("a cancelled receive takes no message", cancelled),
        Behaviour::new("a dropped receive takes no message", dropped),
        Behaviour::new("a dropped send is sent", dropped_send),
    ]
}

fn next(comm: &impl Communicator) -> usize {
    (comm.rank() + 1) % comm.size()
}

fn previous(comm: &impl Communicator) -> usize {
    (comm.rank() + comm.size() - 1) % comm.size()
}

fn crossing<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in LENGTHS {
        let mut sends = Vec::new();
        let mut receives = Vec::new();
        for other in 0..comm.size() {
            sends.push(comm.isend(given(comm.rank() + other, len), other, Tag(5))?);
            receives.push(comm.irecv(vec![0_u64; len], other, Tag(5))?);
        }
        for (other, done) in wait_all(receives)?.into_iter().enumerate() {
            assert_eq!(done.data, given(comm.rank() + other, len), "{len} elements from rank {other}");
            assert_eq!((done.status.source, done.status.tag), (other, Tag(5)));
        }
        for (other, done) in wait_all(sends)?.into_iter().enumerate() {
            assert_eq!((done.status.source, done.status.bytes), (other, 8 * len), "of a send");
        }
    }
    Ok(())
}

fn posted_in_order<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let mut receives = Vec::new();
    for number in 0..20 {
        let tag = if number % 2 == 0 { TagSelector::Any } else { TagSelector::Tag(Tag(1)) };
        receives.push(comm.irecv(vec![0_u32; 4], Source::Any, tag)?);
    }
    for number in 0..20_u32 {
        comm.send(&[number; 4], next(comm), Tag(1))?;
    }
    for (number, done) in wait_all(receives)?.into_iter().enumerate() {
        assert_eq!(done.data, [number as u32; 4], "the receive that was begun as number {number}");
        assert_eq!(done.status.source, previous(comm));
    }
    Ok(())
}

fn waited_for_all<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let receives: Result<Vec<_>, _> =
        (0..10).map(|tag| comm.irecv(vec![0_u64; 50], previous(comm), Tag(tag))).collect();
    let receives = receives?;
    for tag in (0..10_u16).rev() {
        comm.send(&vec![u64::from(tag); usize::from(tag) + 1], next(comm), Tag(tag))?;
    }
    for (tag, done) in wait_all(receives)?.into_iter().enumerate() {
        assert_eq!(done.data, vec![tag as u64; tag + 1], "a buffer holds what came, and no more");
    }
    assert!(wait_all::<u8>([])?.is_empty());
    Ok(())
}

fn waited_for_any<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let mut receives = Vec::new();
    for other in 0..comm.size() {
        receives.push(comm.irecv(vec![0_u64; 1], other, Tag(1))?);
    }
    let (mut seen, mut first) = (vec![false; comm.size()], true);
    loop {
        if first {
            // None is there before anyone sends.
            comm.barrier()?;
            for other in 0..comm.size() {
                comm.send(&[comm.rank() as u64], other, Tag(1))?;
            }
            first = false;
        }
        let Some((_, done)) = wait_any(&mut receives)? else { break };
        assert_eq!(done.data, [done.status.source as u64]);
        assert!(!std::mem::replace(&mut seen[done.status.source], true), "done twice");
    }
    assert!(seen.into_iter().all(|seen| seen), "one was never done");
    Ok(())
}

fn tested<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let mut receive = comm.irecv(vec![0_u64; 3], previous(comm), Tag(1))?;
    for _ in 0..100 {
        assert!(!receive.test()?, "nothing was sent yet");
    }
    comm.barrier()?;
    comm.send(&[1_u64, 2, 3], next(comm), Tag(1))?;
    while !receive.test()? {
        assert!(deadline().is_none_or(|end| Instant::now() < end), "it never says so");
        std::thread::yield_now();
    }
    assert!(receive.test()?, "once done, it stays so");
    assert_eq!(receive.wait()?.data, [1, 2, 3]);
    Ok(())
}

fn cancelled<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let never = comm.irecv(vec![0_u64; 1], previous(comm), Tag(1))?;
    assert!(never.cancel()?, "nothing was sent yet");
    comm.barrier()?;
    let sent = comm.isend(vec![8_u64], next(comm), Tag(1))?;
    assert_eq!(comm.recv::<u64>(previous(comm), Tag(1))?.0, [8]);
    sent.wait()?;
    let mut late = comm.irecv(vec![0_u64; 1], previous(comm), Tag(2))?;
    comm.send(&[9_u64], next(comm), Tag(2))?;
    while !late.test()? {
        assert!(deadline().is_none_or(|end| Instant::now() < end), "it never comes");
        std::thread::yield_now();
    }
    assert!(!late.cancel()?, "it was received");
    Ok(())
}

fn dropped<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in [1, 40_000] {
        drop(comm.irecv(vec![0_u64; len], previous(comm), Tag(1))?);
        drop(comm.irecv(vec![0_u64; len], Source::Any, TagSelector::Any)?);
        comm.barrier()?;
        let sent = comm.isend(given(comm.rank(), len), next(comm), Tag(1))?;
        assert_eq!(comm.recv::<u64>(previous(comm), Tag(1))?.0, given(previous(comm), len));
        sent.wait()?;
    }
    Ok(())
}

fn dropped_send<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in [1, 40_000] {
        let receive = comm.irecv(vec![0_u64; len], previous(comm), Tag(1))?;
        comm.barrier()?;
        drop(comm.isend(given(comm.rank(), len), next(comm), Tag(1))?);
        assert_eq!(receive.wait()?.data, given(previous(comm), len));
    }
    Ok(())
}
