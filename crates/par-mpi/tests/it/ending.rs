//! How a pool begins and ends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use par_core::comm::{CommError, Communicator, Source, Tag};
use par_core::{Executor, ExecutorExt, Shutdown, SubmitError, TaskError, task};
use par_mpi::{MpiPool, PoolError};

use crate::{Failure, LIMIT, Outcome, gate, serve, world};

#[par_core::task]
fn three() -> u32 {
    3
}

#[par_core::task]
fn counted(name: String) {
    gate::count(&name);
}

#[par_core::task]
fn until_cancelled(begun: String) -> bool {
    gate::count(&begun);
    while !task::current().cancelled() {
        std::thread::yield_now();
    }
    true
}

#[test]
fn the_program_runs_on_rank_0_alone() -> Outcome {
    let answers = world(4, |comm| Ok(MpiPool::serve(comm, |pool| pool.workers().get())?))?;
    assert_eq!(answers, [Some(3), None, None, None]);
    Ok(())
}

#[test]
fn a_program_fails_with_its_own_error() -> Outcome {
    let answer = serve(3, MpiPool::builder, |pool| -> Result<u32, String> {
        let three = pool.submit(three::new()).map_err(|error| error.to_string())?;
        drop(three);
        Err("it has its reasons".to_owned())
    })?;
    assert_eq!(answer, Err("it has its reasons".to_owned()));
    Ok(())
}

#[test]
fn a_program_that_panics_ends_the_pool_first() {
    let ended = AtomicUsize::new(0);
    let outcome = world(3, |comm| {
        MpiPool::serve(comm, |pool| {
            drop(pool.submit(until_cancelled::new("panic-begun".into())));
            gate::wait_for("panic-begun", 1);
            panic!("as it should: the program panics");
        })?;
        ended.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let error = outcome.expect_err("rank 0 panics").to_string();
    assert!(error.contains("rank 0: panicked: as it should"), "{error}");
    assert_eq!(ended.load(Ordering::Relaxed), 2, "the workers return as ever");
}

#[test]
fn what_the_program_leaves_is_finished() -> Outcome {
    serve(3, MpiPool::builder, |pool| -> Result<_, Failure> {
        for _ in 0..50 {
            drop(pool.submit(counted::new("left".into()))?);
        }
        Ok(())
    })??;
    assert_eq!(gate::counted("left"), 50);
    Ok(())
}

#[test]
fn what_does_not_end_is_cancelled_at_the_end() -> Outcome {
    let hasty = || MpiPool::builder().at_end(Shutdown::drain().within(Duration::from_millis(1)));
    let handles = serve(2, hasty, |pool| -> Result<_, Failure> {
        let running = pool.submit(until_cancelled::new("hasty".into()))?;
        gate::wait_for("hasty", 1);
        Ok((running, pool.submit(three::new())?))
    })??;
    assert_eq!(handles.0.wait(), Ok(true));
    assert_eq!(handles.1.wait(), Err(TaskError::Cancelled));
    Ok(())
}

#[test]
fn a_pool_that_has_ended_takes_nothing() -> Outcome {
    for ranks in [1, 3] {
        let pool = serve(ranks, MpiPool::builder, MpiPool::clone)?;
        let refused = pool.submit(three::new()).expect_err("it is over");
        assert!(matches!(refused, SubmitError::ShutDown { .. }), "{refused}");
        pool.shutdown(Shutdown::drain())?;
    }
    Ok(())
}

#[test]
fn an_initializer_runs_on_every_worker_before_its_first_task() -> Outcome {
    let pool = || {
        MpiPool::builder().initializer(|| {
            gate::count("initialised");
            Ok(())
        })
    };
    serve(4, pool, |pool| -> Result<_, Failure> {
        assert!(pool.wait_ready(LIMIT)?);
        assert_eq!(gate::counted("initialised"), 3);
        Ok(pool.submit(three::new())?.wait()?)
    })??;
    Ok(())
}

#[test]
fn an_initializer_that_fails_breaks_the_pool() -> Outcome {
    for panics in [false, true] {
        let pool = move || {
            MpiPool::builder().initializer(move || {
                assert!(!panics, "it does not want to");
                Err("it does not want to".into())
            })
        };
        serve(3, pool, |pool| {
            let error = pool.wait_ready(LIMIT).expect_err("no worker can be used");
            assert!(error.to_string().contains("the initializer failed on rank"), "{error}");
            assert!(error.to_string().contains("it does not want to"), "{error}");
            assert!(matches!(pool.submit(three::new()), Err(SubmitError::Broken { .. })));
        })?;
    }
    Ok(())
}

#[test]
fn settings_that_make_no_sense_are_errors_everywhere() -> Outcome {
    let refused = world(2, |comm| {
        let served = MpiPool::builder().most_ahead(0).serve(comm, |_| ());
        Ok(matches!(served, Err(PoolError::Zero { setting: "most_ahead" })))
    })?;
    assert_eq!(refused, [true, true]);
    Ok(())
}

#[test]
fn messages_of_the_program_and_of_another_pool_stay_apart() -> Outcome {
    let sums = world(3, |comm| {
        let next = (comm.rank() + 1) % comm.size();
        // Sent before the pool, with the tag that it uses, and received after it.
        comm.send(&[comm.rank() as u64], next, Tag(1))?;
        let mut sum = 0;
        for _ in 0..3 {
            let outputs = MpiPool::serve(comm, |pool| {
                pool.map((0..20).map(|_| three::new())).collect::<Result<Vec<_>, _>>()
            })?;
            if let Some(outputs) = outputs {
                sum += outputs.map_err(CommError::program)?.iter().sum::<u32>();
            }
        }
        let (data, _) = comm.recv::<u64>(Source::Any, Tag(1))?;
        Ok((sum, data[0]))
    })?;
    assert_eq!(sums, [(180, 2), (0, 0), (0, 1)]);
    Ok(())
}
