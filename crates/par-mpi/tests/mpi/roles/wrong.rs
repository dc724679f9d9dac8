//! Wrong programs, each wrong in one way.

use std::io::Write;

use par_core::comm::{CommError, Communicator, RankFailure, SpmdError, Tag};
use par_mpi::{MpiComm, MpiWorld};

use super::Outcome;

/// A failure of every rank that could be told, and no end of the job.
pub(super) fn agreed(world: &MpiWorld) -> Outcome {
    let failures = |result: Result<(), SpmdError>| match result {
        Err(SpmdError::Ranks(failures)) => failures,
        other => panic!("{other:?} is no failure of ranks"),
    };
    let last = world.comm().size() - 1;
    let failed =
        failures(world.run_fn(|comm| {
            if comm.rank() == last { Err(CommError::program("no such file")) } else { Ok(()) }
        }));
    assert_eq!(failed, [(last, RankFailure::Failed(CommError::program("no such file")))]);
    let failed = failures(world.run_fn(|_| panic!("all at once")));
    assert_eq!(failed.len(), last + 1);
    assert!(failed[last].1.to_string().contains("all at once"), "{failed:?}");
    // MPI itself is none the worse for it.
    Ok(world.comm().barrier()?)
}

pub(super) fn truncated(world: &MpiWorld) -> Outcome {
    Ok(world.run_fn(|comm| {
        if comm.rank() == 0 {
            comm.send(&[1_u64, 2], 1, Tag(5))?;
        } else {
            comm.recv_into(&mut [0_u64], 0, Tag(5))?;
        }
        comm.barrier()
    })?)
}

pub(super) fn root(world: &MpiWorld) -> Outcome {
    Ok(world.run_fn(|comm| comm.broadcast(&mut [0_u8], comm.size()))?)
}

fn rank_1_panics(comm: &MpiComm) -> Result<(), CommError> {
    assert!(comm.rank() != 1, "rank 1 has had enough");
    comm.barrier()
}

pub(super) fn panics(world: &MpiWorld) -> Outcome {
    Ok(world.run_fn(rank_1_panics)?)
}

pub(super) fn panics_outside_run(world: &MpiWorld) -> Outcome {
    Ok(rank_1_panics(world.comm())?)
}

fn rank_2_fails(comm: &MpiComm) -> Result<(), CommError> {
    if comm.rank() == 2 { Err(CommError::program("no such file")) } else { comm.barrier() }
}

pub(super) fn fails(world: &MpiWorld) -> Outcome {
    Ok(world.run_fn(rank_2_fails)?)
}

pub(super) fn fails_outside_run(world: &MpiWorld) -> Outcome {
    Ok(rank_2_fails(world.comm())?)
}

/// Rank 1 dies as by `kill -9`, which no code of its own sees.
pub(super) fn is_killed(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    if comm.rank() == 1 {
        let own = std::process::id().to_string();
        std::process::Command::new("kill").args(["-9", &own]).status()?;
    }
    Ok(comm.barrier()?)
}

/// Rank 1 leaves without ending MPI, and with an exit code that says nothing is wrong.
pub(super) fn leaves(world: &MpiWorld) -> Outcome {
    let comm = world.comm();
    if comm.rank() == 1 {
        std::io::stdout().flush()?;
        std::process::exit(0);
    }
    Ok(comm.barrier()?)
}

/// A message with a tag that nobody sends.
pub(super) fn waits_for_ever(world: &MpiWorld) -> Outcome {
    Ok(world.run_fn(|comm| comm.recv::<u8>(1 - comm.rank(), Tag(9)).map(drop))?)
}

/// Both send first, which works until messages are long.
pub(super) fn head_to_head(world: &MpiWorld) -> Outcome {
    Ok(world.run_fn(|comm| {
        let other = 1 - comm.rank();
        comm.send(&vec![0_u8; 1 << 20], other, Tag(1))?;
        comm.recv::<u8>(other, Tag(1)).map(drop)
    })?)
}
