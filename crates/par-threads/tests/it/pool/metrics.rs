//! What the pool says of each worker.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use par_core::testing::within;
use par_core::{Counter, Executor, ExecutorExt, Handle, LocalExecutorExt, Options, Shutdown};
use par_threads::{ThreadPool, WorkerMetrics, WorkerState};

use super::{Busy, LIMIT, until};

#[par_core::task]
fn spin(milliseconds: u64) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(milliseconds) {
        std::hint::spin_loop();
    }
}

fn states(pool: &ThreadPool) -> Vec<WorkerState> {
    pool.worker_metrics().iter().map(|worker| worker.state).collect()
}

#[test]
fn what_the_workers_count_is_what_the_pool_counts() {
    let pool = ThreadPool::builder().workers(3).name("count").build().expect("threads start");
    let sum = pool.map_with(0..1000_u32, |x| x).map(|x| x.expect("it ran")).sum::<u32>();
    assert_eq!(sum, 499_500);
    let failed = pool.spawn(|| std::panic::resume_unwind(Box::new("expected here"))).expect("it is open");
    assert!(failed.wait().is_err_and(|error: par_core::TaskError| error.to_string().contains("expected")));
    pool.shutdown(Shutdown::drain()).expect("it drains");
    let (total, workers) = (pool.metrics(), pool.worker_metrics());
    let sum = |of: &dyn Fn(&WorkerMetrics) -> u64| workers.iter().map(of).sum::<u64>();
    assert_eq!(sum(&WorkerMetrics::jobs), total.get(Counter::Completed) + 1);
    assert_eq!(sum(&WorkerMetrics::stolen), total.get(Counter::Stolen));
    assert_eq!(sum(&|worker| worker.counters.get(Counter::Failed)), 1);
    let names: Vec<&str> = workers.iter().map(|worker| worker.thread.as_str()).collect();
    assert_eq!(names, ["count-0", "count-1", "count-2"]);
    until("a pool that was shut down has no threads", || {
        states(&pool).iter().all(|state| *state == WorkerState::Retired)
    });
    if cfg!(target_os = "linux") {
        let ids: HashSet<u64> = pool.worker_metrics().iter().filter_map(|worker| worker.native_id).collect();
        assert_eq!(ids.len(), 3, "each thread has a number of its own");
    }
}

#[test]
fn states_say_what_each_worker_does() {
    let pool = Arc::new(ThreadPool::builder().workers(2).build().expect("threads start"));
    until("both sleep or search", || states(&pool) == [WorkerState::Idle; 2]);
    let busy = Busy::occupy(&*pool, 1);
    let running = WorkerState::Running { task: "closure" };
    until("one runs", || states(&pool).iter().filter(|state| **state == running).count() == 1);
    let (gate, opener) = Handle::<()>::pair("gate", &Options::new());
    let waiting = pool.spawn(move || gate.wait()).expect("it is open");
    let waits = WorkerState::Waiting { task: "closure" };
    until("the other waits", || states(&pool).contains(&waits));
    // On top of the task that waits.
    let handle = pool.submit(spin::new(200)).expect("it is open");
    let spinning = WorkerState::Running { task: <spin as par_core::Task>::NAME };
    until("it runs another task meanwhile", || states(&pool).contains(&spinning));
    within(LIMIT, "the other task", || handle.wait()).expect("it ran");
    until("it waits again", || states(&pool).contains(&waits));
    opener.complete(Ok(()), None);
    assert_eq!(within(LIMIT, "the wait", || waiting.wait()), Ok(Ok(())));
    busy.release();
    until("both are idle", || states(&pool) == [WorkerState::Idle; 2]);
}

#[test]
fn the_three_times_add_up_to_a_workers_life() {
    let born = Instant::now();
    let pool = ThreadPool::builder().workers(1).build().expect("threads start");
    let built = Instant::now();
    let worker = || pool.worker_metrics().remove(0);
    pool.submit(spin::new(20)).expect("it is open").wait().expect("it ran");
    let (gate, opener) = Handle::<()>::pair("gate", &Options::new());
    let waiting = pool.spawn(move || gate.wait()).expect("it is open");
    until("it waits", || matches!(worker().state, WorkerState::Waiting { .. }));
    let (begun, before) = (Instant::now(), worker());
    while begun.elapsed() < Duration::from_millis(20) {
        std::hint::spin_loop();
    }
    let after = worker();
    assert!(after.waiting >= before.waiting + Duration::from_millis(19), "{before} … {after}");
    assert_eq!(after.busy, before.busy, "waiting is not work");
    opener.complete(Ok(()), None);
    assert_eq!(within(LIMIT, "the wait", || waiting.wait()), Ok(Ok(())));
    until("it is idle", || worker().state == WorkerState::Idle);
    let (least, last, most) = (built.elapsed(), worker(), born.elapsed());
    let life = last.busy + last.waiting + last.idle;
    assert!(last.busy >= Duration::from_millis(20), "{last}");
    assert!(least <= life + Duration::from_millis(1) && life <= most, "{least:?} {life:?} {most:?}: {last}");
    assert!(last.utilisation() > 0.0 && last.utilisation() < 1.0);
    assert!(last.to_string().starts_with("par-0: 2 jobs (0 stolen), busy "), "{last}");
}
