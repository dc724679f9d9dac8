//! Messages that are looked at before they are received.

use super::reference::given;
use super::stage::Behaviour;
use crate::comm::{CommError, Communicator, Message, Source, Tag, TagSelector, wait_all};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("a probe tells of a message and leaves it there", probed),
        Behaviour::new("a probe that does not wait says when there is none", none),
        Behaviour::new("a matched message is out of everybody's sight, and received in any order", matched),
        Behaviour::new("a matched message that is dropped is gone", matched_and_dropped),
        Behaviour::new("a matched message knows what fits it", matched_and_wrong),
    ]
}

fn next(comm: &impl Communicator) -> usize {
    (comm.rank() + 1) % comm.size()
}

fn previous(comm: &impl Communicator) -> usize {
    (comm.rank() + comm.size() - 1) % comm.size()
}

fn probed<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in [0, 3, 30_000] {
        let sent = comm.isend(given(comm.rank(), len), next(comm), Tag(6))?;
        let status = comm.probe(Source::Any, TagSelector::Any)?;
        assert_eq!((status.source, status.tag), (previous(comm), Tag(6)));
        assert_eq!(status.count::<u64>(), Some(len));
        assert_eq!(comm.try_probe(previous(comm), Tag(6))?, Some(status), "it is still there");
        let mut buf = vec![0_u64; len];
        comm.recv_into(&mut buf, status.source, status.tag)?;
        assert_eq!(buf, given(previous(comm), len));
        assert_eq!(comm.try_probe(previous(comm), Tag(6))?, None, "it was received");
        sent.wait()?;
        comm.barrier()?;
    }
    Ok(())
}

fn none<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for _ in 0..100 {
        assert_eq!(comm.try_probe(Source::Any, TagSelector::Any)?, None);
        assert!(comm.try_matched_probe(Source::Any, TagSelector::Any)?.is_none());
    }
    comm.barrier()?;
    let sent = comm.isend(vec![1_u8; 10], next(comm), Tag(1))?;
    comm.probe(previous(comm), Tag(1))?;
    assert_eq!(comm.try_probe(previous(comm), Tag(2))?, None, "of another tag");
    let message = comm.try_matched_probe(previous(comm), Tag(1))?.expect("a probe has seen it");
    assert_eq!(message.recv::<u8>()?.0, [1; 10]);
    sent.wait()?;
    Ok(())
}

fn matched<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let mut sent = Vec::new();
    for number in 0..4 {
        sent.push(comm.isend(given(number, 9_000 * number + 1), next(comm), Tag(1))?);
    }
    let taken: Result<Vec<Message<'_>>, _> =
        (0..4).map(|_| comm.matched_probe(Source::Any, Tag(1))).collect();
    let taken = taken?;
    assert_eq!(comm.try_probe(Source::Any, TagSelector::Any)?, None, "all are taken");
    for (number, message) in taken.into_iter().enumerate().rev() {
        let status = message.status();
        assert_eq!((status.source, status.count::<u64>()), (previous(comm), Some(9_000 * number + 1)));
        if number % 2 == 0 {
            assert_eq!(message.recv::<u64>()?.0, given(number, 9_000 * number + 1));
        } else {
            let mut buf = vec![0_u64; 40_000];
            let status = message.recv_into(&mut buf)?;
            assert_eq!(buf[..status.count::<u64>().unwrap_or(0)], given(number, 9_000 * number + 1));
        }
    }
    wait_all(sent)?;
    Ok(())
}

fn matched_and_dropped<C: Communicator>(comm: &C) -> Result<(), CommError> {
    for len in [2, 30_000] {
        let sent = [
            comm.isend(vec![1_u64; len], next(comm), Tag(1))?,
            comm.isend(vec![2_u64; len], next(comm), Tag(1))?,
        ];
        drop(comm.matched_probe(previous(comm), Tag(1))?);
        assert_eq!(comm.recv::<u64>(previous(comm), Tag(1))?.0, vec![2; len]);
        wait_all(sent)?;
    }
    Ok(())
}

fn matched_and_wrong<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(comm.isend(vec![1_u8; 10], next(comm), Tag(1))?);
    }
    let outcome = comm.matched_probe(previous(comm), Tag(1))?.recv::<u32>();
    assert!(matches!(outcome, Err(CommError::WrongType { bytes: 10, element: 4, .. })), "{outcome:?}");
    let outcome = comm.matched_probe(previous(comm), Tag(1))?.recv_into(&mut [0_u8; 9]);
    assert!(matches!(outcome, Err(CommError::Truncated { got: 10, room: 9, .. })), "{outcome:?}");
    assert_eq!(comm.matched_probe(previous(comm), Tag(1))?.recv::<u8>()?.0, [1; 10]);
    wait_all(sent)?;
    Ok(())
}
