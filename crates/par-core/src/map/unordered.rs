//! Results as they come.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::intake::Intake;
use super::{Chunking, Pending};
use crate::completion::Arrivals;
use crate::{Options, TaskError};

/// The results of many tasks as they finish, each with its index in the input; see
/// [`ExecutorExt::map_unordered`](crate::ExecutorExt::map_unordered).
///
/// An error leaves the other results intact; dropping the iterator cancels what is in flight.
/// When the executor takes no more, the last item is [`TaskError::Refused`].
pub struct MapUnordered<'e, I: Iterator, O: Send + 'static> {
    intake: Intake<'e, I, O>,
    /// Batches under way, by the index of their first item.
    pending: HashMap<usize, Pending<O>>,
    /// The keys of `pending` that are done.
    arrivals: Arc<Arrivals<usize>>,
    ready: VecDeque<(usize, Result<O, TaskError>)>,
    submitted: usize,
    /// The nearest deadline of a batch, which completes no handle by itself; it may be that of a batch which is done.
    nearest: Option<Instant>,
}

impl<'e, I: Iterator, O: Send + 'static> MapUnordered<'e, I, O> {
    pub(super) fn new(intake: Intake<'e, I, O>) -> Self {
        Self {
            intake,
            pending: HashMap::new(),
            arrivals: Arc::default(),
            ready: VecDeque::new(),
            submitted: 0,
            nearest: None,
        }
    }

    /// How many items travel together; one, if nothing is said.
    #[must_use]
    pub fn chunking(mut self, chunking: Chunking) -> Self {
        self.intake.set_chunking(chunking);
        self
    }

    /// How many batches may be in flight, or finished and not yet taken.
    ///
    /// If nothing is said, as many as keep every worker busy for 2 ms: at least 4 per worker, at most 512.
    #[must_use]
    pub fn in_flight(mut self, batches: NonZeroUsize) -> Self {
        self.intake.in_flight = Some(batches);
        self
    }

    /// The options of every task.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.intake.options = options;
        self
    }

    /// The whole map must be done within `timeout` of now.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.intake.set_timeout(timeout);
        self
    }

    fn refill(&mut self) {
        let window = self.intake.window();
        if self.pending.len() > window / 2 {
            return;
        }
        while self.pending.len() < window {
            let Some(pending) = self.intake.submit() else { return };
            let first = self.submitted;
            self.submitted += pending.items();
            self.nearest = self.nearest.into_iter().chain(pending.deadline()).min();
            let arrivals = Arc::clone(&self.arrivals);
            pending.on_done(move || arrivals.push(first));
            self.pending.insert(first, pending);
        }
    }

    /// The next batch that is done or has expired.
    fn next_arrival(&mut self) -> Option<usize> {
        while !self.pending.is_empty() {
            if let Some(first) = self.arrivals.pop(self.nearest) {
                return Some(first);
            }
            let now = Instant::now();
            let expired = |batch: &Pending<O>| batch.deadline().is_some_and(|deadline| now >= deadline);
            if let Some((first, _)) = self.pending.iter().find(|(_, batch)| expired(batch)) {
                return Some(*first);
            }
            self.nearest = self.pending.values().filter_map(Pending::deadline).min();
        }
        None
    }
}

impl<I: Iterator, O: Send + 'static> Iterator for MapUnordered<'_, I, O> {
    type Item = (usize, Result<O, TaskError>);

    /// # Blocking
    /// Until any result is there; tasks with a deadline bound that.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(result) = self.ready.pop_front() {
                return Some(result);
            }
            self.refill();
            let Some(first) = self.next_arrival() else {
                return self.intake.take_refusal().map(|error| (self.submitted, Err(error)));
            };
            // A batch that the deadline ended arrives once more, and is gone by then.
            let Some(batch) = self.pending.remove(&first) else { continue };
            let (ready, mut index) = (&mut self.ready, first);
            let timing = batch.wait(|result| {
                ready.push_back((index, result));
                index += 1;
            });
            if let Some((items, timing)) = timing {
                self.intake.observe(items, &timing);
            }
        }
    }
}

impl<I: Iterator, O: Send + 'static> Drop for MapUnordered<'_, I, O> {
    fn drop(&mut self) {
        self.pending.values().for_each(Pending::cancel);
    }
}

impl<I: Iterator, O: Send + 'static> fmt::Debug for MapUnordered<'_, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapUnordered").field("in_flight", &self.pending.len()).finish_non_exhaustive()
    }
}
