//! What can go wrong, in words that say what to do.

use std::borrow::Cow;
use std::panic::Location;
use std::time::Duration;

use par_core::Panic;

use crate::task::Task;

/// Why something was cancelled, in words.
pub type Reason = Cow<'static, str>;

/// A cancellation that reached its goal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cancelled: {reason}")]
pub struct Cancelled {
    /// What whoever cancelled said.
    pub reason: Reason,
}

impl Cancelled {
    pub(crate) const fn new(reason: Reason) -> Self {
        Self { reason }
    }
}

/// Time was up first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not done within {after:?}, which was set at {at}")]
pub struct TimedOut {
    /// How long it was given.
    pub after: Duration,
    /// Where the timeout is in the source.
    pub at: &'static Location<'static>,
}

/// Why a task has no output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// It returned an error, which is in the [`GroupError`] of its group.
    #[error("the task returned an error, which its group reports")]
    Failed,
    /// It panicked; its group reports that, too.
    #[error("the task panicked: {0}")]
    Panicked(Panic),
    /// It was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Why a group failed: everything that went wrong in it, in the order in which it did.
///
/// With no failures, the group was cancelled before its body was done.
#[derive(Debug, thiserror::Error)]
#[error("{}", group(failures, cancelled.as_ref()))]
pub struct GroupError<E: std::fmt::Debug + std::fmt::Display> {
    /// What the tasks and the body said. Those that were only cancelled for it are not among them.
    pub failures: Vec<Failure<E>>,
    /// Why the group was cancelled, if it was; after a failure it says which.
    pub cancelled: Option<Cancelled>,
}

fn group<E: std::fmt::Debug + std::fmt::Display>(
    failures: &[Failure<E>],
    cancelled: Option<&Cancelled>,
) -> String {
    match (failures, cancelled) {
        ([], Some(cancelled)) => format!("the group was {cancelled}"),
        ([], None) => "the group ended without its body".to_owned(),
        ([one], _) => one.to_string(),
        (all, _) => {
            let lines: Vec<_> = all.iter().map(|failure| format!("- {failure}")).collect();
            format!("{} failures:\n{}", all.len(), lines.join("\n"))
        }
    }
}

/// One of the things that went wrong in a group.
#[derive(Debug, thiserror::Error)]
#[error("{} {cause}", who(task.as_ref()))]
pub struct Failure<E: std::fmt::Debug + std::fmt::Display> {
    /// The task; `None`: the body of the group.
    pub task: Option<Task>,
    /// What happened.
    pub cause: Cause<E>,
}

/// A task in words: its name, or its number, and where it was spawned.
pub(crate) fn who(task: Option<&Task>) -> String {
    let Some(task) = task else { return "the body of the group".to_owned() };
    match task.name() {
        Some(name) => format!("`{name}` ({})", task.spawned_at()),
        None => format!("task {} ({})", task.id(), task.spawned_at()),
    }
}

/// What a failed task did.
#[derive(Debug, thiserror::Error)]
pub enum Cause<E: std::fmt::Debug + std::fmt::Display> {
    /// It returned this error.
    #[error("failed: {0}")]
    Error(E),
    /// It panicked.
    #[error("panicked: {0}")]
    Panicked(Panic),
}

/// Why a loop did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoopError {
    /// It was closed.
    #[error("the loop is closed and takes nothing more; make a new one")]
    Closed,
    /// It runs, on this thread.
    #[error("the loop runs already; `stop` it first")]
    Running,
    /// This thread runs a runtime, or another loop.
    #[error("this thread is inside a runtime already; run the loop on a thread of its own")]
    Nested,
    /// Too many calls from other threads wait for the loop.
    #[error("{waiting} calls from other threads wait for the loop already; call again later")]
    Full {
        /// How many.
        waiting: usize,
    },
    /// It was stopped before the future was done, which was dropped.
    #[error("the loop was stopped before the future was done")]
    Stopped,
    /// The future panicked.
    #[error("the future panicked: {0}")]
    Panicked(Panic),
    /// The future was cancelled.
    #[error("the future was {0}")]
    Cancelled(#[from] Cancelled),
    /// The runtime under it, or the thread that watches it, could not be started.
    #[error("the loop could not be started; the process may be out of threads or file descriptors")]
    Runtime(#[source] std::io::Error),
}

/// Why a runner has no output of its main future.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// This thread runs a runtime already.
    #[error(
        "this thread is inside a runtime already; await the future there, or run it on a thread of its own"
    )]
    Nested,
    /// The runtime could not be started.
    #[error("the runtime could not be started; the process may be out of threads or file descriptors")]
    Runtime(#[source] std::io::Error),
    /// The main future panicked.
    #[error("the main future panicked: {0}")]
    Panicked(Panic),
    /// SIGINT came, and the main future was cancelled for it.
    #[error("interrupted by SIGINT")]
    Interrupted,
    /// The main future was cancelled.
    #[error("the main future was {0}")]
    Cancelled(#[from] Cancelled),
}

/// Why an executor could not be built.
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
    /// The runtime could not be started.
    #[error("the runtime could not be started; the process may be out of threads or file descriptors")]
    Runtime(#[source] std::io::Error),
}
