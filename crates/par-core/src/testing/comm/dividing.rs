//! Communicators made of others.

use super::stage::{Behaviour, watched};
use crate::comm::{CommError, Communicator, Source, Tag, TagSelector, op};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("a split makes a communicator of each color, in the order of the keys", split),
        Behaviour::new("a rank without a color takes part in a split, and is in none", no_color),
        Behaviour::new("a duplicate has the same ranks, and messages of its own", duplicate),
        Behaviour::new("a communicator can be divided again and again", again),
        Behaviour::new("ranks that share memory make a communicator", shared),
    ]
}

fn split<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (rank, size) = (comm.rank(), comm.size());
    // Reversed: the greatest rank is first.
    let half = comm.split(Some((rank % 2) as u32), -(rank as i64))?.map(watched).expect("it has a color");
    let members: Vec<usize> = (0..size).filter(|other| other % 2 == rank % 2).rev().collect();
    assert_eq!(half.size(), members.len());
    assert_eq!(members[half.rank()], rank);
    for (place, member) in members.iter().enumerate() {
        assert_eq!(half.world_rank(place), comm.world_rank(*member));
    }
    let mut sum = [rank as u64, 1];
    half.all_reduce_in_place(&mut sum, &op::Sum)?;
    assert_eq!(sum, [members.iter().sum::<usize>() as u64, members.len() as u64]);
    let next = (half.rank() + 1) % half.size();
    let request = half.irecv(vec![0_u64; 1], Source::Any, TagSelector::Any)?;
    half.send(&[rank as u64], next, Tag(2))?;
    let done = request.wait()?;
    assert_eq!(done.data, [members[done.status.source] as u64], "a status has the rank in this communicator");
    // Equal keys keep the order of ranks.
    let same = comm.split(Some(4_000_000_000), 7)?.map(watched).expect("it has a color");
    assert_eq!((same.rank(), same.size()), (rank, size));
    same.barrier()
}

fn no_color<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let part = comm.split((comm.rank() > 0).then_some(3), 0)?.map(watched);
    assert_eq!(part.is_some(), comm.rank() > 0);
    if let Some(part) = part {
        assert_eq!((part.size(), part.rank()), (comm.size() - 1, comm.rank() - 1));
        let mut buf = [part.rank() as u64];
        part.broadcast(&mut buf, part.size() - 1)?;
        assert_eq!(buf, [part.size() as u64 - 1]);
    }
    assert!(comm.split(None, 0)?.is_none(), "nobody has a color");
    comm.barrier()
}

fn duplicate<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (first, second) = (watched(comm.duplicate()?), watched(comm.duplicate()?));
    assert_eq!((first.rank(), first.size()), (comm.rank(), comm.size()));
    let mut contexts = vec![[0; 3]; comm.size()];
    comm.all_gather(&[[comm.context(), first.context(), second.context()]], &mut contexts)?;
    assert!(contexts.iter().all(|other| *other == contexts[0]), "ranks know one by different numbers");
    let [a, b, c] = contexts[0];
    assert!(a != b && b != c && a != c, "two are known by one number");
    let (next, previous) = ((comm.rank() + 1) % comm.size(), (comm.rank() + comm.size() - 1) % comm.size());
    // The same tag, the same ranks, in the wrong order, short and long.
    for len in [1, 30_000] {
        let sent = [
            comm.isend(vec![1_u64; len], next, Tag(1))?,
            first.isend(vec![2_u64; len], next, Tag(1))?,
            second.isend(vec![3_u64; len], next, Tag(1))?,
        ];
        assert_eq!(second.recv::<u64>(Source::Any, TagSelector::Any)?.0, vec![3; len]);
        assert_eq!(first.recv::<u64>(previous, Tag(1))?.0, vec![2; len]);
        assert_eq!(comm.recv::<u64>(previous, TagSelector::Any)?.0, vec![1; len]);
        crate::comm::wait_all(sent)?;
    }
    // Collectives of one beside those of the other.
    let (mut a, mut b) = ([1_u64], [2_u64]);
    first.all_reduce_in_place(&mut a, &op::Sum)?;
    second.all_reduce_in_place(&mut b, &op::Sum)?;
    assert_eq!((a[0], b[0]), (comm.size() as u64, 2 * comm.size() as u64));
    Ok(())
}

fn again<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let mut kept = Vec::new();
    for round in 0..20 {
        let half = comm.split(Some((comm.rank() / 2) as u32), 0)?.map(watched).expect("it has a color");
        let one = half.split(Some(half.rank() as u32), 0)?.map(watched).expect("it has a color");
        assert_eq!((one.rank(), one.size()), (0, 1));
        assert_eq!(one.world_rank(0), comm.world_rank(comm.rank()));
        let mut sum = [1_u64];
        half.all_reduce_in_place(&mut sum, &op::Sum)?;
        one.all_reduce_in_place(&mut sum, &op::Sum)?;
        assert_eq!(sum, [half.size() as u64]);
        if round % 5 == 0 {
            kept.push(half);
        }
    }
    let mut numbers: Vec<u64> = kept.iter().map(Communicator::context).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), kept.len(), "one number for two");
    for half in &kept {
        half.barrier()?;
    }
    Ok(())
}

fn shared<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let here = watched(comm.split_shared()?);
    assert!(here.size() <= comm.size());
    assert_eq!(here.world_rank(here.rank()), comm.world_rank(comm.rank()), "who splits is in its part");
    let mut sum = [1_u64];
    here.all_reduce_in_place(&mut sum, &op::Sum)?;
    assert_eq!(sum, [here.size() as u64]);
    Ok(())
}
