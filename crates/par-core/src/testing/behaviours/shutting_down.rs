//! The shutdown ladder.

use std::time::{Duration, Instant};

use super::occupy;
use crate::testing::tasks::{add, deaf};
use crate::testing::within;
use crate::{Executor, ExecutorExt, Level, Shutdown, SubmitError, TaskError};

const LIMIT: Duration = Duration::from_mins(1);

/// What a level does, in words, and the test.
type Check = (&'static str, fn(&dyn Executor));

/// Checks every level of the shutdown ladder, and dropping, each on a new executor from `make`.
///
/// # Panics
/// When a level does not do what it says; a shutdown that hangs ends the process after a minute.
pub fn check_shutdown<E: Executor>(make: impl Fn() -> E) {
    let checks: [Check; 5] = [
        ("drain finishes what was taken", drains),
        ("cancel-queued cancels the queue and finishes the rest", cancels_queued),
        ("cancel-running asks the running tasks to stop", cancels_running),
        ("kill ends deaf tasks where that is possible", kills),
        ("a shutdown has a timeout, and a harder one may follow", escalates),
    ];
    for (says, check) in checks {
        let executor = make();
        within(LIMIT, &format!("{}: {says}", executor.name()), || check(&executor));
    }
    let executor = make();
    let what = format!("{}: a dropped executor completes every handle", executor.name());
    within(LIMIT, &what, || drops(executor));
}

fn refuses(executor: &dyn Executor) {
    let refused = executor.submit(add::new(1, 1)).expect_err("it was shut down");
    assert!(matches!(refused, SubmitError::ShutDown { .. }), "{refused}");
    let mut results = executor.map((0..3).map(|x| add::new(x, 1)));
    assert!(matches!(results.next(), Some(Err(TaskError::Refused(_)))));
    assert!(results.next().is_none(), "the refusal is the last result");
}

fn drains(executor: &dyn Executor) {
    let handles: Vec<_> = (0..100).map(|x| executor.submit(add::new(x, 1)).expect("takes tasks")).collect();
    executor.shutdown(Shutdown::drain().within(Duration::from_secs(30))).expect("it drains");
    for (x, handle) in handles.into_iter().enumerate() {
        assert!(handle.is_finished(), "nothing runs after a drain");
        assert_eq!(handle.wait(), Ok(x as u64 + 1));
    }
    refuses(executor);
    executor.shutdown(Shutdown::kill()).expect("a second shutdown finds nothing to do");
}

fn cancels_queued(executor: &dyn Executor) {
    if !executor.capabilities().asynchronous {
        return;
    }
    let running: Vec<_> = (0..executor.workers().get())
        .map(|_| executor.submit(deaf::new(200)).expect("takes tasks"))
        .collect();
    super::eventually("they run", || running.iter().all(crate::Handle::is_running));
    let queued: Vec<_> = (0..10).map(|x| executor.submit(add::new(x, 1)).expect("takes tasks")).collect();
    executor.shutdown(Shutdown::cancel_queued().within(Duration::from_secs(30))).expect("it ends");
    for handle in running {
        assert_eq!(handle.wait(), Ok(()));
    }
    for handle in queued {
        assert_eq!(handle.wait(), Err(TaskError::Cancelled));
    }
    refuses(executor);
}

fn cancels_running(executor: &dyn Executor) {
    if !executor.capabilities().asynchronous {
        return;
    }
    let running = occupy(executor);
    executor.shutdown(Shutdown::cancel_running().within(Duration::from_secs(20))).expect("they listen");
    for handle in running {
        let outcome = handle.wait();
        assert!(matches!(outcome, Ok(true) | Err(TaskError::Cancelled)), "{outcome:?}");
    }
    refuses(executor);
}

fn kills(executor: &dyn Executor) {
    if !executor.capabilities().hard_kill {
        return;
    }
    let handle = executor.submit(deaf::new(25_000)).expect("takes tasks");
    super::eventually("it runs", || handle.is_running());
    let begun = Instant::now();
    executor.shutdown(Shutdown::kill().within(Duration::from_secs(20))).expect("they are killed");
    assert_eq!(handle.wait(), Err(TaskError::Cancelled));
    assert!(begun.elapsed() < Duration::from_secs(15));
}

fn escalates(executor: &dyn Executor) {
    if !executor.capabilities().asynchronous {
        return;
    }
    let running = occupy(executor);
    let drain = Shutdown::at(Level::Drain).within(Duration::from_millis(50));
    let timed_out = executor.shutdown(drain).expect_err("they run until they are cancelled");
    assert_eq!(timed_out.running, running.len());
    executor.shutdown(Shutdown::cancel_running().within(Duration::from_secs(20))).expect("now they end");
    for handle in running {
        assert_ne!(handle.wait(), Ok(false));
    }
}

fn drops(executor: impl Executor) {
    if !executor.capabilities().asynchronous {
        return;
    }
    let running = occupy(&executor);
    let queued: Vec<_> = (0..10).map(|x| executor.submit(add::new(x, 1)).expect("takes tasks")).collect();
    drop(executor);
    for handle in queued {
        assert_eq!(handle.wait(), Err(TaskError::Cancelled));
    }
    for handle in running {
        assert_ne!(handle.wait(), Ok(false), "the running ones were asked to stop");
    }
}
