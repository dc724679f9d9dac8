//! Recycling, priorities, deadlines, cancellation, shutdown.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use par_core::{Counter, Executor, ExecutorExt, Options, Priority, Shutdown, SubmitError, TaskError};
use par_process::{Prefetch, ProcessPool, WorkerEventKind};

use super::failure::begun;
use super::tasks::{self, docile, nap, notes, pid, square, stubborn};
use super::watch::{is_alive, until};
use super::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("workers_are_recycled", workers_are_recycled),
    ("recycling_keeps_the_pool_busy", recycling_keeps_the_pool_busy),
    ("high_priority_goes_first", high_priority_goes_first),
    ("a_docile_task_stops_and_its_worker_lives", a_docile_task_stops_and_its_worker_lives),
    ("a_stubborn_task_is_killed", a_stubborn_task_is_killed),
    ("a_deadline_ends_a_stubborn_task", a_deadline_ends_a_stubborn_task),
    ("a_cancelled_map_ends", a_cancelled_map_ends),
    ("a_hundred_thousand_tiny_tasks_in_little_memory", a_hundred_thousand_tiny_tasks_in_little_memory),
    ("long_tasks_are_balanced", long_tasks_are_balanced),
    ("what_waits_behind_a_long_task_goes_elsewhere", what_waits_behind_a_long_task_goes_elsewhere),
    ("callbacks_may_submit", callbacks_may_submit),
    ("a_full_queue_blocks_until_the_deadline", a_full_queue_blocks_until_the_deadline),
    ("drain_finishes_everything", drain_finishes_everything),
    ("cancel_queued_finishes_what_runs", cancel_queued_finishes_what_runs),
    ("cancel_running_asks", cancel_running_asks),
    ("kill_ends_everything", kill_ends_everything),
    ("a_shutdown_that_takes_too_long_says_so", a_shutdown_that_takes_too_long_says_so),
    ("a_dropped_pool_completes_all_handles", a_dropped_pool_completes_all_handles),
];

fn ten() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(9)
}

fn workers_are_recycled() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).max_tasks_per_worker(ten()).start()?;
    let pids: Result<Vec<u32>, _> = pool.map((0..100).map(|_| pid::new())).collect();
    let pids = pids?;
    let mut per_pid = std::collections::HashMap::new();
    for pid in &pids {
        *per_pid.entry(*pid).or_insert(0) += 1;
    }
    assert!(per_pid.len() >= 10 && per_pid.values().all(|tasks| *tasks <= 10), "{per_pid:?}");
    assert!(until(Duration::from_secs(5), || per_pid.keys().filter(|pid| is_alive(**pid)).count() <= 1));
    let recycled = pool.events().iter().filter(|event| event.kind == WorkerEventKind::Recycled).count();
    assert!(recycled >= 9, "{recycled} events");
    assert_eq!(pool.metrics().get(Counter::WorkersLost), 0);
    Ok(())
}

fn recycling_keeps_the_pool_busy() -> Outcome {
    let time = |builder: par_process::Builder| -> Result<Duration, Box<dyn std::error::Error>> {
        let pool = builder.workers(tasks::two()).start()?;
        let begun = Instant::now();
        assert_eq!(tasks::count_ok(&pool, (0..40).map(|_| nap::new(20))), 40);
        Ok(begun.elapsed())
    };
    let without = time(ProcessPool::builder())?;
    let with = time(ProcessPool::builder().max_tasks_per_worker(NonZeroUsize::MIN.saturating_add(4)))?;
    assert!(with < 2 * without, "{with:?} with recycling, {without:?} without");
    Ok(())
}

fn high_priority_goes_first() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let file = std::env::temp_dir().join(format!("par-it-priority-{}", std::process::id()));
    let first = pool.submit(nap::new(200))?;
    assert!(begun(&first));
    let mut handles = Vec::new();
    for (priority, line) in [(Priority::Low, "low"), (Priority::Normal, "normal"), (Priority::High, "high")] {
        let task = notes::new(file.display().to_string(), line.to_owned());
        handles.push(pool.submit_with(task, Options::new().priority(priority))?);
    }
    handles.into_iter().try_for_each(par_core::Handle::wait)?;
    assert_eq!(std::fs::read_to_string(&file)?, "high\nnormal\nlow\n");
    std::fs::remove_file(&file)?;
    Ok(())
}

fn a_docile_task_stops_and_its_worker_lives() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).cancel_grace(Duration::from_secs(20)).start()?;
    let before = pool.worker_pids();
    let handle = pool.submit(docile::new())?;
    assert!(begun(&handle));
    assert!(!handle.cancel());
    let outcome = handle.wait();
    assert!(matches!(outcome, Ok(true) | Err(TaskError::Cancelled)), "{outcome:?}");
    assert_eq!(pool.submit(square::new(2))?.wait()?, 4);
    assert_eq!(pool.worker_pids(), before);
    Ok(())
}

fn a_stubborn_task_is_killed() -> Outcome {
    let pool =
        ProcessPool::builder().workers(tasks::one()).cancel_grace(Duration::from_millis(50)).start()?;
    let handle = pool.submit(stubborn::new())?;
    assert!(begun(&handle));
    let cancelled = Instant::now();
    handle.cancel();
    assert_eq!(handle.wait(), Err(TaskError::Cancelled));
    assert!(cancelled.elapsed() < Duration::from_secs(2));
    assert_eq!(pool.submit(square::new(2))?.wait()?, 4);
    Ok(())
}

fn a_deadline_ends_a_stubborn_task() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let before = pool.worker_pids();
    let handle = pool.submit_with(stubborn::new(), Options::new().timeout(Duration::from_millis(200)))?;
    let after = pool.submit(square::new(2))?;
    assert_eq!(handle.wait(), Err(TaskError::DeadlineExceeded));
    assert_eq!(after.wait()?, 4);
    assert!(until(Duration::from_secs(2), || !is_alive(before[0])));
    Ok(())
}

fn a_cancelled_map_ends() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    let begun = Instant::now();
    {
        let mut map = pool.map((0..1000).map(|_| nap::new(20)));
        assert!(matches!(map.next(), Some(Ok(1))));
    }
    assert_eq!(pool.submit(square::new(2))?.wait()?, 4);
    assert!(begun.elapsed() < Duration::from_secs(3));
    Ok(())
}

fn a_hundred_thousand_tiny_tasks_in_little_memory() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    assert_eq!(tasks::count_ok(&pool, (0..1000).map(square::new)), 1000);
    let before = resident_kib()?;
    let sum = pool.map_reduce((0..100_000).map(square::new), 0, |sum: u64, x| sum.wrapping_add(x))?;
    assert_eq!(sum, (0..100_000_u64).map(|x| x * x).sum::<u64>());
    let grown = resident_kib()?.saturating_sub(before);
    assert!(grown < 32 * 1024, "grown by {grown} KiB");
    Ok(())
}

fn resident_kib() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("there is a VmRSS")?;
    Ok(line.split_whitespace().nth(1).ok_or("it has a number")?.parse()?)
}

fn long_tasks_are_balanced() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    let begun = Instant::now();
    assert_eq!(tasks::count_ok(&pool, (0..20).map(|_| nap::new(50))), 20);
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
    Ok(())
}

fn what_waits_behind_a_long_task_goes_elsewhere() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).prefetch(Prefetch::Calls(32)).start()?;
    let long = pool.submit(nap::new(2000))?;
    assert!(begun(&long));
    let begun = Instant::now();
    for x in 0..40 {
        assert_eq!(pool.submit(square::new(x))?.wait()?, x * x);
    }
    let all: Vec<_> = (0..40).map(|x| pool.submit(square::new(x))).collect::<Result<_, _>>()?;
    all.into_iter().try_for_each(|handle| handle.wait().map(drop))?;
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    assert_eq!(long.wait()?, 1);
    Ok(())
}

fn callbacks_may_submit() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).queue_bound(NonZeroUsize::MIN).start()?;
    let seen = Arc::new(AtomicUsize::new(0));
    let handle = pool.submit(square::new(2))?;
    let (inner, count) = (pool.clone(), Arc::clone(&seen));
    handle.on_done(move |_| {
        for x in 0..20 {
            let count = Arc::clone(&count);
            let submitted = inner.submit(square::new(x)).expect("a callback is never refused");
            submitted.on_done(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    assert!(until(Duration::from_secs(5), || seen.load(Ordering::SeqCst) == 20));
    assert_eq!(handle.wait()?, 4);
    Ok(())
}

fn a_full_queue_blocks_until_the_deadline() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).queue_bound(NonZeroUsize::MIN).start()?;
    let running = pool.submit(nap::new(600))?;
    assert!(begun(&running));
    let queued = pool.submit(square::new(1))?;
    let refused = pool.submit_with(square::new(2), Options::new().timeout(Duration::from_millis(100)));
    assert!(matches!(refused, Err(SubmitError::DeadlineExceeded { .. })), "{refused:?}");
    assert_eq!((running.wait()?, queued.wait()?), (1, 1));
    Ok(())
}

fn drain_finishes_everything() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    let pids = pool.worker_pids();
    let handles: Vec<_> = (0..10).map(|_| pool.submit(nap::new(20))).collect::<Result<_, _>>()?;
    pool.shutdown(Shutdown::drain())?;
    assert!(handles.into_iter().all(|handle| handle.wait() == Ok(1)));
    assert!(matches!(pool.submit(square::new(1)), Err(SubmitError::ShutDown { .. })));
    assert!(pids.into_iter().all(|pid| !is_alive(pid)));
    pool.shutdown(Shutdown::kill())?;
    Ok(())
}

fn cancel_queued_finishes_what_runs() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let running = pool.submit(nap::new(200))?;
    assert!(begun(&running));
    let queued: Vec<_> = (0..10).map(|_| pool.submit(nap::new(1000))).collect::<Result<_, _>>()?;
    pool.shutdown(Shutdown::cancel_queued())?;
    assert_eq!(running.wait()?, 1);
    assert!(queued.into_iter().all(|handle| handle.wait() == Err(TaskError::Cancelled)));
    Ok(())
}

fn cancel_running_asks() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let running = pool.submit(docile::new())?;
    assert!(begun(&running));
    pool.shutdown(Shutdown::cancel_running())?;
    assert_eq!(running.wait(), Ok(true));
    Ok(())
}

fn kill_ends_everything() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    let pids = pool.worker_pids();
    let running = pool.submit(stubborn::new())?;
    assert!(begun(&running));
    let asked = Instant::now();
    pool.shutdown(Shutdown::kill())?;
    assert!(asked.elapsed() < Duration::from_secs(2));
    assert_eq!(running.wait(), Err(TaskError::Cancelled));
    assert!(pids.into_iter().all(|pid| !is_alive(pid)));
    Ok(())
}

fn a_shutdown_that_takes_too_long_says_so() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let running = pool.submit(stubborn::new())?;
    assert!(begun(&running));
    let error =
        pool.shutdown(Shutdown::drain().within(Duration::from_millis(50))).expect_err("it never ends");
    assert_eq!(error.running, 1);
    pool.shutdown(Shutdown::kill())?;
    assert_eq!(running.wait(), Err(TaskError::Cancelled));
    Ok(())
}

fn a_dropped_pool_completes_all_handles() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    let pids = pool.worker_pids();
    let handles: Vec<_> = (0..20).map(|_| pool.submit(stubborn::new())).collect::<Result<_, _>>()?;
    assert!(begun(&handles[0]));
    let dropped = Instant::now();
    drop(pool);
    assert!(dropped.elapsed() < Duration::from_secs(2));
    assert!(handles.into_iter().all(|handle| handle.wait().is_err()));
    assert!(pids.into_iter().all(|pid| !is_alive(pid)));
    Ok(())
}
