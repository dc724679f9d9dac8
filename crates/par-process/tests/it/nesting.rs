//! Tasks that submit tasks.

use std::time::Duration;

use par_core::{ExecutorExt, Options, TaskError};
use par_process::ProcessPool;

use super::tasks::{self, fibonacci, nests, sums_squares};
use super::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("ten_deep_on_one_worker", ten_deep_on_one_worker),
    ("nesting_without_end_is_an_error", nesting_without_end_is_an_error),
    ("a_tree_on_two_workers", a_tree_on_two_workers),
    ("maps_within_maps", maps_within_maps),
    ("recycled_workers_nest_too", recycled_workers_nest_too),
    ("a_deadline_is_inherited", a_deadline_is_inherited),
];

fn ten_deep_on_one_worker() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    assert_eq!(pool.submit(nests::new(10))?.wait()?, Ok(10));
    assert_eq!(pool.submit(nests::new(100))?.wait()?, Ok(100));
    Ok(())
}

fn nesting_without_end_is_an_error() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let error = pool.submit(nests::new(10_000))?.wait()?.expect_err("10,000 levels are too many");
    assert!(error.contains("not taken"), "{error}");
    assert_eq!(pool.submit(nests::new(3))?.wait()?, Ok(3));
    Ok(())
}

fn a_tree_on_two_workers() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    assert_eq!(pool.submit(fibonacci::new(12))?.wait()?, Ok(144));
    Ok(())
}

fn maps_within_maps() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    let sums: Vec<_> = pool.map((0..20).map(|_| sums_squares::new(100))).collect();
    assert!(sums.into_iter().all(|sum| sum == Ok(Ok(328_350))));
    Ok(())
}

fn recycled_workers_nest_too() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).max_tasks_per_worker(tasks::one()).start()?;
    assert_eq!(pool.submit(nests::new(5))?.wait()?, Ok(5));
    Ok(())
}

fn a_deadline_is_inherited() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let file = std::env::temp_dir().join(format!("par-it-deadline-{}", std::process::id()));
    let options = Options::new().timeout(Duration::from_millis(300));
    let handle = pool.submit_with(tasks::leaves_a_child::new(file.display().to_string()), options)?;
    let outcome = handle.wait();
    assert!(matches!(outcome, Ok(2) | Err(TaskError::DeadlineExceeded)), "{outcome:?}");
    let _ = std::fs::remove_file(&file);
    assert_eq!(pool.submit(nests::new(1))?.wait()?, Ok(1));
    Ok(())
}
