//! The price of one empty task, beside the raw libraries: `cargo bench -p par-threads --bench overhead`.
//!
//! Every contender does the same: hand an empty task over, get its result back. They run in turns, so the ratios hold
//! on a busy machine; every result is checked.

use std::num::NonZeroUsize;

use par_core::testing::Paired;
use par_core::{Chunking, ExecutorExt, LocalExecutorExt};
use par_threads::{RayonPool, ThreadPool};

#[par_core::task]
fn same(x: u64) -> u64 {
    x
}

const WORKERS: usize = 2;

/// Ours, and those that it is measured beside; all have the same number of workers.
struct Pools {
    pool: ThreadPool,
    rayon_pool: RayonPool,
    rayon: rayon::ThreadPool,
    threadpool: threadpool::ThreadPool,
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (rounds, singles, many) = if quick { (1, 100, 1_000) } else { (11, 20_000, 1_000_000) };
    let pools = Pools {
        pool: ThreadPool::builder().workers(WORKERS).build().expect("threads start"),
        rayon_pool: RayonPool::builder().workers(WORKERS).build_rayon().expect("threads start"),
        rayon: rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build().expect("threads start"),
        threadpool: threadpool::ThreadPool::new(WORKERS),
    };
    println!("{singles} times: submit one empty task, wait for its result ({WORKERS} workers)");
    println!("{}", one_by_one(&pools, rounds, singles));
    println!("{many} empty tasks, and all their results ({WORKERS} workers)");
    println!("{}", all_at_once(&pools, rounds, many));
}

fn one_by_one(Pools { pool, rayon_pool, rayon, threadpool }: &Pools, rounds: usize, singles: u64) -> Paired {
    Paired::measure(
        rounds,
        vec![
            (
                "rayon::spawn and a oneshot",
                Box::new(|| {
                    for x in 0..singles {
                        let (sender, receiver) = oneshot::channel();
                        rayon.spawn(move || drop(sender.send(x)));
                        assert_eq!(receiver.recv(), Ok(x));
                    }
                }),
            ),
            (
                "threadpool and a oneshot",
                Box::new(|| {
                    for x in 0..singles {
                        let (sender, receiver) = oneshot::channel();
                        threadpool.execute(move || drop(sender.send(x)));
                        assert_eq!(receiver.recv(), Ok(x));
                    }
                }),
            ),
            (
                "ThreadPool::submit",
                Box::new(|| {
                    for x in 0..singles {
                        assert_eq!(pool.submit(same::new(x)).expect("it is open").wait(), Ok(x));
                    }
                }),
            ),
            (
                "ThreadPool::spawn",
                Box::new(|| {
                    for x in 0..singles {
                        assert_eq!(pool.spawn(move || x).expect("it is open").wait(), Ok(x));
                    }
                }),
            ),
            (
                "RayonPool::submit",
                Box::new(|| {
                    for x in 0..singles {
                        assert_eq!(rayon_pool.submit(same::new(x)).expect("it is open").wait(), Ok(x));
                    }
                }),
            ),
        ],
    )
}

fn all_at_once(Pools { pool, rayon_pool, rayon, threadpool }: &Pools, rounds: usize, many: u64) -> Paired {
    let expected: u64 = (0..many).sum();
    let fixed = Chunking::Fixed(NonZeroUsize::new(100).expect("100 is not 0"));
    Paired::measure(
        rounds,
        vec![
            (
                "rayon::spawn and a oneshot each",
                Box::new(|| {
                    let spawn = |x| {
                        let (sender, receiver) = oneshot::channel();
                        rayon.spawn(move || drop(sender.send(x)));
                        receiver
                    };
                    let receivers: Vec<_> = (0..many).map(spawn).collect();
                    assert_eq!(
                        receivers.into_iter().map(|r| r.recv().expect("it ran")).sum::<u64>(),
                        expected
                    );
                }),
            ),
            (
                "threadpool and a oneshot each",
                Box::new(|| {
                    let execute = |x| {
                        let (sender, receiver) = oneshot::channel();
                        threadpool.execute(move || drop(sender.send(x)));
                        receiver
                    };
                    let receivers: Vec<_> = (0..many).map(execute).collect();
                    assert_eq!(
                        receivers.into_iter().map(|r| r.recv().expect("it ran")).sum::<u64>(),
                        expected
                    );
                }),
            ),
            (
                "ThreadPool::map",
                Box::new(|| {
                    assert_eq!(pool.map_reduce((0..many).map(same::new), 0, |sum, x| sum + x), Ok(expected));
                }),
            ),
            (
                "ThreadPool::map, chunks of 100",
                Box::new(|| {
                    let results = pool.map((0..many).map(same::new)).chunking(fixed);
                    assert_eq!(results.map(|x| x.expect("it ran")).sum::<u64>(), expected);
                }),
            ),
            (
                "ThreadPool::map, automatic chunks",
                Box::new(|| {
                    let results = pool.map((0..many).map(same::new)).chunking(Chunking::Auto);
                    assert_eq!(results.map(|x| x.expect("it ran")).sum::<u64>(), expected);
                }),
            ),
            (
                "ThreadPool::map_with",
                Box::new(|| {
                    assert_eq!(
                        pool.map_with(0..many, |x| x).map(|x| x.expect("it ran")).sum::<u64>(),
                        expected
                    );
                }),
            ),
            (
                "RayonPool::map",
                Box::new(|| {
                    assert_eq!(
                        rayon_pool.map_reduce((0..many).map(same::new), 0, |sum, x| sum + x),
                        Ok(expected)
                    );
                }),
            ),
        ],
    )
}
