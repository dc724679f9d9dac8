//! Recipe: collective communication with all-to-all. Every rank has something for every rank: a transposition, row of
//! senders by column of receivers.
//!
//! Run it: `cargo run -p par-examples --example ranks_all_to_all`,
//! or with MPI: `cargo xtask mpirun -n 4 --example ranks_all_to_all`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! rank 0 sent [0, 1, 2, 3] and received [0, 10, 20, 30]
//! rank 1 sent [10, 11, 12, 13] and received [1, 11, 21, 31]
//! rank 2 sent [20, 21, 22, 23] and received [2, 12, 22, 32]
//! rank 3 sent [30, 31, 32, 33] and received [3, 13, 23, 33]
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{CommError, Communicator, Spmd};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct AllToAll;

par_process::program!(AllToAll);

impl Spmd for AllToAll {
    const NAME: &'static str = "all-to-all";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        let (rank, size) = (world.rank() as u64, world.size());
        let sent: Vec<u64> = (0..size as u64).map(|to| 10 * rank + to).collect();
        let mut received = vec![0; size];
        world.all_to_all(&sent, &mut received)?;
        assert!(received.iter().copied().eq((0..size as u64).map(|from| 10 * from + rank)));

        // The same in one buffer; done twice, everything is where it was.
        let mut buffer = sent.clone();
        world.all_to_all_in_place(&mut buffer)?;
        assert_eq!(buffer, received);
        world.all_to_all_in_place(&mut buffer)?;
        assert_eq!(buffer, sent);

        if let Some(all) = world.gather_values(&(sent, received), 0)? {
            for (rank, (sent, received)) in all.iter().enumerate() {
                println!("rank {rank} sent {sent:?} and received {received:?}");
            }
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&AllToAll).map(drop)?))
}
