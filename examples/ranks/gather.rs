//! Recipe: collective communication with gather. Every rank has something, and one rank, or every rank, gets it all.
//!
//! Run it: `cargo run -p par-examples --example ranks_gather`,
//! or with MPI: `cargo xtask mpirun -n 4 --example ranks_gather`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! rank 0 has the squares of all ranks' numbers: [1, 4, 9, 16]
//! rank 0 has blocks of different lengths: [0, 1, 1, 2, 2, 2, 3, 3, 3, 3]
//! every rank has the names of all: ["zero", "one", "two", "three"]
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{Blocks, CommError, Communicator, Spmd};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Gather;

par_process::program!(Gather);

impl Spmd for Gather {
    const NAME: &'static str = "gather";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        let (rank, size, root) = (world.rank(), world.size(), 0);
        // What is gathered counts at the root alone.
        let room = |count: usize| vec![0_u64; if rank == root { count } else { 0 }];

        let number = rank as u64 + 1;
        let mut squares = room(size);
        world.gather(&[number * number], &mut squares, root)?;

        let counts: Vec<usize> = (1..=size).collect();
        let blocks = Blocks::packed(&counts);
        let mut all = room(blocks.extent());
        world.gather_v(&vec![rank as u64; counts[rank]], &mut all, &blocks, root)?;

        let words = ["zero", "one", "two", "three"];
        let names = world.all_gather_values(&words.get(rank).copied().unwrap_or("many").to_owned())?;
        assert_eq!(names.len(), size);

        if rank == root {
            assert!(squares.iter().copied().eq((1..=size as u64).map(|number| number * number)));
            assert!(
                (0..size).all(|rank| all[blocks.range(rank)].iter().all(|number| *number == rank as u64))
            );
            println!("rank 0 has the squares of all ranks' numbers: {squares:?}");
            println!("rank 0 has blocks of different lengths: {all:?}");
            println!("every rank has the names of all: {names:?}");
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&Gather).map(drop)?))
}
