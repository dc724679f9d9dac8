//! What becomes of the others when a rank ends.

use std::time::Duration;

use par_core::comm::{
    Checks, CommError, Communicator, RankFailure, SendMode, Source, SpmdError, Tag, wait_all,
};
use par_threads::ThreadWorld;

use super::run_in;

fn failures<R: std::fmt::Debug>(outcome: Result<Vec<R>, SpmdError>) -> Vec<(usize, RankFailure)> {
    match outcome {
        Err(SpmdError::Ranks(failures)) => failures,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_panic_ends_all_waits() {
    let outcome = run_in(&ThreadWorld::new(4), |comm| match comm.rank() {
        0 => comm.recv::<u8>(Source::Any, Tag(1)).map(drop),
        1 => comm.recv::<u8>(0, Tag(1)).map(drop),
        2 => comm.send_with(SendMode::Synchronous, &[1_u8], 1, Tag(9)),
        _ => std::panic::resume_unwind(Box::new("no disk")),
    });
    let failures = failures(outcome);
    assert_eq!(failures.len(), 4);
    let (3, RankFailure::Panicked(panic)) = &failures[0] else { panic!("{failures:?}") };
    assert_eq!(panic.message, "no disk");
    for (_, failure) in &failures[1..] {
        assert!(matches!(failure, RankFailure::Failed(CommError::RankLost { .. })), "{failure:?}");
    }
}

#[test]
fn who_has_finished_is_waited_for_in_vain() {
    let outcome = run_in(&ThreadWorld::new(2), |comm| match comm.rank() {
        0 => comm.recv::<u8>(Source::Any, Tag(1)).map(drop),
        _ => Ok(()),
    });
    let lost = CommError::RankLost { rank: 1, reason: "it has finished".to_owned() };
    assert_eq!(failures(outcome), [(0, RankFailure::Failed(lost))]);
}

#[test]
fn what_was_sent_before_the_end_is_received() {
    let outcome = run_in(&ThreadWorld::new(2), |comm| {
        comm.attach_buffer(1 << 20)?;
        if comm.rank() == 1 {
            for length in [0_usize, 8, 100, 500_000] {
                comm.send_with(SendMode::Buffered, &vec![7_u8; length], 0, Tag(1))?;
            }
            return Ok(0);
        }
        // It is over there before anything is received here.
        while comm.try_probe(1, Tag(1)).is_ok_and(|found| found.is_none()) {}
        let mut total = 0;
        for _ in 0..4 {
            total += comm.recv::<u8>(1, Tag(1))?.0.len();
        }
        Ok(total)
    });
    assert_eq!(outcome.unwrap(), [500_108, 0]);
}

#[test]
fn no_wait_is_longer_than_the_limit() {
    let limit = Duration::from_millis(50);
    let world = ThreadWorld::builder().ranks(2).wait_limit(Some(limit)).build().unwrap();
    let outcome = run_in(&world, |comm| comm.recv::<u8>(1 - comm.rank(), Tag(1)).map(drop));
    let failures = failures(outcome);
    let timed_out = failures.iter().any(|(_, failure)| {
        matches!(failure, RankFailure::Failed(CommError::TimedOut { waited, .. }) if *waited >= limit)
    });
    assert!(timed_out, "{failures:?}");
}

#[test]
fn a_rank_that_waits_for_itself_is_told() {
    let outcome = run_in(&ThreadWorld::new(1), |comm| {
        comm.send_with(SendMode::Synchronous, &[1_u8], comm.rank(), Tag(1))
    });
    assert!(matches!(&failures(outcome)[0].1, RankFailure::Failed(CommError::Deadlock(_))));
}

#[test]
fn a_send_that_was_cancelled_is_not_left_behind() {
    const MANY: usize = 5000;
    // Not one of the world: there a rank moves messages while it waits, and the last send might have begun.
    let cancelled = std::sync::Barrier::new(2);
    let outcome = run_in(&ThreadWorld::new(2), |comm| {
        Checks::default().strict().run_fn(comm, |world| {
            if world.rank() == 1 {
                cancelled.wait();
                return (1..MANY).try_for_each(|_| world.recv::<u8>(0, Tag(1)).map(drop));
            }
            let mut sends: Vec<_> = (0..MANY)
                .map(|_| world.isend_with(SendMode::Standard, vec![1_u8; 64], 1, Tag(1)))
                .collect::<Result<_, _>>()?;
            assert_eq!(sends.pop().map(par_core::comm::Request::cancel), Some(Ok(true)));
            cancelled.wait();
            wait_all(sends).map(drop)
        })
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}
