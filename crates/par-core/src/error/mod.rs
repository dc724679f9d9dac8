//! Errors answer three questions: was it taken, did the machinery fail, did the run fail.
//!
//! A task's *own* failure is neither: it is part of its output (`type Output = Result<…>`).

mod sync;

pub use sync::{
    BreakCause, BrokenBarrier, DoneTooOften, GetError, JoinTimedOut, PutError, QueueShutdown,
    ReleasedTooOften,
};

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Was it taken? Why an executor refused a task; nothing has run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The executor was shut down, so it takes no new tasks.
    #[error("the executor `{executor}` was shut down and takes no new tasks")]
    ShutDown {
        /// The executor's name.
        executor: String,
    },
    /// The executor cannot run anything any more.
    #[error("the executor `{executor}` is broken: {reason}")]
    Broken {
        /// The executor's name.
        executor: String,
        /// What broke it.
        reason: String,
    },
    /// The queue was full until the task's deadline had passed.
    #[error("the queue of `{executor}` stayed full until the deadline of the task")]
    DeadlineExceeded {
        /// The executor's name.
        executor: String,
    },
}

/// Did the machinery fail? Why a task that was taken has no output; travels between processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The task panicked; the worker lives on.
    #[error("the task panicked: {0}")]
    Panicked(Panic),
    /// The worker that held the task is gone, and no retry was left.
    #[error("{0}")]
    WorkerLost(WorkerLost),
    /// The task was cancelled: before it started, or while it ran and it heeded the request or was killed.
    #[error("the task was cancelled")]
    Cancelled,
    /// The task's deadline passed before its output was there.
    #[error("the deadline of the task passed before its output was there")]
    DeadlineExceeded,
    /// The worker knows a task of this name with other argument or output types.
    #[error(
        "the task `{task}` has schema {theirs:016x} at the worker and {ours:016x} here: \
         both sides must run the same version of the program"
    )]
    SchemaMismatch {
        /// The task's name.
        task: String,
        /// The caller's hash of name and types.
        ours: u64,
        /// The worker's hash of name and types.
        theirs: u64,
    },
    /// The worker knows no task of this name.
    #[error("{}", unregistered(task, *known))]
    Unregistered {
        /// The task's name.
        task: String,
        /// How many tasks the worker does know; 0 means that the linker dropped their crate.
        known: usize,
    },
    /// The executor refused the task, in the middle of a `map`.
    #[error("the task was not taken")]
    Refused(#[source] SubmitError),
    /// Bytes could not be turned into a value, or a value into bytes.
    #[error("the task `{task}` could not cross the wire: {reason}")]
    Codec {
        /// The task's name.
        task: String,
        /// What the codec said.
        reason: String,
    },
    /// A closure was given to an executor whose workers are elsewhere.
    #[error(
        "`{task}` is a closure and closures cannot leave the process: \
         make it a function with #[par_core::task], or use an executor whose capabilities say `closures`"
    )]
    NotSerialisable {
        /// The job's name.
        task: String,
    },
    /// The wait for the task would never end; the task itself goes on, as soon as the one that waited returns.
    #[error(
        "waiting here for `{task}` would never end: it lies below the waiting task on the stack of a worker, which \
         runs other tasks while one waits, or it waits for a lock that this thread holds; wait only for tasks that this \
         one has submitted, or use `on_done`, and hold no lock that they take"
    )]
    WouldDeadlock {
        /// The name of the task that was waited for.
        task: String,
    },
}

fn unregistered(task: &str, known: usize) -> String {
    if known == 0 {
        format!(
            "the worker knows no task at all, so not `{task}`: the linker drops a crate that is never mentioned, \
             write `use the_crate_with_the_tasks as _;` in the program that runs the worker"
        )
    } else {
        format!(
            "the worker knows {known} tasks, but none is called `{task}`: \
             does it run the same program, and is the function marked #[par_core::task]?"
        )
    }
}

/// What a panicking task or thread said, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panic {
    /// The panic's message; `"a value that is not text"` when the payload was not a string.
    pub message: String,
    /// `file:line:column`, where it is known.
    pub location: Option<String>,
    /// The backtrace, where `RUST_BACKTRACE` asked for one.
    pub backtrace: Option<String>,
}

impl std::fmt::Display for Panic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(location) = &self.location {
            write!(f, " (at {location})")?;
        }
        Ok(())
    }
}

/// A worker that died with a task in its hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", lost(self))]
pub struct WorkerLost {
    /// The task's name.
    pub task: String,
    /// The worker's index in its executor, where there is one.
    pub worker: Option<usize>,
    /// The signal that ended it, e.g. 9 for SIGKILL.
    pub signal: Option<i32>,
    /// The code that it exited with.
    pub exit_code: Option<i32>,
    /// How many times the task was started, retries included.
    pub attempts: u32,
    /// What was seen, in words, when neither signal nor code is known.
    pub reason: String,
}

impl WorkerLost {
    /// A loss of which only the circumstances are known.
    pub fn because(task: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            task: task.into(),
            worker: None,
            signal: None,
            exit_code: None,
            attempts: 1,
            reason: reason.into(),
        }
    }
}

fn lost(loss: &WorkerLost) -> String {
    let worker = loss.worker.map_or_else(|| "the worker".to_owned(), |index| format!("worker {index}"));
    let cause = match (loss.signal, loss.exit_code) {
        (Some(signal), _) => format!("was killed by signal {signal}{}", signal_name(signal)),
        (None, Some(code)) => format!("exited with code {code}"),
        (None, None) => format!("is gone ({})", loss.reason),
    };
    let attempts = match loss.attempts {
        0 | 1 => String::new(),
        n => format!(", at attempt {n}"),
    };
    format!("{worker} {cause} while it held the task `{}`{attempts}", loss.task)
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

/// Did the run fail? Why a [`Runner`](crate::Runner) has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A chunk was not taken.
    #[error("chunk {chunk} of `{workload}` was refused")]
    Refused {
        /// The workload's name.
        workload: String,
        /// Which chunk, counted from 0 in chunk order.
        chunk: usize,
        /// Why.
        #[source]
        source: SubmitError,
    },
    /// A chunk has no partial; the other chunks were cancelled.
    #[error("chunk {chunk} of `{workload}` failed")]
    Chunk {
        /// The workload's name.
        workload: String,
        /// Which chunk, counted from 0 in chunk order.
        chunk: usize,
        /// Why.
        #[source]
        source: TaskError,
    },
    /// The ranks that ran it together no longer agree: one is lost, or a message did not come through.
    #[error("the ranks that run `{workload}` did not come to an answer together")]
    World {
        /// The workload's name.
        workload: String,
        /// Why.
        #[source]
        source: crate::comm::CommError,
    },
}

/// A shutdown that was still waiting when its time was up; a harder [`Level`](crate::Level) may follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the executor `{executor}` still runs {running} tasks after {waited:?}")]
pub struct ShutdownTimedOut {
    /// The executor's name.
    pub executor: String,
    /// How many tasks were still running.
    pub running: usize,
    /// How long the shutdown waited.
    pub waited: Duration,
}

/// A number that must be at least 1 was 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be at least 1")]
pub struct ZeroError {
    /// What was 0, e.g. `"parts"`.
    pub what: &'static str,
}
