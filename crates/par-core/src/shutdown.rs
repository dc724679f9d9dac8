//! The shutdown ladder: drain, cancel what is queued, cancel what runs, kill.

use std::time::Duration;

/// How hard an executor is shut down; each level does what the ones before it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Take no new tasks, finish the ones that were taken.
    Drain,
    /// Also cancel the queued ones; the running ones finish.
    CancelQueued,
    /// Also ask the running ones to stop.
    CancelRunning,
    /// Also end the workers of those that do not listen, where `hard_kill` is possible.
    Kill,
}

/// How to shut an executor down, and how long to wait for it.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_core::{Executor, Level, SerialExecutor, Shutdown};
///
/// let executor = SerialExecutor::new();
/// executor.shutdown(Shutdown::drain().within(Duration::from_secs(5)))?;
/// # Ok::<(), par_core::ShutdownTimedOut>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// How hard.
    pub level: Level,
    /// How long to wait for the running tasks, before [`ShutdownTimedOut`](crate::ShutdownTimedOut).
    pub timeout: Duration,
}

impl Shutdown {
    /// How long a shutdown waits if nothing else is said.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

    /// At one of the levels.
    pub const fn at(level: Level) -> Self {
        Self { level, timeout: Self::DEFAULT_TIMEOUT }
    }

    /// Take no new tasks, finish the ones that were taken.
    pub const fn drain() -> Self {
        Self::at(Level::Drain)
    }

    /// Cancel the queued tasks, finish the running ones.
    pub const fn cancel_queued() -> Self {
        Self::at(Level::CancelQueued)
    }

    /// Cancel the queued tasks and ask the running ones to stop.
    pub const fn cancel_running() -> Self {
        Self::at(Level::CancelRunning)
    }

    /// Cancel everything and end the workers of the tasks that do not listen.
    pub const fn kill() -> Self {
        Self::at(Level::Kill)
    }

    /// Waits for at most `timeout`.
    #[must_use]
    pub const fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}
