//! What a deadline does, in either pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_core::{Counter, LocalExecutorExt, Options, TaskError, task};
use par_threads::ThreadPool;

use super::{Busy, LIMIT, both, until};

fn soon() -> Options {
    Options::new().timeout(Duration::from_millis(20))
}

#[test]
fn a_task_that_expires_in_the_queue_never_runs() {
    for pool in both(|| ThreadPool::builder().workers(1)) {
        let busy = Busy::occupy(&*pool, 1);
        let ran = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&ran);
        let late = pool.spawn_with(move || count.fetch_add(1, Ordering::Relaxed), soon());
        let late = late.expect("there is room");
        assert_eq!(within(LIMIT, "the deadline", || late.wait()), Err(TaskError::DeadlineExceeded));
        busy.release();
        assert_eq!(pool.spawn(|| 1).expect("it is open").wait(), Ok(1));
        assert_eq!(ran.load(Ordering::Relaxed), 0);
        until("it is counted", || pool.metrics().get(Counter::Cancelled) == 1);
    }
}

#[test]
fn a_running_task_is_asked_to_stop_at_its_deadline() {
    for pool in both(|| ThreadPool::builder().workers(1)) {
        let (say, said) = channel();
        let attentive = move || {
            let me = task::current();
            while !me.cancelled() {
                thread::yield_now();
            }
            say.send(me.deadline().is_some_and(|due| Instant::now() >= due)).expect("the test listens");
            "too late"
        };
        let handle = pool.spawn_with(attentive, soon()).expect("it is open");
        // Nobody waits for the handle meanwhile: the task notices by itself.
        assert_eq!(said.recv_timeout(LIMIT), Ok(true));
        assert_eq!(within(LIMIT, "the outcome", || handle.wait()), Err(TaskError::DeadlineExceeded));
    }
}

#[test]
fn a_wait_ends_at_the_deadline_though_the_task_is_deaf_and_the_worker_lives_on() {
    for pool in both(|| ThreadPool::builder().workers(1)) {
        let heard = Arc::new(AtomicBool::new(false));
        let release = Arc::clone(&heard);
        let deaf = move || {
            while !release.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        };
        let deaf =
            pool.spawn_with(deaf, Options::new().timeout(Duration::from_millis(100))).expect("it is open");
        assert_eq!(within(LIMIT, "the wait", || deaf.wait()), Err(TaskError::DeadlineExceeded));
        let next = pool.spawn(|| 2).expect("there is room");
        assert!(!next.is_finished(), "the only worker is still busy");
        heard.store(true, Ordering::Relaxed);
        assert_eq!(within(LIMIT, "the next task", || next.wait()), Ok(2));
    }
}

#[test]
fn tasks_inherit_the_earlier_deadline() {
    for pool in both(|| ThreadPool::builder().workers(1)) {
        let (early, late) = (Instant::now() + LIMIT, Instant::now() + 2 * LIMIT);
        for (outer, inner, expected) in [(early, late, early), (late, early, early)] {
            let nested = Arc::clone(&pool);
            let parent = move || {
                let child = nested.spawn_with(|| task::current().deadline(), Options::new().deadline(inner));
                child.expect("it is open").wait()
            };
            let parent = pool.spawn_with(parent, Options::new().deadline(outer)).expect("it is open");
            assert_eq!(within(LIMIT, "both", || parent.wait()), Ok(Ok(Some(expected))));
        }
    }
}

#[test]
fn a_worker_that_waits_for_a_task_with_a_deadline_is_not_kept_longer() {
    for pool in both(|| ThreadPool::builder().workers(2)) {
        let busy = Busy::occupy(&*pool, 1);
        // The worker has nothing to run meanwhile, so it sleeps, and nobody but the clock wakes it.
        let (gate, opener) = par_core::Handle::<()>::pair("gate", &soon());
        let waiting = pool.spawn(move || gate.wait()).expect("it is open");
        let outcome = within(LIMIT, "the wait on a worker", || waiting.wait());
        assert_eq!(outcome, Ok(Err(TaskError::DeadlineExceeded)));
        drop(opener);
        busy.release();
    }
}
