//! Recipe: one workload on worker processes, checked against its serial code.
//!
//! Counts the primes below five million in 64 chunks. The same `Workload` runs on every executor of par; here its chunks
//! travel to other processes and the counts come back.
//!
//! ```text
//! cargo run --release -p par-process --example process_workload
//! ```
//! Expected output (times differ):
//! ```text
//! 348513 primes below 5000000, as the serial code says
//! 64 chunks on 2 processes in 93 ms; computing 170 ms, encoding 0 ms, waiting in the queue 2700 ms
//! ```

use std::num::NonZeroUsize;
use std::ops::Range;

use par_core::{Cost, Executor, Mismatch, Phase, Plan, Runner, Workload, split};
use par_process::ProcessPool;
use serde::{Deserialize, Serialize};

/// How many primes there are below a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Primes {
    below: u64,
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

    /// The sieve of Eratosthenes: another algorithm, so that one checks the other.
    fn serial(&self) -> u64 {
        let below = self.below as usize;
        let mut composite = vec![false; below.max(2)];
        let mut primes = 0;
        for n in 2..below {
            if !composite[n] {
                primes += 1;
                (n * n..below).step_by(n).for_each(|multiple| composite[multiple] = true);
            }
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

fn is_prime(n: u64) -> bool {
    n >= 2
        && (n == 2 || n % 2 == 1)
        && (3..).step_by(2).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    par_process::init();
    let primes = Primes { below: 5_000_000 };
    let pool = ProcessPool::new()?;
    let outcome = pool.run(&primes, Plan::parts(64)?)?;
    primes.verify(&outcome.output, &primes.serial())?;
    assert_eq!(outcome.output, 348_513, "π(5,000,000)");
    println!("{} primes below {}, as the serial code says", outcome.output, primes.below);
    let ms = |phase| outcome.phases.get(phase).as_millis();
    println!(
        "{} chunks on {} processes in {} ms; computing {} ms, encoding {} ms, waiting in the queue {} ms",
        outcome.tasks,
        pool.workers(),
        outcome.wall.as_millis(),
        ms(Phase::Compute),
        ms(Phase::Encode),
        ms(Phase::Queue)
    );
    Ok(())
}
