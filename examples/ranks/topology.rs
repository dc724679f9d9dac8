//! Recipe: the optimisation of communication by a topology. Ranks lie on a torus; each knows its four neighbours, and
//! averages its value with theirs until all are equal.
//!
//! Run it: `cargo run -p par-examples --example ranks_topology`,
//! or with MPI: `cargo xtask mpirun -n 4 --example ranks_topology`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! a torus of 2 × 2
//! rank 0 at [0, 0]: up 2, down 2, left 1, right 1
//! rank 1 at [0, 1]: up 3, down 3, left 0, right 0
//! rank 2 at [1, 0]: up 0, down 0, left 3, right 3
//! rank 3 at [1, 1]: up 1, down 1, left 2, right 2
//! after 50 rounds every rank has the mean, 1.5
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{CommError, Communicator, Rank, Spmd, Tag, compute_dims};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

const VALUE: Tag = Tag(1);

#[derive(Debug, Serialize, Deserialize)]
struct Torus;

par_process::program!(Torus);

impl Spmd for Torus {
    const NAME: &'static str = "torus";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        let dims = compute_dims(world.size(), &[0, 0])?;
        // All ranks fit, and `reorder` lets MPI put neighbours in the grid near one another in the machine.
        let torus = world
            .cartesian(&dims, &[true, true], true)?
            .ok_or_else(|| CommError::program("every rank has a place in the grid"))?;
        let ranks = torus.comm();
        let (up, down) = torus.shift(0, 1)?;
        let (left, right) = torus.shift(1, 1)?;
        let neighbours: Vec<Rank> = [up, down, left, right].into_iter().flatten().collect();
        assert_eq!(neighbours.len(), 4, "a torus has no edge");

        let mut value = ranks.rank() as f64;
        // Differences go round a ring of n ranks and shrink by about 5 / n² in each round.
        let longest = dims.iter().copied().max().unwrap_or(1);
        let rounds = 50 * (longest * longest).div_ceil(4);
        for _ in 0..rounds {
            let mut sum = 0.0;
            // What goes down comes from above, and so on: nobody waits for a circle.
            for (to, from) in [(down, up), (up, down), (right, left), (left, right)] {
                let (Some(to), Some(from)) = (to, from) else { continue };
                let mut theirs = [0.0];
                ranks.send_recv(&[value], to, VALUE, &mut theirs, from, VALUE)?;
                sum += theirs[0];
            }
            value = f64::midpoint(value, sum / 4.0);
        }
        let mean = (ranks.size() - 1) as f64 / 2.0;
        assert!((value - mean).abs() < 1e-3, "{value} is not {mean}");

        let place = (torus.coords(ranks.rank())?, neighbours);
        if let Some(places) = ranks.gather_values(&place, 0)? {
            println!("a torus of {} × {}", dims[0], dims[1]);
            for (rank, (at, n)) in places.iter().enumerate() {
                println!("rank {rank} at {at:?}: up {}, down {}, left {}, right {}", n[0], n[1], n[2], n[3]);
            }
            println!("after {rounds} rounds every rank has the mean, {mean}");
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&Torus).map(drop)?))
}
