//! Workers that are killed, stopped, starved, or end themselves.

use std::time::{Duration, Instant};

use par_core::{Counter, Executor, ExecutorExt, Handle, Options, SubmitError, TaskError};
use par_process::{Exit, KillReason, ProcessPool, WorkerEventKind};
use rustix::process::{Pid, Signal, kill_process};

use super::tasks::{
    self, aborts, burn, devours, dies_until, exits, leaves_a_child, nap, pid, square, stubborn,
};
use super::watch::{is_alive, until};
use super::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("a_killed_worker_costs_one_attempt", a_killed_worker_costs_one_attempt),
    ("without_retries_exactly_one_task_fails", without_retries_exactly_one_task_fails),
    ("retries_end", retries_end),
    ("tiny_tasks_survive_the_death_of_their_worker", tiny_tasks_survive_the_death_of_their_worker),
    ("abort_and_exit_are_losses", abort_and_exit_are_losses),
    (
        "a_stopped_worker_misses_the_deadline_of_its_task_only",
        a_stopped_worker_misses_the_deadline_of_its_task_only,
    ),
    ("a_stopped_worker_is_noticed_by_its_heartbeat", a_stopped_worker_is_noticed_by_its_heartbeat),
    ("a_long_task_is_not_taken_for_a_stopped_worker", a_long_task_is_not_taken_for_a_stopped_worker),
    ("memory_is_refused_and_the_pool_lives", memory_is_refused_and_the_pool_lives),
    ("an_idle_worker_that_dies_is_replaced", an_idle_worker_that_dies_is_replaced),
    ("a_strict_pool_breaks", a_strict_pool_breaks),
    ("a_pool_whose_workers_cannot_be_replaced_breaks", a_pool_whose_workers_cannot_be_replaced_breaks),
    (
        "values_that_panic_when_written_cost_their_task_only",
        values_that_panic_when_written_cost_their_task_only,
    ),
    ("children_of_a_lost_task_are_cancelled", children_of_a_lost_task_are_cancelled),
    ("terminated_workers_are_replaced", terminated_workers_are_replaced),
];

pub(crate) fn send_signal(pid: u32, signal: Signal) -> Outcome {
    let pid = Pid::from_raw(i32::try_from(pid)?).ok_or("no process is 0")?;
    kill_process(pid, signal)?;
    Ok(())
}

/// Waits until the task says that it runs.
pub(crate) fn begun<T: Send + 'static>(handle: &Handle<T>) -> bool {
    until(Duration::from_secs(5), || handle.progress() > 0.0)
}

fn a_killed_worker_costs_one_attempt() -> Outcome {
    let pool = ProcessPool::builder().workers(1).build()?;
    let handle = pool.submit(nap::new(300))?;
    assert!(begun(&handle));
    let before = pool.worker_pids();
    send_signal(before[0], Signal::KILL)?;
    assert_eq!(handle.wait()?, 2, "the second attempt has the output");
    assert_ne!(pool.worker_pids(), before);
    let metrics = pool.metrics();
    assert_eq!((metrics.get(Counter::WorkersLost), metrics.get(Counter::Retried)), (1, 1));
    let lost = pool.events().into_iter().find_map(|event| match event.kind {
        WorkerEventKind::Lost { exit, tasks } => Some((exit, tasks)),
        _ => None,
    });
    let (exit, lost) = lost.ok_or("there is an event")?;
    assert_eq!((exit, lost.len()), (Exit::Signal(9), 1));
    assert!(lost[0].task.ends_with("nap") && lost[0].attempt == 1 && lost[0].retried, "{lost:?}");
    Ok(())
}

fn without_retries_exactly_one_task_fails() -> Outcome {
    let pool = ProcessPool::builder().workers(1).retries(0).build()?;
    let naps = (0..21).map(|index| pool.submit(nap::new(if index == 10 { 500 } else { 5 })));
    let handles: Vec<_> = naps.collect::<Result<_, _>>()?;
    assert!(begun(&handles[10]));
    send_signal(pool.worker_pids()[0], Signal::KILL)?;
    for (index, handle) in handles.into_iter().enumerate() {
        match (index, handle.wait()) {
            (10, Err(TaskError::WorkerLost(loss))) => {
                assert!(loss.task.ends_with("nap"));
                assert_eq!((loss.signal, loss.attempts, loss.worker), (Some(9), 1, Some(0)));
            }
            (10, other) => return Err(format!("the tenth: {other:?}").into()),
            (_, result) => assert_eq!(result, Ok(1), "task {index}"),
        }
    }
    Ok(())
}

fn retries_end() -> Outcome {
    let pool = ProcessPool::builder().workers(1).build()?;
    let options = Options::new().retries(3);
    assert_eq!(pool.submit_with(dies_until::new(4), options.clone())?.wait()?, 4);
    let error =
        pool.submit_with(dies_until::new(5), options)?.wait().expect_err("three retries are not enough");
    assert!(matches!(&error, TaskError::WorkerLost(loss) if loss.attempts == 4), "{error}");
    Ok(())
}

fn tiny_tasks_survive_the_death_of_their_worker() -> Outcome {
    let pool = ProcessPool::builder().workers(2).retries(0).build()?;
    // So that calls travel in batches.
    assert_eq!(tasks::count_ok(&pool, (0..20_000).map(square::new)), 20_000);
    for round in 0..10 {
        let mut failed = 0;
        for (index, result) in pool.map((0..10_000).map(square::new)).enumerate() {
            if index == 3000 {
                send_signal(pool.worker_pids()[round % 2], Signal::KILL)?;
            }
            match result {
                Ok(squared) => assert_eq!(squared, (index * index) as u64),
                Err(TaskError::WorkerLost(_)) => failed += 1,
                Err(other) => return Err(other.into()),
            }
        }
        assert!(failed <= 1, "one death cost {failed} tasks");
        assert!(until(Duration::from_secs(5), || pool.worker_pids().len() == 2));
    }
    Ok(())
}

fn abort_and_exit_are_losses() -> Outcome {
    let pool = ProcessPool::builder().workers(1).retries(0).build()?;
    let aborted = pool.submit(aborts::new())?.wait().expect_err("it aborts");
    assert!(matches!(&aborted, TaskError::WorkerLost(loss) if loss.signal == Some(6)), "{aborted}");
    for code in [0, 7] {
        let exited = pool.submit(exits::new(code))?.wait().expect_err("it exits");
        assert!(matches!(&exited, TaskError::WorkerLost(loss) if loss.exit_code == Some(code)), "{exited}");
    }
    assert_eq!(pool.submit(square::new(4))?.wait()?, 16);
    Ok(())
}

fn a_stopped_worker_misses_the_deadline_of_its_task_only() -> Outcome {
    let pool = ProcessPool::builder().workers(1).stall_timeout(None).build()?;
    let stopped = pool.worker_pids()[0];
    let options = Options::new().timeout(Duration::from_millis(500));
    let handle = pool.submit_with(nap::new(200), options)?;
    assert!(begun(&handle));
    send_signal(stopped, Signal::STOP)?;
    let others: Vec<_> = (0..10).map(|x| pool.submit(square::new(x))).collect::<Result<_, _>>()?;
    let waiting = Instant::now();
    assert_eq!(handle.wait(), Err(TaskError::DeadlineExceeded));
    assert!(waiting.elapsed() < Duration::from_secs(1));
    for (x, other) in others.into_iter().enumerate() {
        assert_eq!(other.wait()?, (x * x) as u64);
    }
    assert!(!is_alive(stopped));
    let killed =
        |event: par_process::WorkerEvent| event.kind == WorkerEventKind::Killed(KillReason::Deadline);
    assert!(pool.events().into_iter().any(killed));
    Ok(())
}

fn a_stopped_worker_is_noticed_by_its_heartbeat() -> Outcome {
    let pool = ProcessPool::builder().workers(1).stall_timeout(Some(Duration::from_millis(400))).build()?;
    let handle = pool.submit(nap::new(100))?;
    assert!(begun(&handle));
    send_signal(pool.worker_pids()[0], Signal::STOP)?;
    assert_eq!(handle.wait()?, 2);
    Ok(())
}

fn a_long_task_is_not_taken_for_a_stopped_worker() -> Outcome {
    let pool = ProcessPool::builder()
        .workers(1)
        .stall_timeout(Some(Duration::from_millis(300)))
        .retries(0)
        .build()?;
    assert!(pool.submit(burn::new(1000))?.wait()? > 0);
    assert_eq!(pool.metrics().get(Counter::WorkersLost), 0);
    Ok(())
}

fn memory_is_refused_and_the_pool_lives() -> Outcome {
    let pool = ProcessPool::builder().workers(1).memory_limit(1 << 30).retries(0).build()?;
    let error = pool.submit(devours::new())?.wait().expect_err("the limit is 1 GiB");
    assert!(matches!(&error, TaskError::WorkerLost(loss) if loss.signal == Some(6)), "{error}");
    assert_eq!(pool.submit(square::new(5))?.wait()?, 25);
    Ok(())
}

fn an_idle_worker_that_dies_is_replaced() -> Outcome {
    let pool = ProcessPool::builder().workers(2).build()?;
    let before = pool.worker_pids();
    send_signal(before[0], Signal::KILL)?;
    let replaced = || pool.worker_pids().len() == 2 && !pool.worker_pids().contains(&before[0]);
    assert!(until(Duration::from_secs(5), replaced));
    let pids: Result<Vec<u32>, _> = pool.map((0..10).map(|_| pid::new())).collect();
    assert!(!pids?.contains(&before[0]));
    Ok(())
}

fn a_strict_pool_breaks() -> Outcome {
    let pool = ProcessPool::builder().workers(2).strict(true).build()?;
    let handles: Vec<_> = (0..6).map(|_| pool.submit(nap::new(300))).collect::<Result<_, _>>()?;
    assert!(begun(&handles[0]));
    send_signal(pool.worker_pids()[0], Signal::KILL)?;
    for handle in handles {
        assert!(matches!(handle.wait(), Err(TaskError::WorkerLost(_))));
    }
    match pool.submit(square::new(1)) {
        Err(SubmitError::Broken { reason, .. }) => assert!(reason.contains("nap"), "{reason}"),
        other => return Err(format!("{other:?}").into()),
    }
    assert!(until(Duration::from_secs(5), || pool.worker_pids().into_iter().all(|pid| !is_alive(pid))));
    Ok(())
}

fn a_pool_whose_workers_cannot_be_replaced_breaks() -> Outcome {
    let file = std::env::temp_dir().join(format!("par-it-needs-{}", std::process::id()));
    std::fs::write(&file, "")?;
    let needs = tasks::needs::new(file.display().to_string());
    let pool = ProcessPool::builder().workers(1).initializer(needs).build()?;
    let running = pool.submit(stubborn::new())?;
    let queued = pool.submit(square::new(1))?;
    assert!(begun(&running));
    std::fs::remove_file(&file)?;
    send_signal(pool.worker_pids()[0], Signal::KILL)?;
    assert!(running.wait().is_err() && queued.wait().is_err());
    match pool.submit(square::new(1)) {
        Err(SubmitError::Broken { reason, .. }) => assert!(reason.contains("is gone"), "{reason}"),
        other => return Err(format!("{other:?}").into()),
    }
    Ok(())
}

fn values_that_panic_when_written_cost_their_task_only() -> Outcome {
    let pool = ProcessPool::builder().workers(1).build()?;
    let before = pool.worker_pids();
    let input = pool.submit(tasks::takes_unruly::new(tasks::Unruly))?.wait();
    let names_it = |error: &TaskError| error.to_string().contains("unruly when written");
    assert!(matches!(&input, Err(error @ TaskError::Panicked(_)) if names_it(error)), "{input:?}");
    let output = pool.submit(tasks::yields_unruly::new())?.wait();
    assert!(matches!(&output, Err(error @ TaskError::Panicked(_)) if names_it(error)), "{output:?}");
    assert_eq!(pool.submit(square::new(8))?.wait()?, 64);
    assert_eq!(pool.worker_pids(), before);
    Ok(())
}

fn children_of_a_lost_task_are_cancelled() -> Outcome {
    let pool = ProcessPool::builder().workers(2).build()?;
    let file = std::env::temp_dir().join(format!("par-it-children-{}", std::process::id()));
    let handle = pool.submit(leaves_a_child::new(file.display().to_string()))?;
    assert_eq!(handle.wait()?, 2);
    let child: u32 = std::fs::read_to_string(&file)?.trim().parse()?;
    std::fs::remove_file(&file)?;
    assert!(until(Duration::from_secs(5), || !is_alive(child)), "the child of the lost task still runs");
    assert_eq!(pool.submit(square::new(6))?.wait()?, 36);
    Ok(())
}

fn terminated_workers_are_replaced() -> Outcome {
    let pool = ProcessPool::builder().workers(2).retries(0).build()?;
    let before = pool.worker_pids();
    let handle = pool.submit(stubborn::new())?;
    assert!(begun(&handle));
    pool.terminate_workers();
    assert!(before.iter().all(|pid| !is_alive(*pid)));
    let error = handle.wait().expect_err("its worker was terminated");
    assert!(matches!(&error, TaskError::WorkerLost(loss) if loss.signal == Some(15)), "{error}");
    assert_eq!(pool.submit(square::new(7))?.wait()?, 49);
    Ok(())
}
