//! Everything at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use par_core::{Blob, Executor, ExecutorExt, Options, Shutdown, TaskError};
use par_process::ProcessPool;
use rustix::process::Signal;

use super::failure::send_signal;
use super::tasks::{self, echo, fibonacci, nap, square};
use super::watch::{is_alive, until};
use super::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("workers_are_killed_all_the_time", workers_are_killed_all_the_time),
    ("nested_tasks_survive_deaths", nested_tasks_survive_deaths),
    ("pools_are_dropped_at_any_moment", pools_are_dropped_at_any_moment),
    ("handles_are_cancelled_at_any_moment", handles_are_cancelled_at_any_moment),
    ("the_last_clone_is_dropped_in_a_callback", the_last_clone_is_dropped_in_a_callback),
];

/// Runs `work` while a worker is killed every few milliseconds.
fn while_killing(pool: &ProcessPool, work: impl FnOnce() -> Outcome) -> Outcome {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0;
            while !over.load(Ordering::Relaxed) {
                // The moment is meant to be any.
                std::thread::sleep(Duration::from_millis(10 + round % 17));
                let pids = pool.worker_pids();
                if let Some(pid) = pids.get(round as usize % pids.len().max(1)) {
                    let _ = send_signal(*pid, Signal::KILL);
                }
                round += 1;
            }
        });
        let outcome = work();
        over.store(true, Ordering::Relaxed);
        outcome
    })
}

fn workers_are_killed_all_the_time() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).retries(1000).start()?;
    while_killing(&pool, || {
        let begun = Instant::now();
        let mut rounds = 0_u8;
        while begun.elapsed() < Duration::from_secs(3) {
            let squares: Result<Vec<u64>, _> = pool.map((0..5000).map(square::new)).collect();
            assert_eq!(squares?, (0..5000).map(|x| x * x).collect::<Vec<_>>());
            rounds = rounds.wrapping_add(1);
            let data = Blob::from(vec![rounds; 300_000]);
            assert!(pool.submit(echo::new(data.clone()))?.wait()? == data);
        }
        Ok(())
    })?;
    let pids: Vec<u32> = pool.events().iter().map(|event| event.pid).collect();
    pool.shutdown(Shutdown::drain())?;
    assert!(pids.into_iter().all(|pid| !is_alive(pid)));
    Ok(())
}

fn nested_tasks_survive_deaths() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).retries(1000).start()?;
    while_killing(&pool, || {
        for _ in 0..10 {
            assert_eq!(pool.submit(fibonacci::new(8))?.wait()?, Ok(21));
        }
        Ok(())
    })
}

fn pools_are_dropped_at_any_moment() -> Outcome {
    for round in 0..30 {
        let pool = ProcessPool::builder().workers(tasks::two()).start()?;
        let mut handles = Vec::new();
        for x in 0..round * 10 {
            handles.push(pool.submit(square::new(x))?);
        }
        if round % 3 == 0 {
            send_signal(pool.worker_pids()[0], Signal::KILL)?;
        }
        let dropped = Instant::now();
        drop(pool);
        assert!(dropped.elapsed() < Duration::from_secs(2));
        for (handle, x) in handles.into_iter().zip(0..) {
            let outcome = handle.wait_timeout(Duration::from_secs(1)).map_err(|_| "a handle is not done")?;
            assert!(outcome.is_err() || outcome == Ok(x * x));
        }
    }
    Ok(())
}

fn handles_are_cancelled_at_any_moment() -> Outcome {
    let pool =
        ProcessPool::builder().workers(tasks::two()).cancel_grace(Duration::from_millis(20)).start()?;
    for round in 0..40_u64 {
        let options = Options::new().timeout(Duration::from_millis(5 + round));
        let handles: Vec<_> = (0..50)
            .map(|x| {
                if x % 10 == 0 {
                    pool.submit_with(nap::new(x), options.clone())
                } else {
                    pool.submit(nap::new(x % 3))
                }
            })
            .collect::<Result<_, _>>()?;
        for handle in handles.iter().skip(round as usize % 5).step_by(5) {
            handle.cancel();
        }
        for handle in handles {
            let outcome = handle.wait();
            let fine = matches!(
                outcome,
                Ok(_) | Err(TaskError::Cancelled | TaskError::DeadlineExceeded | TaskError::WorkerLost(_))
            );
            assert!(fine, "{outcome:?}");
        }
    }
    assert_eq!(pool.submit(square::new(9))?.wait()?, 81);
    Ok(())
}

fn the_last_clone_is_dropped_in_a_callback() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    let pids = pool.worker_pids();
    let handle = pool.submit(nap::new(50))?;
    handle.on_done(move |_| drop(pool));
    assert_eq!(handle.wait()?, 1);
    assert!(until(Duration::from_secs(2), || pids.iter().all(|pid| !is_alive(*pid))));
    Ok(())
}
