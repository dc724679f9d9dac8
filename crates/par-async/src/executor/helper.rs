//! What a runner does while a task of it waits: other jobs.

use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::{Duration, Instant};

use par_core::plumbing::{Helper, thread_waker};
use par_core::{Executor, Level};

use super::Nested;
use super::shared::Shared;

/// The longest nap: a submit wakes a napper, but whoever has just been woken may find the job gone.
const NAP: Duration = Duration::from_millis(1);

pub(super) struct TokioHelper {
    /// Weak, because a runner that lingers must not keep what its owner dropped.
    shared: Weak<Shared>,
}

impl TokioHelper {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::downgrade(shared) }
    }
}

impl Helper for TokioHelper {
    fn help(&self, done: &dyn Fn() -> bool, deadline: Option<Instant>) {
        // A task of it runs below, so it is there.
        let Some(shared) = self.shared.upgrade() else { return };
        let seat = shared.seat().unwrap_or(0);
        while !done() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return;
            }
            match shared.lanes.pop() {
                Some(job) => shared.run(job, seat),
                None => shared.lanes.nap(left.map_or(NAP, |left| left.min(NAP))),
            }
        }
    }

    fn waker(&self) -> Waker {
        thread_waker()
    }

    fn executor(&self) -> Option<Arc<dyn Executor>> {
        self.shared.upgrade().map(|shared| Arc::new(Nested(shared)) as Arc<dyn Executor>)
    }

    fn stopping(&self) -> bool {
        self.shared.upgrade().is_none_or(|shared| shared.has_reached(Level::CancelRunning))
    }
}
