//! What ranks know of one another without a message, and who may end a wait.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::stage::{Behaviour, deadline};
use crate::comm::{CommError, Communicator, Source, Tag, Watch};

pub(super) fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    vec![
        Behaviour::new("what a rank writes on a board, all see soon", written),
        Behaviour::of_ranks(2, "a board is read while its owner is busy elsewhere", read_alone),
        Behaviour::new("a watch is asked by who waits, and ends the wait", watch),
        Behaviour::new("a watch that says nothing changes nothing", patient_watch),
    ]
}

fn board_of<C: Communicator>(comm: &C, width: usize) -> Result<Rc<dyn crate::comm::Board>, CommError> {
    if comm.size() < comm.world_size() {
        return Err(CommError::Unsupported("a board takes all ranks of the world".to_owned()));
    }
    comm.board(width)
}

fn written<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let (first, second) = (board_of(comm, 5)?, board_of(comm, 2)?);
    assert_eq!((first.width(), second.width()), (5, 2));
    let own = comm.world_rank(comm.rank());
    let mut row = [9_u64; 5];
    first.read(own, 0, &mut row)?;
    assert_eq!(row, [0; 5], "a board is empty at first");
    first.write(1, &[own as u64 + 10, own as u64 + 20])?;
    second.write(0, &[1, 2])?;
    for other in 0..comm.world_size() {
        loop {
            first.read(other, 0, &mut row)?;
            if row == [0, other as u64 + 10, other as u64 + 20, 0, 0] {
                break;
            }
            assert!(deadline().is_none_or(|end| Instant::now() < end), "rank {other}'s row is still {row:?}");
            std::thread::yield_now();
        }
    }
    let mut part = [0; 1];
    first.read(own, 2, &mut part)?;
    assert_eq!(part, [own as u64 + 20]);
    comm.barrier()
}

fn read_alone<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let board = board_of(comm, 1)?;
    board.write(0, &[comm.rank() as u64 + 1])?;
    comm.barrier()?;
    // Rank 0 waits for all in turn, and helps nobody to read its row meanwhile.
    if comm.rank() == 0 {
        for other in 1..comm.size() {
            comm.recv_into(&mut [0_u8], other, Tag(1))?;
        }
        return Ok(());
    }
    let mut word = [0];
    for _ in 0..50 {
        board.read(comm.world_rank(0), 0, &mut word)?;
        assert_eq!(word, [1]);
    }
    comm.send(&[1_u8], 0, Tag(1))
}

struct Counting {
    asked: Cell<u32>,
    patience: u32,
}

impl Watch for Counting {
    fn stalled(&self, waited: Duration) -> Result<(), CommError> {
        assert!(waited >= Duration::from_micros(500), "asked after {waited:?} already");
        self.asked.set(self.asked.get() + 1);
        if self.asked.get() >= self.patience {
            return Err(CommError::Deadlock(vec!["the watch says so".to_owned()]));
        }
        Ok(())
    }
}

fn watch<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let own = comm.duplicate()?;
    let ends = || Err(CommError::Deadlock(vec!["the watch says so".to_owned()]));
    let set = || {
        let watch = Rc::new(Counting { asked: Cell::new(0), patience: 5 });
        own.set_watch(Some(Rc::clone(&watch) as Rc<dyn Watch>));
        watch
    };
    // A message from oneself that never comes: what never ends by itself, whatever the others do.
    let watch = set();
    assert_eq!(own.recv_into(&mut [0_u8], own.rank(), Tag(1)).map(|_| ()), ends(), "a receive");
    assert!(watch.asked.get() >= 5);
    set();
    assert_eq!(own.probe(own.rank(), Tag(1)).map(|_| ()), ends(), "a probe");
    set();
    assert_eq!(own.matched_probe(Source::Any, Tag(1)).map(|_| ()), ends(), "a matched probe");
    set();
    assert_eq!(own.irecv(vec![0_u8], own.rank(), Tag(1))?.wait().map(|_| ()), ends(), "a request");
    own.set_watch(None);
    comm.barrier()?;
    // None of those receives is left to take a message.
    let sent = own.isend(vec![3_u8], own.rank(), Tag(1))?;
    assert_eq!(own.recv::<u8>(own.rank(), Tag(1))?.0, [3]);
    sent.wait()?;
    comm.barrier()
}

fn patient_watch<C: Communicator>(comm: &C) -> Result<(), CommError> {
    let own = comm.duplicate()?;
    own.set_watch(Some(Rc::new(Counting { asked: Cell::new(0), patience: u32::MAX })));
    let mut all = vec![0_u64; own.size()];
    for round in 0..50_u64 {
        own.all_gather(&[own.rank() as u64 + round], &mut all)?;
        assert_eq!(all, (0..own.size() as u64).map(|rank| rank + round).collect::<Vec<_>>());
    }
    own.set_watch(None);
    Ok(())
}
