//! What a pool does for those who run one: priorities, deadlines, a size that changes, and what each worker did.
//!
//! Run it: `cargo run --release -p par-threads --example threads_pool`; with a path behind `--`, it also writes the
//! timeline there, as a trace for `chrome://tracing` or <https://ui.perfetto.dev>.
//!
//! Expected output (times differ, and which worker ran how much):
//! ```text
//! one worker ran them in this order: ["high", "normal", "low"]
//! deadline: the deadline of the task passed before its output was there
//! 3 workers met at a barrier, and 1 is left
//! fail fast: the executor `thread-pool` is broken: its task `closure` panicked: no disk
//! crew-0: 8 jobs (0 stolen), busy 80ms, waiting 0ns, idle 4ms; retired
//! crew-1: 3 jobs (1 stolen), busy 31ms, waiting 0ns, idle 2ms; retired
//! crew-2: 3 jobs (0 stolen), busy 30ms, waiting 0ns, idle 3ms; retired
//! 14 tasks in 83.6ms
//! crew-0 |aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbb..|  96 %
//! crew-1 |........................................bbbbbbbbbbbbbbbbbbbbbbbb|  37 %
//! crew-2 |.......................................bbbbbbbbbbbbbbbbbbbbbbb..|  36 %
//!      a = closure: 8 times, 50.1ms
//!      b = threads_pool::crunch: 6 times, 91.0ms
//! ```

use std::error::Error;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use par_core::{
    Executor, ExecutorExt, LocalExecutorExt, Options, Priority, Shutdown, SubmitError, TaskError, task,
};
use par_threads::{PanicPolicy, ThreadPool, WorkerMetrics, WorkerState};

#[par_core::task]
fn crunch(milliseconds: u64) -> u64 {
    let (begun, mut rounds) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_millis(milliseconds) {
        rounds += 1;
    }
    rounds
}

fn main() -> Result<(), Box<dyn Error>> {
    let pool = ThreadPool::builder().workers(1).max_workers(3).name("crew").timeline(1000).build()?;
    priorities(&pool)?;
    deadline(&pool)?;
    resize(&pool)?;
    fail_fast()?;

    pool.shutdown(Shutdown::drain())?;
    while pool.worker_metrics().iter().any(|worker| worker.state != WorkerState::Retired) {
        std::thread::yield_now();
    }
    let workers = pool.worker_metrics();
    assert_eq!(workers.iter().map(WorkerMetrics::jobs).sum::<u64>(), 14);
    for worker in workers {
        println!("{worker}");
    }
    let timeline = pool.timeline();
    assert_eq!((timeline.spans.len(), timeline.dropped), (14, 0));
    println!("{timeline}");
    if let Some(path) = std::env::args_os().nth(1) {
        std::fs::write(path, timeline.to_chrome_json())?;
    }
    Ok(())
}

/// What is queued goes by priority, not by turn.
fn priorities(pool: &ThreadPool) -> Result<(), Box<dyn Error>> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let (release, held) = channel::<()>();
    let busy = pool.spawn(move || held.recv().ok())?;
    let mut queued = Vec::new();
    for (name, priority) in [("low", Priority::Low), ("normal", Priority::Normal), ("high", Priority::High)] {
        let order = Arc::clone(&order);
        let note = move || order.lock().expect("nobody panics").push(name);
        queued.push(pool.spawn_with(note, Options::new().priority(priority))?);
    }
    drop(release);
    busy.wait()?;
    for handle in queued {
        handle.wait()?;
    }
    let order = order.lock().expect("nobody panics");
    assert_eq!(*order, ["high", "normal", "low"]);
    println!("one worker ran them in this order: {order:?}");
    Ok(())
}

/// A thread cannot be stopped, so a task with a deadline asks whether it should go on.
fn deadline(pool: &ThreadPool) -> Result<(), Box<dyn Error>> {
    let patient = || {
        while !task::current().cancelled() {
            std::thread::yield_now();
        }
    };
    let handle = pool.spawn_with(patient, Options::new().timeout(Duration::from_millis(50)))?;
    let error = handle.wait().expect_err("it never ends by itself");
    assert_eq!(error, TaskError::DeadlineExceeded);
    println!("deadline: {error}");
    Ok(())
}

/// Three tasks that wait for one another need three workers.
fn resize(pool: &ThreadPool) -> Result<(), Box<dyn Error>> {
    pool.resize(3)?;
    let meeting = Arc::new(Barrier::new(3));
    let mut handles = Vec::new();
    for _ in 0..3 {
        let meeting = Arc::clone(&meeting);
        handles.push(pool.spawn(move || meeting.wait().is_leader())?);
    }
    let mut leaders = 0;
    for handle in handles {
        leaders += usize::from(handle.wait()?);
    }
    assert_eq!(leaders, 1);
    let crunched = pool.map((0..6).map(|_| crunch::new(15))).collect::<Result<Vec<_>, _>>()?;
    assert!(crunched.iter().all(|rounds| *rounds > 0));
    pool.resize(1)?;
    assert_eq!(pool.workers().get(), 1);
    assert!(pool.resize(4).is_err(), "it was built for 3");
    println!("3 workers met at a barrier, and {} is left", pool.workers());
    Ok(())
}

/// Where one failure makes the rest pointless, the first panic ends the pool.
fn fail_fast() -> Result<(), Box<dyn Error>> {
    let pool = ThreadPool::builder().workers(1).panic_policy(PanicPolicy::ShutDown).build()?;
    // A panic that does not print.
    let failed = pool.spawn(|| -> u32 { std::panic::resume_unwind(Box::new("no disk")) })?;
    assert!(matches!(failed.wait(), Err(TaskError::Panicked(_))));
    let refused = pool.spawn(|| 1).expect_err("the pool is broken");
    assert!(matches!(refused, SubmitError::Broken { .. }));
    println!("fail fast: {refused}");
    Ok(())
}
