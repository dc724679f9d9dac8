//! Pools that grow and shrink while they work.

use std::collections::HashSet;
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_core::{Counter, Executor, Handle, LocalExecutorExt, Philox, Shutdown, TaskError};
use par_threads::{BuildError, Builder, ResizeError, ThreadPool, WorkerState};

use super::{Busy, LIMIT, thread_name, until};

fn pool(workers: usize) -> Arc<ThreadPool> {
    Arc::new(ThreadPool::builder().workers(workers).build().expect("threads start"))
}

/// How many threads the pool has: those that are wanted, and those that have not yet retired.
fn threads(pool: &ThreadPool) -> usize {
    pool.worker_metrics().iter().filter(|worker| worker.state != WorkerState::Retired).count()
}

#[test]
fn as_many_run_at_once_as_there_are_workers() {
    let pool = pool(1);
    for workers in [3, 2, 5, 1, 4, 4] {
        pool.resize(workers).expect("threads start");
        assert_eq!(pool.workers().get(), workers);
        // All of them at the same time, and no one beside them.
        let busy = Busy::occupy(&*pool, workers);
        until("the others have left", || threads(&pool) == workers);
        let queued = pool.spawn(thread_name).expect("there is room");
        assert!(!queued.is_finished());
        busy.release();
        let name = within(LIMIT, "what was queued", || queued.wait()).expect("it ran");
        assert!((0..workers).any(|index| name == format!("par-{index}")), "{name}");
    }
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let pool = ThreadPool::builder().workers(2).max_workers(3).build().expect("threads start");
    assert_eq!(pool.max_workers(), 3);
    assert!(matches!(pool.resize(0), Err(ResizeError::Zero)));
    assert!(matches!(pool.resize(4), Err(ResizeError::TooMany { wanted: 4, most: 3 })));
    assert_eq!((pool.workers().get(), threads(&pool)), (2, 2));
    pool.shutdown(Shutdown::drain()).expect("it drains");
    for workers in [1, 2, 3] {
        assert!(matches!(pool.resize(workers), Err(ResizeError::ShutDown)));
    }
    let contradiction = ThreadPool::builder().workers(4).max_workers(3).build();
    assert!(
        matches!(contradiction, Err(BuildError::TooSmall { setting: "max_workers", least: 4 })),
        "{contradiction:?}"
    );
}

/// A pool of one worker, whose initializer is for those that come later.
fn prepared_by(initializer: impl Fn(usize) + Send + Sync + 'static) -> Builder {
    ThreadPool::builder().workers(1).initializer(move |index| {
        if index > 0 {
            initializer(index);
        }
    })
}

#[test]
fn an_initializer_that_panics_leaves_the_pool_as_it_was() {
    let (spoilt, seen) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
    let (is_spoilt, see) = (Arc::clone(&spoilt), Arc::clone(&seen));
    let initializer = move |index| {
        assert!(index != 3 || !is_spoilt.load(Ordering::Relaxed), "worker 3 does not like it");
        see.lock().expect("not poisoned").push((index, thread_name()));
    };
    let pool = prepared_by(initializer).build().expect("threads start");
    let error = pool.resize(5).expect_err("one of them panics");
    assert!(error.to_string().contains("still has 1"), "{error}");
    let source = error.source().expect("it says why").to_string();
    assert!(source.contains("worker 3 panicked: worker 3 does not like it"), "{source}");
    assert_eq!((pool.workers().get(), threads(&pool)), (1, 1));
    assert_eq!(pool.spawn(thread_name).expect("it is open").wait().expect("it ran"), "par-0");

    until("the others have run theirs, in vain", || seen.lock().expect("not poisoned").len() == 3);
    seen.lock().expect("not poisoned").clear();
    spoilt.store(false, Ordering::Relaxed);
    pool.resize(5).expect("now they like it");
    let mut seen = std::mem::take(&mut *seen.lock().expect("not poisoned"));
    seen.sort();
    let expected: Vec<_> = (1..5).map(|index| (index, format!("par-{index}"))).collect();
    assert_eq!(seen, expected, "resize waits for them");
    Busy::occupy(&pool, 5).release();
}

#[test]
fn an_initializer_that_hangs_ends_the_wait_and_its_thread_is_of_no_use() {
    let (hang, begun) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let (hangs, begins) = (Arc::clone(&hang), Arc::clone(&begun));
    let initializer = move |_| {
        begins.fetch_add(1, Ordering::Relaxed);
        while hangs.load(Ordering::Relaxed) {
            thread::yield_now();
        }
    };
    let soon = Duration::from_millis(50);
    let pool = prepared_by(initializer).start_timeout(soon).build().expect("threads start");
    let refused = within(LIMIT, "the start timeout", || pool.resize(2));
    let Err(ResizeError::Start { workers: 1, source: BuildError::StartTimedOut { missing: 1, .. } }) =
        refused
    else {
        panic!("{refused:?}")
    };
    hang.store(false, Ordering::Relaxed);
    pool.resize(2).expect("another thread takes the slot");
    assert_eq!(begun.load(Ordering::Relaxed), 2);
    Busy::occupy(&pool, 2).release();
    assert_eq!(threads(&pool), 2, "the first one is not a worker");
}

#[test]
fn nobody_waits_for_a_worker_that_retires() {
    let pool = pool(3);
    let busy = Busy::occupy(&*pool, 3);
    let queued: Vec<_> = (0..10).map(|x| pool.spawn(move || x).expect("there is room")).collect();
    within(LIMIT, "the resize", || pool.resize(1)).expect("shrinking starts nothing");
    assert_eq!((pool.workers().get(), threads(&pool)), (1, 3), "they retire after their task");
    busy.release();
    let outcomes =
        within(LIMIT, "what was queued", || queued.into_iter().map(Handle::wait).collect::<Vec<_>>());
    assert!(outcomes.into_iter().eq((0..10).map(Ok)));
    until("they have retired", || threads(&pool) == 1);
    let retired = pool.worker_metrics();
    assert_eq!(retired.len(), 3, "their numbers stay");
    assert_eq!(retired.iter().map(par_threads::WorkerMetrics::jobs).sum::<u64>(), 13);
}

#[test]
fn a_worker_that_is_wanted_again_before_it_has_left_stays() {
    let pool = pool(2);
    let busy = Busy::occupy(&*pool, 2);
    let before: Vec<_> = pool.worker_metrics().iter().map(|worker| worker.native_id).collect();
    pool.resize(1).expect("shrinking starts nothing");
    pool.resize(3).expect("threads start");
    busy.release();
    Busy::occupy(&*pool, 3).release();
    let after: Vec<_> = pool.worker_metrics().iter().map(|worker| worker.native_id).collect();
    assert_eq!(after[..2], before, "the same threads");
}

/// Runs `f` on worker 1 of a pool of two, while worker 0 is busy; yields its outcome, and what releases worker 0.
fn on_worker_one<T: Send + 'static>(
    pool: &ThreadPool,
    f: impl Fn() -> T + Send + Sync + 'static,
) -> (T, Busy) {
    let (meeting, f) = (Arc::new(Barrier::new(2)), Arc::new(f));
    let (sender, outcome) = channel();
    let (mut release, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let (meeting, f, sender) = (Arc::clone(&meeting), Arc::clone(&f), sender.clone());
        let (releaser, held) = channel::<()>();
        let task = move || {
            meeting.wait();
            if thread_name() == "par-1" {
                sender.send(f()).expect("the test listens");
            } else {
                held.recv().ok();
            }
        };
        release.push(releaser);
        tasks.push(pool.spawn(task).expect("it is open"));
    }
    (outcome.recv_timeout(LIMIT).expect("one of them is worker 1"), Busy { release, tasks })
}

#[test]
fn what_a_worker_leaves_in_its_own_queue_goes_to_the_others() {
    let pool = pool(2);
    let (inner, ran) = (Arc::clone(&pool), Arc::new(Mutex::new(Vec::new())));
    let log = Arc::clone(&ran);
    let (handles, busy) = on_worker_one(&pool, move || {
        // They lie in the deque of worker 1, which retires after this, while worker 0 is busy.
        let submit = |x: u32| {
            let log = Arc::clone(&log);
            inner
                .spawn(move || log.lock().expect("not poisoned").push((x, thread_name())))
                .expect("it is open")
        };
        let handles: Vec<_> = (0..100).map(submit).collect();
        inner.resize(1).expect("a task may resize its own pool");
        handles
    });
    until("worker 1 has retired", || threads(&pool) == 1);
    assert!(ran.lock().expect("not poisoned").is_empty(), "it runs nothing more");
    busy.release();
    for handle in handles {
        assert_eq!(within(LIMIT, "what it left", || handle.wait()), Ok(()));
    }
    let mut ran = ran.lock().expect("not poisoned").clone();
    let expected: Vec<_> = (0..100).map(|x| (x, "par-0".to_owned())).collect();
    assert_eq!(ran[..20], expected[..20], "the oldest first, but for a turn now and then");
    ran.sort();
    assert_eq!(ran, expected, "each once");
}

#[test]
fn a_task_may_retire_its_own_worker_and_wait_on_it() {
    let pool = pool(2);
    let inner = Arc::clone(&pool);
    let (sum, busy) = on_worker_one(&pool, move || {
        inner.resize(1).expect("a task may resize its own pool");
        // Worker 0 is busy, so this is run by the very worker that is about to retire, while its task waits.
        let nested: Vec<_> = (0..10).map(|x| inner.spawn(move || x).expect("it is open")).collect();
        nested.into_iter().map(|handle| handle.wait().expect("it ran")).sum::<u32>()
    });
    assert_eq!(sum, 45);
    until("worker 1 has retired", || threads(&pool) == 1);
    busy.release();
}

#[test]
fn every_worker_may_make_the_pool_grow() {
    let pool = pool(2);
    let meeting = Arc::new(Barrier::new(2));
    let grow = |workers| {
        let (pool, meeting) = (Arc::clone(&pool), Arc::clone(&meeting));
        move || {
            meeting.wait();
            pool.resize(workers).map_err(|error| error.to_string())
        }
    };
    let handles = [4, 4].map(|workers| pool.spawn(grow(workers)).expect("it is open"));
    for handle in handles {
        assert_eq!(within(LIMIT, "a resize by a worker", || handle.wait()), Ok(Ok(())));
    }
    assert_eq!(pool.workers().get(), 4);
    Busy::occupy(&*pool, 4).release();
}

#[test]
fn more_workers_make_room_in_the_queue() {
    let pool = Arc::new(ThreadPool::builder().workers(1).queue_bound(1).build().expect("threads start"));
    let busy = Busy::occupy(&*pool, 1);
    let queued = pool.spawn(|| 1).expect("there is room for one");
    let submitter = {
        let pool = Arc::clone(&pool);
        thread::spawn(move || pool.spawn(|| 2).expect("it is open").wait())
    };
    pool.resize(3).expect("threads start");
    let outcome = within(LIMIT, "who waits for room", || submitter.join().expect("no panic"));
    assert_eq!((outcome, queued.wait()), (Ok(2), Ok(1)), "while the first worker is still busy");
    busy.release();
}

#[test]
fn a_submitter_is_not_kept_out_by_tasks_of_workers_that_are_about_to_retire() {
    let pool = Arc::new(ThreadPool::builder().workers(4).queue_bound(1).build().expect("threads start"));
    let meeting = Arc::new(Barrier::new(4));
    let begin = |_| {
        let (meeting, (release, held)) = (Arc::clone(&meeting), channel::<()>());
        let task = move || {
            meeting.wait();
            if thread_name() != "par-0" {
                held.recv().ok();
            }
        };
        (release, pool.spawn(task).expect("it is open"))
    };
    let (release, tasks): (Vec<_>, Vec<_>) = (0..4).map(begin).unzip();
    until("worker 0 is free", || tasks.iter().any(Handle::is_finished));
    pool.resize(1).expect("shrinking starts nothing");
    // Three tasks run where nobody is wanted: they are more than one worker and its queue may have.
    within(LIMIT, "ten tasks on the worker that stays", || {
        for x in 0..10 {
            assert_eq!(pool.spawn(move || x).expect("it is open").wait(), Ok(x));
        }
    });
    Busy { release, tasks }.release();
}

#[test]
fn resizes_take_turns_and_a_shutdown_ends_them() {
    let pool = pool(1);
    let resize = |thread: u64| {
        let pool = Arc::clone(&pool);
        let random = Philox::new(thread);
        thread::spawn(move || {
            for done in 0.. {
                let workers = 1 + random.next_u64(done) as usize % 6;
                match pool.resize(workers) {
                    Ok(()) => {}
                    Err(ResizeError::ShutDown) => return done,
                    Err(other) => panic!("{other}"),
                }
            }
            unreachable!("the pool is shut down long before")
        })
    };
    let resizers: Vec<_> = (0..3).map(resize).collect();
    let sum: u64 = pool.map_with(0..20_000_u64, |x| x).map(|x| x.expect("it ran")).sum();
    assert_eq!(sum, 199_990_000);
    pool.shutdown(Shutdown::drain()).expect("it drains");
    let join = |resizer: thread::JoinHandle<u64>| resizer.join().expect("no panic");
    let done: Vec<_> = within(LIMIT, "the resizers", || resizers.into_iter().map(join).collect());
    assert!(done.iter().sum::<u64>() > 0, "{done:?}");
    until("all have left", || threads(&pool) == 0);
}

#[test]
fn a_wake_up_goes_to_a_worker_that_stays() {
    let pool = pool(2);
    let random = Philox::new(11);
    let over = Arc::new(AtomicBool::new(false));
    let resizer = {
        let (pool, over) = (Arc::clone(&pool), Arc::clone(&over));
        thread::spawn(move || {
            for workers in [1, 3, 2, 4].into_iter().cycle() {
                pool.resize(workers).expect("threads start");
                if over.load(Ordering::Relaxed) {
                    break;
                }
            }
        })
    };
    within(LIMIT, "a task of a pool whose workers come and go", || {
        let begun = Instant::now();
        // Workers start and end all the while, so on a busy machine a turn may take long.
        for turn in (0..3000).take_while(|_| begun.elapsed() < LIMIT / 6) {
            // Sometimes they look for a job still, and sometimes they sleep.
            for _ in 0..random.next_u64(turn) % 150 {
                thread::yield_now();
            }
            assert_eq!(pool.spawn(move || turn).expect("it is open").wait(), Ok(turn));
        }
    });
    over.store(true, Ordering::Relaxed);
    resizer.join().expect("no panic");
}

#[test]
fn those_that_stay_are_still_woken_when_others_have_retired() {
    let pool = pool(2);
    for round in 0..50 {
        pool.resize(2 + round % 3).expect("threads start");
        // Those that retire are looking for a job, or asleep.
        for _ in 0..round * 10 {
            thread::yield_now();
        }
        pool.resize(1).expect("shrinking starts nothing");
        until("the others have retired", || threads(&pool) == 1);
        // The last one falls asleep, so somebody has to wake it.
        for _ in 0..500 {
            thread::yield_now();
        }
        let task = pool.spawn(move || round).expect("it is open");
        assert_eq!(within(LIMIT, "the worker that stays", || task.wait()), Ok(round));
    }
}

#[test]
fn a_worker_that_is_on_its_way_out_turns_round_when_it_is_wanted() {
    let pool = pool(4);
    for round in 0..5000 {
        pool.resize(1).expect("shrinking starts nothing");
        for _ in 0..round % 200 {
            std::hint::spin_loop();
        }
        pool.resize(4).expect("threads start");
        if round % 100 == 0 {
            Busy::occupy(&*pool, 4).release();
        }
    }
    Busy::occupy(&*pool, 4).release();
    assert_eq!(threads(&pool), 4);
}

#[test]
fn a_pool_that_is_dropped_while_workers_retire_loses_no_handle() {
    for round in 0..50 {
        let pool = pool(4);
        let handles: Vec<_> = (0..50).map(|x| pool.spawn(move || x).expect("it is open")).collect();
        pool.resize(1 + round % 4).expect("threads start");
        drop(pool);
        for (x, handle) in handles.into_iter().enumerate() {
            let outcome = within(LIMIT, "a task of a dropped pool", || handle.wait());
            assert!(outcome == Ok(x) || outcome == Err(TaskError::Cancelled), "{outcome:?}");
        }
    }
}

/// A million tasks, nine in ten of them submitted by others, of which a third wait for theirs.
#[test]
fn each_of_a_million_tasks_runs_once_while_the_pool_changes_its_size() {
    const PARENTS: usize = 100_000;
    const CHILDREN: usize = 9;
    const TASKS: usize = PARENTS * (1 + CHILDREN);
    let pool = Arc::new(ThreadPool::builder().workers(2).queue_bound(10_000).build().expect("threads start"));
    let counts: Arc<Vec<AtomicU8>> = Arc::new((0..TASKS).map(|_| AtomicU8::new(0)).collect());
    let resizer = {
        let (pool, random) = (Arc::clone(&pool), Philox::new(7));
        thread::spawn(move || {
            let mut sizes = HashSet::new();
            for turn in 0.. {
                let workers = 1 + random.next_u64(turn) as usize % 8;
                match pool.resize(workers) {
                    Ok(()) => sizes.insert(workers),
                    Err(ResizeError::ShutDown) => break,
                    Err(other) => panic!("{other}"),
                };
                thread::yield_now();
            }
            sizes.len()
        })
    };
    within(3 * LIMIT, "a million tasks", || {
        for parent in 0..PARENTS {
            let (counts, inner): (Arc<Vec<AtomicU8>>, _) = (Arc::clone(&counts), Arc::clone(&pool));
            let run = move || {
                counts[parent].fetch_add(1, Ordering::Relaxed);
                let submit = |child: usize| {
                    let counts = Arc::clone(&counts);
                    let place = PARENTS + parent * CHILDREN + child;
                    let count = move || {
                        counts[place].fetch_add(1, Ordering::Relaxed);
                    };
                    inner.spawn(count).expect("it is open")
                };
                let children: Vec<_> = (0..CHILDREN).map(submit).collect();
                if parent.is_multiple_of(3) {
                    for child in children {
                        child.wait().expect("it ran");
                    }
                }
            };
            drop(pool.spawn(run).expect("it is open"));
        }
        pool.shutdown(Shutdown::drain().within(3 * LIMIT)).expect("it drains");
    });
    assert!(resizer.join().expect("no panic") > 1);
    let wrong = counts.iter().filter(|count| count.load(Ordering::Relaxed) != 1).count();
    assert_eq!(wrong, 0, "tasks that ran never, or twice");
    let metrics = pool.metrics();
    assert_eq!(metrics.get(Counter::Completed), TASKS as u64);
    let jobs: u64 = pool.worker_metrics().iter().map(par_threads::WorkerMetrics::jobs).sum();
    assert_eq!(jobs, TASKS as u64);
}
