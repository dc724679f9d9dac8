//! Why a pool could not be built.

use std::time::Duration;

/// Why a pool could not be built; the threads that have started end, one in an initializer as soon as that returns.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A setting has a value that makes no sense.
    #[error("`{setting}` must be at least {least}")]
    TooSmall {
        /// The setting's name.
        setting: &'static str,
        /// Its least value.
        least: usize,
    },
    /// The operating system refused a thread.
    #[error(
        "worker {worker} of {workers} could not be started; lower `workers` or `stack_size`, or raise the limit on threads"
    )]
    Spawn {
        /// The index of the worker that could not be started.
        worker: usize,
        /// How many were wanted.
        workers: usize,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The initializer panicked.
    #[error("the initializer of worker {worker} panicked: {message}")]
    Initializer {
        /// The index of the worker.
        worker: usize,
        /// What it said.
        message: String,
    },
    /// The initializers took too long.
    #[error(
        "{missing} of the workers had not started after {waited:?}; is an initializer waiting for something?"
    )]
    StartTimedOut {
        /// How many workers had not reported.
        missing: usize,
        /// How long the builder waited.
        waited: Duration,
    },
    /// rayon refused to build its pool.
    #[error("rayon could not build its pool: {reason}")]
    Rayon {
        /// What it said.
        reason: String,
    },
}
