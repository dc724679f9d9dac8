//! High before normal before low, wherever they come from.

use std::sync::{Arc, Mutex};

use par_core::testing::within;
use par_core::{LocalExecutor, LocalExecutorExt, Options, Priority};
use par_threads::ThreadPool;

use super::{Busy, LIMIT};

type Log = Arc<Mutex<Vec<String>>>;

fn of(priority: Priority) -> Options {
    Options::new().priority(priority)
}

/// Submits a task that writes its name.
fn note(pool: &(impl LocalExecutor + ?Sized), log: &Log, name: &str, priority: Priority) {
    let (log, name) = (Arc::clone(log), name.to_owned());
    let write = move || log.lock().expect("not poisoned").push(name);
    drop(pool.spawn_with(write, of(priority)).expect("it is open"));
}

/// Waits for what is queued: a low task comes last.
fn finished(pool: &ThreadPool, log: &Log) -> Vec<String> {
    let last = pool.spawn_with(|| (), of(Priority::Low)).expect("it is open");
    within(LIMIT, "everything", || last.wait()).expect("it ran");
    std::mem::take(&mut *log.lock().expect("not poisoned"))
}

#[test]
fn from_outside_the_higher_goes_first_and_equals_in_turn() {
    let pool = ThreadPool::builder().workers(1).build().expect("threads start");
    let log = Log::default();
    let busy = Busy::occupy(&pool, 1);
    for turn in 0..3 {
        for (name, priority) in
            [("low", Priority::Low), ("normal", Priority::Normal), ("high", Priority::High)]
        {
            note(&pool, &log, &format!("{name} {turn}"), priority);
        }
    }
    busy.release();
    let expected =
        ["high 0", "high 1", "high 2", "normal 0", "normal 1", "normal 2", "low 0", "low 1", "low 2"];
    assert_eq!(finished(&pool, &log), expected);
}

#[test]
fn a_tasks_own_tasks_have_priorities_too() {
    let pool = Arc::new(ThreadPool::builder().workers(1).build().expect("threads start"));
    let log = Log::default();
    let (inner, inner_log) = (Arc::clone(&pool), Arc::clone(&log));
    let parent = pool.spawn(move || {
        note(&*inner, &inner_log, "low", Priority::Low);
        note(&*inner, &inner_log, "normal", Priority::Normal);
        note(&*inner, &inner_log, "high", Priority::High);
    });
    parent.expect("it is open").wait().expect("it ran");
    assert_eq!(finished(&pool, &log), ["high", "normal", "low"]);
}

#[test]
fn a_waiting_task_runs_the_higher_first_and_reaches_the_low_one_it_waits_for() {
    let pool = Arc::new(ThreadPool::builder().workers(1).build().expect("threads start"));
    let log = Log::default();
    let (inner, inner_log) = (Arc::clone(&pool), Arc::clone(&log));
    let parent = pool.spawn(move || {
        let low = inner.spawn_with(|| 7, of(Priority::Low)).expect("it is open");
        note(&*inner, &inner_log, "normal", Priority::Normal);
        note(&*inner, &inner_log, "high", Priority::High);
        let seven = low.wait();
        (seven, inner_log.lock().expect("not poisoned").clone())
    });
    let outcome = within(LIMIT, "a low task that is waited for", || parent.expect("it is open").wait());
    let (seven, before) = outcome.expect("it ran");
    assert_eq!((seven, before), (Ok(7), vec!["high".to_owned(), "normal".to_owned()]));
}

#[test]
fn a_low_task_runs_when_a_worker_has_nothing_else_however_busy_the_others_are() {
    let pool = ThreadPool::builder().workers(2).build().expect("threads start");
    let busy = Busy::occupy(&pool, 1);
    let low = pool.spawn_with(|| 1, of(Priority::Low)).expect("it is open");
    assert_eq!(within(LIMIT, "the low task", || low.wait()), Ok(1));
    busy.release();
}
