//! Communicators made of others.

use super::stage::{Behaviour, watch, watched};
use crate::comm::{
    CommError, Communicator, CommunicatorExt, Intercommunicator, Likeness, Source, Tag, TagSelector, op,
};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("a split makes a communicator of each color, in the order of the keys", split),
        Behaviour::new("a rank without a color takes part in a split, and is in none", no_color),
        Behaviour::new("a duplicate has the same ranks, and messages of its own", duplicate),
        Behaviour::new("a communicator can be divided again and again", again),
        Behaviour::new("a group of ranks makes a communicator, in the group's order", groups),
        Behaviour::of_ranks(2, "two groups talk to one another, rank by rank and all at once", across),
        Behaviour::of_ranks(2, "two groups become one communicator, in the order that they agree on", merged),
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

fn groups<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let all = comm.group();
    assert_eq!(all.len(), comm.size());
    let reversed: Vec<usize> = (0..comm.size()).rev().step_by(2).collect();
    let group = all.incl(&reversed)?;
    let made = comm.create(&group)?.map(watched);
    assert_eq!(made.is_some(), reversed.contains(&comm.rank()));
    if let Some(made) = made {
        assert_eq!(reversed[made.rank()], comm.rank());
        assert_eq!(made.group(), group);
        let mut ranks = vec![0; made.size()];
        made.all_gather(&[comm.rank()], &mut ranks)?;
        assert_eq!(ranks, reversed);
    }
    let duplicate = watched(comm.duplicate()?);
    assert_eq!(duplicate.compare(comm), Likeness::Identical);
    let turned = comm.split(Some(1), -(comm.rank() as i64))?.map(watched).expect("it has a color");
    let expected = if comm.size() == 1 { Likeness::Identical } else { Likeness::Similar };
    assert_eq!(turned.compare(comm), expected);
    Ok(())
}

/// The first ranks on side 0, about a third of all, the others on side 1.
fn joined<C: Communicator>(comm: &C) -> Result<(Intercommunicator<C>, usize, u32), CommError> {
    let first = comm.size().div_ceil(3);
    let side = u32::from(comm.rank() >= first);
    let across = Intercommunicator::join(comm, Some(side))?.expect("every rank is on a side");
    watch(across.local());
    Ok((across, first, side))
}

fn across<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (across, first, side) = joined(comm)?;
    let remote = if side == 0 { comm.size() - first } else { first };
    assert_eq!((across.remote_size(), across.local().size()), (remote, comm.size() - remote));
    // Everybody on side 0 tells everybody on side 1, who answer.
    let own = across.local().rank();
    if side == 0 {
        for to in 0..remote {
            across.send(&[own as u64, to as u64], to, Tag(1))?;
        }
        for from in 0..remote {
            assert_eq!(across.recv::<u64>(from, Tag(2))?.0, [from as u64]);
        }
    } else {
        for _ in 0..remote {
            let (data, status) = across.recv::<u64>(Source::Any, TagSelector::Any)?;
            assert_eq!(data, [status.source as u64, own as u64], "ranks are those of the other group");
        }
        for to in 0..remote {
            across.send(&[own as u64], to, Tag(2))?;
        }
    }
    let outcome = across.send(&[0_u8], remote, Tag(1));
    assert_eq!(outcome, Err(CommError::NoSuchRank { rank: remote, size: remote }));
    across.barrier()?;
    for len in [1, 30_000] {
        for (from, members) in [(0, first), (1, comm.size() - first)] {
            let root = members - 1;
            let is_root = side == from && own == root;
            let mut buf = vec![if is_root { 5_u64 } else { 1 }; len];
            across.broadcast(&mut buf, from, root)?;
            let expected = if is_root || side != from { 5 } else { 1 };
            assert!(buf.iter().all(|word| *word == expected), "{len} elements of side {from}");
        }
        let length = |side: u32| len * (side as usize + 1);
        let mut all = vec![0_u64; remote * length(1 - side)];
        across.all_gather(&vec![own as u64; length(side)], &mut all)?;
        let expected = (0..remote).flat_map(|rank| vec![rank as u64; length(1 - side)]);
        assert!(all.into_iter().eq(expected), "{len} elements of each");
    }
    Ok(())
}

fn merged<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (across, first, side) = joined(comm)?;
    let low = watched(across.merge(side == 1)?);
    assert_eq!((low.rank(), low.size()), (comm.rank(), comm.size()), "side 1 is high");
    let high = watched(across.merge(side == 0)?);
    let expected = if side == 0 { comm.size() - first + comm.rank() } else { comm.rank() - first };
    assert_eq!(high.rank(), expected, "side 0 is high");
    let same = watched(across.merge(true)?);
    assert_eq!(same.rank(), comm.rank(), "both say the same");
    same.barrier()?;
    // Some are on no side.
    let side = match comm.rank() {
        0 => Some(1),
        1 => Some(0),
        _ => None,
    };
    let pair = Intercommunicator::join(comm, side)?;
    assert_eq!(pair.is_some(), side.is_some());
    assert!(pair.is_none_or(|pair| pair.remote_size() == 1));
    let outcome = Intercommunicator::join(comm, Some(0));
    assert!(matches!(outcome, Err(CommError::Invalid(_))), "nobody on side 1: {:?}", outcome.err());
    Ok(())
}
