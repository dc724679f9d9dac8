//! Recipe: deadlock, and its cure. Two ranks send a long message to one another and receive after that: each waits for
//! the other to receive. The wrong program is run first, and the report that ends it is part of the output; then it is
//! cured in two ways.
//!
//! Run it: `cargo run -p par-examples --example ranks_deadlock`,
//! or with MPI: `cargo xtask mpirun -n 4 --example ranks_deadlock`, where the wrong program comes last, since a world of
//! MPI is good for nothing after a failure but its end
//!
//! Expected output:
//! ```text
//! on 4 threads:
//! the wrong program ended, as it should:
//!   rank 0 waits in send of 1000000 × u64 … to rank 1, tag 1, at …/deadlock.rs:…
//!   rank 1 waits in send of 1000000 × u64 … to rank 0, tag 1, at …/deadlock.rs:…
//! one sends first, the other receives first: each has the other's numbers
//! both at once, with send_recv: each has the other's numbers
//! on 4 processes:
//! …the same
//! ```

use std::process::ExitCode;

use par_core::comm::{CommError, Communicator, RankFailure, Spmd, SpmdError, Tag};
use par_examples::worlds::{self, Place};
use serde::{Deserialize, Serialize};

const EXCHANGE: Tag = Tag(1);
/// Long enough that no world takes it in before it is received.
const LENGTH: usize = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Exchange {
    /// Both send, and receive after that.
    HeadToHead,
    /// One sends first, the other receives first.
    InTurns,
    /// Both do both at once.
    AtOnce,
}

par_process::program!(Exchange);

impl Spmd for Exchange {
    const NAME: &'static str = "exchange";
    type Output = ();

    fn run<C: Communicator>(&self, world: &C) -> Result<(), CommError> {
        if world.rank() > 1 {
            return Ok(());
        }
        let other = 1 - world.rank();
        let mine = vec![world.rank() as u64; LENGTH];
        let mut theirs = vec![u64::MAX; LENGTH];
        match self {
            Self::HeadToHead => {
                world.send(&mine, other, EXCHANGE)?;
                world.recv_into(&mut theirs, other, EXCHANGE)?;
            }
            Self::InTurns if world.rank() == 0 => {
                world.send(&mine, other, EXCHANGE)?;
                world.recv_into(&mut theirs, other, EXCHANGE)?;
            }
            Self::InTurns => {
                world.recv_into(&mut theirs, other, EXCHANGE)?;
                world.send(&mine, other, EXCHANGE)?;
            }
            Self::AtOnce => {
                world.send_recv(&mine, other, EXCHANGE, &mut theirs, other, EXCHANGE)?;
            }
        }
        assert!(theirs.iter().all(|number| *number == other as u64));
        Ok(())
    }
}

/// Runs the wrong program, which must end with a report.
fn wrong(place: &Place) -> Result<(), Box<dyn std::error::Error>> {
    let Err(SpmdError::Ranks(failures)) = place.run(&Exchange::HeadToHead) else {
        return Err("the wrong program ran through".into());
    };
    let Some((_, RankFailure::Failed(CommError::Deadlock(lines)))) = failures.first() else {
        return Err(format!("the wrong program ended with something else: {failures:?}").into());
    };
    say(place, "the wrong program ended, as it should:");
    for (rank, line) in lines.iter().take(2).enumerate() {
        assert!(
            line.contains(&format!("rank {rank} waits in send")) && line.contains("deadlock.rs"),
            "{line}"
        );
        say(place, &format!("  {line}"));
    }
    Ok(())
}

fn cured(place: &Place) -> Result<(), Box<dyn std::error::Error>> {
    place.run(&Exchange::InTurns)?;
    say(place, "one sends first, the other receives first: each has the other's numbers");
    place.run(&Exchange::AtOnce)?;
    say(place, "both at once, with send_recv: each has the other's numbers");
    Ok(())
}

fn say(place: &Place, line: &str) {
    if place.speaks() {
        println!("{line}");
    }
}

fn main() -> ExitCode {
    worlds::main(|place| {
        if place.ranks() < 2 {
            say(place, "nobody to wait for: run it on two ranks or more");
            return Ok(());
        }
        match place {
            Place::Threads(_) | Place::Processes(_) => wrong(place).and_then(|()| cured(place)),
            #[cfg(feature = "mpi")]
            Place::Mpi(_) => cured(place).and_then(|()| wrong(place)),
        }
    })
}
