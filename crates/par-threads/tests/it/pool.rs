//! What only threads in one process can show.

mod affinity;
mod deadlines;
mod metrics;
mod panics;
mod priorities;
mod resize;
mod timeline;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use par_core::testing::within;
use par_core::{
    Chunking, Counter, Executor, ExecutorExt, Handle, LocalExecutor, LocalExecutorExt, Shutdown, task,
};
use par_threads::{BuildError, Builder, RayonPool, ThreadPool};

const LIMIT: Duration = Duration::from_mins(1);

/// One pool of each kind.
fn both(builder: impl Fn() -> Builder) -> [Arc<dyn LocalExecutor>; 2] {
    let rayon = builder().build_rayon().expect("threads start");
    [Arc::new(builder().build().expect("threads start")), Arc::new(rayon)]
}

/// Waits until `ready`, for a bounded time.
fn until(what: &str, ready: impl Fn() -> bool) {
    within(LIMIT, what, || {
        while !ready() {
            thread::yield_now();
        }
    });
}

/// Tasks that each keep a worker busy until this is dropped.
struct Busy {
    release: Vec<Sender<()>>,
    tasks: Vec<Handle<()>>,
}

impl Busy {
    /// As soon as this returns, so many workers are busy.
    fn occupy(pool: &(impl LocalExecutor + ?Sized), workers: usize) -> Self {
        let running = Arc::new(Barrier::new(workers + 1));
        let (mut release, mut tasks) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (sender, held) = channel();
            let running = Arc::clone(&running);
            let block = move || {
                running.wait();
                held.recv().ok();
            };
            tasks.push(pool.spawn(block).expect("it is open"));
            release.push(sender);
        }
        within(LIMIT, "the workers are busy", || running.wait());
        Self { release, tasks }
    }

    fn release(mut self) {
        self.release.clear();
        for task in self.tasks.drain(..) {
            assert_eq!(within(LIMIT, "a task that was released", || task.wait()), Ok(()));
        }
    }
}

fn thread_name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

#[par_core::task]
fn add_one(x: u64) -> u64 {
    x + 1
}

#[test]
fn workers_have_names_and_indices() {
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let initialized = Arc::clone(&seen);
    let pool = ThreadPool::builder()
        .workers(3)
        .name("crew")
        .initializer(move |index| {
            let name = thread::current().name().map(str::to_owned);
            initialized.lock().expect("not poisoned").insert((index, name));
        })
        .build()
        .expect("threads start");
    let expected = (0..3).map(|index| (index, Some(format!("crew-{index}")))).collect();
    assert_eq!(*seen.lock().expect("not poisoned"), expected, "build waits for the initializers");
    drop(pool);
}

#[test]
fn all_workers_run_at_once() {
    for workers in [1, 2, 5] {
        let pool = ThreadPool::builder().workers(workers).build().expect("threads start");
        let barrier = Arc::new(Barrier::new(workers));
        let meet = |_| {
            let barrier = Arc::clone(&barrier);
            pool.spawn(move || barrier.wait().is_leader()).expect("it is open")
        };
        let handles: Vec<_> = (0..workers).map(meet).collect();
        let leaders = within(LIMIT, "the workers meet", || {
            handles.into_iter().map(|handle| handle.wait().expect("it ran")).filter(|leader| *leader).count()
        });
        assert_eq!(leaders, 1);
    }
}

/// Counts how many of its kind there are.
struct Token(Arc<AtomicUsize>);

impl Drop for Token {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn a_million_tasks_in_bounded_memory() {
    let pool = ThreadPool::builder().workers(2).queue_bound(1000).build().expect("threads start");
    let live = Arc::new(AtomicUsize::new(0));
    let most = AtomicUsize::new(0);
    let tokens = (0..1_000_000_u64).map(|x| {
        most.fetch_max(live.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        (x, Token(Arc::clone(&live)))
    });
    let sum: u64 = pool.map_with(tokens, |(x, _token)| x).map(|x| x.expect("it ran")).sum();
    assert_eq!(sum, 499_999_500_000);
    let most = most.load(Ordering::Relaxed);
    assert!(most < 5000, "{most} tasks were in memory at once");
}

#[test]
fn chunked_maps_agree() {
    let pool = ThreadPool::builder().workers(2).build().expect("threads start");
    let results = pool.map((0..100_000).map(add_one::new)).chunking(Chunking::Auto);
    for (x, result) in results.enumerate() {
        assert_eq!(result, Ok(x as u64 + 1));
    }
    let jobs = pool.metrics().get(Counter::Submitted);
    assert!(jobs < 50_000, "automatic chunks of empty tasks grow, but there were {jobs} jobs");
}

#[test]
fn idle_workers_steal() {
    let pool = Arc::new(ThreadPool::builder().workers(2).build().expect("threads start"));
    let (sent, received) = std::sync::mpsc::channel();
    // One task submits many and does not wait: another worker has to take them from its deque.
    let parent = pool.spawn(move || {
        let me = task::current().executor().expect("it runs on a worker");
        for x in 0..100 {
            let sent = sent.clone();
            me.submit(add_one::new(x))
                .expect("it is open")
                .on_done(move |_| sent.send(()).expect("somebody waits"));
        }
        received.recv_timeout(LIMIT).expect("the other worker runs one while this one blocks");
    });
    parent.expect("it is open").wait().expect("it ran");
    pool.shutdown(Shutdown::drain()).expect("it drains");
    assert!(pool.metrics().get(Counter::Stolen) > 0);
}

#[test]
fn a_callback_may_submit_into_a_full_queue() {
    let pool = Arc::new(ThreadPool::builder().workers(1).queue_bound(1).build().expect("threads start"));
    let done = Arc::new(AtomicUsize::new(0));
    for x in 0..100 {
        let (again, done) = (Arc::clone(&pool), Arc::clone(&done));
        let handle = within(LIMIT, "submit", || pool.submit(add_one::new(x)).expect("it is open"));
        handle.on_done(move |_| {
            for y in 0..3 {
                let done = Arc::clone(&done);
                let handle = again.submit(add_one::new(y)).expect("it is open");
                handle.on_done(move |_| {
                    done.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
    }
    within(LIMIT, "drain", || {
        while done.load(Ordering::Relaxed) < 300 {
            thread::yield_now();
        }
    });
}

#[test]
fn settings_that_make_no_sense_are_errors() {
    let too_small = |result: Result<ThreadPool, BuildError>| match result {
        Err(error @ BuildError::TooSmall { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(too_small(ThreadPool::builder().workers(0).build()), "`workers` must be at least 1");
    assert!(too_small(ThreadPool::builder().queue_bound(0).build()).contains("queue_bound"));
    assert!(too_small(ThreadPool::builder().stack_size(0).build()).contains("65536"));
    for (setting, builder) in [
        ("workers", ThreadPool::builder().workers(usize::MAX)),
        ("max_workers", ThreadPool::builder().workers(1).max_workers(usize::MAX)),
    ] {
        let error = builder.build().expect_err("so many there never are").to_string();
        assert_eq!(error, format!("`{setting}` must be at most 65535"));
    }
    let unbuildable = ThreadPool::builder().workers(2).stack_size(usize::MAX / 4).build();
    assert!(matches!(unbuildable, Err(BuildError::Spawn { worker: 0, .. })), "{unbuildable:?}");
}

#[test]
fn what_threads_cannot_be_given_is_refused() {
    let builds: [fn(Builder) -> Result<(), BuildError>; 2] =
        [|builder| builder.build().map(drop), |builder| builder.build_rayon().map(drop)];
    for build in builds {
        let error = build(ThreadPool::builder().workers(1).name("a\0b")).expect_err("a NUL in the name");
        assert!(error.to_string().contains("NUL at byte 1"), "{error}");
        let error = build(ThreadPool::builder().workers(1).stack_size(usize::MAX)).expect_err("a huge stack");
        assert!(error.to_string().contains("`stack_size` must be at most"), "{error}");
    }
}

#[test]
fn a_pool_may_live_in_a_thread_local() {
    thread_local! {
        static POOL: ThreadPool = ThreadPool::builder().workers(1).build().expect("threads start");
        static RAYON: RayonPool = ThreadPool::builder().workers(1).build_rayon().expect("threads start");
    }
    /// Goes on submitting and waiting while the thread-locals are dropped.
    struct Late(Arc<ThreadPool>, Sender<u64>);
    impl Drop for Late {
        fn drop(&mut self) {
            let sum = self.0.submit(add_one::new(1)).expect("it is open").wait().expect("it ran");
            self.1.send(sum).ok();
        }
    }
    thread_local! { static LATE: std::cell::RefCell<Option<Late>> = const { std::cell::RefCell::new(None) } }
    let (sender, sums) = channel();
    let shared = Arc::new(ThreadPool::builder().workers(1).build().expect("threads start"));
    let owner = thread::spawn(move || {
        LATE.set(Some(Late(shared, sender)));
        let own = POOL.with(|pool| pool.submit(add_one::new(40)).expect("it is open").wait());
        let rayon = RAYON.with(|pool| pool.submit(add_one::new(50)).expect("it is open").wait());
        (own, rayon)
    });
    let outcomes = within(LIMIT, "a thread that has pools", || owner.join()).expect("it does not panic");
    assert_eq!(outcomes, (Ok(41), Ok(51)));
    assert_eq!(sums.recv_timeout(LIMIT), Ok(2));
}
