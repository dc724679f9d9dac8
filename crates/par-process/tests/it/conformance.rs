//! What every executor does.

use std::time::Duration;

use par_core::{Capabilities, Chunking, Counter, Delivery, Executor, ExecutorExt, TaskError};
use par_process::ProcessPool;

use super::tasks::{self, OtherSquare, Unlisted, panics, square};
use super::watch::until;
use super::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("submits_and_maps", submits_and_maps),
    ("a_panic_is_an_error_and_the_worker_lives", a_panic_is_an_error_and_the_worker_lives),
    ("unknown_and_changed_tasks_are_errors", unknown_and_changed_tasks_are_errors),
    ("says_what_it_can_do", says_what_it_can_do),
];

fn submits_and_maps() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    assert_eq!(pool.submit(square::new(12))?.wait()?, 144);
    for chunking in [Chunking::One, Chunking::Auto] {
        let squares: Result<Vec<u64>, _> = pool.map((0..1000).map(square::new)).chunking(chunking).collect();
        assert_eq!(squares?, (0..1000).map(|x| x * x).collect::<Vec<_>>());
    }
    let mut all: Vec<_> = pool.map_unordered((0..1000).map(square::new)).collect();
    all.sort_by_key(|(index, _)| *index);
    assert!(all.into_iter().all(|(index, result)| result == Ok((index * index) as u64)));
    Ok(())
}

fn a_panic_is_an_error_and_the_worker_lives() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let before = pool.worker_pids();
    let error = pool.submit(panics::new())?.wait().expect_err("it panics");
    assert!(matches!(&error, TaskError::Panicked(panic) if panic.message == "on purpose"), "{error}");
    assert_eq!(pool.submit(square::new(3))?.wait()?, 9);
    assert_eq!(pool.worker_pids(), before);
    Ok(())
}

fn unknown_and_changed_tasks_are_errors() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let unknown = pool.submit(Unlisted)?.wait();
    assert!(matches!(unknown, Err(TaskError::Unregistered { .. })), "{unknown:?}");
    let changed = pool.submit(OtherSquare("3".into()))?.wait();
    assert!(matches!(changed, Err(TaskError::SchemaMismatch { .. })), "{changed:?}");
    Ok(())
}

fn says_what_it_can_do() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).retries(0).start()?;
    let can = pool.capabilities();
    let Capabilities { closures, hard_kill, priorities, survives_crash, nesting, delivery, .. } = can;
    assert!(!closures && hard_kill && priorities && survives_crash && nesting);
    assert_eq!(delivery, Delivery::AtMostOnce);
    assert_eq!((pool.name(), pool.workers()), ("process-pool", tasks::two()));
    pool.submit(square::new(1))?.wait()?;
    // The caller is told before the books are written.
    assert!(until(Duration::from_secs(2), || pool.metrics().get(Counter::Completed) == 1));
    let metrics = pool.metrics();
    assert_eq!(metrics.get(Counter::Submitted), 1);
    assert!(metrics.get(Counter::BytesSent) > 0 && metrics.get(Counter::BytesReceived) > 0);
    Ok(())
}
