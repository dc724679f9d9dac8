//! Circles through the handles of tasks.

use std::sync::{Arc, Barrier};

use par_core::testing::within;
use par_core::{LocalExecutorExt, TaskError};
use par_threads::deadlock::{ReportKind, waits};
use par_threads::{Mutex, ThreadPool};

use super::{LIMIT, reports_of};

fn pool(name: &str, workers: usize) -> ThreadPool {
    ThreadPool::builder().workers(workers).name(name).build().expect("threads start")
}

#[test]
fn a_task_that_locks_what_the_one_who_waits_for_it_holds() {
    let pool = pool("locker", 1);
    let mutex = Arc::new(Mutex::new(1));
    let guard = mutex.lock();
    let inner = Arc::clone(&mutex);
    let handle = pool.spawn(move || *inner.lock()).expect("it is open");
    let outcome = within(LIMIT, "a wait with a lock in hand", || handle.wait());
    drop(guard);
    let explained = match &outcome {
        // The task came last, or the wait did.
        Err(TaskError::Panicked(panic)) => panic.message.starts_with("deadlock: 2 threads"),
        Err(TaskError::WouldDeadlock { .. }) => true,
        _ => false,
    };
    assert!(explained, "{outcome:?}");
    let reports = reports_of("locker-0");
    let [report] = &reports[..] else { panic!("one report: {reports:?}") };
    let text = report.to_string();
    assert!(text.contains("waits for task `") && text.contains("tasks.rs"), "{text}");
    assert!(text.contains("thread `locker-0` waits for mutex #"), "{text}");
    let mutex_again = within(LIMIT, "the lock afterwards", || *mutex.lock());
    assert_eq!(mutex_again, 1);
}

#[test]
fn a_wait_that_comes_last_is_an_error() {
    let pool = pool("first", 1);
    let mutex = Arc::new(Mutex::new(1));
    let guard = mutex.lock();
    let inner = Arc::clone(&mutex);
    let handle = pool.spawn(move || *inner.lock()).expect("it is open");
    super::until("the task waits", || waits().iter().any(|one| one.thread == "first-0"));
    let outcome = within(LIMIT, "a wait that never ends", || handle.wait());
    assert!(matches!(outcome, Err(TaskError::WouldDeadlock { .. })), "{outcome:?}");
    drop(guard);
}

#[test]
fn two_tasks_that_lock_in_opposite_order_cost_one_of_them() {
    let pool = pool("opposite", 2);
    let locks = Arc::new([Mutex::new(()), Mutex::new(())]);
    let both_hold = Arc::new(Barrier::new(2));
    let handles = [0, 1].map(|index| {
        let (locks, both_hold) = (Arc::clone(&locks), Arc::clone(&both_hold));
        let cross = move || {
            let _mine = locks[index].lock();
            both_hold.wait();
            drop(locks[1 - index].lock());
        };
        pool.spawn(cross).expect("it is open")
    });
    let outcomes = within(LIMIT, "both tasks", || handles.map(par_core::Handle::wait));
    let panicked = outcomes.iter().filter(|outcome| matches!(outcome, Err(TaskError::Panicked(_))));
    assert_eq!(panicked.count(), 1, "{outcomes:?}");
    assert_eq!(reports_of("opposite-0").iter().filter(|it| it.kind == ReportKind::Deadlock).count(), 1);
}

#[test]
fn a_worker_that_runs_another_task_on_top_of_a_wait_does_not_wait() {
    let pool = Arc::new(pool("busy", 1));
    let mutex = Arc::new(Mutex::new(0));
    let (inner, nested) = (Arc::clone(&mutex), Arc::clone(&pool));
    let outer = pool.spawn(move || {
        let first = {
            let inner = Arc::clone(&inner);
            nested.spawn(move || *inner.lock() += 1).expect("it is open")
        };
        first.wait().expect("it runs on top of this task");
        *inner.lock()
    });
    let outer = outer.expect("it is open");
    assert_eq!(within(LIMIT, "nested tasks", || outer.wait()), Ok(1));
    assert_eq!(reports_of("busy-0"), []);
}

#[test]
fn a_task_on_top_of_one_that_holds_the_lock_waits_for_itself() {
    let pool = Arc::new(pool("pile", 1));
    let mutex = Arc::new(Mutex::new(0));
    let (inner, nested) = (Arc::clone(&mutex), Arc::clone(&pool));
    let outer = pool.spawn(move || {
        let _guard = inner.lock();
        let above = Arc::clone(&inner);
        nested.spawn(move || drop(above.lock())).expect("it is open").wait()
    });
    let outer = outer.expect("it is open");
    let outcome = within(LIMIT, "a task above a lock", || outer.wait()).expect("the outer one goes on");
    let Err(TaskError::Panicked(panic)) = &outcome else { panic!("it would wait for ever: {outcome:?}") };
    assert!(panic.message.starts_with("deadlock: thread `pile-0` waits for itself"), "{}", panic.message);
}

#[test]
fn a_lock_that_is_taken_on_top_of_a_wait_is_given_back() {
    for rayon in [false, true] {
        let name = if rayon { "yields" } else { "helps" };
        let builder = ThreadPool::builder().workers(2).name(name);
        let pool: Arc<dyn par_core::LocalExecutor> = if rayon {
            Arc::new(builder.build_rayon().expect("threads start"))
        } else {
            Arc::new(builder.build().expect("threads start"))
        };
        let lock = Arc::new(Mutex::new(0));
        // Every task that waits runs others on top, which hold the lock that those who are waited for want.
        let sum = within(LIMIT, "tasks on top of waits", || {
            let outer: Vec<_> = (0..20)
                .map(|_| {
                    let (lock, nested) = (Arc::clone(&lock), Arc::clone(&pool));
                    let task = move || {
                        let count = || {
                            let lock = Arc::clone(&lock);
                            move || {
                                let mut count = lock.lock();
                                std::thread::yield_now();
                                *count += 1;
                            }
                        };
                        let handles: Vec<_> =
                            (0..20).map(|_| nested.spawn(count()).expect("it is open")).collect();
                        handles.into_iter().filter_map(|handle| handle.wait().ok()).count()
                    };
                    pool.spawn(task).expect("it is open")
                })
                .collect();
            outer.into_iter().map(|handle| handle.wait().expect("no alarm")).sum::<usize>()
        });
        assert_eq!((sum, *lock.lock()), (400, 400));
        assert_eq!(reports_of(&format!("{name}-0")), []);
    }
}

#[test]
fn a_wait_with_a_busy_task_on_top_cannot_end_either() {
    let pool = Arc::new(pool("buried", 2));
    let mutex = Arc::new(Mutex::new(0));
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let (inner, nested) = (Arc::clone(&mutex), Arc::clone(&pool));
    let outer = pool.spawn(move || {
        let _guard = inner.lock();
        let (open, gate) = std::sync::mpsc::channel();
        // Runs on the other worker, and locks what this task holds when the other one runs on top of this.
        let locks = nested.spawn({
            let inner = Arc::clone(&inner);
            move || {
                // Not a handle: this worker is to run nothing else.
                gate.recv().expect("it is opened");
                drop(inner.lock());
            }
        });
        let locks = locks.expect("it is open");
        while !locks.is_running() {
            std::thread::yield_now();
        }
        drop(nested.spawn(move || {
            open.send(()).expect("the other worker waits");
            held.recv().ok();
        }));
        locks.wait()
    });
    let outer = outer.expect("it is open");
    super::until("the circle is explained", || {
        ["buried-0", "buried-1"].iter().any(|name| !reports_of(name).is_empty())
    });
    drop(hold);
    let outcome = within(LIMIT, "the task that waits", || outer.wait()).expect("the outer one goes on");
    let Err(TaskError::Panicked(panic)) = &outcome else { panic!("it would wait for ever: {outcome:?}") };
    assert!(panic.message.starts_with("deadlock: 2 threads"), "{}", panic.message);
}
