//! The other end of a handle.

use std::fmt;
use std::sync::Arc;

use super::shared::{Shared, StopRunning};
use crate::task::Controlled;
use crate::{TaskError, Timing, WorkerLost};

/// The end of a [`Handle`](crate::Handle) that the worker holds: it completes the handle exactly once.
///
/// Dropping it completes the handle with [`TaskError::WorkerLost`], so a handle never waits for nobody.
pub struct Completer<T: Send + 'static> {
    shared: Option<Arc<Shared<T>>>,
}

impl<T: Send + 'static> Completer<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        Self { shared: Some(shared) }
    }

    fn shared(&self) -> &Arc<Shared<T>> {
        self.shared.as_ref().expect("present until `complete` consumes the completer")
    }

    /// Says that the task starts now; `false` means that it was cancelled or has expired and must not run.
    ///
    /// May be called again when the task is started anew after its worker was lost.
    pub fn begin(&self) -> bool {
        self.shared().begin()
    }

    /// Completes the handle; an outcome that comes too late, after a cancellation or the deadline, is dropped.
    pub fn complete(mut self, outcome: Result<T, TaskError>, timing: Option<Timing>) {
        if let Some(shared) = self.shared.take() {
            shared.finish(outcome, timing);
        }
    }

    /// Whether nobody needs the outcome any more: cancelled while queued, expired, or completed.
    pub fn is_done(&self) -> bool {
        self.shared().is_done()
    }

    /// Whether the task was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.shared().control().is_cancelled()
    }

    /// Sets what stops the task when it is cancelled, or its deadline passes, after it was begun.
    ///
    /// It is called at most once, on the cancelling thread, and must not block. It may come a moment after the task has
    /// ended, so it checks that the worker still runs this very task before it ends it. It returns `true` if the task was
    /// taken back before its worker had really begun it.
    pub fn on_stop(&self, stop: StopRunning) {
        self.shared().set_stop(stop);
    }

    /// How far the task says it is, from a worker that is elsewhere.
    pub fn set_progress(&self, progress: f32) {
        self.shared().control().set_progress(progress);
    }

    pub(crate) fn controlled(&self) -> Arc<dyn Controlled> {
        self.shared().clone()
    }
}

impl<T: Send + 'static> Drop for Completer<T> {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            let loss = WorkerLost::because(shared.control().name(), "its executor dropped it");
            shared.finish(Err(TaskError::WorkerLost(loss)), None);
        }
    }
}

impl<T: Send + 'static> fmt::Debug for Completer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completer").field("stage", &self.shared.as_ref().map(|s| s.stage())).finish()
    }
}
