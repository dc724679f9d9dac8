//! What debug mode and loops have to say, and to whom.

use std::fmt;
use std::io::Write as _;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use par_core::Panic;
use par_core::plumbing::catch_panic;
use parking_lot::RwLock;

/// Something that ran, or should have.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Work {
    /// What it is: `"task"`, `"callback"`, or the name of a future, e.g. `"sleep"`.
    pub what: &'static str,
    /// The number of a task.
    pub task: Option<u64>,
    /// Its name, if it has one.
    pub name: Option<Arc<str>>,
    /// Where it was spawned, scheduled or made.
    pub at: &'static Location<'static>,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        if let Some(task) = self.task {
            write!(f, " {task}")?;
        }
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        write!(f, " ({})", self.at)
    }
}

/// Something that a program should not do; it displays as one line.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Report {
    /// It blocks its thread, now, and for so long already.
    Blocked {
        /// Who blocks.
        work: Work,
        /// Since its poll, or the callback, began.
        elapsed: Duration,
    },
    /// It has blocked its thread, and is over.
    Slow {
        /// Who blocked.
        work: Work,
        /// From the begin of the poll, or the callback, to its end.
        elapsed: Duration,
    },
    /// A future was dropped, and nobody had ever polled it, so it did nothing.
    ///
    /// `tokio::select!` may do that to a branch, and is reported, too.
    NeverAwaited {
        /// The future.
        work: Work,
    },
    /// It failed, and nobody looked.
    NeverRetrieved {
        /// Who failed.
        work: Work,
        /// How.
        failure: String,
    },
    /// A callback panicked.
    Panicked {
        /// The callback.
        work: Work,
        /// With what.
        panic: Panic,
    },
    /// A callback returned an error.
    Failed {
        /// The callback.
        work: Work,
        /// What it said.
        failure: String,
    },
}

impl Report {
    /// Who it is about.
    pub const fn work(&self) -> &Work {
        match self {
            Self::Blocked { work, .. }
            | Self::Slow { work, .. }
            | Self::NeverAwaited { work }
            | Self::NeverRetrieved { work, .. }
            | Self::Panicked { work, .. }
            | Self::Failed { work, .. } => work,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked { work, elapsed } => {
                write!(
                    f,
                    "{work} blocks its thread, for {elapsed:.1?} already; let a thread of its own do that"
                )
            }
            Self::Slow { work, elapsed } => write!(f, "{work} has blocked its thread for {elapsed:.1?}"),
            Self::NeverAwaited { work } => write!(f, "{work} was never awaited, and did nothing"),
            Self::NeverRetrieved { work, failure } => {
                write!(f, "{work} failed, and nobody looked: {failure}")
            }
            Self::Panicked { work, panic } => write!(f, "{work} panicked: {panic}"),
            Self::Failed { work, failure } => write!(f, "{work} failed: {failure}"),
        }
    }
}

pub(crate) type Handler = Arc<dyn Fn(&Report) + Send + Sync>;

static HANDLER: RwLock<Option<Handler>> = RwLock::new(None);

/// Who takes the reports of all loops and runners that have no handler of their own, instead of the standard error.
///
/// It is called on the thread that reports; for what blocks that is the watchdog's.
pub fn set_report_handler(handler: impl Fn(&Report) + Send + Sync + 'static) {
    *HANDLER.write() = Some(Arc::new(handler));
}

/// To `own`, else to the process's handler, else to the standard error.
pub(crate) fn send(own: Option<&Handler>, report: &Report) {
    let handler = own.cloned().or_else(|| HANDLER.read().clone());
    match handler {
        // Its panic was reported by the panic hook.
        Some(handler) => drop(catch_panic(|| handler(report))),
        None => drop(writeln!(std::io::stderr(), "par-async: {report}")),
    }
}
