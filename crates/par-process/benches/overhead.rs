//! The price of one task, of one large payload and of a worker, beside what others take for it.
//!
//! ```text
//! cargo bench -p par-process --bench overhead
//! ```
//! Every answer is checked before its time is printed; each figure is the best of several rounds, and the peers are
//! measured in the same run, in turn.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::process::Command;
use std::time::{Duration, Instant};

use par_core::{Blob, ExecutorExt};
use par_process::ProcessPool;

const TASKS: u64 = 100_000;
const ROUNDS: usize = 5;
const LARGE: usize = 64 << 20;

#[par_core::task]
fn same(x: u64) -> u64 {
    x
}

#[par_core::task]
fn echo(data: Blob) -> Blob {
    data
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    par_process::init();
    procspawn::init();
    let workers = NonZeroUsize::MIN.saturating_add(1);
    start(workers)?;
    tiny(workers)?;
    large()
}

/// From nothing to the first answer.
fn start(workers: NonZeroUsize) -> Outcome<()> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let pool = ProcessPool::builder().workers(workers).start()?;
        assert_eq!(pool.submit(same::new(7))?.wait()?, 7);
        best = best.min(begun.elapsed());
    }
    println!("start to first answer, {workers} workers        {:>10.2} ms", best.as_secs_f64() * 1e3);
    Ok(())
}

/// Many tasks that do nothing, each sent alone.
fn tiny(workers: NonZeroUsize) -> Outcome<()> {
    let pool = ProcessPool::builder().workers(workers).start()?;
    let peer = procspawn::Pool::new(workers.get())?;
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        ours = ours.min(map_here(&pool)?);
        theirs = theirs.min(map_procspawn(&peer)?);
    }
    peer.shutdown();
    let mut alone = Duration::MAX;
    for x in 0..2000 {
        let begun = Instant::now();
        assert_eq!(pool.submit(same::new(x))?.wait()?, x);
        alone = alone.min(begun.elapsed());
    }
    let rate = |time: Duration, tasks: u64| tasks as f64 / time.as_secs_f64();
    println!("one task, there and back, nothing else      {:>10.1} µs", alone.as_secs_f64() * 1e6);
    let here = rate(ours, TASKS);
    println!("map of {TASKS} no-op tasks, one by one      {here:>10.0} tasks/s");
    let procspawn = rate(theirs, TASKS / 10);
    println!(
        "  procspawn::Pool                           {procspawn:>10.0} tasks/s  (here {:.1}x)",
        here / procspawn
    );
    match python(workers) {
        Some(python) => println!(
            "  ProcessPoolExecutor.map, chunksize 1      {python:>10.0} tasks/s  (here {:.1}x)",
            here / python
        ),
        None => println!("  ProcessPoolExecutor.map: skipped, there is no python3 here"),
    }
    Ok(())
}

fn map_here(pool: &ProcessPool) -> Outcome<Duration> {
    let begun = Instant::now();
    let sum = pool.map_reduce((0..TASKS).map(same::new), 0, |sum, x| sum + x)?;
    let time = begun.elapsed();
    assert_eq!(sum, TASKS * (TASKS - 1) / 2);
    Ok(time)
}

/// A tenth of the tasks, with as many in flight as `map` has.
fn map_procspawn(pool: &procspawn::Pool) -> Outcome<Duration> {
    let begun = Instant::now();
    let mut sum = 0;
    let mut pending = std::collections::VecDeque::new();
    for x in 0..TASKS / 10 {
        if pending.len() == 128 {
            let first: procspawn::JoinHandle<u64> = pending.pop_front().ok_or("128 are pending")?;
            sum += first.join()?;
        }
        pending.push_back(procspawn::spawn!(in pool, (x) || x));
    }
    for rest in pending {
        sum += rest.join()?;
    }
    let time = begun.elapsed();
    assert_eq!(sum, TASKS / 10 * (TASKS / 10 - 1) / 2);
    Ok(time)
}

/// The same in Python, if it is there.
fn python(workers: NonZeroUsize) -> Option<f64> {
    let program = format!(
        "import time\n\
         from concurrent.futures import ProcessPoolExecutor\n\
         def same(x): return x\n\
         if __name__ == '__main__':\n\
         \x20   with ProcessPoolExecutor({workers}) as pool:\n\
         \x20       sum(pool.map(same, range(1000)))\n\
         \x20       best = 1e9\n\
         \x20       for _ in range(3):\n\
         \x20           begun = time.perf_counter()\n\
         \x20           assert sum(pool.map(same, range(20000))) == 19999 * 10000\n\
         \x20           best = min(best, time.perf_counter() - begun)\n\
         \x20       print(20000 / best)\n"
    );
    let file = std::env::temp_dir().join(format!("par-process-overhead-{}.py", std::process::id()));
    std::fs::write(&file, program).ok()?;
    let output = Command::new("python3").arg(&file).output();
    let _ = std::fs::remove_file(&file);
    String::from_utf8(output.ok()?.stdout).ok()?.trim().parse().ok()
}

/// 64 MiB there and back, beside two copies into fresh memory.
fn large() -> Outcome<()> {
    let pool = ProcessPool::builder().workers(NonZeroUsize::MIN).start()?;
    let data = Blob::from((0..LARGE).map(|i| ((i * 31) >> 3) as u8).collect::<Vec<u8>>());
    let (mut there_and_back, mut copies) = (Duration::MAX, Duration::MAX);
    let mut first = None;
    for _ in 0..2 * ROUNDS {
        let begun = Instant::now();
        let back = pool.submit(echo::new(data.clone()))?.wait()?;
        let time = begun.elapsed();
        first.get_or_insert(time);
        there_and_back = there_and_back.min(time);
        assert!(back == data, "the bytes came back changed");
        drop(back);

        let begun = Instant::now();
        let copy = black_box(black_box(&data[..]).to_vec());
        let again = black_box(black_box(&copy[..]).to_vec());
        copies = copies.min(begun.elapsed());
        assert_eq!(again.len(), LARGE);
    }
    let speed = |time: Duration| 2.0 * LARGE as f64 / time.as_secs_f64() / 1e9;
    println!("64 MiB there and back                       {:>10.2} GB/s", speed(there_and_back));
    if let Some(first) = first {
        println!("  the first time, into new shared memory    {:>10.2} GB/s", speed(first));
    }
    println!(
        "  memcpy into fresh memory, twice           {:>10.2} GB/s  (here {:.2}x)",
        speed(copies),
        copies.as_secs_f64() / there_and_back.as_secs_f64()
    );
    Ok(())
}
