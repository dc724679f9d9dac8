//! A whole workload on threads: split, computed, merged in order, checked against its serial code, and timed.
//!
//! Run it: `cargo run --release -p par-threads --example threads_workload`
//!
//! Expected output (the times are your machine's):
//! ```text
//! 78498 primes below 1000000
//! serial 35.1 ms, thread-pool with 2 workers 18.0 ms: speedup 1.95, efficiency 0.98
//! ```

use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Instant;

use par_core::laws::{self, Baseline};
use par_core::{Cost, Executor, Mismatch, Plan, Runner, Workload, split};
use par_threads::ThreadPool;
use serde::{Deserialize, Serialize};

/// How many primes are there below a limit?
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Primes {
    below: u64,
}

fn is_prime(n: u64) -> bool {
    n >= 2 && (2..=n.isqrt()).all(|d| !n.is_multiple_of(d))
}

#[par_core::workload]
impl Workload for Primes {
    const NAME: &'static str = "primes";
    type Chunk = Range<u64>;
    type Partial = u64;
    type Output = u64;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Range<u64>> {
        split(0..self.below, parts)
    }
    fn compute(&self, chunk: Range<u64>) -> u64 {
        chunk.filter(|n| is_prime(*n)).count() as u64
    }
    fn identity(&self) -> u64 {
        0
    }
    fn merge(&self, left: u64, right: u64) -> u64 {
        left + right
    }
    fn finish(&self, total: u64) -> u64 {
        total
    }
    fn serial(&self) -> u64 {
        let mut primes = 0;
        for n in 0..self.below {
            primes += u64::from(is_prime(n));
        }
        primes
    }
    fn verify(&self, output: &u64, reference: &u64) -> Result<(), Mismatch> {
        Mismatch::unless_equal("primes", output, reference)
    }
    fn cost(&self) -> Cost {
        Cost::operations(self.below)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let primes = Primes { below: 1_000_000 };
    let begun = Instant::now();
    let reference = primes.serial();
    let serial = begun.elapsed();

    let pool = ThreadPool::new()?;
    // Later numbers take longer, so there are more chunks than workers.
    let outcome = pool.run(&primes, Plan::parts(64)?)?;
    primes.verify(&outcome.output, &reference)?;
    assert_eq!(outcome.output, 78498, "OEIS A006880");

    let speedup = laws::speedup(Baseline::BestSerial, serial, outcome.wall).ratio;
    println!("{} primes below {}", outcome.output, primes.below);
    println!(
        "serial {:.1} ms, {} with {} workers {:.1} ms: speedup {speedup:.2}, efficiency {:.2}",
        serial.as_secs_f64() * 1e3,
        pool.name(),
        pool.workers(),
        outcome.wall.as_secs_f64() * 1e3,
        laws::efficiency(speedup, pool.workers()),
    );
    Ok(())
}
