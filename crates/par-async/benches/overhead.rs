//! The price of one empty task, beside the raw library: `cargo bench -p par-async --bench overhead`.
//!
//! Every contender does the same: hand an empty task over, get its result back. They run in turns, so the ratios hold on
//! a busy machine; every result is checked.

use std::collections::VecDeque;
use std::sync::Arc;

use par_async::{TokioExecutor, run_in, to_thread};
use par_core::testing::Paired;
use par_core::{ExecutorExt, LocalExecutorExt};
use tokio::runtime::{Builder, Runtime};

#[par_core::task]
fn same(x: u64) -> u64 {
    x
}

const WORKERS: usize = 2;
/// So many are under way at once where many are; a task more waits for the first to end.
const WINDOW: usize = 256;

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (rounds, singles, many) = if quick { (1, 100, 1_000) } else { (11, 10_000, 200_000) };
    let raw =
        Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().expect("threads start");
    let executor = Arc::new(TokioExecutor::builder().workers(WORKERS).build().expect("threads start"));
    println!("{singles} times: submit one empty task, wait for its result ({WORKERS} workers)");
    println!("{}", one_by_one(&raw, &executor, rounds, singles));
    println!("{many} empty tasks, {WINDOW} under way at once, and all their results ({WORKERS} workers)");
    println!("{}", many_at_once(&raw, &executor, rounds, many));
    println!("{singles} times: an empty closure on another thread, awaited");
    println!("{}", awaited(&raw, &executor, rounds, singles));
}

fn one_by_one(raw: &Runtime, executor: &TokioExecutor, rounds: usize, singles: u64) -> Paired {
    Paired::measure(
        rounds,
        vec![
            (
                "tokio::task::spawn_blocking",
                Box::new(|| {
                    for x in 0..singles {
                        assert_eq!(raw.block_on(raw.spawn_blocking(move || x)).ok(), Some(x));
                    }
                }),
            ),
            (
                "TokioExecutor::submit",
                Box::new(|| {
                    for x in 0..singles {
                        assert_eq!(executor.submit(same::new(x)).expect("it is open").wait(), Ok(x));
                    }
                }),
            ),
            (
                "TokioExecutor::spawn",
                Box::new(|| {
                    for x in 0..singles {
                        assert_eq!(executor.spawn(move || x).expect("it is open").wait(), Ok(x));
                    }
                }),
            ),
            (
                "tokio::spawn of a future",
                Box::new(|| {
                    for x in 0..singles {
                        assert_eq!(raw.block_on(raw.spawn(async move { x })).ok(), Some(x));
                    }
                }),
            ),
            (
                "TokioExecutor::spawn_future",
                Box::new(|| {
                    for x in 0..singles {
                        let handle = executor.spawn_future(async move { x });
                        assert_eq!(handle.expect("it is open").wait(), Ok(x));
                    }
                }),
            ),
        ],
    )
}

/// Keeps a window of started ones full, and adds up what they yield.
fn windowed<H>(many: u64, mut start: impl FnMut(u64) -> H, mut wait: impl FnMut(H) -> u64) {
    let (mut under_way, mut sum) = (VecDeque::with_capacity(WINDOW), 0);
    for x in 0..many {
        if under_way.len() == WINDOW {
            sum += wait(under_way.pop_front().expect("it is full"));
        }
        under_way.push_back(start(x));
    }
    sum += under_way.into_iter().map(wait).sum::<u64>();
    assert_eq!(sum, many * (many - 1) / 2);
}

fn many_at_once(raw: &Runtime, executor: &TokioExecutor, rounds: usize, many: u64) -> Paired {
    Paired::measure(
        rounds,
        vec![
            (
                "tokio::task::spawn_blocking",
                Box::new(|| {
                    windowed(
                        many,
                        |x| raw.spawn_blocking(move || x),
                        |handle| raw.block_on(handle).expect("it does not panic"),
                    );
                }),
            ),
            (
                "TokioExecutor::submit",
                Box::new(|| {
                    windowed(
                        many,
                        |x| executor.submit(same::new(x)).expect("it is open"),
                        |handle| handle.wait().expect("it does not panic"),
                    );
                }),
            ),
            (
                "TokioExecutor::map",
                Box::new(|| {
                    let sum: u64 =
                        executor.map((0..many).map(same::new)).map(|x| x.expect("it is open")).sum();
                    assert_eq!(sum, many * (many - 1) / 2);
                }),
            ),
        ],
    )
}

fn awaited(raw: &Runtime, executor: &Arc<TokioExecutor>, rounds: usize, singles: u64) -> Paired {
    Paired::measure(
        rounds,
        vec![
            (
                "tokio::task::spawn_blocking",
                Box::new(|| {
                    raw.block_on(async {
                        for x in 0..singles {
                            assert_eq!(tokio::task::spawn_blocking(move || x).await.ok(), Some(x));
                        }
                    });
                }),
            ),
            (
                "to_thread",
                Box::new(|| {
                    raw.block_on(async {
                        for x in 0..singles {
                            assert_eq!(to_thread(move || x).await, Ok(x));
                        }
                    });
                }),
            ),
            (
                "run_in(TokioExecutor)",
                Box::new(|| {
                    raw.block_on(async {
                        for x in 0..singles {
                            assert_eq!(run_in(executor, same::new(x)).await, Ok(x));
                        }
                    });
                }),
            ),
        ],
    )
}
