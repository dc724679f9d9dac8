//! Your own workload in 40 lines: π by counting random points in a circle, the same on every executor.
//!
//! Run it: `cargo run --release -p par-core --example core_own_workload`
//!
//! Expected output:
//! ```text
//! serial-executor: pi is about 3.141…, 16 chunks
//! loopback: pi is about 3.141…, 16 chunks
//! ```

use std::num::NonZeroUsize;
use std::ops::Range;

use par_core::{
    Cost, Executor, LoopbackExecutor, Mismatch, Philox, Plan, Runner, SerialExecutor, Workload, split,
};
use serde::{Deserialize, Serialize};

/// The problem holds parameters, never data.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pi {
    points: u64,
}

#[par_core::workload]
impl Workload for Pi {
    const NAME: &'static str = "pi-by-points";
    type Chunk = Range<u64>;
    type Partial = u64;
    type Output = f64;

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Range<u64>> {
        split(0..self.points, parts)
    }
    fn compute(&self, chunk: Range<u64>) -> u64 {
        // The random numbers are a function of the index, so every split counts the same points.
        let inside = |index: &u64| {
            let [x, y] = Philox::new(2026).uniform2(*index);
            x * x + y * y <= 1.0
        };
        chunk.filter(inside).count() as u64
    }
    fn identity(&self) -> u64 {
        0
    }
    fn merge(&self, left: u64, right: u64) -> u64 {
        left + right
    }
    fn finish(&self, total: u64) -> f64 {
        4.0 * total as f64 / self.points as f64
    }
    fn serial(&self) -> f64 {
        let mut inside = 0;
        for index in 0..self.points {
            let [x, y] = Philox::new(2026).uniform2(index);
            inside += u64::from(x * x + y * y <= 1.0);
        }
        4.0 * inside as f64 / self.points as f64
    }
    fn verify(&self, output: &f64, reference: &f64) -> Result<(), Mismatch> {
        Mismatch::unless_close("pi", *output, *reference, 0.0)
    }
    fn cost(&self) -> Cost {
        Cost::operations(self.points)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pi = Pi { points: 1 << 20 };
    let executors: [Box<dyn Executor>; 2] =
        [Box::new(SerialExecutor::new()), Box::new(LoopbackExecutor::new())];
    for executor in &executors {
        let outcome = executor.run(&pi, Plan::parts(16)?)?;
        pi.verify(&outcome.output, &pi.serial())?;
        assert!((outcome.output - std::f64::consts::PI).abs() < 0.01, "{}", outcome.output);
        println!("{}: pi is about {:.3}…, {} chunks", executor.name(), outcome.output, outcome.tasks);
    }
    Ok(())
}
