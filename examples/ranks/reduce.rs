//! Recipe: the reduction. Elements of all ranks become one: by a sum, by the greatest and where it is, by an operation
//! of one's own; for one rank, for all, or for each rank what lies below it.
//!
//! Run it: `cargo run -p par-examples --example ranks_reduce`,
//! or with MPI: `cargo xtask mpirun -n 4 --example ranks_reduce`
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! sums at rank 0: [0, 6, 12]
//! the greatest number is 11.5, at rank 2
//! x ↦ 2x + 1, once per rank: 1 becomes 31
//! each rank's place in the queue: [0, 1, 3, 6]
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{CommError, Communicator, Located, Spmd, op};
use par_examples::worlds;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Reduce;

par_process::program!(Reduce);

impl Spmd for Reduce {
    const NAME: &'static str = "reduce";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        let (rank, size, root) = (world.rank() as u64, world.size() as u64, 0);
        let mut sums = [0; 3];
        world.reduce(&[0, rank, 2 * rank], &mut sums, &op::Sum, root)?;

        // A parabola over the ranks, whose top is in the middle.
        let height = 10.5 + rank as f64 * (size as f64 - rank as f64) / 4.0;
        let mut top = [Located::new(height, rank)];
        world.all_reduce_in_place(&mut top, &op::MaxLoc)?;
        assert_eq!(top[0].index(), size / 2);

        // Composition of x ↦ a·x + b does not commute, so ranks are folded in their order.
        let compose = op::User::ordered(|f: [u64; 2], g: [u64; 2]| [g[0] * f[0], g[0] * f[1] + g[1]]);
        let mut all = [[2, 1]];
        world.all_reduce_in_place(&mut all, &compose)?;
        assert_eq!(all, [[1 << size, (1 << size) - 1]]);

        // Rank r stands behind the r of rank r - 1, the r - 1 of the one before, …
        let mut place = [rank + 1];
        world.exscan(&mut place, &op::Sum)?;
        let place = if rank == 0 { 0 } else { place[0] };
        assert_eq!(place, rank * (rank + 1) / 2);

        let places = world.gather_values(&place, root)?;
        if let Some(places) = places {
            assert_eq!(sums, [0, size * (size - 1) / 2, size * (size - 1)]);
            println!("sums at rank 0: {sums:?}");
            println!("the greatest number is {}, at rank {}", top[0].value(), top[0].index());
            println!("x ↦ 2x + 1, once per rank: 1 becomes {}", all[0][0] + all[0][1]);
            println!("each rank's place in the queue: {places:?}");
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    worlds::main(|place| Ok(place.run(&Reduce).map(drop)?))
}
