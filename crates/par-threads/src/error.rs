//! Why a pool could not be built, or resized.

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
    /// A setting has a value that no system can give.
    #[error("`{setting}` must be at most {most}")]
    TooLarge {
        /// The setting's name.
        setting: &'static str,
        /// Its largest value.
        most: usize,
    },
    /// The name cannot be given to the operating system.
    #[error("the name {name:?} of the pool's threads has a NUL at byte {position}; leave it out")]
    NulInName {
        /// The name.
        name: String,
        /// The byte at which the first NUL is.
        position: usize,
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
    /// A worker could not be put on its processor.
    #[error(
        "worker {worker} cannot run on processor {processor}; this process may use the processors {allowed:?}, \
         choose among them"
    )]
    Processor {
        /// The index of the worker.
        worker: usize,
        /// The processor that was asked for: it does not exist, or is not allowed.
        processor: usize,
        /// Those that may be used.
        allowed: Vec<usize>,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The list of processors is empty.
    #[error("`Affinity::Processors` needs at least one processor; leave `affinity` out if any will do")]
    NoProcessor,
    /// This operating system has no way to put threads on processors.
    #[error("threads can be put on processors on Linux alone; leave `affinity` out")]
    AffinityUnsupported,
    /// A [`RayonPool`](crate::RayonPool) cannot do that.
    #[error("a `RayonPool` knows no `{setting}`; leave it out, or build a `ThreadPool`")]
    NotWithRayon {
        /// The setting's name.
        setting: &'static str,
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

/// Why a pool was not resized; it has as many workers as before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResizeError {
    /// A pool without a worker would run nothing, ever.
    #[error("a pool needs at least one worker; shut it down if it is to run nothing more")]
    Zero,
    /// The pool was not built for so many.
    #[error(
        "{wanted} workers are more than the {most} that the pool may have; build it with `max_workers({wanted})`"
    )]
    TooMany {
        /// How many were asked for.
        wanted: usize,
        /// [`Builder::max_workers`](crate::Builder::max_workers).
        most: usize,
    },
    /// The pool was shut down, or is broken.
    #[error("the pool was shut down, so its number of workers is of no use")]
    ShutDown,
    /// The new workers could not be started; those that could end again, one in its initializer as soon as that returns.
    #[error("the new workers could not be started; the pool still has {workers}")]
    Start {
        /// How many workers the pool has.
        workers: usize,
        /// Why.
        #[source]
        source: BuildError,
    },
}
