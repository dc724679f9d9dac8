//! Waits that could go on for ever, and do not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use par_core::testing::within;
use par_core::{ExecutorExt, Handle, LocalExecutor, LocalExecutorExt, SerialExecutor, task};
use par_threads::{Builder, ThreadPool};

const LIMIT: Duration = Duration::from_mins(1);

fn both(builder: impl Fn() -> Builder) -> [Arc<dyn LocalExecutor>; 2] {
    let rayon = builder().build_rayon().expect("threads start");
    [Arc::new(builder().build().expect("threads start")), Arc::new(rayon)]
}

fn workers(workers: usize) -> impl Fn() -> Builder {
    move || ThreadPool::builder().workers(workers)
}

#[test]
fn a_caller_that_waits_for_room_is_woken_while_other_workers_are_busy() {
    for pool in both(|| ThreadPool::builder().workers(2).queue_bound(1)) {
        let (release, held) = channel::<()>();
        let busy = pool.spawn(move || held.recv().ok()).expect("it is open");
        while !busy.is_running() {
            thread::yield_now();
        }
        within(LIMIT, "ten short tasks beside a long one", || {
            let handles: Vec<_> = (0..10).map(|x| pool.spawn(move || x).expect("it is open")).collect();
            assert!(handles.into_iter().map(Handle::wait).eq((0..10).map(Ok)));
        });
        drop(release);
        assert_eq!(busy.wait(), Ok(None));
    }
}

#[test]
fn a_result_of_a_map_does_not_wait_for_the_ones_behind_it() {
    for pool in both(workers(1)) {
        let (release, held) = channel::<()>();
        let held = Mutex::new(held);
        // One task goes on only when the caller has seen the result before it, for which it has to sleep.
        let results = pool.map_with(0..20, move |x: u32| {
            if x == 5 {
                thread::sleep(Duration::from_millis(20));
            }
            if x == 6 {
                held.lock().expect("not poisoned").recv().expect("the caller sends");
            }
            x
        });
        within(LIMIT, "a map whose caller answers", || {
            for (x, result) in results.enumerate() {
                assert_eq!(result.map(|x| x as usize), Ok(x));
                if x == 5 {
                    release.send(()).expect("the task waits");
                }
            }
        });
    }
}

#[test]
fn a_serial_executor_on_a_worker_keeps_the_worker_helping() {
    for pool in both(workers(1)) {
        let inner = Arc::clone(&pool);
        let outer = pool.spawn(move || {
            let nested = SerialExecutor::new().spawn(move || inner.spawn(|| 7).expect("it is open").wait());
            nested.expect("it is open").wait()
        });
        let outer = outer.expect("it is open");
        assert_eq!(within(LIMIT, "the nested executor", || outer.wait()), Ok(Ok(Ok(7))));
    }
}

#[test]
fn a_rayon_worker_helps_outside_of_tasks_too() {
    let pool = ThreadPool::builder().workers(1).build_rayon().expect("threads start");
    let outcome = within(LIMIT, "a wait within `install`", || {
        pool.rayon().install(|| pool.spawn(|| 3).expect("it is open").wait())
    });
    assert_eq!(outcome, Ok(3));
}

static FLAG: AtomicBool = AtomicBool::new(false);

#[par_core::task]
fn again() {
    if !FLAG.load(Ordering::Relaxed) {
        let me = task::current().executor().expect("it runs on a worker");
        drop(me.submit(again::new()).expect("it is open"));
    }
}

#[test]
fn tasks_that_submit_themselves_anew_do_not_starve_the_others() {
    let pool = workers(1)().build().expect("threads start");
    drop(pool.submit(again::new()).expect("it is open"));
    let other = pool.spawn(|| FLAG.store(true, Ordering::Relaxed)).expect("it is open");
    assert_eq!(within(LIMIT, "the other task", || other.wait()), Ok(()));
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            std::panic::resume_unwind(Box::new("a destructor that panics: expected here"));
        }
    }
}

#[test]
fn a_value_whose_destructor_panics_costs_no_worker() {
    for pool in both(workers(1)) {
        let (release, held) = channel::<()>();
        let busy = pool.spawn(move || held.recv().ok()).expect("it is open");
        let bomb = Bomb;
        let cancelled = pool.spawn(move || std::mem::forget(bomb)).expect("it is open");
        assert!(cancelled.cancel());
        drop(pool.spawn(|| Bomb).expect("it is open"));
        drop(release);
        assert_eq!(busy.wait(), Ok(None));
        let after = pool.spawn(|| 1).expect("it is open");
        assert_eq!(within(LIMIT, "the worker lives on", || after.wait()), Ok(1));
    }
}
