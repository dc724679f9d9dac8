//! Recipe: a world whose ranks are processes (`mpirun`, without MPI).
//!
//! Shows a program that every rank runs, each in an address space of its own; and that a rank which is killed ends the
//! waits of the others, and is named first.
//!
//! ```text
//! cargo run --release -p par-process --example process_ranks
//! ```
//! Expected output:
//! ```text
//! 4 ranks in 4 processes, sum of the squares below 1000: 332833500
//! rank 2: its process was killed by signal 9
//! ```
#![forbid(unsafe_code)]

use par_core::comm::{CommError, Communicator, Spmd, SpmdError, op};
use par_process::ProcessWorld;
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};

/// Every rank sums its share, and all get the whole.
#[derive(Debug, Serialize, Deserialize)]
struct Squares {
    below: u64,
    /// Who is killed before it has done its part.
    victim: Option<usize>,
}

impl Spmd for Squares {
    const NAME: &'static str = "squares";
    type Output = (u64, u32);

    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError> {
        if self.victim == Some(world.rank()) {
            kill_process(getpid(), Signal::KILL).map_err(CommError::program)?;
        }
        let mine = (0..self.below).skip(world.rank()).step_by(world.size());
        let mut sum = [mine.map(|x| x * x).sum::<u64>()];
        world.all_reduce_in_place(&mut sum, &op::Sum)?;
        Ok((sum[0], std::process::id()))
    }
}

par_process::program!(Squares);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    par_process::init();
    let world = ProcessWorld::new(4)?;

    let outputs = world.run(&Squares { below: 1000, victim: None })?;
    let sum = outputs[0].0;
    let mut pids: Vec<u32> = outputs.iter().map(|(_, pid)| *pid).collect();
    pids.dedup();
    println!("{} ranks in {} processes, sum of the squares below 1000: {sum}", world.ranks(), pids.len());
    assert!(outputs.iter().all(|(other, _)| *other == 332_833_500) && pids.len() == 4);

    let error = world.run(&Squares { below: 1000, victim: Some(2) }).expect_err("rank 2 is killed");
    println!("{error}");
    assert_eq!(error.to_string(), "rank 2: its process was killed by signal 9");
    assert!(matches!(error, SpmdError::Ranks(failures) if failures.len() == 4));
    Ok(())
}
