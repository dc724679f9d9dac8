//! Why a thread did not start, how it died, and which ones still run.

use std::io;
use std::time::Duration;

use par_core::Panic;

use super::{Thread, ThreadId};

/// A thread that panicked: which one, what it said, and where.
///
/// # Examples
/// ```
/// use par_threads::thread;
///
/// let worker = thread::Builder::new().name("parser").spawn(|| -> u32 { panic!("line 7 is empty") })?;
/// let error = worker.join().expect_err("it panicked");
/// assert_eq!(error.thread, "parser");
/// assert!(error.to_string().starts_with("the thread `parser` panicked: line 7 is empty (at "));
/// # Ok::<(), thread::SpawnError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the thread `{thread}` panicked: {panic}")]
#[non_exhaustive]
pub struct ThreadPanic {
    /// The thread's name.
    pub thread: String,
    /// The thread's identifier.
    pub id: ThreadId,
    /// The message, the place, and the backtrace where `RUST_BACKTRACE` asked for one.
    pub panic: Panic,
}

impl ThreadPanic {
    pub(super) fn new(thread: &Thread, panic: Panic) -> Self {
        Self { thread: thread.name().to_owned(), id: thread.id(), panic }
    }
}

/// Why a thread was not started; what was to run has been dropped, and nothing of it has run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The stack is too small for the start of a thread and the report of its panic.
    #[error("a stack of {bytes} bytes is too small for a thread; ask for at least {least}")]
    StackTooSmall {
        /// What was asked for.
        bytes: usize,
        /// The least that is accepted.
        least: usize,
    },
    /// The name cannot be given to the operating system.
    #[error("the thread's name {name:?} has a NUL at byte {position}; leave it out")]
    NulInName {
        /// The name.
        name: String,
        /// The byte at which the first NUL is.
        position: usize,
    },
    /// The operating system refused.
    #[error(
        "the operating system refused to start the thread `{name}`; lower its stack size, run fewer threads at once, \
         or raise the limit on threads"
    )]
    Refused {
        /// The thread's name.
        name: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// The thread was asked to stop; whoever gets this cleans up and returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the thread was asked to stop")]
pub struct Cancelled;

/// Threads that were still running when the time for [`join_all`](super::join_all) was up; they go on.
#[derive(Debug, Clone, thiserror::Error)]
#[error("after {waited:?} {} still running: {}", how_many(threads), names(threads))]
#[non_exhaustive]
pub struct StillRunning {
    /// The threads, in the order in which they were started.
    pub threads: Vec<Thread>,
    /// How long the call waited.
    pub waited: Duration,
}

fn how_many(threads: &[Thread]) -> String {
    match threads.len() {
        1 => "1 thread is".to_owned(),
        count => format!("{count} threads are"),
    }
}

fn names(threads: &[Thread]) -> String {
    let names: Vec<_> = threads.iter().map(|thread| format!("`{}`", thread.name())).collect();
    names.join(", ")
}
