//! What the start of a world is told, and why it fails.

use par_core::comm::CommError;

/// Which threads of a rank may call MPI, from the least to the most that a library can allow (MPI 4.1, §11.6.1).
///
/// Communicators of this crate stay on the thread that made the world, so [`Funneled`](Self::Funneled) is enough for
/// them; more is for libraries beside them that call MPI on threads of their own, and costs locks in each call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ThreadLevel {
    /// There is one thread.
    Single,
    /// There may be others, and one calls MPI.
    #[default]
    Funneled,
    /// Any may call MPI, one at a time.
    Serialized,
    /// Any may call MPI at any time.
    Multiple,
}

/// Why there is no world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// MPI can be initialised once in the life of a process, and has been.
    #[error("MPI has been initialised in this process before, and can be only once: hand the first world on")]
    AlreadyInitialised,
    /// The library allows less than was asked for.
    #[error(
        "the thread level {wanted:?} was asked for, and this MPI gives {got:?}: ask for that, \
         or use a build of the library with thread support"
    )]
    ThreadLevel {
        /// What was asked for.
        wanted: ThreadLevel,
        /// What there is.
        got: ThreadLevel,
    },
    /// The launcher belongs to another MPI than the program, which runs as many worlds of one.
    #[error(
        "{variable} says that {announced} ranks were launched, but this world has one: the launcher belongs to \
         another MPI than the program, which was built with {library}; use that one's mpirun"
    )]
    WrongLauncher {
        /// The variable that the launcher has set.
        variable: String,
        /// How many ranks it says that there are.
        announced: usize,
        /// The library that the program was linked with.
        library: String,
    },
    /// MPI said no.
    #[error("MPI could not be initialised: {0}")]
    Native(#[from] CommError),
}
