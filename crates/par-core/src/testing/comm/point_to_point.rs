//! Messages from one rank to another.

use std::collections::BTreeSet;
use std::time::Instant;

use super::reference::{LENGTHS, given};
use super::stage::{Behaviour, deadline};
use crate::comm::{CommError, Communicator, SendMode, Source, Tag, TagSelector, wait_all};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("ranks count from 0, and each knows which of the world it is", identity),
        Behaviour::new("a message of any length arrives whole, in every mode", arrives_in_every_mode),
        Behaviour::new("elements of one's own type arrive as they were", own_types),
        Behaviour::of_ranks(2, "messages of one sender do not overtake one another", no_overtaking),
        Behaviour::of_ranks(2, "nor do they where any source and any tag is taken", no_overtaking_of_any),
        Behaviour::new("a tag picks its message", tags_pick),
        Behaviour::new("any source is every source, and the status says which", any_source),
        Behaviour::new("a receive buffer may be longer than the message", longer_buffer),
        Behaviour::new(
            "too long a message is an error, its head is in the buffer, and the next is whole",
            truncates,
        ),
        Behaviour::new("what is no whole number of elements is an error, and the next is whole", wrong_type),
        Behaviour::new("a rank or a tag that there is not is an error at once", no_such_rank),
        Behaviour::new("ranks that exchange long messages do not block one another", exchanges),
        Behaviour::of_ranks(2, "a synchronous send waits for its receive", synchronous),
        Behaviour::new("a buffered send waits for nobody, and says when there is no room", buffered),
        Behaviour::of_ranks(2, "many to one: every message arrives once", many_to_one),
    ]
}

fn next(comm: &impl Communicator) -> usize {
    (comm.rank() + 1) % comm.size()
}

fn previous(comm: &impl Communicator) -> usize {
    (comm.rank() + comm.size() - 1) % comm.size()
}

fn identity<C: Communicator>(comm: &C) -> Result<(), CommError> {
    assert!(comm.rank() < comm.size());
    let mut ranks = vec![[0_u64; 3]; comm.size()];
    let own = [comm.rank() as u64, comm.world_rank(comm.rank()) as u64, comm.size() as u64];
    comm.all_gather(&[own], &mut ranks)?;
    let worlds: BTreeSet<u64> = ranks.iter().map(|[_, world, _]| *world).collect();
    assert_eq!(worlds.len(), comm.size(), "two ranks are one of the world");
    for (rank, [said, world, size]) in ranks.into_iter().enumerate() {
        assert_eq!((said, size), (rank as u64, comm.size() as u64));
        assert_eq!(comm.world_rank(rank) as u64, world, "of rank {rank}");
        assert!((world as usize) < comm.world_size());
    }
    Ok(())
}

fn arrives_in_every_mode<C: Communicator>(comm: &C) -> Result<(), CommError> {
    comm.attach_buffer(1 << 20)?;
    let (to, from) = (next(comm), previous(comm));
    for mode in [SendMode::Standard, SendMode::Synchronous, SendMode::Buffered, SendMode::Ready] {
        for len in LENGTHS {
            let request = comm.irecv(vec![0_u64; len + 3], from, Tag(9))?;
            // A ready send may only begin when the receive has.
            comm.barrier()?;
            comm.send_with(mode, &given(comm.rank(), len), to, Tag(9))?;
            let done = request.wait()?;
            assert_eq!(done.data, given(from, len), "{len} elements, {mode:?}");
            assert_eq!((done.status.source, done.status.tag), (from, Tag(9)));
            assert_eq!(done.status.count::<u64>(), Some(len), "{mode:?}");
            comm.barrier()?;
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Particle {
    position: [f64; 3],
    charge: i32,
    kind: u32,
}

fn own_types<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let particles = |rank: usize| -> Vec<Particle> {
        (0..100)
            .map(|i| Particle { position: [rank as f64, f64::from(i), -0.0], charge: -i, kind: rank as u32 })
            .collect()
    };
    let request = comm.irecv::<Particle>(vec![bytemuck::Zeroable::zeroed(); 100], previous(comm), Tag(0))?;
    comm.send(&particles(comm.rank()), next(comm), Tag(0))?;
    assert_eq!(request.wait()?.data, particles(previous(comm)));
    let request = comm.irecv(vec![0_u8; 3], previous(comm), Tag::MAX)?;
    comm.send(&[1_u8, 2, 255], next(comm), Tag::MAX)?;
    assert_eq!(request.wait()?.data, [1, 2, 255]);
    Ok(())
}

/// Short and long in turn, so that what travels in different ways meets.
fn lengths() -> impl Iterator<Item = usize> {
    (0..120).map(|number| if number % 5 == 2 { 20_000 } else { number % 7 + 1 })
}

fn no_overtaking<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let sent: Result<Vec<_>, _> =
        lengths().enumerate().map(|(i, len)| comm.isend(vec![i as u64; len], next(comm), Tag(3))).collect();
    let mut buf = vec![0_u64; 20_000];
    for (number, len) in lengths().enumerate() {
        let status = comm.recv_into(&mut buf, previous(comm), Tag(3))?;
        assert_eq!((status.source, status.tag), (previous(comm), Tag(3)));
        assert_eq!((buf[0], status.count::<u64>()), (number as u64, Some(len)), "message {number}");
    }
    wait_all(sent?)?;
    Ok(())
}

fn no_overtaking_of_any<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let mut sent = Vec::new();
    for (number, len) in lengths().enumerate() {
        let tag = Tag(number as u16 % 3);
        sent.push(comm.isend(vec![number as u64; len], next(comm), tag)?);
    }
    for number in 0..lengths().count() {
        let (data, status) = comm.recv::<u64>(Source::Any, TagSelector::Any)?;
        assert_eq!(data[0], number as u64, "what came is not the oldest");
        assert_eq!((status.source, status.tag), (previous(comm), Tag(number as u16 % 3)));
    }
    wait_all(sent)?;
    Ok(())
}

fn tags_pick<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let mut sent = Vec::new();
    for tag in 0..5_u16 {
        sent.push(comm.isend(vec![u32::from(tag); 3_000], next(comm), Tag(tag))?);
    }
    for tag in [4, 0, 3, 1, 2_u16] {
        let mut buf = vec![0_u32; 3_000];
        let status = comm.recv_into(&mut buf, Source::Any, Tag(tag))?;
        assert_eq!((status.tag, buf[0], buf[2_999]), (Tag(tag), u32::from(tag), u32::from(tag)));
    }
    wait_all(sent)?;
    Ok(())
}

fn any_source<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let mut sent = Vec::new();
    for to in 0..comm.size() {
        sent.push(comm.isend(vec![comm.rank() as u64; to + 1], to, Tag(comm.rank() as u16))?);
    }
    let mut seen = BTreeSet::new();
    for _ in 0..comm.size() {
        let (data, status) = comm.recv::<u64>(Source::Any, TagSelector::Any)?;
        assert_eq!(data, vec![status.source as u64; comm.rank() + 1]);
        assert_eq!(status.tag, Tag(status.source as u16));
        assert_eq!(status.bytes, 8 * (comm.rank() + 1));
        assert!(seen.insert(status.source), "rank {} came twice", status.source);
    }
    wait_all(sent)?;
    Ok(())
}

fn longer_buffer<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in [0, 5, 30_000] {
        let sent = comm.isend(vec![7_u32; len], next(comm), Tag(1))?;
        let mut buf = vec![9_u32; len + 10];
        let status = comm.recv_into(&mut buf, previous(comm), Tag(1))?;
        assert_eq!(status.count::<u32>(), Some(len));
        assert!(buf[..len].iter().all(|word| *word == 7), "{len} elements");
        assert_eq!(buf[len..], [9; 10], "the rest of the buffer is as it was");
        sent.wait()?;
    }
    Ok(())
}

fn truncates<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in [8, 30_000] {
        let first = comm.isend(given(comm.rank(), len), next(comm), Tag(1))?;
        let second = comm.isend(given(comm.rank() + 1, len), next(comm), Tag(1))?;
        let mut buf = vec![3; len / 2 + 1];
        let (head, guard) = buf.split_at_mut(len / 2);
        match comm.recv_into(head, previous(comm), Tag(1)) {
            Err(CommError::Truncated { from, tag, got, room }) => {
                assert_eq!((from, tag, got, room), (previous(comm), 1, 8 * len, 4 * len));
            }
            other => panic!("{len} elements into half the room: {other:?}"),
        }
        assert_eq!(head, &given(previous(comm), len)[..len / 2], "the head of the message");
        assert_eq!(guard, [3], "behind the buffer");
        let request = comm.irecv(vec![0_u64; len], previous(comm), Tag(1))?;
        assert_eq!(request.wait()?.data, given(previous(comm) + 1, len), "the next message");
        let third = comm.isend(vec![1_u8; len], next(comm), Tag(1))?;
        let request = comm.irecv(vec![0_u8; len - 1], previous(comm), Tag(1))?;
        let outcome = request.wait();
        assert!(matches!(outcome, Err(CommError::Truncated { .. })), "of a request: {outcome:?}");
        wait_all([first, second])?;
        third.wait()?;
    }
    Ok(())
}

fn wrong_type<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let sent =
        [comm.isend(vec![1_u8; 7], next(comm), Tag(1))?, comm.isend(vec![2_u8; 9], next(comm), Tag(1))?];
    let outcome = comm.recv::<u32>(previous(comm), Tag(1));
    assert!(
        matches!(outcome, Err(CommError::WrongType { bytes: 7, element: 4, .. })),
        "7 bytes as u32: {outcome:?}"
    );
    let mut buf = [0_u32; 8];
    let outcome = comm.recv_into(&mut buf, previous(comm), Tag(1));
    assert!(
        matches!(outcome, Err(CommError::WrongType { bytes: 9, element: 4, .. })),
        "9 bytes as u32: {outcome:?}"
    );
    let last = comm.isend(vec![5_u32], next(comm), Tag(1))?;
    assert_eq!(comm.recv::<u32>(previous(comm), Tag(1))?.0, [5]);
    wait_all(sent)?;
    last.wait()?;
    Ok(())
}

fn no_such_rank<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (there_is_not, too_great) = (comm.size(), Tag(Tag::MAX.0 + 1));
    let wrong = CommError::NoSuchRank { rank: comm.size(), size: comm.size() };
    assert_eq!(comm.send(&[1_u8], there_is_not, Tag(0)), Err(wrong.clone()));
    assert_eq!(comm.recv_into(&mut [0_u8], there_is_not, Tag(0)), Err(wrong.clone()));
    assert_eq!(comm.isend(vec![1_u8], there_is_not, Tag(0)).err(), Some(wrong.clone()));
    assert_eq!(comm.irecv(vec![1_u8], there_is_not, Tag(0)).err(), Some(wrong.clone()));
    assert_eq!(comm.probe(there_is_not, Tag(0)), Err(wrong.clone()));
    assert_eq!(comm.try_probe(there_is_not, Tag(0)), Err(wrong.clone()));
    assert_eq!(comm.matched_probe(there_is_not, Tag(0)).err(), Some(wrong.clone()));
    assert_eq!(comm.try_matched_probe(there_is_not, Tag(0)).err(), Some(wrong.clone()));
    let mut buf = [0_u8];
    assert_eq!(comm.send_recv(&[1_u8], there_is_not, Tag(0), &mut buf, 0, Tag(0)), Err(wrong.clone()));
    assert_eq!(comm.send_recv(&[1_u8], 0, Tag(0), &mut buf, there_is_not, Tag(0)), Err(wrong.clone()));
    assert_eq!(comm.broadcast(&mut [0_u8], there_is_not), Err(wrong.clone()));
    assert_eq!(comm.reduce(&[0_u8], &mut [0], &crate::comm::op::Sum, there_is_not), Err(wrong));
    let wrong = CommError::TagTooGreat { tag: too_great.0 };
    assert_eq!(comm.send(&[1_u8], 0, too_great), Err(wrong.clone()));
    assert_eq!(comm.recv_into(&mut [0_u8], 0, too_great), Err(wrong.clone()));
    assert_eq!(comm.irecv(vec![0_u8], 0, too_great).err(), Some(wrong));
    comm.barrier()?;
    assert_eq!(comm.try_probe(Source::Any, TagSelector::Any)?, None, "nothing was sent");
    Ok(())
}

fn exchanges<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in LENGTHS {
        let mut buf = vec![0_u64; len];
        let status =
            comm.send_recv(&given(comm.rank(), len), next(comm), Tag(1), &mut buf, previous(comm), Tag(1))?;
        assert_eq!((status.source, status.count::<u64>()), (previous(comm), Some(len)));
        assert_eq!(buf, given(previous(comm), len), "{len} elements round the ring");
        comm.send_recv_replace(&mut buf, previous(comm), Tag(2), next(comm), Tag(2))?;
        assert_eq!(buf, given(comm.rank(), len), "{len} elements, and back");
        let partner = comm.rank() ^ 1;
        if partner < comm.size() {
            comm.send_recv(&given(comm.rank(), len), partner, Tag(3), &mut buf, partner, Tag(3))?;
            assert_eq!(buf, given(partner, len), "{len} elements head to head");
        }
    }
    Ok(())
}

fn synchronous<C: Communicator>(comm: &C) -> Result<(), CommError> {
    // Everybody sends, and allows its own predecessor's message to be received only when asked to.
    for len in [1, 50_000] {
        let mut request = comm.isend_with(SendMode::Synchronous, vec![4_u64; len], next(comm), Tag(1))?;
        for _ in 0..1_000 {
            assert!(!request.test()?, "nobody has received {len} elements yet");
        }
        comm.barrier()?;
        let (data, _) = comm.recv::<u64>(previous(comm), Tag(1))?;
        assert_eq!(data.len(), len);
        request.wait()?;
    }
    Ok(())
}

fn buffered<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let message = given(comm.rank(), 2_000);
    let outcome = comm.send_with(SendMode::Buffered, &message, next(comm), Tag(1));
    assert!(matches!(outcome, Err(CommError::BufferFull { .. })), "no memory was set aside: {outcome:?}");
    comm.attach_buffer(24_000)?;
    // All send before anyone receives.
    comm.send_with(SendMode::Buffered, &message, next(comm), Tag(1))?;
    comm.barrier()?;
    for round in 0..5 {
        let (data, _) = comm.recv::<u64>(previous(comm), Tag(1))?;
        assert_eq!(data, given(previous(comm), 2_000), "round {round}");
        if round < 4 {
            send_when_there_is_room(comm, &message)?;
        }
    }
    let outcome = comm.send_with(SendMode::Buffered, &given(0, 4_000), next(comm), Tag(1));
    assert!(matches!(outcome, Err(CommError::BufferFull { .. })), "32000 bytes in 24000: {outcome:?}");
    Ok(())
}

/// What was received gives its room back, if not at once.
fn send_when_there_is_room<C: Communicator>(comm: &C, message: &[u64]) -> Result<(), CommError> {
    loop {
        match comm.send_with(SendMode::Buffered, message, next(comm), Tag(1)) {
            Err(CommError::BufferFull { .. }) if deadline().is_none_or(|end| Instant::now() < end) => {
                comm.try_probe(previous(comm), Tag(7))?;
                std::thread::yield_now();
            }
            outcome => return outcome,
        }
    }
}

fn many_to_one<C: Communicator>(comm: &C) -> Result<(), CommError> {
    const EACH: u64 = 200;
    if comm.rank() > 0 {
        for number in 0..EACH {
            comm.send(&[comm.rank() as u64, number], 0, Tag(1))?;
        }
        return comm.barrier();
    }
    let mut counts = vec![0; comm.size()];
    for _ in 0..EACH * (comm.size() as u64 - 1) {
        let mut buf = [0_u64; 2];
        let status = comm.recv_into(&mut buf, Source::Any, Tag(1))?;
        assert_eq!(buf, [status.source as u64, counts[status.source]]);
        counts[status.source] += 1;
    }
    assert!(counts[1..].iter().all(|count| *count == EACH), "{counts:?}");
    comm.barrier()?;
    assert_eq!(comm.try_probe(Source::Any, TagSelector::Any)?, None);
    Ok(())
}
