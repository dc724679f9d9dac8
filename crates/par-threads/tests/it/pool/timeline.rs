//! The timeline that a pool keeps when it is asked to.

use std::sync::Arc;

use par_core::{Executor, ExecutorExt, LocalExecutorExt, Shutdown};
use par_threads::{BuildError, ThreadPool};

use super::{Busy, until};

#[par_core::task]
fn numbered(x: u64) -> u64 {
    x
}

const NUMBERED: &str = <numbered as par_core::Task>::NAME;

#[test]
fn nested_tasks_lie_on_top_and_panics_show() {
    let pool = Arc::new(ThreadPool::builder().workers(1).timeline(100).build().expect("threads start"));
    let inner = Arc::clone(&pool);
    let outer = pool.spawn(move || inner.submit(numbered::new(3)).expect("it is open").wait());
    assert_eq!(outer.expect("it is open").wait(), Ok(Ok(3)));
    let failed = pool.spawn(|| -> u8 { std::panic::resume_unwind(Box::new("expected here")) });
    assert!(failed.expect("it is open").wait().is_err());
    pool.shutdown(Shutdown::drain()).expect("it drains");

    let timeline = pool.timeline();
    let seen: Vec<_> =
        timeline.spans.iter().map(|span| (span.task, span.worker, span.depth, span.ok)).collect();
    assert_eq!(seen, [("closure", 0, 0, true), (NUMBERED, 0, 1, true), ("closure", 0, 0, false)]);
    let [outer, inner, failed] = timeline.spans[..] else { panic!("three, see above") };
    assert!(outer.started <= inner.started && inner.finished <= outer.finished);
    assert!(outer.finished <= failed.started && failed.started <= failed.finished);
    assert!(inner.queued <= outer.ran(), "it was submitted by the one below");
    assert_eq!((timeline.dropped, &timeline.threads[..]), (0, &["par-0".to_owned()][..]));

    let picture = timeline.to_string();
    assert!(picture.starts_with("3 tasks in ") && picture.contains("\npar-0 |"), "{picture}");
    let trace: serde_json::Value = serde_json::from_str(&timeline.to_chrome_json()).expect("it is JSON");
    let events = trace["traceEvents"].as_array().expect("a list");
    let names: Vec<&str> = events.iter().filter_map(|event| event["name"].as_str()).collect();
    assert_eq!(names, ["thread_name", "closure", NUMBERED, "closure"]);
}

#[test]
fn the_latest_are_kept_and_the_others_counted() {
    let pool = ThreadPool::builder().workers(1).timeline(4).build().expect("threads start");
    let busy = Busy::occupy(&pool, 1);
    let cancelled = pool.submit(numbered::new(0)).expect("there is room");
    assert!(cancelled.cancel());
    busy.release();
    for x in 0..100 {
        assert_eq!(pool.submit(numbered::new(x)).expect("it is open").wait(), Ok(x));
    }
    pool.shutdown(Shutdown::drain()).expect("it drains");
    let timeline = pool.timeline();
    assert_eq!((timeline.spans.len(), timeline.capacity), (4, 4));
    assert_eq!(timeline.dropped, 97, "one kept the worker busy, 100 ran, and what never ran has no span");
    assert!(timeline.spans.iter().all(|span| span.task == NUMBERED));
}

#[test]
fn each_worker_has_room_of_its_own() {
    let pool = ThreadPool::builder().workers(3).timeline(1).build().expect("threads start");
    Busy::occupy(&pool, 3).release();
    pool.shutdown(Shutdown::drain()).expect("it drains");
    let mut workers: Vec<usize> = pool.timeline().spans.iter().map(|span| span.worker).collect();
    workers.sort_unstable();
    assert_eq!(workers, [0, 1, 2]);
}

#[test]
fn there_is_none_unless_it_was_asked_for() {
    let pool = ThreadPool::builder().workers(1).build().expect("threads start");
    pool.submit(numbered::new(1)).expect("it is open").wait().expect("it ran");
    until("it was counted", || pool.worker_metrics()[0].jobs() == 1);
    assert_eq!(pool.timeline(), par_threads::Timeline::default());
    let refused = ThreadPool::builder().timeline(0).build();
    assert!(matches!(refused, Err(BuildError::TooSmall { setting: "timeline", least: 1 })), "{refused:?}");
    let refused = ThreadPool::builder().timeline(10).build_rayon();
    assert!(matches!(refused, Err(BuildError::NotWithRayon { setting: "timeline" })), "{refused:?}");
}
