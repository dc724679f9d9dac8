//! What a running task and its caller share.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use super::stack::Location;

/// A task that can be asked to stop, with its output type erased.
pub(crate) trait Controlled: Send + Sync {
    fn control(&self) -> &Control;
    /// Cancels; `true` if it had not started and never will.
    fn cancel(&self) -> bool;
}

/// Name, deadline, cancellation flag and progress of one task.
pub(crate) struct Control {
    name: &'static str,
    deadline: Option<Instant>,
    cancelled: AtomicBool,
    /// The bits of an `f32` between 0 and 1.
    progress: AtomicU32,
    /// On which thread's stack it is.
    pub(super) location: Location,
}

impl Control {
    pub(crate) fn new(name: &'static str, deadline: Option<Instant>) -> Self {
        Self {
            name,
            deadline,
            cancelled: AtomicBool::new(false),
            progress: AtomicU32::new(0),
            location: Location::default(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn expired(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(crate) fn set_cancelled(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    pub(crate) fn progress(&self) -> f32 {
        f32::from_bits(self.progress.load(Ordering::Relaxed))
    }

    pub(crate) fn set_progress(&self, progress: f32) {
        let progress = if progress.is_nan() { 0.0 } else { progress.clamp(0.0, 1.0) };
        self.progress.store(progress.to_bits(), Ordering::Relaxed);
    }
}
