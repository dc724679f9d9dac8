//! Programs that are no workers, initializers, limits, environments.

use std::time::{Duration, Instant};

use par_core::{ExecutorExt, TaskError};
use par_process::{Exit, PoolError, ProcessPool};

use super::roles::ROLE;
use super::tasks::{self, directory, fails_to_initialise, initialised, initialises, variable};
use super::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("a_program_that_forgot_init_is_told", a_program_that_forgot_init_is_told),
    ("a_program_that_leaves_is_no_worker", a_program_that_leaves_is_no_worker),
    ("a_program_that_dawdles_is_killed", a_program_that_dawdles_is_killed),
    ("a_program_that_is_not_there", a_program_that_is_not_there),
    ("the_initializer_runs_in_every_worker", the_initializer_runs_in_every_worker),
    ("a_failing_initializer_breaks_the_pool", a_failing_initializer_breaks_the_pool),
    ("workers_have_their_own_environment", workers_have_their_own_environment),
    ("this_machine_can_run_a_pool", this_machine_can_run_a_pool),
];

fn a_program_that_forgot_init_is_told() -> Outcome {
    let before = processes_of_this_program()?;
    let error =
        ProcessPool::builder().workers(tasks::two()).env(ROLE, "forgets").start().expect_err("no workers");
    assert!(matches!(error, PoolError::NotInitialised), "{error}");
    assert!(error.to_string().contains("par_process::init()"));
    assert_eq!(processes_of_this_program()?, before, "processes are left");
    Ok(())
}

fn processes_of_this_program() -> Result<usize, std::io::Error> {
    let own = std::fs::read_link("/proc/self/exe")?;
    let all = std::fs::read_dir("/proc")?.flatten();
    Ok(all.filter(|entry| std::fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == own)).count())
}

fn a_program_that_leaves_is_no_worker() -> Outcome {
    match ProcessPool::builder().workers(tasks::two()).env(ROLE, "leaves").start() {
        Err(PoolError::WorkerDied { exit: Exit::Code(3), .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn a_program_that_dawdles_is_killed() -> Outcome {
    let begun = Instant::now();
    let builder = ProcessPool::builder().workers(tasks::two()).env(ROLE, "dawdles");
    match builder.start_timeout(Duration::from_millis(300)).start() {
        Err(PoolError::StartTimeout { .. }) => {}
        other => return Err(format!("{other:?}").into()),
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
    Ok(())
}

fn a_program_that_is_not_there() -> Outcome {
    match ProcessPool::builder().program("/no/such/program").start() {
        Err(PoolError::Spawn { .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn the_initializer_runs_in_every_worker() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).initializer(initialises::new(42)).start()?;
    let values: Result<Vec<u32>, _> = pool.map((0..50).map(|_| initialised::new())).collect();
    assert!(values?.into_iter().all(|value| value == 42));
    Ok(())
}

fn a_failing_initializer_breaks_the_pool() -> Outcome {
    let started =
        ProcessPool::builder().workers(tasks::two()).initializer(fails_to_initialise::new()).start();
    match started {
        Err(PoolError::Initializer { source: TaskError::Panicked(panic), .. }) => {
            assert_eq!(panic.message, "no database here");
            Ok(())
        }
        other => Err(format!("{other:?}").into()),
    }
}

fn workers_have_their_own_environment() -> Outcome {
    let pool = ProcessPool::builder()
        .workers(tasks::one())
        .env("PAR_IT_COLOUR", "blue")
        .current_dir("/")
        .nice(1)
        .start()?;
    assert_eq!(pool.submit(variable::new("PAR_IT_COLOUR".into()))?.wait()?.as_deref(), Some("blue"));
    assert_eq!(
        pool.submit(variable::new("PAR_PROCESS_WORKER".into()))?.wait()?,
        None,
        "the mark is inherited"
    );
    assert_eq!(pool.submit(directory::new())?.wait()?, "/");
    Ok(())
}

fn this_machine_can_run_a_pool() -> Outcome {
    let probe = par_process::probe();
    if probe.is_available() { Ok(()) } else { Err(probe.to_string().into()) }
}
