//! Tasks and ranks that fail.

use std::sync::Mutex;

use par_core::comm::{Communicator, SpmdError};
use par_core::{Counter, Executor, ExecutorExt, SubmitError, Task, TaskError, task};
use par_mpi::{MpiPool, MpiPoolBuilder};

use crate::mortal::{Mortal, cut_of, death_of};
use crate::{Failure, LIMIT, Outcome, gate, serve, world};

/// A rank of the model cannot be ended from within a task; those in `lost` take part in making the pool, and leave.
fn serve_without(
    ranks: usize,
    lost: &[usize],
    retries: u32,
    program: impl Fn(&MpiPool) -> Result<(), Failure> + Sync,
) -> Result<Vec<Option<Result<(), Failure>>>, SpmdError> {
    world(ranks, |comm| {
        // The pool's first collective, which the others would wait in.
        let pool = MpiPool::builder().retries(retries);
        if lost.contains(&comm.rank()) {
            let inner = comm.duplicate()?;
            assert_eq!(inner.size(), ranks);
            return Ok(None);
        }
        Ok(pool.serve(comm, &program)?)
    })
}

#[par_core::task]
fn double(x: u64) -> u64 {
    2 * x
}

#[par_core::task]
fn panics() {
    panic!("as it should");
}

#[test]
fn a_rank_that_leaves_is_lost_and_the_others_go_on() -> Outcome {
    let served = serve_without(3, &[1], 0, |pool| {
        while pool.metrics().get(Counter::WorkersLost) == 0 {
            std::thread::yield_now();
        }
        for x in 0..100 {
            assert_eq!(pool.submit(double::new(x))?.wait()?, 2 * x);
        }
        Ok(())
    })?;
    served.into_iter().flatten().collect::<Result<Vec<()>, _>>()?;
    Ok(())
}

#[test]
fn a_pool_without_workers_is_broken_and_says_why() -> Outcome {
    let served = serve_without(3, &[1, 2], 0, |pool| {
        // Taken before the ranks are found to be gone, or refused after that.
        let early: Vec<_> = (0..10).map(|x| pool.submit(double::new(x))).collect();
        for outcome in early {
            match outcome {
                Ok(handle) => {
                    let outcome = handle.wait();
                    let Err(TaskError::WorkerLost(loss)) = &outcome else { panic!("{outcome:?}") };
                    assert!(loss.task == double::NAME && loss.reason.contains("is lost"), "{loss}");
                }
                Err(error) => assert!(matches!(error, SubmitError::Broken { .. }), "{error}"),
            }
        }
        let refused = pool.submit(double::new(1)).expect_err("there is nobody");
        assert!(refused.to_string().contains("no worker is left"), "{refused}");
        assert!(matches!(pool.wait_ready(LIMIT), Err(SubmitError::Broken { .. })));
        Ok(())
    })?;
    served.into_iter().flatten().collect::<Result<Vec<()>, _>>()?;
    Ok(())
}

#[test]
fn panics_cost_their_tasks_alone() -> Outcome {
    serve(3, MpiPool::builder, |pool| -> Result<_, Failure> {
        for _ in 0..20 {
            let outcome = pool.submit(panics::new())?.wait();
            let Err(TaskError::Panicked(panic)) = outcome else { panic!("{outcome:?}") };
            assert_eq!(panic.message, "as it should");
            assert!(panic.location.is_some_and(|place| place.contains("failure.rs:")));
        }
        assert_eq!(pool.submit(double::new(4))?.wait()?, 8);
        Ok(())
    })??;
    Ok(())
}

/// Has its rank ended as often as that is asked for, and waits for it.
#[par_core::task]
fn ends_its_rank(death: String, deaths: u32) -> u32 {
    let me = task::current();
    if me.attempt() <= deaths {
        gate::count(&death_of(gate::worker() + 1, &death));
        while !me.cancelled() {
            std::thread::yield_now();
        }
    }
    me.attempt()
}

/// Serves a pool of ranks that can die; what the program returns, and how many ranks died.
fn serve_mortals<R: Send>(
    ranks: usize,
    death: &str,
    builder: impl Fn() -> MpiPoolBuilder + Sync,
    program: impl Fn(&MpiPool) -> Result<R, Failure> + Sync,
) -> Result<(R, usize), Failure> {
    let answer = Mutex::new(None);
    let served = world(ranks, |comm| {
        let served = builder().serve(&Mortal::new(comm, death), &program)?;
        if served.is_some() {
            *answer.lock().expect("no rank panics here") = served;
        }
        Ok(())
    });
    let deaths = match served {
        Ok(_) => 0,
        Err(SpmdError::Ranks(failures)) => failures.len(),
        Err(other) => return Err(other.into()),
    };
    Ok((answer.into_inner().expect("see above").expect("rank 0 lives")?, deaths))
}

#[test]
fn the_tasks_of_a_rank_that_dies_are_lost_and_named() -> Outcome {
    let (loss, deaths) = serve_mortals(4, "a death", MpiPool::builder, |pool| {
        assert!(pool.wait_ready(LIMIT)?);
        let victim = pool.submit(ends_its_rank::new("a death".into(), 1))?;
        let Err(TaskError::WorkerLost(loss)) = victim.wait() else { panic!("it is lost") };
        for x in 0..100 {
            assert_eq!(pool.submit(double::new(x))?.wait()?, 2 * x);
        }
        assert_eq!(pool.metrics().get(Counter::WorkersLost), 1);
        Ok(loss)
    })?;
    assert_eq!((loss.task.as_str(), loss.attempts), (ends_its_rank::NAME, 1));
    assert_eq!(loss.worker, Some(0));
    assert!(loss.reason.contains("rank 1 is lost") && loss.reason.contains("a death"), "{loss}");
    assert_eq!(deaths, 1);
    Ok(())
}

/// Its rank dies while rank 0 receives what it yields.
#[par_core::task]
fn yields_half(death: String) -> u32 {
    gate::count(&cut_of(gate::worker() + 1, &death));
    7
}

#[test]
fn a_rank_that_dies_in_the_middle_of_a_message_costs_its_tasks_alone() -> Outcome {
    let (loss, deaths) = serve_mortals(3, "half a message", MpiPool::builder, |pool| {
        assert!(pool.wait_ready(LIMIT)?);
        let victim = pool.submit(yields_half::new("half a message".into()))?;
        let Err(TaskError::WorkerLost(loss)) = victim.wait() else { panic!("it is lost") };
        for x in 0..100 {
            assert_eq!(pool.submit(double::new(x))?.wait()?, 2 * x);
        }
        assert_eq!(pool.metrics().get(Counter::WorkersLost), 1);
        Ok(loss)
    })?;
    assert!(loss.reason.contains("rank 1 is lost: in the middle of a message"), "{loss}");
    assert_eq!((loss.worker, deaths), (Some(0), 1));
    Ok(())
}

#[test]
fn a_task_is_started_anew_as_often_as_it_may_be() -> Outcome {
    let twice = || MpiPool::builder().retries(2);
    let ((attempt, retried), deaths) = serve_mortals(4, "a retry", twice, |pool| {
        assert!(pool.wait_ready(LIMIT)?);
        let attempt = pool.submit(ends_its_rank::new("a retry".into(), 2))?.wait()?;
        Ok((attempt, pool.metrics().get(Counter::Retried)))
    })?;
    assert_eq!((attempt, retried, deaths), (3, 2, 2), "the third attempt returns, on the last rank");
    Ok(())
}

#[test]
fn when_the_last_rank_dies_everything_that_is_queued_fails() -> Outcome {
    let (outcomes, deaths) = serve_mortals(2, "the last death", MpiPool::builder, |pool| {
        assert!(pool.wait_ready(LIMIT)?);
        let victim = pool.submit(ends_its_rank::new("the last death".into(), 1))?;
        let queued = (0..10).map(|x| pool.submit(double::new(x))).collect::<Result<Vec<_>, _>>();
        // The rank may be found dead before all are taken.
        let queued = queued.unwrap_or_default();
        let lost = victim.wait();
        assert!(matches!(lost, Err(TaskError::WorkerLost(_))), "{lost:?}");
        assert!(matches!(pool.submit(double::new(1)), Err(SubmitError::Broken { .. })));
        Ok(queued.into_iter().map(par_core::Handle::wait).collect::<Vec<_>>())
    })?;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(TaskError::WorkerLost(_)))), "{outcomes:?}");
    assert_eq!(deaths, 1);
    Ok(())
}

/// Its child waits for a gate, and its rank dies meanwhile.
#[par_core::task]
fn parent_that_dies(death: String, begun: String) -> Result<(), TaskError> {
    let executor = task::current().executor().expect("a task knows its executor");
    let child = executor.submit(until_cancelled::new(begun.clone())).map_err(TaskError::Refused)?;
    gate::wait_for(&begun, 1);
    gate::count(&death_of(gate::worker() + 1, &death));
    child.wait()
}

#[par_core::task]
fn until_cancelled(begun: String) {
    gate::count(&begun);
    while !task::current().cancelled() {
        std::thread::yield_now();
    }
    gate::count(&format!("{begun}-ended"));
}

#[test]
fn the_children_of_a_task_that_died_are_asked_to_stop() -> Outcome {
    let ((), deaths) = serve_mortals(3, "a parent's death", MpiPool::builder, |pool| {
        assert!(pool.wait_ready(LIMIT)?);
        let parent = parent_that_dies::new("a parent's death".into(), "orphan-begun".into());
        let outcome = pool.submit(parent)?.wait();
        assert!(matches!(outcome, Err(TaskError::WorkerLost(_))), "{outcome:?}");
        gate::wait_for("orphan-begun-ended", 1);
        assert_eq!(pool.submit(double::new(4))?.wait()?, 8);
        Ok(())
    })?;
    assert_eq!(deaths, 1);
    Ok(())
}

#[test]
fn a_communicator_that_panics_fails_everything_before_it_ends_rank_0() {
    let lost = Mutex::new(None);
    let served = world(2, |comm| {
        MpiPool::serve(&Mortal::new(comm, "rank 0's death"), |pool| {
            let task = until_cancelled::new("rank-0-begun".into());
            let victim = pool.submit(task).expect("the pool takes tasks");
            gate::wait_for("rank-0-begun", 1);
            gate::count(&death_of(0, "rank 0's death"));
            *lost.lock().expect("no rank panics here") = Some(victim.wait());
        })?;
        Ok(())
    });
    let error = served.expect_err("rank 0 panics").to_string();
    assert!(error.contains("rank 0: panicked: as it should"), "{error}");
    let outcome = lost.into_inner().expect("see above");
    assert!(matches!(outcome, Some(Err(TaskError::WorkerLost(_)))), "{outcome:?}");
}
