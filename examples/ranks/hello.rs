//! Recipe: how many of us are there, and which one am I? Every rank says hello.
//!
//! Run it: `cargo run -p par-examples --example ranks_hello`,
//! or with MPI: `cargo xtask mpirun -n 4 --example ranks_hello`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! hello from rank 0 of 4
//! hello from rank 1 of 4
//! hello from rank 2 of 4
//! hello from rank 3 of 4
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{CommError, Communicator, Spmd};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Hello;

par_process::program!(Hello);

impl Spmd for Hello {
    const NAME: &'static str = "hello";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        let greeting = format!("hello from rank {} of {}", world.rank(), world.size());
        // Ranks run at once, so what each prints itself comes in any order: one of them speaks for all.
        if let Some(greetings) = world.gather_values(&greeting, 0)? {
            assert_eq!(greetings.len(), world.size());
            for (rank, greeting) in greetings.iter().enumerate() {
                assert!(greeting.contains(&format!("rank {rank} of")), "{greeting}");
                println!("{greeting}");
            }
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&Hello).map(drop)?))
}
