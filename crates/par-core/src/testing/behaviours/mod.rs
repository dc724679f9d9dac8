//! What an executor does, one file per subject.

pub(super) mod cancelling;
pub(super) mod failing;
pub(super) mod mapping;
pub(super) mod nesting;
pub(super) mod running;
pub(super) mod shutting_down;
pub(super) mod submitting;
pub(super) mod wire;

use std::time::{Duration, Instant};

use super::tasks::until_cancelled;
use crate::{Counter, Executor, ExecutorExt, Handle, Snapshot};

/// Occupies every worker with a task that runs until it is cancelled.
fn occupy(executor: &dyn Executor) -> Vec<Handle<bool>> {
    let blockers: Vec<_> = (0..executor.workers().get())
        .map(|_| executor.submit(until_cancelled::new()).expect("the executor takes tasks"))
        .collect();
    eventually("the workers are occupied", || blockers.iter().all(runs));
    blockers
}

/// Whether an [`until_cancelled`] really runs: its worker has begun it, and it says so.
fn runs(blocker: &Handle<bool>) -> bool {
    blocker.is_running() && blocker.progress() > 0.0
}

/// Lets the workers go again.
fn release(blockers: Vec<Handle<bool>>) {
    for blocker in &blockers {
        blocker.cancel();
    }
    for blocker in blockers {
        // A task that heeds the request may still return; one that was ended by force may not.
        assert_ne!(blocker.wait(), Ok(false), "the blocker ran to its end");
    }
}

/// The metrics of an idle executor: a job is counted a moment after its handle is complete.
fn settled(executor: &dyn Executor) -> Snapshot {
    eventually("every job that was taken is counted as ended", || {
        let now = executor.metrics();
        let ended = [Counter::Completed, Counter::Failed, Counter::Cancelled].map(|counter| now.get(counter));
        now.get(Counter::Submitted) == ended.iter().sum::<u64>()
    });
    executor.metrics()
}

/// Waits until something becomes true that no handle announces.
fn eventually(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}: not after 20 seconds");
        std::thread::yield_now();
    }
}
