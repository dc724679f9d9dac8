//! Why there is no pool.

use std::io;
use std::time::Duration;

use par_core::TaskError;

use crate::event::Exit;

/// Why a pool could not be started; also what breaks one whose workers cannot be replaced.
///
/// # Examples
/// ```no_run
/// use par_process::{PoolError, ProcessPool};
///
/// par_process::init();
/// match ProcessPool::new() {
///     Ok(pool) => println!("{} workers", pool.worker_pids().len()),
///     Err(PoolError::NotInitialised) => println!("call par_process::init() first"),
///     Err(other) => println!("{other}"),
/// }
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
    /// The program of the workers does not call [`init`](crate::init) before it makes a pool of its own.
    #[error(
        "a worker started a pool instead of working: \
         call `par_process::init()` as the first thing in `main`, and if the program is a test, set `harness = false`"
    )]
    NotInitialised,
    /// A worker process could not be started at all.
    #[error("worker {worker} could not be started: is the program there and executable, are processes left?")]
    Spawn {
        /// The worker's index.
        worker: usize,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A worker process ended before it was ready.
    #[error(
        "worker {worker} {exit} before it was ready: does its program call `par_process::init()` first in `main`?"
    )]
    WorkerDied {
        /// The worker's index.
        worker: usize,
        /// How it ended.
        exit: Exit,
    },
    /// A worker process was not ready in time and was killed.
    #[error(
        "worker {worker} was not ready within {waited:?}: \
         does its program call `par_process::init()` first in `main`? else raise `start_timeout`"
    )]
    StartTimeout {
        /// The worker's index.
        worker: usize,
        /// How long the pool waited.
        waited: Duration,
    },
    /// The initializer failed in a worker, so none of them can be trusted.
    #[error("the initializer failed in worker {worker}")]
    Initializer {
        /// The worker's index.
        worker: usize,
        /// What became of the initializer's task.
        #[source]
        source: TaskError,
    },
    /// The initializer could not be turned into bytes.
    #[error("the initializer cannot be sent to workers")]
    Encode(#[source] TaskError),
    /// A worker could not set itself up as it was told.
    #[error("worker {worker} could not be set up: {reason}")]
    Setup {
        /// The worker's index.
        worker: usize,
        /// What went wrong there.
        reason: String,
    },
    /// The operating system refused something that every pool needs.
    #[error("the pool could not get {what} from the operating system; see par_process::probe()")]
    System {
        /// What was asked for.
        what: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The pool was told to stop while it was starting.
    #[error("the pool was shut down while it was starting")]
    ShutDown,
}

impl PoolError {
    /// The error and all its causes, on one line.
    pub(crate) fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
