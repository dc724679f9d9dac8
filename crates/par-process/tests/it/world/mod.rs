//! Worlds whose ranks are processes.

mod failure;
mod leaks;
pub(crate) mod programs;

use par_core::comm::SpmdError;
use par_core::testing::comm::check_communicator;
use par_process::ProcessWorld;

use super::roles::ROLE;
use super::{Outcome, Test};
use programs::{
    Collectives, Impostor, Large, PointToPoint, Stranger, Surroundings, Unreadable, Values, pattern,
};

pub(crate) const TESTS: &[Test] = &[
    ("the_suite_of_communicators_at_1_rank", suite::<1>),
    ("the_suite_of_communicators_at_2_ranks", suite::<2>),
    ("the_suite_of_communicators_at_3_ranks", suite::<3>),
    ("the_suite_of_communicators_at_4_ranks", suite::<4>),
    ("the_suite_of_communicators_at_7_ranks", suite::<7>),
    ("the_suite_where_every_send_waits", the_suite_where_every_send_waits),
    ("the_suite_under_checks", the_suite_under_checks),
    ("messages_of_all_lengths", messages_of_all_lengths),
    ("collectives_of_all_kinds", collectives_of_all_kinds),
    ("values_and_other_communicators", values_and_other_communicators),
    ("long_messages_and_long_outcomes", long_messages_and_long_outcomes),
    ("more_ranks_than_processors", more_ranks_than_processors),
    ("worlds_run_side_by_side", worlds_run_side_by_side),
    ("a_program_that_nobody_registered", a_program_that_nobody_registered),
    ("another_program_of_the_same_name", another_program_of_the_same_name),
    ("no_ranks_and_too_many", no_ranks_and_too_many),
    ("an_output_that_cannot_be_decoded", an_output_that_cannot_be_decoded),
    ("programs_that_are_no_ranks", programs_that_are_no_ranks),
    ("what_ranks_find_around_them", what_ranks_find_around_them),
    ("where_memory_or_descriptors_are_short", where_memory_or_descriptors_are_short),
];
pub(crate) use failure::TESTS as FAILURE_TESTS;
pub(crate) use leaks::TESTS as LEAK_TESTS;

const SIZES: [usize; 5] = [1, 2, 3, 4, 7];

fn suite<const RANKS: usize>() -> Outcome {
    let world = ProcessWorld::builder().ranks(RANKS).checked(false).build()?;
    check_communicator("ProcessWorld", |suite| world.run(suite));
    Ok(())
}

fn the_suite_where_every_send_waits() -> Outcome {
    let world = ProcessWorld::builder().ranks(3).eager_limit(0).checked(false).build()?;
    check_communicator("ProcessWorld without eager sends", |suite| world.run(suite));
    Ok(())
}

fn the_suite_under_checks() -> Outcome {
    let world = ProcessWorld::builder().ranks(3).checked(true).build()?;
    check_communicator("ProcessWorld under checks", |suite| world.run(suite));
    Ok(())
}

fn messages_of_all_lengths() -> Outcome {
    for ranks in SIZES {
        let mut pids = ProcessWorld::new(ranks)?.run(&PointToPoint)?;
        pids.push(std::process::id());
        pids.sort_unstable();
        pids.dedup();
        assert_eq!(pids.len(), ranks + 1, "every rank is a process of its own, and none is the parent");
    }
    Ok(())
}

fn collectives_of_all_kinds() -> Outcome {
    for ranks in SIZES {
        for length in [10, 5000] {
            let floats = ProcessWorld::new(ranks)?.run(&Collectives { length })?;
            let model = par_core::testing::ModelWorld::new(ranks).run(&Collectives { length })?;
            let bits = |all: Vec<Vec<f64>>| all.concat().into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert!(bits(floats) == bits(model), "{ranks} ranks: not the model's sums, bit by bit");
        }
    }
    Ok(())
}

fn values_and_other_communicators() -> Outcome {
    for ranks in SIZES {
        let outputs = ProcessWorld::new(ranks)?.run(&Values { letters: 10_000 })?;
        for (rank, (text, number)) in outputs.into_iter().enumerate() {
            assert!(text.len() == 7 * (1 + 10_000 * rank) && number == (rank > 0).then_some(rank));
        }
    }
    Ok(())
}

fn long_messages_and_long_outcomes() -> Outcome {
    for ranks in [1, 2, 3] {
        let outputs = ProcessWorld::new(ranks)?.run(&Large { bytes: 64 << 20 })?;
        for (rank, output) in outputs.iter().enumerate() {
            assert!(
                output[..] == pattern(64 << 20, (rank + ranks - 1) % ranks, rank),
                "rank {rank} of {ranks}"
            );
        }
    }
    Ok(())
}

fn more_ranks_than_processors() -> Outcome {
    let ranks = 32;
    assert_eq!(ProcessWorld::new(ranks)?.run(&Collectives { length: 10 })?.len(), ranks);
    Ok(())
}

fn worlds_run_side_by_side() -> Outcome {
    let world = ProcessWorld::new(2)?;
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|run| {
                let world = &world;
                scope.spawn(move || world.run(&Large { bytes: 100_000 + run }))
            })
            .collect();
        for (run, outputs) in runs.into_iter().enumerate() {
            let outputs = outputs.join().map_err(|_| "a run panicked")??;
            assert!(outputs.iter().all(|output| output.len() == 100_000 + run));
        }
        Ok(())
    })
}

fn no_world(result: Result<impl Sized, SpmdError>) -> Result<String, String> {
    match result {
        Err(SpmdError::NoWorld { reason, .. }) => Ok(reason),
        Err(other) => Err(format!("{other}")),
        Ok(_) => Err("there is a world".to_owned()),
    }
}

fn a_program_that_nobody_registered() -> Outcome {
    let reason = no_world(ProcessWorld::new(2)?.run(&Stranger))?;
    assert!(reason.contains("`it-stranger` is not registered") && reason.contains("it-large"), "{reason}");
    assert!(reason.contains("par_process::program!(") && reason.contains("Stranger);"), "{reason}");
    Ok(())
}

fn another_program_of_the_same_name() -> Outcome {
    let reason = no_world(ProcessWorld::new(2)?.run(&Impostor))?;
    assert!(reason.contains("Large") && reason.contains("Impostor"), "{reason}");
    Ok(())
}

fn no_ranks_and_too_many() -> Outcome {
    for ranks in [0, 257, usize::MAX] {
        let reason = no_world(ProcessWorld::new(ranks))?;
        assert!(reason.contains("1 to 256"), "{reason}");
    }
    Ok(())
}

fn an_output_that_cannot_be_decoded() -> Outcome {
    let error = ProcessWorld::new(2)?.run(&Unreadable).expect_err("it is a secret");
    let text = error.to_string();
    assert!(text.starts_with("ranks 0 and 1: "), "{text}");
    assert!(text.contains("what `it-unreadable` yields cannot be decoded"), "{text}");
    Ok(())
}

fn programs_that_are_no_ranks() -> Outcome {
    let world = |role| ProcessWorld::builder().ranks(2).env(ROLE, role);
    let reason = no_world(world("makes-a-world").build()?.run(&PointToPoint))?;
    assert!(reason.contains("call `par_process::init()` as the first thing in `main`"), "{reason}");
    let reason = no_world(world("forgets").build()?.run(&PointToPoint))?;
    assert!(reason.contains("call `par_process::init()` as the first thing in `main`"), "{reason}");
    let reason = no_world(world("leaves").build()?.run(&PointToPoint))?;
    assert!(reason.contains("exited with code 3 before it had joined"), "{reason}");
    let dawdles = world("dawdles").start_timeout(std::time::Duration::from_millis(300));
    let reason = no_world(dawdles.build()?.run(&PointToPoint))?;
    assert!(reason.contains("ranks [0, 1] had not joined after 300ms"), "{reason}");
    Ok(())
}

fn what_ranks_find_around_them() -> Outcome {
    let world = ProcessWorld::builder().ranks(2).env("PAR_IT_COLOUR", "blue").build()?;
    for (colour, mark, parent, open, child) in world.run(&Surroundings)? {
        assert_eq!((colour.as_deref(), mark), (Some("blue"), None));
        assert_eq!(parent, std::process::id());
        let ours = open.iter().filter(|path| path.starts_with("socket:") || path.contains("memfd:")).count();
        assert!(ours <= 1, "besides its outcome a rank has {open:?}");
        let gone = || !super::watch::is_alive(child);
        assert!(
            super::watch::until(std::time::Duration::from_secs(2), gone),
            "what a rank started outlives it"
        );
    }
    Ok(())
}

fn where_memory_or_descriptors_are_short() -> Outcome {
    let program = std::env::current_exe()?;
    for (role, ranks, words) in [
        ("short-of-memory", 2, "no shared memory"),
        ("short-of-files", 64, "too few descriptors"),
        ("short-of-files", 8, "could not be started"),
    ] {
        let mut command = std::process::Command::new(&program);
        let output = command.env(ROLE, role).env("PAR_IT_RANKS", ranks.to_string()).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(words) && said.contains("children left: 0"), "{role}, {ranks} ranks: {said}");
    }
    Ok(())
}
