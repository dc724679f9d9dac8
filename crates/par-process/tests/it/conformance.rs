//! The suite that every executor passes, and what this one says of itself.

use par_core::testing::{check, check_shutdown};
use par_core::{Delivery, Executor};
use par_process::ProcessPool;

use super::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("suite", suite),
    ("shutdown", shutdown),
    ("says_how_often_a_task_may_run", says_how_often_a_task_may_run),
];

fn suite() -> Outcome {
    for workers in [1, 2, 3] {
        print!("{}", check(&ProcessPool::builder().workers(workers).queue_bound(500).build()?));
    }
    Ok(())
}

fn shutdown() -> Outcome {
    // Fails early, with the error, if no pool can be built at all.
    drop(ProcessPool::builder().workers(2).build()?);
    check_shutdown(|| ProcessPool::builder().workers(2).build().expect("workers start"));
    Ok(())
}

fn says_how_often_a_task_may_run() -> Outcome {
    let builder = || ProcessPool::builder().workers(1);
    assert_eq!(builder().build()?.capabilities().delivery, Delivery::AtLeastOnce);
    assert_eq!(builder().retries(0).build()?.capabilities().delivery, Delivery::AtMostOnce);
    Ok(())
}
