//! Recipe: halo exchange. Heat spreads along a bar that is cut into one piece per rank; before each step, neighbours
//! give one another the values at their edges. The answer is that of the uncut bar, bit by bit.
//!
//! Run it: `cargo run --release -p par-examples --example halo_exchange`,
//! or with MPI: `cargo xtask mpirun -n 4 --example halo_exchange`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! 1000 cells on 4 ranks after 500 steps: equal to the uncut bar in every bit
//! the warmest cell is 500
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{Blocks, CommError, Communicator, Located, Spmd, Tag, op};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

const LEFTWARDS: Tag = Tag(1);
const RIGHTWARDS: Tag = Tag(2);

#[derive(Debug, Serialize, Deserialize)]
struct Bar {
    cells: usize,
    steps: usize,
}

par_process::program!(Bar);

impl Bar {
    /// A peak in the middle of the bar.
    fn start(&self, cell: usize) -> f64 {
        let away = cell.abs_diff(self.cells / 2) as f64;
        100.0 / (1.0 + away)
    }

    /// One step of a piece whose first and last cells are its halo.
    fn step(old: &[f64], new: &mut [f64]) {
        for cell in 1..old.len() - 1 {
            new[cell] = old[cell] + 0.25 * (old[cell - 1] - 2.0 * old[cell] + old[cell + 1]);
        }
    }

    /// The whole bar on one rank; beyond its ends there is 0.
    fn uncut(&self) -> Vec<f64> {
        let mut old = vec![0.0; self.cells + 2];
        (0..self.cells).for_each(|cell| old[cell + 1] = self.start(cell));
        let mut new = old.clone();
        for _ in 0..self.steps {
            Self::step(&old, &mut new);
            std::mem::swap(&mut old, &mut new);
        }
        old[1..=self.cells].to_vec()
    }
}

impl Spmd for Bar {
    const NAME: &'static str = "bar";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        let line = world
            .cartesian(&[world.size()], &[false], true)?
            .ok_or_else(|| CommError::program("every rank has a place on the line"))?;
        let ranks = line.comm();
        let (left, right) = line.shift(0, 1)?;
        let pieces = Blocks::even(self.cells, ranks.size());
        let own = pieces.range(ranks.rank());

        let mut old = vec![0.0; own.len() + 2];
        own.clone().zip(&mut old[1..]).for_each(|(cell, value)| *value = self.start(cell));
        let mut new = old.clone();
        let last = own.len();
        for _ in 0..self.steps {
            // Receives first, then sends, then all of them are waited for: no order among ranks is needed.
            let from_left = left.map(|rank| ranks.irecv(vec![0.0], rank, RIGHTWARDS)).transpose()?;
            let from_right = right.map(|rank| ranks.irecv(vec![0.0], rank, LEFTWARDS)).transpose()?;
            let to_left = left.map(|rank| ranks.isend(vec![old[1]], rank, LEFTWARDS)).transpose()?;
            let to_right = right.map(|rank| ranks.isend(vec![old[last]], rank, RIGHTWARDS)).transpose()?;
            if let Some(request) = from_left {
                old[0] = request.wait()?.data[0];
            }
            if let Some(request) = from_right {
                old[last + 1] = request.wait()?.data[0];
            }
            for request in [to_left, to_right].into_iter().flatten() {
                request.wait()?;
            }
            Self::step(&old, &mut new);
            std::mem::swap(&mut old, &mut new);
        }

        let mut whole = vec![0.0; self.cells];
        ranks.all_gather_v(&old[1..=last], &mut whole, &pieces)?;
        let bits = |bar: &[f64]| bar.iter().map(|heat| heat.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&whole), bits(&self.uncut()), "the cut bar is the uncut one");
        let warmest = own.clone().zip(&old[1..]).map(|(cell, heat)| Located::new(*heat, cell as u64));
        let mut warmest = [warmest
            .reduce(|a, b| if b.value() > a.value() { b } else { a })
            .unwrap_or(Located::new(f64::MIN, 0))];
        ranks.all_reduce_in_place(&mut warmest, &op::MaxLoc)?;
        if ranks.rank() == 0 {
            println!(
                "{} cells on {} ranks after {} steps: equal to the uncut bar in every bit",
                self.cells,
                ranks.size(),
                self.steps
            );
            println!("the warmest cell is {}", warmest[0].index());
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&Bar { cells: 1000, steps: 500 }).map(drop)?))
}
