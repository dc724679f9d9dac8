//! Waits that somebody ends, and boards.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use par_core::comm::{CommError, Communicator, SendMode, Source, Tag, Watch, op, wait_any};
use par_mpi::MpiWorld;

use super::Outcome;

/// Ends every wait that lasts this long.
struct Impatient {
    limit: Duration,
    asked: Cell<usize>,
}

impl Watch for Impatient {
    fn stalled(&self, waited: Duration) -> Result<(), CommError> {
        self.asked.set(self.asked.get() + 1);
        if waited > self.limit { Err(CommError::Deadlock(vec!["enough".to_owned()])) } else { Ok(()) }
    }
}

pub(super) fn all(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());
    let (next, before) = ((rank + 1) % size, (rank + size - 1) % size);
    let watch = Rc::new(Impatient { limit: Duration::from_millis(50), asked: Cell::new(0) });
    comm.barrier()?;
    comm.set_watch(Some(Rc::<Impatient>::clone(&watch)));

    // Nobody sends, nobody receives, nobody comes: every wait ends with the watch's error and leaves nothing behind.
    let ended = |error: CommError| assert_eq!(error, CommError::Deadlock(vec!["enough".to_owned()]));
    let mut buf = vec![0_u8; 200_000];
    ended(comm.recv_into(&mut buf, before, Tag(1)).unwrap_err());
    ended(comm.recv::<u8>(Source::Any, Tag(1)).unwrap_err());
    ended(comm.probe(before, Tag(1)).unwrap_err());
    ended(comm.send_with(SendMode::Synchronous, &[1_u8], next, Tag(2)).unwrap_err());
    ended(comm.send(&vec![2_u8; 500_000], next, Tag(3)).unwrap_err());
    ended(comm.irecv(vec![0_u8], before, Tag(1))?.wait().unwrap_err());
    ended(wait_any(&mut vec![comm.irecv(vec![0_u8], before, Tag(1))?]).unwrap_err());
    ended(comm.isend_with(SendMode::Synchronous, vec![4_u8], next, Tag(4))?.wait().unwrap_err());
    assert!(watch.asked.get() > 8, "it was asked {} times", watch.asked.get());

    // The sends that were given up go on from copies, and what is not waited for too long comes.
    assert_eq!(comm.recv::<u8>(before, Tag(2))?.0, [1]);
    comm.recv_into(&mut buf[..10], before, Tag(3)).unwrap_err();
    assert_eq!(comm.recv::<u8>(before, Tag(4))?.0, [4]);

    // Whole collectives work while a watch is set, floats and all.
    comm.set_watch(Some(Rc::new(Impatient { limit: Duration::from_secs(20), asked: Cell::new(0) })));
    comm.barrier()?;
    let mut sum = [rank as f64];
    comm.all_reduce_in_place(&mut sum, &op::Sum)?;
    assert_eq!(sum, [(0..size).sum::<usize>() as f64]);
    let mut all = vec![0_u8; size];
    comm.all_gather(&[rank as u8], &mut all)?;
    assert_eq!(all, (0..size as u8).collect::<Vec<_>>());
    let mut into = vec![0; size];
    comm.all_to_all(&all, &mut into)?;
    assert_eq!(into, vec![rank as u8; size]);
    let mut came = [0_u8];
    comm.send_recv(&[rank as u8], next, Tag(5), &mut came, before, Tag(5))?;
    assert_eq!(usize::from(came[0]), before);
    assert_eq!(comm.broadcast_value((rank == 0).then(|| "all".repeat(1000)), 0)?.len(), 3000);
    comm.barrier()?;

    // And without one they are MPI's again.
    comm.set_watch(None);
    comm.barrier()?;
    Ok(())
}

pub(super) fn boards(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());
    let (first, second) = (comm.board(4)?, comm.board(1)?);
    assert_eq!((first.width(), second.width()), (4, 1));
    let mut row = [9; 4];
    first.read((rank + 1) % size, 0, &mut row)?;
    assert_eq!(row[0], 0, "rows are 0 at first");
    comm.barrier()?;
    first.write(1, &[rank as u64 + 1, 77])?;
    second.write(0, &[rank as u64 * 5])?;
    comm.barrier()?;
    for other in 0..size {
        first.read(other, 0, &mut row)?;
        assert_eq!(row, [0, other as u64 + 1, 77, 0]);
        let mut word = [0];
        second.read(other, 0, &mut word)?;
        assert_eq!(word, [other as u64 * 5]);
    }
    assert!(matches!(first.write(3, &[1, 2]), Err(CommError::Invalid(_))));
    assert!(matches!(first.read(size, 0, &mut row), Err(CommError::NoSuchRank { .. })));

    // What another rank writes is seen without a message, while both only look.
    comm.barrier()?;
    second.write(0, &[1000 + rank as u64])?;
    let mut word = [0];
    while word[0] < 1000 {
        second.read((rank + 1) % size, 0, &mut word)?;
    }
    comm.barrier()?;
    Ok(())
}
