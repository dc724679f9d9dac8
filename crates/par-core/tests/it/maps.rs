//! Maps and what cuts them short.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use par_core::plumbing::Job;
use par_core::{
    Capabilities, Chunking, Executor, ExecutorExt, Handle, LocalExecutorExt, LoopbackExecutor, Options,
    SerialExecutor, Shutdown, ShutdownTimedOut, Snapshot, SubmitError, TaskError, task,
};

#[task]
fn same(x: u64) -> u64 {
    x
}

/// Takes so many jobs and keeps them for ever; then there is no room until the deadline.
struct Full {
    room: AtomicUsize,
    kept: std::sync::Mutex<Vec<Box<dyn Job>>>,
}

impl Full {
    fn with_room(jobs: usize) -> Self {
        Self { room: AtomicUsize::new(jobs), kept: std::sync::Mutex::default() }
    }
}

impl Executor for Full {
    fn name(&self) -> &'static str {
        "full"
    }
    fn workers(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }
    fn metrics(&self) -> Snapshot {
        Snapshot::default()
    }
    fn capabilities(&self) -> Capabilities {
        LoopbackExecutor::new().capabilities()
    }
    fn submit_job(&self, job: Box<dyn Job>) -> Result<(), SubmitError> {
        if self.room.load(Ordering::Relaxed) == 0 {
            return Err(SubmitError::DeadlineExceeded { executor: "full".to_owned() });
        }
        self.room.fetch_sub(1, Ordering::Relaxed);
        self.kept.lock().expect("not poisoned").push(job);
        Ok(())
    }
    fn shutdown(&self, _: Shutdown) -> Result<(), ShutdownTimedOut> {
        Ok(())
    }
}

#[test]
fn a_queue_that_is_full_until_the_deadline_costs_no_result() {
    let three = Chunking::Fixed(NonZeroUsize::new(3).expect("3 is not 0"));
    for chunking in [Chunking::One, three] {
        let executor = Full::with_room(2);
        let results = executor.map((0..20).map(same::new)).chunking(chunking);
        let results: Vec<_> = results.timeout(Duration::from_millis(20)).collect();
        assert_eq!(results, vec![Err(TaskError::DeadlineExceeded); 20], "{chunking:?}");
    }
}

#[test]
fn an_unordered_map_keeps_the_deadline_of_the_task_that_it_is_in() {
    let begun = Instant::now();
    let outer = || {
        let executor = Full::with_room(2);
        let results: Vec<_> = executor.map_unordered((0..2).map(same::new)).collect();
        results
    };
    let (done, finished) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let due = Options::new().timeout(Duration::from_millis(50));
        let handle: Handle<()> = SerialExecutor::new()
            .spawn_with(move || done.send(outer()).expect("the test waits"), due)
            .expect("it is open");
        drop(handle);
    });
    let mut results = finished.recv_timeout(Duration::from_secs(20)).expect("it ends");
    results.sort_by_key(|(index, _)| *index);
    assert_eq!(results, [0, 1].map(|index| (index, Err(TaskError::DeadlineExceeded))));
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[test]
fn the_size_hint_of_a_map_holds_also_when_it_is_refused() {
    let two = Chunking::Fixed(NonZeroUsize::new(2).expect("2 is not 0"));
    for (chunking, refuse_after) in [(Chunking::One, 3), (two, 3), (two, 0), (Chunking::Auto, usize::MAX)] {
        let executor = Arc::new(SerialExecutor::new());
        let mut results = executor
            .map((0..9).map(same::new))
            .chunking(chunking)
            .in_flight(NonZeroUsize::new(2).expect("2 is not 0"));
        let mut hints = Vec::new();
        loop {
            if hints.len() == refuse_after {
                executor.shutdown(Shutdown::drain()).expect("nothing runs");
            }
            hints.push(results.size_hint());
            if results.next().is_none() {
                break;
            }
        }
        for (left, (least, most)) in (0..hints.len()).rev().zip(hints) {
            assert!(least <= left && most.is_none_or(|most| left <= most), "{left}: {least}, {most:?}");
        }
    }
}
