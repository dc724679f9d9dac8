//! Ranks that come to grief.

use std::time::{Duration, Instant};

use par_core::comm::{CommError, Rank, RankFailure, SpmdError};
use par_process::{ProcessWorld, ProcessWorldBuilder};

use super::programs::{Accident, Wrong};
use crate::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("panics_come_back_with_their_place", panics_come_back_with_their_place),
    ("errors_come_back", errors_come_back),
    ("exits_and_aborts_are_losses", exits_and_aborts_are_losses),
    ("a_rank_is_killed_in_the_middle_of_anything", a_rank_is_killed_in_the_middle_of_anything),
    ("a_rank_is_killed_at_any_moment", a_rank_is_killed_at_any_moment),
    ("wrong_programs_are_explained", wrong_programs_are_explained),
    ("a_rank_that_left_is_not_waited_for", a_rank_that_left_is_not_waited_for),
    ("a_stopped_rank_meets_the_deadline", a_stopped_rank_meets_the_deadline),
    ("waits_end_at_their_limit", waits_end_at_their_limit),
    ("who_computes_on_is_ended_after_the_grace", who_computes_on_is_ended_after_the_grace),
];

/// What a run in which something goes wrong yields, within ten seconds.
fn failures(
    ranks: usize,
    what: Wrong,
    victim: Rank,
    how: impl Fn(ProcessWorldBuilder) -> ProcessWorldBuilder,
) -> Result<Vec<(Rank, RankFailure)>, Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let world = how(ProcessWorld::builder().ranks(ranks)).build()?;
    let result = world.run(&Accident { what, victim });
    assert!(begun.elapsed() < Duration::from_secs(10), "{what:?} took {:?}", begun.elapsed());
    match result {
        Err(SpmdError::Ranks(failures)) => Ok(failures),
        other => Err(format!("{what:?} of rank {victim} of {ranks}: {other:?}").into()),
    }
}

/// The cause, after which all others have only lost that rank.
fn cause(ranks: usize, what: Wrong, victim: Rank) -> Result<RankFailure, Box<dyn std::error::Error>> {
    let failures = failures(ranks, what, victim, |builder| builder)?;
    assert_eq!(failures.len(), ranks, "{what:?}: {failures:?}");
    for (rank, failure) in &failures[1..] {
        let RankFailure::Failed(CommError::RankLost { rank: lost, .. }) = failure else {
            return Err(format!("{what:?}: rank {rank} says: {failure}").into());
        };
        // In a collective a rank may wait for one that has itself lost another.
        assert!(
            *lost == victim || matches!(what, Wrong::KilledInCollective | Wrong::DiesAnytime(_)),
            "{what:?}: {failure}"
        );
    }
    assert_eq!(failures[0].0, victim, "{what:?}: the cause comes first: {failures:?}");
    Ok(failures[0].1.clone())
}

const WORLDS: [(usize, Rank); 4] = [(2, 0), (2, 1), (4, 0), (4, 2)];

fn panics_come_back_with_their_place() -> Outcome {
    for (ranks, victim) in WORLDS {
        match cause(ranks, Wrong::Panics, victim)? {
            RankFailure::Panicked(panic) => {
                assert_eq!(panic.message, format!("rank {victim} meets its end"));
                assert!(panic.location.is_some_and(|place| place.contains("programs.rs:")));
            }
            other => return Err(format!("{other:?}").into()),
        }
    }
    Ok(())
}

fn errors_come_back() -> Outcome {
    for (ranks, victim) in WORLDS {
        let expected = RankFailure::Failed(CommError::program("there is no data here"));
        assert_eq!(cause(ranks, Wrong::Fails, victim)?, expected);
    }
    Ok(())
}

fn exits_and_aborts_are_losses() -> Outcome {
    for (what, words) in [(Wrong::Exits, "exited with code 3"), (Wrong::Aborts, "was killed by signal 6")] {
        for (ranks, victim) in WORLDS {
            let text = cause(ranks, what, victim)?.to_string();
            assert!(text.contains(words), "{text}");
        }
    }
    Ok(())
}

fn a_rank_is_killed_in_the_middle_of_anything() -> Outcome {
    let deaths =
        [Wrong::DiesWaitedFor, Wrong::KilledInReceive, Wrong::KilledInCollective, Wrong::KilledInSend];
    for what in deaths {
        for (ranks, victim) in WORLDS {
            let text = cause(ranks, what, victim)?.to_string();
            assert!(text.contains("was killed by signal 9"), "{what:?}: {text}");
        }
    }
    Ok(())
}

fn a_rank_is_killed_at_any_moment() -> Outcome {
    for round in 0..20 {
        let text = cause(3, Wrong::DiesAnytime(round * 1000), round as usize % 3)?.to_string();
        assert!(text.contains("was killed by signal 9"), "{text}");
    }
    Ok(())
}

fn wrong_programs_are_explained() -> Outcome {
    let world = ProcessWorld::builder().ranks(par_core::testing::Wrong::RANKS).checked(true).build()?;
    for wrong in par_core::testing::Wrong::ALL {
        let begun = Instant::now();
        let error = world.run(&wrong).expect_err("it is wrong");
        wrong.check(&error)?;
        assert!(begun.elapsed() < Duration::from_secs(10), "{wrong:?} took {:?}", begun.elapsed());
    }
    Ok(())
}

fn a_rank_that_left_is_not_waited_for() -> Outcome {
    // Under checks it is the receive that is wrong, and the report names its line.
    let failures = failures(3, Wrong::Leaves, 1, |builder| builder.checked(false))?;
    assert_eq!(failures.len(), 2);
    for (rank, failure) in failures {
        let RankFailure::Failed(CommError::RankLost { rank: 1, reason }) = &failure else {
            return Err(format!("rank {rank}: {failure}").into());
        };
        assert!(rank != 1 && reason.contains("it has finished"), "{reason}");
    }
    Ok(())
}

fn a_stopped_rank_meets_the_deadline() -> Outcome {
    let failures = failures(3, Wrong::Stops, 1, |builder| builder.deadline(Duration::from_secs(1)))?;
    assert_eq!(failures.len(), 3);
    for (rank, failure) in failures {
        let RankFailure::Lost(reason) = failure else { return Err(format!("{failure}").into()) };
        let was = if rank == 1 { "it was stopped by a signal when" } else { "it still ran when" };
        assert!(reason.contains(was) && reason.contains("deadline of this world, 1s"), "{reason}");
    }
    Ok(())
}

fn waits_end_at_their_limit() -> Outcome {
    let limits = |builder: ProcessWorldBuilder| {
        builder.wait_limit(Some(Duration::from_millis(300))).grace(Duration::from_millis(300))
    };
    let failures = failures(3, Wrong::Stops, 1, limits)?;
    assert_eq!(failures.len(), 3);
    for (rank, failure) in failures {
        match failure {
            RankFailure::Failed(CommError::TimedOut { .. } | CommError::RankLost { .. }) if rank != 1 => {}
            RankFailure::Lost(reason) if rank == 1 => {
                assert!(reason.contains("stopped by a signal 300ms after rank"), "{reason}");
            }
            other => return Err(format!("rank {rank}: {other}").into()),
        }
    }
    Ok(())
}

fn who_computes_on_is_ended_after_the_grace() -> Outcome {
    let grace = |builder: ProcessWorldBuilder| builder.grace(Duration::from_millis(200));
    let failures = failures(3, Wrong::Computes, 1, grace)?;
    assert_eq!(failures[0], (0, RankFailure::Failed(CommError::program("enough"))));
    let computing = failures.iter().find(|(rank, _)| *rank == 1).map(|(_, failure)| failure.to_string());
    assert_eq!(computing.as_deref(), Some("it still ran 200ms after rank 0 had failed, and was killed"));
    Ok(())
}
