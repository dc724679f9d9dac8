//! The worlds that a program of ranks can run in, chosen on the command line.
//!
//! | started as | runs on |
//! |---|---|
//! | `NAME` | four threads, and then four processes |
//! | `NAME --world threads --ranks 7` | seven threads |
//! | `NAME --world processes` | four processes |
//! | `cargo xtask mpirun -n 4 --example NAME`, or any `mpirun` | the ranks of MPI, with the feature `mpi` |

use std::fmt;
use std::process::ExitCode;

use par_core::comm::{Spmd, SpmdError};
use par_process::ProcessWorld;
use par_threads::ThreadWorld;

/// A world that was chosen.
#[derive(Debug)]
pub enum Place {
    /// Ranks are threads.
    Threads(usize),
    /// Ranks are processes.
    Processes(usize),
    /// Ranks are those that `mpirun` started, this process among them.
    #[cfg(feature = "mpi")]
    Mpi(par_mpi::MpiWorld),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threads(ranks) => write!(f, "{ranks} threads"),
            Self::Processes(ranks) => write!(f, "{ranks} processes"),
            #[cfg(feature = "mpi")]
            Self::Mpi(_) => write!(f, "{} ranks of MPI", self.ranks()),
        }
    }
}

impl Place {
    /// How many ranks it has.
    pub fn ranks(&self) -> usize {
        match self {
            Self::Threads(ranks) | Self::Processes(ranks) => *ranks,
            #[cfg(feature = "mpi")]
            Self::Mpi(world) => par_core::comm::Communicator::size(world.comm()),
        }
    }

    /// Runs a program: what every rank yields, in rank order; under MPI, what this rank yields.
    ///
    /// Checks are on, so a program that would hang ends with a report.
    ///
    /// # Errors
    /// What went wrong on which rank.
    pub fn run<P: Spmd>(&self, program: &P) -> Result<Vec<P::Output>, SpmdError> {
        match self {
            Self::Threads(ranks) => ThreadWorld::builder().ranks(*ranks).checked(true).build()?.run(program),
            Self::Processes(ranks) => {
                ProcessWorld::builder().ranks(*ranks).checked(true).build()?.run(program)
            }
            #[cfg(feature = "mpi")]
            Self::Mpi(world) => world.run(program).map(|output| vec![output]),
        }
    }

    /// Whether this process is the one that speaks for all: under MPI rank 0 alone.
    pub fn speaks(&self) -> bool {
        match self {
            Self::Threads(_) | Self::Processes(_) => true,
            #[cfg(feature = "mpi")]
            Self::Mpi(world) => par_core::comm::Communicator::rank(world.comm()) == 0,
        }
    }
}

/// Runs `f` in every world that the command line names; the first thing in `main`.
///
/// Worker processes never come back from here: they are this program, too.
pub fn main(f: impl Fn(&Place) -> Result<(), Box<dyn std::error::Error>>) -> ExitCode {
    par_process::init();
    let places = match chosen() {
        Ok(places) => places,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    for place in &places {
        if place.speaks() {
            println!("on {place}:");
        }
        if let Err(error) = f(place) {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn chosen() -> Result<Vec<Place>, String> {
    let usage = || "usage: [--world threads|processes|mpi] [--ranks N]".to_owned();
    let (mut world, mut ranks) = (None, 4);
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or_else(usage)?;
        match flag.as_str() {
            "--world" => world = Some(value),
            "--ranks" => ranks = value.parse().ok().filter(|ranks| *ranks > 0).ok_or_else(usage)?,
            _ => return Err(usage()),
        }
    }
    match world.as_deref() {
        None if launched_by_mpirun() => mpi(),
        None => Ok(vec![Place::Threads(ranks), Place::Processes(ranks)]),
        Some("threads") => Ok(vec![Place::Threads(ranks)]),
        Some("processes") => Ok(vec![Place::Processes(ranks)]),
        Some("mpi") => mpi(),
        Some(_) => Err(usage()),
    }
}

/// Open MPI and MPICH tell each process its rank in its environment.
fn launched_by_mpirun() -> bool {
    ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"].iter().any(|name| std::env::var_os(name).is_some())
}

#[cfg(feature = "mpi")]
fn mpi() -> Result<Vec<Place>, String> {
    let world = par_mpi::MpiWorld::builder().checked(true).build().map_err(|error| error.to_string())?;
    Ok(vec![Place::Mpi(world)])
}

#[cfg(not(feature = "mpi"))]
fn mpi() -> Result<Vec<Place>, String> {
    Err("this program was built without MPI: `cargo xtask mpirun` builds it with the feature `mpi`"
        .to_owned())
}
