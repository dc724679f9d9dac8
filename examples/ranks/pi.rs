//! Recipe: π by Monte Carlo. Every rank throws its share of darts at a square, and a reduction counts the hits in the
//! quarter circle. A dart is a function of its number, so the answer does not depend on who throws it.
//!
//! Run it: `cargo run --release -p par-examples --example ranks_pi`,
//! or with MPI: `cargo xtask mpirun -n 4 --release --example ranks_pi`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! 3141… of 4000000 darts: π is about 3.141…, off by 0.00…
//! on 4 processes:
//! …the same, to the last digit
//! ```

use std::f64::consts::PI;
use std::process::ExitCode;

use par_core::Philox;
use par_core::comm::{Blocks, CommError, Communicator, Spmd, op};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Darts {
    count: u64,
}

par_process::program!(Darts);

impl Spmd for Darts {
    const NAME: &'static str = "darts";
    type Output = u64;

    fn run<C: Communicator>(&self, world: &C) -> Result<u64, CommError> {
        let generator = Philox::new(314);
        let share = Blocks::even(self.count as usize, world.size()).range(world.rank());
        let unit = |bits: u64| (bits >> 11) as f64 / (1_u64 << 53) as f64;
        let mut hits = [0];
        for dart in share {
            let x = unit(generator.next_u64(2 * dart as u64));
            let y = unit(generator.next_u64(2 * dart as u64 + 1));
            hits[0] += u64::from(x * x + y * y <= 1.0);
        }
        world.all_reduce_in_place(&mut hits, &op::Sum)?;
        Ok(hits[0])
    }
}

fn main() -> ExitCode {
    let darts = Darts { count: 4_000_000 };
    worlds::main(|place| {
        let hits = place.run(&darts)?[0];
        let about = 4.0 * hits as f64 / darts.count as f64;
        let off = (about - PI).abs();
        // Four standard deviations of 4·(hits / count), with hits binomial of probability π/4.
        let bound = 4.0 * (PI * (4.0 - PI) / darts.count as f64).sqrt();
        assert!(off < bound, "{about} is off by {off}, more than {bound}");
        if place.speaks() {
            println!("{hits} of {} darts: π is about {about:.6}, off by {off:.6}", darts.count);
        }
        Ok(())
    })
}
