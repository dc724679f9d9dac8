//! Recipe: collective communication with broadcast. One rank has a value, and then all have it: numbers in a buffer
//! that everybody has made, and a structure that the others know nothing about yet.
//!
//! Run it: `cargo run -p par-examples --example ranks_broadcast`,
//! or with MPI: `cargo xtask mpirun -n 4 --example ranks_broadcast`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! rank 0 has [100, 42]
//! rank 1 has [100, 42]
//! rank 2 has [100, 42]
//! rank 3 has [100, 42]
//! all 4 ranks know the settings { name: "run 7", steps: [10, 20] }
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{CommError, Communicator, Spmd};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Settings {
    name: String,
    steps: Vec<u32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Broadcast;

par_process::program!(Broadcast);

impl Spmd for Broadcast {
    const NAME: &'static str = "broadcast";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        let root = 0;
        let mut numbers = if world.rank() == root { [100, 42] } else { [0; 2] };
        world.broadcast(&mut numbers, root)?;
        if let Some(all) = world.gather_values(&numbers, root)? {
            for (rank, numbers) in all.iter().enumerate() {
                assert_eq!(*numbers, [100, 42]);
                println!("rank {rank} has {numbers:?}");
            }
        }

        let settings = Settings { name: "run 7".to_owned(), steps: vec![10, 20] };
        let known = world.broadcast_value((world.rank() == root).then(|| settings.clone()), root)?;
        assert_eq!(known, settings);
        // Nobody speaks for the others before all have checked.
        world.barrier()?;
        if world.rank() == root {
            println!(
                "all {} ranks know the settings {{ name: {:?}, steps: {:?} }}",
                world.size(),
                known.name,
                known.steps
            );
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&Broadcast).map(drop)?))
}
