//! Recipe: collective communication with scatter. One rank has an array, and deals it out: a block to each rank, of
//! one length or of different ones.
//!
//! Run it: `cargo run -p par-examples --example ranks_scatter`,
//! or with MPI: `cargo xtask mpirun -n 4 --example ranks_scatter`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! even: rank 0 has [0, 1], rank 1 has [2, 3], rank 2 has [4, 5], rank 3 has [6, 7]
//! uneven: rank 0 has [0], rank 1 has [1, 2], rank 2 has [3, 4, 5], rank 3 has [6, 7, 8, 9]
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{Blocks, CommError, Communicator, Spmd};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Scatter;

par_process::program!(Scatter);

impl Spmd for Scatter {
    const NAME: &'static str = "scatter";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        let (rank, size, root) = (world.rank(), world.size(), 0);
        // What is dealt out counts at the root alone.
        let numbers = |count: usize| if rank == root { (0..count as u64).collect() } else { Vec::new() };

        let mut pair = [0; 2];
        world.scatter(&numbers(2 * size), &mut pair, root)?;
        assert_eq!(pair, [2 * rank as u64, 2 * rank as u64 + 1]);
        say(world, "even", &pair)?;

        // Rank r gets r + 1 of them.
        let counts: Vec<usize> = (1..=size).collect();
        let blocks = Blocks::packed(&counts);
        let mut block = vec![0; counts[rank]];
        world.scatter_v(&numbers(blocks.extent()), &blocks, &mut block, root)?;
        assert!(block.iter().copied().eq(blocks.range(rank).map(|number| number as u64)));
        say(world, "uneven", &block)
    }
}

fn say<C: Communicator>(world: &C, what: &str, block: &[u64]) -> Result<(), CommError> {
    if let Some(blocks) = world.gather_values(&block.to_vec(), 0)? {
        let told: Vec<String> =
            blocks.iter().enumerate().map(|(rank, block)| format!("rank {rank} has {block:?}")).collect();
        println!("{what}: {}", told.join(", "));
    }
    Ok(())
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&Scatter).map(drop)?))
}
