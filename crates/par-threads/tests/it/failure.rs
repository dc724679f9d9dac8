//! Initializers that fail, tasks that are deaf, pools that are dropped in odd places.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_core::{LocalExecutorExt, Options, Shutdown, SubmitError, TaskError};
use par_threads::{BuildError, Builder, ThreadPool};

const LIMIT: Duration = Duration::from_mins(1);

fn two() -> Builder {
    ThreadPool::builder().workers(2)
}

#[test]
fn a_panicking_initializer_is_an_error_of_build() {
    let failing = || two().initializer(|index| assert_ne!(index, 1, "worker 1 does not like it"));
    for error in [failing().build().map(drop), failing().build_rayon().map(drop)] {
        match error {
            Err(BuildError::Initializer { worker: 1, message }) => {
                assert!(message.contains("does not like it"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_initializer_that_hangs_ends_the_wait() {
    let release = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&release);
    let hanging = two().start_timeout(Duration::from_millis(100)).initializer(move |_| {
        while !until.load(Ordering::Relaxed) {
            thread::yield_now();
        }
    });
    let error = within(LIMIT, "build", || hanging.build().map(drop));
    release.store(true, Ordering::Relaxed);
    assert!(matches!(error, Err(BuildError::StartTimedOut { missing: 2, .. })), "{error:?}");
}

#[test]
fn dropping_does_not_wait_for_the_deaf_for_ever() {
    let pool = two().drop_timeout(Duration::from_millis(100)).build().expect("threads start");
    let release = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&release);
    let deaf = pool.spawn(move || {
        while !until.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        7
    });
    let deaf = deaf.expect("it is open");
    while !deaf.is_running() {
        thread::yield_now();
    }
    let begun = Instant::now();
    drop(pool);
    assert!(begun.elapsed() < Duration::from_secs(20));
    release.store(true, Ordering::Relaxed);
    assert_eq!(within(LIMIT, "the deaf task", || deaf.wait()), Ok(7), "its output is not lost");
}

#[test]
fn a_pool_may_be_dropped_by_its_own_task() {
    within(LIMIT, "the last owner is a task", || {
        let pool = Arc::new(two().build().expect("threads start"));
        let mine = Arc::clone(&pool);
        let handle = pool.spawn(move || {
            // Wait until this is the last owner, and drop it.
            while Arc::strong_count(&mine) > 1 {
                thread::yield_now();
            }
            drop(mine);
            5
        });
        let handle = handle.expect("it is open");
        drop(pool);
        assert_eq!(handle.wait(), Ok(5));
    });
}

#[test]
fn a_submit_that_waits_for_room_ends_at_its_deadline_and_at_shutdown() {
    for rayon in [false, true] {
        let builder = ThreadPool::builder().workers(1).queue_bound(1);
        let pool: Arc<dyn par_core::LocalExecutor> = if rayon {
            Arc::new(builder.build_rayon().expect("threads start"))
        } else {
            Arc::new(builder.build().expect("threads start"))
        };
        let release = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&release);
        let block = move || {
            while !until.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        };
        let running = pool.spawn(block).expect("it is open");
        while !running.is_running() {
            thread::yield_now();
        }
        let queued = pool.spawn(|| ()).expect("there is room for one");
        let soon = Options::new().timeout(Duration::from_millis(30));
        let refused = within(LIMIT, "the deadline", || pool.spawn_with(|| (), soon)).expect_err("it is full");
        assert!(matches!(refused, SubmitError::DeadlineExceeded { .. }), "{refused}");

        let waiting = Arc::clone(&pool);
        let submitter = thread::spawn(move || waiting.spawn(|| ()).map(drop));
        let timed_out = pool.shutdown(Shutdown::cancel_queued().within(Duration::from_millis(50)));
        assert!(timed_out.is_err(), "a task is running");
        let refused = within(LIMIT, "the shutdown", || submitter.join().expect("no panic"));
        assert!(matches!(refused, Err(SubmitError::ShutDown { .. })), "{refused:?}");
        release.store(true, Ordering::Relaxed);
        assert_eq!(running.wait(), Ok(()));
        assert_eq!(queued.wait(), Err(TaskError::Cancelled));
    }
}

#[test]
fn a_pool_with_panicking_tasks_loses_no_worker() {
    let pool = two().build().expect("threads start");
    let ran = Arc::new(AtomicUsize::new(0));
    let results: Vec<_> = pool
        .map_with(0..200_u32, {
            let ran = Arc::clone(&ran);
            move |x| {
                ran.fetch_add(1, Ordering::Relaxed);
                // `resume_unwind` does not print, so 100 panics do not fill the log.
                if x % 2 == 0 {
                    std::panic::resume_unwind(Box::new(x));
                }
                x
            }
        })
        .collect();
    assert_eq!(ran.load(Ordering::Relaxed), 200);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 100);
    let text = results[0].as_ref().expect_err("0 is even").to_string();
    assert!(text.contains("a value that is not text"), "{text}");
}
