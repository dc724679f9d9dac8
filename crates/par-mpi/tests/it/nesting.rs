//! Tasks that submit tasks.

use par_core::{ExecutorExt, Handle, TaskError, task};
use par_mpi::MpiPool;

use crate::{Failure, Outcome, gate, serve};

#[par_core::task]
fn fibonacci(n: u32) -> Result<u64, String> {
    if n < 2 {
        return Ok(u64::from(n));
    }
    let executor = task::current().executor().ok_or("a task knows no executor")?;
    let submit = |n| executor.submit(fibonacci::new(n)).map_err(|error| error.to_string());
    let (one, two) = (submit(n - 1)?, submit(n - 2)?);
    let wait = |handle: Handle<Result<u64, String>>| handle.wait().map_err(|error| error.to_string())?;
    Ok(wait(one)? + wait(two)?)
}

#[par_core::task]
fn tower(height: u32) -> Result<u32, String> {
    if height == 0 {
        return Ok(0);
    }
    let executor = task::current().executor().ok_or("a task knows no executor")?;
    let below = executor.submit(tower::new(height - 1)).map_err(|error| error.to_string())?;
    below.wait().map_err(|error| error.to_string())?.map(|below| below + 1)
}

#[par_core::task]
fn panicking() {
    panic!("as it should: a child that panics");
}

/// What its child says.
#[par_core::task]
fn parent_of_a_panic() -> Result<(), TaskError> {
    let executor = task::current().executor().expect("a task knows its executor");
    executor.submit(panicking::new()).map_err(TaskError::Refused)?.wait()
}

#[par_core::task]
fn until_cancelled(begun: String, ended: String) {
    gate::count(&begun);
    while !task::current().cancelled() {
        std::thread::yield_now();
    }
    gate::count(&ended);
}

/// Cancels its child, which runs or is queued.
#[par_core::task]
fn parent_that_cancels(wait: bool) -> Result<(), TaskError> {
    let executor = task::current().executor().expect("a task knows its executor");
    let child = until_cancelled::new("child-begun".into(), "child-ended".into());
    let child = executor.submit(child).map_err(TaskError::Refused)?;
    if wait {
        gate::wait_for("child-begun", 1);
    }
    child.cancel();
    child.wait()
}

/// Submits and does not wait.
#[par_core::task]
fn careless_parent(children: u32) {
    let executor = task::current().executor().expect("a task knows its executor");
    for _ in 0..children {
        drop(executor.submit(orphan::new()).expect("the pool takes tasks"));
    }
}

#[par_core::task]
fn orphan() {
    gate::count("orphans");
}

#[test]
fn a_tree_of_tasks_grows_on_any_number_of_ranks() -> Outcome {
    for ranks in [1, 2, 4] {
        let answer = serve(ranks, MpiPool::builder, |pool| -> Result<_, Failure> {
            Ok(pool.submit(fibonacci::new(14))?.wait()??)
        })??;
        assert_eq!(answer, 377);
    }
    Ok(())
}

#[test]
fn a_tower_of_tasks_stands_on_one_worker() -> Outcome {
    for ranks in [1, 2, 3] {
        let answer = serve(
            ranks,
            || MpiPool::builder().queue_bound(1),
            |pool| -> Result<_, Failure> { Ok(pool.submit(tower::new(100))?.wait()??) },
        )??;
        assert_eq!(answer, 100);
    }
    Ok(())
}

#[test]
fn a_tower_that_is_too_high_is_an_error() -> Outcome {
    let outcome = serve(2, MpiPool::builder, |pool| -> Result<_, Failure> {
        Ok(pool.submit(tower::new(10_000))?.wait()?)
    })??;
    let error = outcome.expect_err("it is too high");
    assert!(error.contains("wait for others"), "{error}");
    Ok(())
}

#[test]
fn a_child_that_panics_tells_its_parent() -> Outcome {
    let outcome = serve(3, MpiPool::builder, |pool| -> Result<_, Failure> {
        Ok(pool.submit(parent_of_a_panic::new())?.wait()?)
    })??;
    assert!(
        matches!(&outcome, Err(TaskError::Panicked(panic)) if panic.message.ends_with("panics")),
        "{outcome:?}"
    );
    Ok(())
}

#[test]
fn a_parent_cancels_its_child_running_or_queued() -> Outcome {
    // Two workers: the child runs beside its parent. One: it waits below it, and never runs.
    let running = serve(3, MpiPool::builder, |pool| -> Result<_, Failure> {
        Ok(pool.submit(parent_that_cancels::new(true))?.wait()?)
    })??;
    assert!(matches!(running, Ok(()) | Err(TaskError::Cancelled)), "{running:?}");
    assert_eq!(gate::counted("child-ended"), 1);
    let queued = serve(2, MpiPool::builder, |pool| -> Result<_, Failure> {
        Ok(pool.submit(parent_that_cancels::new(false))?.wait()?)
    })??;
    assert!(matches!(queued, Ok(()) | Err(TaskError::Cancelled)), "{queued:?}");
    Ok(())
}

#[test]
fn children_that_nobody_waits_for_run_before_the_pool_ends() -> Outcome {
    serve(3, MpiPool::builder, |pool| -> Result<_, Failure> {
        Ok(pool.submit(careless_parent::new(20))?.wait()?)
    })??;
    assert_eq!(gate::counted("orphans"), 20);
    Ok(())
}
