//! Waits that could go on for ever, and do not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_core::{
    ExecutorExt, Handle, LocalExecutor, LocalExecutorExt, Options, SerialExecutor, Shutdown, TaskError,
    Until, as_completed, task, wait,
};
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

/// A pool of two workers, one of which waits for the first handle on top of the second's task.
///
/// The first task is done when the sender is dropped. `above` gets the handle of the task that waits for it.
fn buried<T: Send + 'static>(
    pool: &Arc<dyn LocalExecutor>,
    above: impl FnOnce(Handle<Option<()>>) -> T + Send + 'static,
) -> Handle<T> {
    let (release, held) = channel::<()>();
    let first = pool.spawn(move || held.recv().ok()).expect("it is open");
    while !first.is_running() {
        thread::yield_now();
    }
    let second = pool.spawn(move || first.wait().expect("it runs")).expect("it is open");
    while !second.is_running() {
        thread::yield_now();
    }
    // Both workers are taken; the one that waits takes this, and has the second task under it.
    let third = pool.spawn(move || above(second)).expect("it is open");
    while !third.is_running() && !third.is_finished() {
        thread::yield_now();
    }
    drop(release);
    third
}

#[test]
fn a_wait_for_a_task_under_this_one_on_the_stack_is_an_error() {
    for pool in both(workers(2)) {
        let third = buried(&pool, Handle::wait);
        let outcome = within(LIMIT, "the wait", || third.wait()).expect("it ran");
        assert!(matches!(outcome, Err(TaskError::WouldDeadlock { .. })), "{outcome:?}");

        let third = buried(&pool, |second| as_completed([second], None).next());
        let outcome = within(LIMIT, "as_completed", || third.wait()).expect("it ran");
        let (index, outcome) = outcome.expect("one handle").expect("no timeout");
        assert_eq!(index, 0);
        assert!(matches!(outcome, Err(TaskError::WouldDeadlock { .. })), "{outcome:?}");

        let third = buried(&pool, |second| wait(&[second], Until::All, None));
        let waited = within(LIMIT, "wait", || third.wait()).expect("it ran");
        assert_eq!(waited.pending, [0], "it cannot finish before this returns");
    }
}

#[test]
fn two_workers_that_wait_for_what_lies_under_the_other_get_an_error() {
    for pool in both(workers(2)) {
        let gates = [0, 1].map(|_| Handle::<()>::pair("gate", &Options::new()));
        let (gates, openers): (Vec<_>, Vec<_>) = gates.into_iter().unzip();
        let (say, said) = channel();
        let meeting = Arc::new(Barrier::new(2));
        let begin = |(index, gate): (usize, Handle<()>)| {
            let (say, meeting) = (say.clone(), Arc::clone(&meeting));
            let wait = move || {
                // One on each worker.
                meeting.wait();
                say.send((index, thread::current().id())).expect("the test listens");
                gate.wait()
            };
            Some(pool.spawn(wait).expect("it is open"))
        };
        let mut handles: Vec<_> = gates.into_iter().enumerate().map(begin).collect();
        let below = [0, 1].map(|_| said.recv().expect("they run"));
        let below = below.map(|(index, id)| (id, handles[index].take().expect("each runs once")));
        let below = Arc::new(Mutex::new(Vec::from(below)));
        let above: Vec<_> = (0..2)
            .map(|_| {
                let (below, meeting) = (Arc::clone(&below), Arc::clone(&meeting));
                let cross = move || {
                    meeting.wait();
                    let mut below = below.lock().expect("not poisoned");
                    let other = below.iter().position(|(id, _)| *id != thread::current().id());
                    let (_, handle) = below.swap_remove(other.expect("one per worker"));
                    drop(below);
                    handle.wait()
                };
                pool.spawn(cross).expect("it is open")
            })
            .collect();
        within(LIMIT, "the circle", || wait(&above, Until::First, None));
        for opener in openers {
            opener.complete(Ok(()), None);
        }
        let outcomes: Vec<_> = above.into_iter().map(|handle| handle.wait().expect("it ran")).collect();
        let errors =
            outcomes.iter().filter(|outcome| matches!(outcome, Err(TaskError::WouldDeadlock { .. })));
        assert_eq!(errors.count(), 1, "{outcomes:?}");
    }
}

#[test]
fn a_callback_is_no_part_of_the_task_under_it() {
    for pool in both(workers(1)) {
        let (gate, opener) = Handle::<()>::pair("gate", &Options::new());
        let due = Options::new().timeout(LIMIT);
        let below = pool.spawn_with(move || gate.wait(), due).expect("it is open");
        while !below.is_running() {
            thread::yield_now();
        }
        let (release, held) = channel::<()>();
        let above = pool.spawn(move || held.recv().ok()).expect("it is open");
        let (say, said) = channel();
        above.on_done(move |_| say.send(task::current().deadline()).expect("the test listens"));
        drop(release);
        assert_eq!(said.recv(), Ok(None), "the deadline of a task that only lies below");
        opener.complete(Ok(()), None);
        assert_eq!(below.wait(), Ok(Ok(())));
    }
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

#[test]
fn a_task_that_shuts_its_own_pool_down_does_not_wait_for_itself() {
    for pool in both(workers(1)) {
        let (release, held) = channel::<()>();
        let first = pool.spawn(move || {
            held.recv().ok();
            let me = task::current().executor().expect("it runs on a worker");
            me.shutdown(Shutdown::drain())
        });
        let (first, second) = (first.expect("it is open"), pool.spawn(|| 2).expect("it is open"));
        drop(release);
        let begun = Instant::now();
        let outcome = within(LIMIT, "the shutdown", || first.wait()).expect("it ran");
        assert!(begun.elapsed() < Shutdown::DEFAULT_TIMEOUT / 2);
        assert!(outcome.is_err_and(|timed_out| timed_out.running >= 1), "it runs itself");
        assert_eq!(second.wait(), Ok(2), "it was taken, and is finished");
        assert!(pool.spawn(|| 3).is_err());
    }
}

#[test]
fn two_pools_that_fill_each_others_queues_go_on() {
    for (one, two) in [(false, false), (false, true), (true, true)] {
        let pool = |rayon| -> Arc<dyn LocalExecutor> {
            let builder = ThreadPool::builder().workers(1).queue_bound(1);
            if rayon {
                Arc::new(builder.build_rayon().expect("threads start"))
            } else {
                Arc::new(builder.build().expect("threads start"))
            }
        };
        let (one, two) = (pool(one), pool(two));
        let both_run = Arc::new(Barrier::new(2));
        let flood = |from: &Arc<dyn LocalExecutor>, to: &Arc<dyn LocalExecutor>| {
            let (to, both_run) = (Arc::clone(to), Arc::clone(&both_run));
            let flood = move || {
                both_run.wait();
                let handles: Vec<_> = (0..50).map(|x| to.spawn(move || x).expect("it is open")).collect();
                handles.into_iter().map(|handle| handle.wait().expect("it ran")).sum::<i32>()
            };
            from.spawn(flood).expect("it is open")
        };
        let (there, back) = (flood(&one, &two), flood(&two, &one));
        let sums = within(LIMIT, "each floods the other", || (there.wait(), back.wait()));
        assert_eq!(sums, (Ok(1225), Ok(1225)));
    }
}
