//! One workload on every executor, side by side: the same answer, and what each of them cost.
//!
//! Run it: `cargo run --release -p par-examples --example side_by_side`
//!
//! Expected output (the times are your machine's):
//! ```text
//! the sum of 5000000 random numbers modulo 1000000007, in 16 chunks
//! executor              answer    wall ms   speedup   bytes moved
//! best serial code   …
//! ```

use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Instant;

use par_async::TokioExecutor;
use par_core::laws::{Baseline, speedup};
use par_core::{
    Cost, Counter, Executor, LoopbackExecutor, Mismatch, Philox, Plan, Runner, SerialExecutor, Workload,
    split,
};
use par_process::ProcessPool;
use par_threads::{RayonPool, ThreadPool};
use serde::{Deserialize, Serialize};

/// A sum over many random numbers, each of which is made from its index: nothing to send, much to compute.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RandomSum {
    count: u64,
}

const MODULUS: u64 = 1_000_000_007;

#[par_core::workload]
impl Workload for RandomSum {
    const NAME: &'static str = "random-sum";
    type Chunk = Range<u64>;
    type Partial = u64;
    type Output = u64;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Range<u64>> {
        split(0..self.count, parts)
    }
    fn compute(&self, chunk: Range<u64>) -> u64 {
        let generator = Philox::new(1);
        chunk.fold(0, |sum, index| (sum + generator.next_u64(index) % MODULUS) % MODULUS)
    }
    fn identity(&self) -> u64 {
        0
    }
    fn merge(&self, left: u64, right: u64) -> u64 {
        (left + right) % MODULUS
    }
    fn finish(&self, total: u64) -> u64 {
        total
    }
    fn serial(&self) -> u64 {
        let generator = Philox::new(1);
        let mut sum = 0;
        for index in 0..self.count {
            sum = (sum + generator.next_u64(index) % MODULUS) % MODULUS;
        }
        sum
    }
    fn verify(&self, output: &u64, reference: &u64) -> Result<(), Mismatch> {
        Mismatch::unless_equal("sum", output, reference)
    }
    fn cost(&self) -> Cost {
        Cost::operations(self.count)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In a worker process this runs the worker, and does not return.
    par_process::init();

    let workload = RandomSum { count: 5_000_000 };
    let begun = Instant::now();
    let reference = workload.serial();
    let serial = begun.elapsed();
    println!("the sum of {} random numbers modulo {MODULUS}, in 16 chunks", workload.count);
    println!("{:17} {:>10} {:>10} {:>9} {:>13}", "executor", "answer", "wall ms", "speedup", "bytes moved");
    let row = |name: &str, answer: u64, wall: std::time::Duration, bytes: u64| {
        let gained = speedup(Baseline::BestSerial, serial, wall).ratio;
        let milliseconds = wall.as_secs_f64() * 1e3;
        println!("{name:17} {answer:>10} {milliseconds:>10.1} {gained:>9.2} {bytes:>13}");
    };
    row("best serial code", reference, serial, 0);

    let executors: [Box<dyn Executor>; 6] = [
        Box::new(SerialExecutor::new()),
        Box::new(LoopbackExecutor::new()),
        Box::new(ThreadPool::new()?),
        Box::new(RayonPool::new()?),
        Box::new(TokioExecutor::new()?),
        Box::new(ProcessPool::new()?),
    ];
    for executor in &executors {
        let outcome = executor.run(&workload, Plan::parts(16)?)?;
        workload.verify(&outcome.output, &reference)?;
        let bytes = outcome.metrics.get(Counter::BytesSent) + outcome.metrics.get(Counter::BytesReceived);
        row(executor.name(), outcome.output, outcome.wall, bytes);
    }
    Ok(())
}
