//! What a caller may ask for a single task.

use std::time::{Duration, Instant};

use crate::Cancellation;

/// Which of the queued tasks goes first; equal priorities go in submission order where the executor is FIFO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// Only when nothing else is queued.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Before everything that is normal or low.
    High,
}

/// Deadline, priority, cancellation and retries of one task.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_core::{Options, Priority};
/// let options = Options::new().timeout(Duration::from_secs(2)).priority(Priority::High);
/// assert_eq!(options.priority_class(), Priority::High);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Options {
    deadline: Option<Instant>,
    priority: Priority,
    cancellation: Option<Cancellation>,
    retries: Option<u32>,
}

impl Options {
    /// No deadline, normal priority, no token, the executor's own number of retries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The task must have its output by `deadline`; tasks that it submits inherit it.
    #[must_use]
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(self.deadline.map_or(deadline, |known| known.min(deadline)));
        self
    }

    /// The task must have its output within `timeout` of now, queueing included.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.deadline(deadline),
            // Beyond the end of the clock there is nothing to wait for.
            None => self,
        }
    }

    /// Which of the queued tasks goes first, where the executor's capabilities say `priorities`.
    #[must_use]
    pub fn priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// A token that cancels this task, perhaps with many others.
    #[must_use]
    pub fn cancellation(self, token: &Cancellation) -> Self {
        Self { cancellation: Some(token.clone()), ..self }
    }

    /// How often the task is started anew when its worker is *lost*; a panic or a missed deadline is never retried.
    ///
    /// The default is the executor's. A task that is not safe to run twice wants 0.
    #[must_use]
    pub fn retries(self, retries: u32) -> Self {
        Self { retries: Some(retries), ..self }
    }

    /// The instant that [`deadline`](Self::deadline) or [`timeout`](Self::timeout) set.
    pub fn expires(&self) -> Option<Instant> {
        self.deadline
    }

    /// The priority that was asked for.
    pub fn priority_class(&self) -> Priority {
        self.priority
    }

    /// The token that was given.
    pub fn token(&self) -> Option<&Cancellation> {
        self.cancellation.as_ref()
    }

    /// The number of retries that was asked for.
    pub fn retry_limit(&self) -> Option<u32> {
        self.retries
    }
}
