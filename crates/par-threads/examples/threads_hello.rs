//! Hello from a pool of threads: tasks, closures, errors, and how a pool ends.
//!
//! Run it: `cargo run --release -p par-threads --example threads_hello`
//!
//! Expected output (the worker may be the other one):
//! ```text
//! hello from worker hello-0
//! squares: [0, 1, 4, 9, 16]
//! the third one failed, the others did not: the task panicked: no threes here (at …)
//! drained
//! ```

use std::time::Duration;

use par_core::{Executor, ExecutorExt, LocalExecutorExt, Shutdown, TaskError};
use par_threads::ThreadPool;

#[par_core::task]
fn square(x: u64) -> u64 {
    x * x
}

#[par_core::task]
fn picky(x: u64) -> u64 {
    assert!(x != 3, "no threes here");
    x
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = ThreadPool::builder().workers(2).name("hello").build()?;

    let name = pool.spawn(|| std::thread::current().name().map(str::to_owned))?.wait()?;
    let name = name.ok_or("workers have names")?;
    assert!(name.starts_with("hello-"));
    println!("hello from worker {name}");

    let squares = pool.map((0..5).map(square::new)).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(squares, [0, 1, 4, 9, 16]);
    println!("squares: {squares:?}");

    let results: Vec<_> = pool.map((1..=4).map(picky::new)).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    let error = results[2].as_ref().expect_err("three is refused");
    assert!(matches!(error, TaskError::Panicked(_)));
    println!("the third one failed, the others did not: {error}");

    pool.shutdown(Shutdown::drain().within(Duration::from_secs(10)))?;
    assert!(pool.submit(square::new(1)).is_err(), "a pool that was shut down takes nothing");
    println!("drained");
    Ok(())
}
