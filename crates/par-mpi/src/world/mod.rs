//! All ranks that were launched together.

mod config;
mod last_words;
mod main;
mod run;
mod session;

use std::rc::Rc;

use par_core::comm::Communicator;

pub use config::Builder;
pub(crate) use session::{Session, is_unwinding, timed_out};

use crate::comm::MpiComm;
use crate::error::WorldError;
use crate::launch;
use crate::native::base;
use config::Settings;

/// All ranks that `mpirun` has started together; without `mpirun`, a world of one.
///
/// MPI begins with it, and ends when it and every communicator made from it are gone.
///
/// # Examples
/// ```no_run
/// use par_core::comm::{Communicator, op};
/// use par_mpi::MpiWorld;
///
/// let world = MpiWorld::init()?;
/// let mut sum = [world.comm().rank() as u64];
/// world.comm().all_reduce_in_place(&mut sum, &op::Sum)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MpiWorld {
    comm: MpiComm,
}

impl MpiWorld {
    /// Initialises MPI.
    ///
    /// # Errors
    /// As [`Builder::build`].
    ///
    /// # Blocking
    /// Until all ranks of the launch have come.
    pub fn init() -> Result<Self, WorldError> {
        Self::builder().build()
    }

    /// What the world is made with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn with(settings: Settings) -> Result<Self, WorldError> {
        let comm = MpiComm::world(&Rc::new(Session::begin(settings)?))?;
        let announced = launch::announced(|variable| std::env::var(variable).ok());
        if let (1, Some((variable, announced @ 2..))) = (comm.size(), announced) {
            let library = base::library_version();
            let library = library.lines().next().unwrap_or_default().trim_end_matches(',').to_owned();
            return Err(WorldError::WrongLauncher { variable, announced, library });
        }
        last_words::name_rank_in_panics(comm.rank(), comm.size());
        Ok(Self { comm })
    }

    /// The communicator of all ranks.
    pub const fn comm(&self) -> &MpiComm {
        &self.comm
    }

    /// Seconds since some moment in the past, which is the same for as long as the process lives.
    pub fn wtime(&self) -> f64 {
        base::wtime()
    }

    /// The resolution of [`wtime`](Self::wtime), in seconds.
    pub fn wtick(&self) -> f64 {
        base::wtick()
    }

    /// The name of the machine that this rank runs on.
    ///
    /// # Errors
    /// [`CommError::Native`](par_core::comm::CommError::Native).
    pub fn processor_name(&self) -> Result<String, par_core::comm::CommError> {
        base::processor_name()
    }

    /// What the MPI library says about itself.
    pub fn library_version(&self) -> String {
        base::library_version()
    }

    /// The version of the MPI standard that the library follows.
    pub fn mpi_version(&self) -> (u32, u32) {
        base::version()
    }

    /// Ends all ranks of the job with this exit code, now.
    pub fn abort(&self, code: i32) -> ! {
        base::abort(code)
    }
}
