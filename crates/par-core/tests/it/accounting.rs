//! Where the time of a task is counted.

use std::thread::sleep;
use std::time::{Duration, Instant};

use par_core::{Executor, LocalExecutorExt, Phase, SerialExecutor};

#[test]
fn what_runs_on_top_of_a_task_is_not_its_own_compute_time() {
    let executor = SerialExecutor::new();
    let inner = executor.clone();
    let begun = Instant::now();
    let outer = executor.spawn(move || {
        let inner = inner.spawn(|| sleep(Duration::from_millis(50)));
        inner.expect("it is open").wait()
    });
    assert_eq!(outer.expect("it is open").wait(), Ok(Ok(())));
    let wall = begun.elapsed();
    let compute = executor.metrics().phases().get(Phase::Compute);
    assert!(compute >= Duration::from_millis(50), "{compute:?}");
    assert!(compute <= wall, "one thread computed for {compute:?} in {wall:?}");
}
