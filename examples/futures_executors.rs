//! Executors (the cookbook's recipe on `concurrent.futures`): ten items evaluated serially, on 5 threads, on 5 processes,
//! and by asynchronous tasks that await them, with the time of each.
//!
//! An item is a number that is counted up to, as in the recipe. Python's threads take as long as its serial code, because
//! of the interpreter's lock; here threads and processes both gain what the machine has processors for. All four give the
//! same answers.
//!
//! Run it: `cargo run --release -p par-examples --example futures_executors`
//!
//! Expected output (the times are your machine's):
//! ```text
//! item 1: 10000000
//! item 2: 20000000
//! item 3: 30000000
//! …
//! item 10: 100000000
//! serial             … ms
//! 5 threads          … ms
//! 5 processes        … ms
//! asyncio and both   … ms
//! ```

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use par_async::{gather, run, run_in};
use par_core::{Executor, ExecutorExt, TaskError};
use par_process::ProcessPool;
use par_threads::ThreadPool;

const ITEMS: std::ops::RangeInclusive<u64> = 1..=10;

/// Counts to ten million times the item.
#[par_core::task]
fn evaluate_item(item: u64) -> u64 {
    (0..item * 10_000_000).fold(0, |count, _| black_box(count) + 1)
}

fn on(executor: &dyn Executor) -> Result<Vec<u64>, TaskError> {
    executor.map(ITEMS.map(evaluate_item::new)).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    par_process::init();
    let (threads, processes) = (
        Arc::new(ThreadPool::builder().workers(5).build()?),
        Arc::new(ProcessPool::builder().workers(5).build()?),
    );

    let mut times = Vec::new();
    let mut timed = |what: &'static str, evaluate: &dyn Fn() -> Result<Vec<u64>, TaskError>| {
        let begun = Instant::now();
        let counts = evaluate()?;
        times.push((what, begun.elapsed()));
        Ok::<_, TaskError>(counts)
    };
    let serial = timed("serial", &|| Ok(ITEMS.map(evaluate_item).collect()))?;
    for (item, count) in ITEMS.zip(&serial) {
        println!("item {item}: {count}");
    }
    assert_eq!(timed("5 threads", &|| on(&*threads))?, serial);
    assert_eq!(timed("5 processes", &|| on(&*processes))?, serial);
    // One asynchronous task awaits odd items from threads and even ones from processes.
    let awaited = timed("asyncio and both", &|| {
        let executors: [Arc<dyn Executor>; 2] = [processes.clone(), threads.clone()];
        run(gather(ITEMS.map(|item| run_in(&executors[item as usize % 2], evaluate_item::new(item)))))
            .expect("a runtime starts")
    })?;
    assert_eq!(awaited, serial);
    assert_eq!(serial, ITEMS.map(|item| item * 10_000_000).collect::<Vec<_>>());
    for (what, time) in times {
        println!("{what:17}{:>6} ms", time.as_millis());
    }
    Ok(())
}
