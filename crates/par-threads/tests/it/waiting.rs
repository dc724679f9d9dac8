//! Waits that could go on for ever, and do not.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use par_core::testing::within;
use par_core::{Handle, LocalExecutor, LocalExecutorExt};
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
