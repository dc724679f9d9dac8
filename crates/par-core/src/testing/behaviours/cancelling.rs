//! Cancellation, deadlines and priorities.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{eventually, occupy, release, runs, settled};
use crate::testing::conformance::Behaviour;
use crate::testing::tasks::{add, has_deadline, until_cancelled};
use crate::{Cancellation, Counter, Executor, ExecutorExt, Options, Priority, TaskError};

pub(in crate::testing) const ALL: &[Behaviour] = &[
    Behaviour::when("a queued task is cancelled at once and never runs", |c| c.asynchronous, queued),
    Behaviour::when("a running task sees that it is cancelled", |c| c.asynchronous, running),
    Behaviour::when("one token cancels many tasks", |c| c.asynchronous, token),
    Behaviour::always("a token that was cancelled before cancels, too", token_before),
    Behaviour::always("a task knows its deadline", deadline_is_known),
    Behaviour::when("a deadline ends the wait, queued or running", |c| c.asynchronous, deadline),
    Behaviour::when("queued tasks of high priority go first", |c| c.priorities, priorities),
];

fn queued(executor: &dyn Executor) {
    let before = settled(executor);
    let blockers = occupy(executor);
    let victim = executor.submit(add::new(1, 1)).expect("the executor takes tasks");
    // An executor that has given it to a busy worker ahead of time takes it back.
    victim.cancel();
    assert!(!victim.cancel(), "once is enough");
    assert_eq!(victim.wait_timeout(Duration::from_secs(10)).expect("at once"), Err(TaskError::Cancelled));
    release(blockers);
    assert!((settled(executor) - before).get(Counter::Cancelled) >= 1, "the victim is not counted");
}

fn running(executor: &dyn Executor) {
    let handle = executor.submit(until_cancelled::new()).expect("the executor takes tasks");
    eventually("it runs", || runs(&handle));
    assert!(!handle.cancel(), "it had started");
    let outcome = handle.wait();
    assert!(matches!(outcome, Ok(true) | Err(TaskError::Cancelled)), "{outcome:?}");
}

fn token(executor: &dyn Executor) {
    let token = Cancellation::new();
    let options = Options::new().cancellation(&token.child());
    let submit = |_| executor.submit_with(until_cancelled::new(), options.clone()).expect("takes tasks");
    let handles: Vec<_> = (0..3 * executor.workers().get()).map(submit).collect();
    eventually("some run", || handles.iter().any(runs));
    token.cancel();
    for handle in handles {
        let outcome = handle.wait();
        assert!(matches!(outcome, Ok(true) | Err(TaskError::Cancelled)), "{outcome:?}");
    }
}

fn token_before(executor: &dyn Executor) {
    let token = Cancellation::new();
    token.cancel();
    let options = Options::new().cancellation(&token);
    let handle = executor.submit_with(add::new(1, 1), options).expect("the executor takes tasks");
    assert_eq!(handle.wait(), Err(TaskError::Cancelled));
}

fn deadline_is_known(executor: &dyn Executor) {
    let with = Options::new().timeout(Duration::from_secs(30));
    assert_eq!(executor.submit_with(has_deadline::new(), with).expect("takes tasks").wait(), Ok(true));
    assert_eq!(executor.submit(has_deadline::new()).expect("takes tasks").wait(), Ok(false));
    let past = Options::new().deadline(Instant::now());
    match executor.submit_with(has_deadline::new(), past) {
        Ok(handle) => assert_eq!(handle.wait(), Err(TaskError::DeadlineExceeded)),
        Err(error) => assert!(matches!(error, crate::SubmitError::DeadlineExceeded { .. }), "{error}"),
    }
}

fn deadline(executor: &dyn Executor) {
    let soon = || Options::new().timeout(Duration::from_millis(50));
    let begun = Instant::now();
    let running = executor.submit_with(until_cancelled::new(), soon()).expect("the executor takes tasks");
    assert_eq!(running.wait(), Err(TaskError::DeadlineExceeded));
    let blockers = occupy(executor);
    let queued = executor.submit_with(add::new(1, 1), soon()).expect("the executor takes tasks");
    assert_eq!(queued.wait(), Err(TaskError::DeadlineExceeded));
    release(blockers);
    let late: Vec<_> =
        executor.map((0..4).map(|_| until_cancelled::new())).timeout(Duration::from_millis(100)).collect();
    assert!(late.iter().all(|outcome| *outcome == Err(TaskError::DeadlineExceeded)), "{late:?}");
    assert!(begun.elapsed() < Duration::from_secs(20), "deadlines end waits");
}

fn priorities(executor: &dyn Executor) {
    let blockers = occupy(executor);
    let order = Arc::new(Mutex::new(Vec::new()));
    let classes = [Priority::Low, Priority::Normal, Priority::High];
    let handles: Vec<_> = (0..30)
        .map(|index| {
            let class = classes[index % 3];
            let options = Options::new().priority(class);
            let handle = executor.submit_with(add::new(0, 0), options).expect("the executor takes tasks");
            let order = Arc::clone(&order);
            handle.on_done(move |_| order.lock().expect("no callback panics").push(class));
            handle
        })
        .collect();
    release(blockers);
    for handle in handles {
        assert_eq!(handle.wait(), Ok(0));
    }
    let order = order.lock().expect("no callback panics");
    // Several workers report in any order, so it is the mean place of a class that must rise.
    let place = |class| order.iter().enumerate().filter(|(_, c)| **c == class).map(|(i, _)| i).sum::<usize>();
    let places = classes.map(place);
    assert!(places[2] < places[1] && places[1] < places[0], "{order:?}");
}
