//! One-sided windows, and what is made of them.

use par_core::comm::op::Builtin;
use par_core::comm::{CommError, Communicator};
use par_mpi::{Counter, Lock, MpiWorld, Mutex, Window};

use super::Outcome;

pub(super) fn all(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());
    let (next, before) = ((rank + 1) % size, (rank + size - 1) % size);
    let window = Window::<u64>::new(comm, rank + 2)?;
    assert_eq!(window.length(next)?, next + 2);

    // All together: everybody writes to the next, reads from oneself, and adds to rank 0.
    let got = window.fenced(|epoch| epoch.get(next, 0, 2))?;
    assert_eq!(got, [vec![0, 0]], "elements are 0 at first");
    window.fenced(|epoch| {
        epoch.put(&[rank as u64 + 10], next, 1)?;
        epoch.accumulate(&[1], 0, 0, Builtin::Sum)
    })?;
    let got = window.fenced(|epoch| {
        epoch.get(rank, 1, 1)?;
        epoch.get(0, 0, 1)
    })?;
    assert_eq!(got, [vec![before as u64 + 10], vec![size as u64]]);

    // One at a time, with a rank that does nothing for it.
    let floats = Window::<f64>::new(comm, 3)?;
    for _ in 0..10 {
        // Read, and write more: right only because the lock excludes the others.
        let locked = floats.lock(0, Lock::Exclusive)?;
        let mut number = [0.0];
        locked.get(&mut number, 2)?;
        locked.put(&[number[0] + 0.5], 2)?;
    }
    comm.barrier()?;
    let mut number = [0.0];
    floats.lock(0, Lock::Shared)?.get(&mut number, 2)?;
    assert_eq!(number, [5.0 * size as f64]);

    // All ranks at once, each element at once.
    let all = floats.lock_all()?;
    assert_eq!(all.swap(rank as f64, next, 0)?, 0.0);
    comm.barrier()?;
    assert_eq!(all.fetch(rank, 0)?, before as f64);
    let seen = all.get_accumulate(&[1.0], 0, 1, Builtin::Sum)?[0];
    assert!((0.0..size as f64).contains(&seen));
    drop(all);
    let words = Window::<u64>::new(comm, 1)?;
    let all = words.lock_all()?;
    let winner = all.compare_and_swap(0, rank as u64 + 1, 0, 0)?;
    let winners = comm.all_gather_values(&(winner == 0))?;
    assert_eq!(winners.iter().filter(|won| **won).count(), 1);
    let before = all.fetch_and_op(100, 0, 0, Builtin::Max)?;
    assert!(before == 100 || (1..=size as u64).contains(&before));
    drop(all);

    let invalid = |result: Result<(), CommError>| matches!(result, Err(CommError::Invalid(_)));
    let locked = window.lock(next, Lock::Shared)?;
    assert!(invalid(locked.put(&[1, 2], next + 1)));
    assert!(invalid(locked.get(&mut [0], usize::MAX)));
    assert!(invalid(window.lock_all().map(drop)) && invalid(window.lock(next, Lock::Shared).map(drop)));
    assert!(invalid(window.fenced(|_| Ok(())).map(drop)));
    drop(locked);
    assert!(matches!(window.lock(size, Lock::Shared), Err(CommError::NoSuchRank { .. })));
    let records = Window::<[u8; 3]>::new(comm, 1)?;
    let record = records.lock(0, Lock::Shared)?.accumulate(&[[1; 3]], 0, Builtin::Sum);
    assert!(matches!(record, Err(CommError::Unsupported(_))));
    comm.barrier()?;
    window.free();
    Ok(())
}

pub(super) fn sync(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    let (rank, size) = (comm.rank(), comm.size());

    // Every number is drawn once.
    let counter = Counter::new(comm, size - 1)?;
    let mut mine = Vec::new();
    loop {
        let number = counter.add(1)?;
        if number >= 100 {
            break;
        }
        mine.push(number);
    }
    let mut all: Vec<i64> = comm.all_gather_values(&mine)?.concat();
    all.sort_unstable();
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    assert_eq!(counter.value()?, 100 + size as i64);

    // A sum that is right only if the lock excludes.
    let mutex = Mutex::new(comm, 0)?;
    let window = Window::<i64>::new(comm, 1)?;
    for _ in 0..20 {
        let guard = mutex.lock()?;
        let all = window.lock_all()?;
        let sum = all.fetch(0, 0)?;
        all.swap(sum + rank as i64 + 1, 0, 0)?;
        drop(all);
        drop(guard);
    }
    comm.barrier()?;
    assert_eq!(window.lock_all()?.fetch(0, 0)?, 20 * (size * (size + 1) / 2) as i64);
    assert!(matches!(Counter::new(comm, size), Err(CommError::NoSuchRank { .. })));
    Ok(())
}
