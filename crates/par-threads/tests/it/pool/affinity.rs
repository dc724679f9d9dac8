//! Workers on processors; what the system says afterwards is what counts.
#![cfg(target_os = "linux")]

use std::sync::Arc;

use par_core::{LocalExecutor, LocalExecutorExt};
use par_threads::{Affinity, BuildError, Builder, ThreadPool, probe};
use rustix::thread::{CpuSet, sched_getaffinity};

use super::{Busy, both, thread_name};

/// The index of the worker that runs this, and where it may run.
fn here() -> (usize, Vec<usize>) {
    let set = sched_getaffinity(None).expect("the system tells");
    let processors = (0..CpuSet::MAX_CPU).filter(|processor| set.is_set(*processor)).collect();
    let name = thread_name();
    let index = name.rsplit('-').next().and_then(|index| index.parse().ok()).expect("`name-index`");
    (index, processors)
}

/// Where each worker may run, by index.
fn places(pool: &(impl LocalExecutor + ?Sized), workers: usize) -> Vec<Vec<usize>> {
    let meeting = Arc::new(std::sync::Barrier::new(workers));
    let ask = |_| {
        let meeting = Arc::clone(&meeting);
        let meet = move || {
            meeting.wait();
            here()
        };
        pool.spawn(meet).expect("it is open")
    };
    let asked: Vec<_> = (0..workers).map(ask).collect();
    let mut places: Vec<_> = asked.into_iter().map(|handle| handle.wait().expect("it ran")).collect();
    places.sort();
    assert!(places.iter().map(|(index, _)| *index).eq(0..workers), "each worker ran one");
    places.into_iter().map(|(_, processors)| processors).collect()
}

fn with(affinity: Affinity) -> Builder {
    ThreadPool::builder().workers(3).affinity(affinity)
}

#[test]
fn workers_stay_where_they_were_put() {
    let allowed = probe().processors;
    assert!(!allowed.is_empty(), "this thread runs somewhere");
    for pool in both(|| with(Affinity::Inherit)) {
        assert_eq!(places(&*pool, 3), vec![allowed.clone(); 3]);
    }
    let round = |list: &[usize]| (0..3).map(|index| vec![list[index % list.len()]]).collect::<Vec<_>>();
    for pool in both(|| with(Affinity::Spread)) {
        assert_eq!(places(&*pool, 3), round(&allowed));
    }
    let last = *allowed.last().expect("not empty");
    let chosen = vec![last, allowed[0], last];
    for pool in both(|| with(Affinity::Processors(chosen.clone()))) {
        assert_eq!(places(&*pool, 3), round(&chosen));
    }
}

#[test]
fn workers_that_come_later_are_put_in_their_place_too() {
    let allowed = probe().processors;
    let pool = with(Affinity::Spread).build().expect("threads start");
    let busy = Busy::occupy(&pool, 3);
    pool.resize(5).expect("threads start");
    busy.release();
    let expected: Vec<_> = (0..5).map(|index| vec![allowed[index % allowed.len()]]).collect();
    assert_eq!(places(&pool, 5), expected);
}

#[test]
fn a_processor_that_there_is_not_is_an_error_that_names_it() {
    let allowed = probe().processors;
    for absent in [CpuSet::MAX_CPU - 1, CpuSet::MAX_CPU, usize::MAX] {
        let list = Affinity::Processors(vec![allowed[0], absent]);
        for error in [with(list.clone()).build().map(drop), with(list.clone()).build_rayon().map(drop)] {
            let error = error.expect_err("there is no such processor");
            let text = error.to_string();
            assert!(text.contains(&format!("worker 1 cannot run on processor {absent};")), "{text}");
            assert!(text.contains(&format!("{allowed:?}")), "it says which there are: {text}");
        }
    }
    let none = with(Affinity::Processors(Vec::new())).build();
    assert!(matches!(none, Err(BuildError::NoProcessor)), "{none:?}");
}
