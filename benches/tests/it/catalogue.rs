//! Every workload on every executor at its test size, in several parts, verified.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use par_async::TokioExecutor;
use par_benches::catalogue::{Listed, Settings, Size, catalogue};
use par_core::{Executor, LoopbackExecutor, SerialExecutor, Shutdown};
use par_process::ProcessPool;
use par_threads::{RayonPool, ThreadPool};

use crate::trial;

const PARTS: [usize; 5] = [1, 2, 3, 7, 16];
const LIMIT: Duration = Duration::from_mins(2);

/// An executor by its name in the tests, and what starts it.
type Start = (&'static str, fn() -> Result<Arc<dyn Executor>, Failed>);

const EXECUTORS: [Start; 8] = [
    ("serial", || Ok(Arc::new(SerialExecutor::new()))),
    ("loopback", || Ok(Arc::new(LoopbackExecutor::new()))),
    ("thread_pool_of_1", || threads(1)),
    ("thread_pool_of_2", || threads(2)),
    ("thread_pool_of_4", || threads(4)),
    ("rayon_pool_of_2", || Ok(Arc::new(RayonPool::builder().workers(2).build_rayon()?))),
    ("tokio_executor_of_2", || Ok(Arc::new(TokioExecutor::builder().workers(2).build()?))),
    ("process_pool_of_2", || processes(2)),
];

fn threads(workers: usize) -> Result<Arc<dyn Executor>, Failed> {
    Ok(Arc::new(ThreadPool::builder().workers(workers).build()?))
}

fn processes(workers: usize) -> Result<Arc<dyn Executor>, Failed> {
    let workers = NonZeroUsize::new(workers).ok_or("no worker")?;
    Ok(Arc::new(ProcessPool::builder().workers(workers.get()).build()?))
}

pub(crate) fn trials() -> Vec<Trial> {
    let names: Vec<&str> = catalogue().expect("a catalogue").iter().map(Listed::name).collect();
    assert!(names.len() >= 9, "{names:?}");
    let mut trials: Vec<Trial> = names
        .iter()
        .flat_map(|name| EXECUTORS.map(|(executor, start)| (*name, executor, start)))
        .map(|(name, executor, start)| {
            trial(format!("catalogue::{name}_on_{executor}"), move || verified(name, start))
        })
        .collect();
    trials.extend(
        names
            .into_iter()
            .map(|name| trial(format!("catalogue::{name}_in_serial_code"), move || verified_serially(name))),
    );
    // The one tree that no static split balances: here chunks do give work away, on every kind of pool.
    trials.extend(["thread_pool_of_4", "rayon_pool_of_2", "process_pool_of_2"].map(|executor| {
        trial(format!("catalogue::quick_uts_shared_on_{executor}"), move || shared(executor))
    }));
    trials
}

fn verified(name: &str, start: fn() -> Result<Arc<dyn Executor>, Failed>) -> Result<(), Failed> {
    let all = catalogue()?;
    let case = all.iter().find(|listed| listed.name() == name).ok_or("gone")?.case(Size::Test);
    let executor = start()?;
    for parts in PARTS {
        let parts = NonZeroUsize::new(parts).ok_or("zero")?;
        let report = case.run("test", &executor, &Settings { parts, timeout: Some(LIMIT), spans: true })?;
        assert!(report.verified && !report.checked_against.is_empty(), "{parts} parts");
        assert!(report.wall_ns > 0 && report.operations > 0 && report.tasks > 0, "{report:?}");
        assert_eq!(report.workload, name);
    }
    Ok(executor.shutdown(Shutdown::drain().within(LIMIT))?)
}

fn verified_serially(name: &str) -> Result<(), Failed> {
    let all = catalogue()?;
    let case = all.iter().find(|listed| listed.name() == name).ok_or("gone")?.case(Size::Test);
    let serial = case.run_serial("test")?;
    assert!(serial.verified && serial.executor == "serial" && serial.wall_ns > 0);
    Ok(())
}

fn shared(executor: &str) -> Result<(), Failed> {
    let all = catalogue()?;
    let case = all.iter().find(|listed| listed.name() == "uts").ok_or("gone")?.case(Size::Quick);
    let (_, start) = EXECUTORS.into_iter().find(|(name, _)| *name == executor).ok_or("gone")?;
    let executor = start()?;
    for parts in [1, 16] {
        let parts = NonZeroUsize::new(parts).ok_or("zero")?;
        let begun = executor.metrics();
        let report = case.run("test", &executor, &Settings { parts, timeout: Some(LIMIT), spans: false })?;
        assert!(report.verified);
        let submitted = (executor.metrics() - begun).get(par_core::Counter::Submitted);
        // 4,112,897 nodes at 32,768 a gift.
        assert!(submitted <= 126 + report.tasks, "{submitted} tasks for {} chunks", report.tasks);
    }
    Ok(executor.shutdown(Shutdown::drain().within(LIMIT))?)
}
