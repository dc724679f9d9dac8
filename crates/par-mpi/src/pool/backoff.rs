//! How a thread waits for messages where nothing can wake it when one comes.

use std::time::{Duration, Instant};

/// So long after the last message the thread only gives its turn away.
const EAGER: Duration = Duration::from_micros(50);

/// Waits between two looks at a communicator.
///
/// MPI has no wait that does not spin, so ranks look again and again. The naps grow with the time that nothing came:
/// a quarter of it, so that a message is seen at most a quarter later than it might have been, and never longer than
/// the limit, which bounds what an idle rank costs. Threads of the same process end a nap by `unpark`.
pub(super) struct Backoff {
    idle_since: Option<Instant>,
    longest: Duration,
}

impl Backoff {
    pub(super) fn new(longest: Duration) -> Self {
        Self { idle_since: None, longest }
    }

    /// Something came.
    pub(super) fn reset(&mut self) {
        self.idle_since = None;
    }

    /// Nothing came.
    pub(super) fn wait(&mut self) {
        let idle = self.idle_since.get_or_insert_with(Instant::now).elapsed();
        if idle < EAGER {
            std::thread::yield_now();
        } else {
            std::thread::park_timeout((idle / 4).min(self.longest));
        }
    }
}
