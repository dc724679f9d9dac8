//! Why a pool ended, or never began.

use std::io;

use par_core::comm::CommError;

/// Why a pool could not be served to its end.
///
/// # Examples
/// ```
/// use par_core::testing::ModelWorld;
/// use par_mpi::{MpiPool, PoolError};
///
/// let outcome = ModelWorld::new(1).run_fn(|world| {
///     let served = MpiPool::builder().queue_bound(0).serve(world, |_| ());
///     Ok(matches!(served, Err(PoolError::Zero { setting: "queue_bound" })))
/// })?;
/// assert_eq!(outcome, [true]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// A setting has a value that makes no sense.
    #[error("`{setting}` must be at least 1")]
    Zero {
        /// The setting's name.
        setting: &'static str,
    },
    /// The communicator failed; what was pending has failed, too.
    #[error("the ranks of the pool could not talk to one another")]
    Comm(#[from] CommError),
    /// A thread could not be started.
    #[error("a thread of the pool could not be started: are threads left?")]
    Thread(#[source] io::Error),
    /// Two tasks of this program have one name.
    #[error(transparent)]
    Registry(#[from] par_core::RegistryError),
    /// Another rank sent something that is no message of a pool.
    #[error("rank {rank} sent what is no message of a pool: does it run the same version of the program?")]
    Garbled {
        /// The rank that sent it.
        rank: usize,
    },
}

impl From<PoolError> for CommError {
    /// So that an SPMD program can use `?`.
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Comm(error) => error,
            other => Self::program(other),
        }
    }
}
