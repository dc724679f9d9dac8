//! Recipe: a worker that is killed (`concurrent.futures.process.BrokenProcessPool`, and what one would want instead).
//!
//! Maps 60 tasks of 50 ms over two workers and kills one of them with SIGKILL in the middle. All 60 results are right,
//! and the pool says which task was retried and why. Then the same without retries: exactly one task fails, with an
//! error that says what happened; the other 59 are right.
//!
//! ```text
//! cargo run --release -p par-process --example process_worker_killed
//! ```
//! Expected output (process numbers and times differ):
//! ```text
//! with retries: 60 of 60 results are right after 1.6 s
//!   worker 0 (process 4711) was killed by signal 9; it held `process_worker_killed::slow_square` (attempt 1), which is retried
//! without retries: 59 of 60 results are right after 1.6 s
//!   task 21 failed: worker 0 was killed by signal 9 (SIGKILL) while it held the task `process_worker_killed::slow_square`
//! no process is left behind
//! ```

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use par_core::{Executor, ExecutorExt, Shutdown, TaskError};
use par_process::{ProcessPool, WorkerEventKind};
use rustix::process::{Pid, Signal, kill_process};

const TASKS: u64 = 60;
const TASK_TIME: Duration = Duration::from_millis(50);
/// When this many results are there, a worker is killed.
const MIDDLE: usize = 20;

#[par_core::task]
fn slow_square(x: u64) -> u64 {
    std::thread::sleep(TASK_TIME);
    x * x
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    par_process::init();
    let begun = Instant::now();
    with_retries()?;
    without_retries()?;
    assert!(begun.elapsed() < Duration::from_secs(10), "both runs together took {:?}", begun.elapsed());
    println!("no process is left behind");
    Ok(())
}

fn with_retries() -> Outcome<()> {
    let pool = ProcessPool::builder().workers(two()).retries(1).start()?;
    let (results, time) = map_and_kill(&pool)?;
    let right = count_right(&results);
    println!("with retries: {right} of {TASKS} results are right after {:.1} s", time.as_secs_f64());
    assert_eq!(right, 60);
    let mut retried = 0;
    for event in pool.events() {
        if let WorkerEventKind::Lost { tasks, .. } = &event.kind {
            println!("  {event}");
            retried += tasks.iter().filter(|task| task.retried).count();
        }
    }
    assert_eq!(retried, 1, "the killed worker held one task");
    leave(&pool)
}

fn without_retries() -> Outcome<()> {
    let pool = ProcessPool::builder().workers(two()).retries(0).start()?;
    let (results, time) = map_and_kill(&pool)?;
    let right = count_right(&results);
    println!("without retries: {right} of {TASKS} results are right after {:.1} s", time.as_secs_f64());
    let failed: Vec<_> = results.iter().enumerate().filter(|(_, result)| result.is_err()).collect();
    assert_eq!((right, failed.len()), (59, 1));
    for (index, result) in failed {
        if let Err(error) = result {
            println!("  task {index} failed: {error}");
            assert!(matches!(error, TaskError::WorkerLost(loss) if loss.signal == Some(9)));
        }
    }
    leave(&pool)
}

fn two() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(1)
}

/// Maps, and kills the first worker in the middle.
fn map_and_kill(pool: &ProcessPool) -> Outcome<(Vec<Result<u64, TaskError>>, Duration)> {
    let begun = Instant::now();
    let victim = pool.worker_pids()[0];
    let mut results = Vec::new();
    for result in pool.map((0..TASKS).map(slow_square::new)) {
        results.push(result);
        if results.len() == MIDDLE {
            // Results come between two tasks; half a task later the worker is in the middle of one.
            std::thread::sleep(TASK_TIME / 2);
            let pid = Pid::from_raw(i32::try_from(victim)?).ok_or("no process is 0")?;
            kill_process(pid, Signal::KILL)?;
        }
    }
    let time = begun.elapsed();
    assert!(time < Duration::from_secs(5), "it took {time:?}");
    Ok((results, time))
}

fn count_right(results: &[Result<u64, TaskError>]) -> usize {
    results.iter().zip(0_u64..).filter(|(result, x)| **result == Ok(x * x)).count()
}

/// Ends the pool and looks whether its processes are gone, those that died before included.
fn leave(pool: &ProcessPool) -> Outcome<()> {
    pool.shutdown(Shutdown::drain())?;
    for event in pool.events() {
        let process = std::path::PathBuf::from(format!("/proc/{}", event.pid));
        assert!(!process.exists(), "process {} is left behind", event.pid);
    }
    Ok(())
}
