//! Starting workers: every pool waits for every initializer, for a bounded time.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use par_core::plumbing::catch_panic;

use crate::affinity;
use crate::config::Initializer;
use crate::{BuildError, Builder, thread};

type Started = Result<(), BuildError>;

/// What a new thread does before it is a worker.
#[derive(Clone)]
pub(crate) struct Preparation {
    initializer: Option<Initializer>,
    /// The processors that workers are put on, round and round.
    processors: Option<Arc<[usize]>>,
}

/// What each worker gets, to say that it has started.
#[derive(Clone)]
pub(crate) struct Starter {
    preparation: Preparation,
    report: Sender<Started>,
}

impl Preparation {
    /// Checks what can be checked before there is a thread.
    pub(crate) fn new(config: &Builder) -> Result<Self, BuildError> {
        Ok(Self { initializer: config.initializer.clone(), processors: config.affinity.resolve()? })
    }

    /// A starter for some workers, and the end at which their reports arrive.
    pub(crate) fn starter(&self) -> (Starter, Receiver<Started>) {
        crate::deadlock::observe_tasks();
        let (report, reports) = channel();
        (Starter { preparation: self.clone(), report }, reports)
    }

    fn run(&self, index: usize) -> Started {
        if let Some(processors) = &self.processors {
            affinity::pin(index, processors)?;
        }
        let Some(initializer) = &self.initializer else { return Ok(()) };
        catch_panic(|| initializer(index))
            .map_err(|panic| BuildError::Initializer { worker: index, message: panic.message })
    }
}

impl Starter {
    /// Gets its place among the threads, goes to its processor, runs the initializer and reports; `false`: that failed, and
    /// the thread is of no use.
    pub(crate) fn start(&self, index: usize) -> bool {
        thread::register_worker();
        let started = self.preparation.run(index);
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
