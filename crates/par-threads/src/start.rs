//! Starting workers: every pool waits for every initializer, for a bounded time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crate::BuildError;
use crate::config::Initializer;

type Started = Result<(), BuildError>;

/// What each worker gets, to say that it has started.
#[derive(Clone)]
pub(crate) struct Starter {
    initializer: Option<Initializer>,
    report: Sender<Started>,
}

/// A starter for the workers, and the end at which their reports arrive.
pub(crate) fn starter(initializer: Option<Initializer>) -> (Starter, Receiver<Started>) {
    crate::deadlock::observe_tasks();
    let (report, reports) = channel();
    (Starter { initializer, report }, reports)
}

impl Starter {
    /// Runs the initializer and reports; `false`: it panicked, and the worker is of no use.
    pub(crate) fn start(&self, index: usize) -> bool {
        let started = self.initializer.as_ref().map_or(Ok(()), |initializer| {
            let initialized = catch_unwind(AssertUnwindSafe(|| initializer(index)));
            initialized.map_err(|panic| {
                let text = panic.downcast_ref::<&str>().map(ToString::to_string);
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                let message = text.unwrap_or_else(|| "a value that is not text".to_owned());
                BuildError::Initializer { worker: index, message }
            })
        });
        let works = started.is_ok();
        // Nobody listens any more when the builder has given up; the pool is shut down then.
        self.report.send(started).ok();
        works
    }
}

/// Waits until every worker has reported.
pub(crate) fn wait(reports: &Receiver<Started>, workers: usize, timeout: Duration) -> Result<(), BuildError> {
    let begun = Instant::now();
    for arrived in 0..workers {
        let left = timeout.saturating_sub(begun.elapsed());
        let missing = workers - arrived;
        reports.recv_timeout(left).map_err(|_| BuildError::StartTimedOut { missing, waited: timeout })??;
    }
    Ok(())
}
