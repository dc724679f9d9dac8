//! Who gets how many tasks.

use std::collections::BTreeMap;
use std::time::Duration;

use par_core::{Counter, Executor, ExecutorExt, Handle};
use par_mpi::{MpiPool, MpiPoolBuilder};

use crate::{Failure, LIMIT, Outcome, gate, serve};

/// On worker 0, waits until the others have done `others` of these; elsewhere it takes no time.
#[par_core::task]
fn slow_on_worker_0(name: String, others: u64) -> u64 {
    let worker = gate::worker();
    if worker == 0 {
        gate::wait_for(&name, others as usize);
    } else {
        gate::count(&name);
    }
    worker as u64
}

/// Waits until the other one has begun.
#[par_core::task]
fn meets(name: String) -> u64 {
    gate::count(&name);
    gate::wait_for(&name, 2);
    gate::worker() as u64
}

/// Counts itself, and waits to be let go.
#[par_core::task]
fn held(begun: String, free: String) {
    gate::count(&begun);
    gate::wait_for(&free, 1);
}

/// Another one, of which the pool knows nothing.
#[par_core::task]
fn held_first(begun: String, free: String) {
    gate::count(&begun);
    gate::wait_for(&free, 1);
}

/// Everything is sent ahead whose time is known.
fn far_ahead() -> MpiPoolBuilder {
    MpiPool::builder().ahead(Duration::from_secs(1000)).most_ahead(4)
}

#[test]
fn a_slow_worker_gets_few() -> Outcome {
    const TASKS: u64 = 200;
    let per_worker = serve(4, MpiPool::builder, |pool| -> Result<_, Failure> {
        assert!(pool.wait_ready(LIMIT)?);
        // Worker 0 is given the first, and goes on only when the others have done all the rest.
        let submit = |_| pool.submit(slow_on_worker_0::new("slow".into(), TASKS - 1));
        let handles = (0..TASKS).map(submit).collect::<Result<Vec<_>, _>>()?;
        let mut per_worker = BTreeMap::<u64, u64>::new();
        for handle in handles {
            *per_worker.entry(handle.wait()?).or_default() += 1;
        }
        Ok(per_worker)
    })??;
    assert_eq!(per_worker[&0], 1, "{per_worker:?}");
    assert_eq!(per_worker.values().sum::<u64>(), TASKS);
    Ok(())
}

#[test]
fn what_lies_behind_a_long_task_is_given_to_an_idle_worker() -> Outcome {
    let (stolen, workers) = serve(3, far_ahead, |pool| -> Result<_, Failure> {
        assert!(pool.wait_ready(LIMIT)?);
        // From now on the pool knows that `meets` takes no time, and sends it ahead.
        gate::count("known");
        pool.submit(meets::new("known".into()))?.wait()?;
        let busy = pool.submit(held::new("stolen-begun".into(), "stolen-free".into()))?;
        gate::wait_for("stolen-begun", 1);
        let submit = |_| pool.submit(meets::new("pair".into()));
        let pair = (0..2).map(submit).collect::<Result<Vec<_>, _>>()?;
        // One worker is held, so the other has both; they meet only if one of them is given away.
        gate::wait_for("pair", 1);
        gate::count("stolen-free");
        busy.wait()?;
        let workers = pair.into_iter().map(Handle::wait).collect::<Result<Vec<_>, _>>()?;
        Ok((pool.metrics().get(Counter::Stolen), workers))
    })??;
    assert!(stolen >= 1, "it was asked back");
    assert_ne!(workers[0], workers[1]);
    Ok(())
}

#[test]
fn what_takes_no_time_is_sent_ahead_and_what_nobody_knows_goes_alone() -> Outcome {
    let (ahead, alone) = serve(2, far_ahead, |pool| -> Result<_, Failure> {
        let running = |handles: &[Handle<()>]| handles.iter().filter(|handle| handle.is_running()).count();
        let submit_held = |_| pool.submit(held_first::new("first-begun".into(), "first-free".into()));
        let first = (0..2).map(submit_held).collect::<Result<Vec<_>, _>>()?;
        gate::wait_for("first-begun", 1);
        let alone = running(&first);
        gate::count("first-free");
        first.into_iter().try_for_each(Handle::wait)?;

        gate::count("ahead-known");
        pool.submit(held::new("ahead".into(), "ahead-known".into()))?.wait()?;
        let submit = |_| pool.submit(held::new("ahead-begun".into(), "ahead-free".into()));
        let handles = (0..10).map(submit).collect::<Result<Vec<_>, _>>()?;
        while running(&handles) < 4 {
            std::thread::yield_now();
        }
        let ahead = running(&handles);
        gate::count("ahead-free");
        handles.into_iter().try_for_each(Handle::wait)?;
        Ok((ahead, alone))
    })??;
    assert_eq!(alone, 1, "a task whose time is not known has its worker for itself");
    assert_eq!(ahead, 4, "the worker holds as many as it may");
    Ok(())
}
