//! The whole of a program's `main`.

use std::error::Error;
use std::process::ExitCode;

use par_core::comm::{Communicator, SpmdError};

use super::session::FAILED;
use super::{MpiWorld, last_words};

impl MpiWorld {
    /// Initialises MPI, runs `f` on every rank and ends MPI; a rank that fails says so in one line and ends the job.
    ///
    /// The job's exit code is 101 when a rank panicked and 102 when one failed, and no rank waits for one that is gone.
    ///
    /// # Examples
    /// ```no_run
    /// use par_core::comm::Communicator;
    /// use par_mpi::MpiWorld;
    ///
    /// fn main() -> std::process::ExitCode {
    ///     MpiWorld::main(|world| {
    ///         println!("rank {} of {}", world.comm().rank(), world.comm().size());
    ///         Ok(())
    ///     })
    /// }
    /// ```
    pub fn main(f: impl FnOnce(&Self) -> Result<(), Box<dyn Error>>) -> ExitCode {
        Self::main_with(Self::builder(), f)
    }

    /// As [`main`](Self::main), with a world of one's own making.
    pub fn main_with(
        builder: super::Builder,
        f: impl FnOnce(&Self) -> Result<(), Box<dyn Error>>,
    ) -> ExitCode {
        let world = match builder.build() {
            Ok(world) => world,
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::from(FAILED as u8);
            }
        };
        let Err(error) = f(&world) else { return ExitCode::SUCCESS };
        let rank = world.comm().rank();
        if let Some(SpmdError::Ranks(failures)) = error.downcast_ref::<SpmdError>() {
            // All ranks know of it and have ended, so each speaks for itself and MPI ends in order.
            for (_, failure) in failures.iter().filter(|(failed, _)| *failed == rank) {
                last_words::say(rank, &failure.to_string());
            }
            return ExitCode::from(FAILED as u8);
        }
        last_words::say(rank, &error.to_string());
        world.abort(FAILED)
    }
}
