//! What a program can run things on.

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;

use par_core::Executor;

/// Why an executor could not be started; any error or text.
pub type StartError = Box<dyn Error + Send + Sync>;
/// Starts an executor with that many workers.
pub type Start = fn(NonZeroUsize) -> Result<Box<dyn Executor>, StartError>;

/// One executor of a bench program: its name, and how to start it or why that is not possible here.
#[derive(Debug, Clone)]
pub struct ExecutorSpec {
    pub(super) name: String,
    pub(super) max_workers: Option<NonZeroUsize>,
    pub(super) kind: Kind,
}

/// What stands behind the name.
#[derive(Clone)]
pub(super) enum Kind {
    /// `Workload::serial`, without any executor.
    BestSerial,
    Present(Start),
    Absent {
        reason: String,
        remedy: String,
    },
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BestSerial => f.write_str("BestSerial"),
            Self::Present(_) => f.write_str("Present"),
            Self::Absent { reason, .. } => write!(f, "Absent({reason})"),
        }
    }
}

impl ExecutorSpec {
    /// An executor that can be started here.
    ///
    /// # Examples
    /// ```
    /// use par_benches::program::ExecutorSpec;
    /// use par_core::LoopbackExecutor;
    /// let spec = ExecutorSpec::present("loopback", |_| Ok(Box::new(LoopbackExecutor::new()))).max_workers(1);
    /// ```
    pub fn present(name: impl Into<String>, start: Start) -> Self {
        Self { name: name.into(), max_workers: None, kind: Kind::Present(start) }
    }

    /// An executor that cannot run here: why, and the command that would help.
    pub fn absent(name: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        let kind = Kind::Absent { reason: reason.into(), remedy: remedy.into() };
        Self { name: name.into(), max_workers: None, kind }
    }

    /// The best serial code of each workload, under the name `serial`: what absolute speedups are measured against.
    pub fn best_serial() -> Self {
        Self { name: "serial".to_owned(), max_workers: Some(NonZeroUsize::MIN), kind: Kind::BestSerial }
    }

    /// It never has more workers than these (0 is taken for 1).
    #[must_use]
    pub fn max_workers(self, workers: usize) -> Self {
        Self { max_workers: Some(NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN)), ..self }
    }
}
