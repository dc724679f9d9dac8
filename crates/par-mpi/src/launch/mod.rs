//! How ranks are started: `mpirun`, which MPI it belongs to, and what it must be told on this machine.
//!
//! ```no_run
//! use par_mpi::launch::Mpirun;
//!
//! let status = Mpirun::find(4)?.program("target/release/examples/ring").command().status()?;
//! assert!(status.success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod announced;
mod launcher;
mod machine;
mod mpirun;

pub use announced::announced;
pub use launcher::{Launcher, Library, NoLauncher};
pub use machine::Machine;
pub use mpirun::Mpirun;
