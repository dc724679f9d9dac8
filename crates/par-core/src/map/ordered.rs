//! Results in input order.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use super::intake::{InFlight, Intake};
use super::{Chunking, Feed, MapUnordered, Pending};
use crate::{Options, TaskError};

/// A caller whose tasks take no longer than this together sleeps once for all of them, and never longer.
const NAP: Duration = Duration::from_micros(500);

/// The results of many tasks, in input order; see [`ExecutorExt::map`](crate::ExecutorExt::map).
///
/// An item is the task's output or its [`TaskError`]; an error leaves the other results intact.
/// When the executor takes no more (it was shut down), the last item is [`TaskError::Refused`].
/// Dropping the iterator cancels what is in flight.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_core::{Chunking, ExecutorExt, SerialExecutor, TaskError};
///
/// #[par_core::task]
/// fn percent_of(x: u32) -> u32 { 100 / x }
///
/// let executor = SerialExecutor::new();
/// let results: Vec<_> = executor
///     .map((0..4).map(percent_of::new))
///     .chunking(Chunking::Auto)
///     .timeout(Duration::from_secs(10))
///     .collect();
/// assert!(matches!(results[0], Err(TaskError::Panicked(_)))); // one division by zero
/// assert_eq!(results[1..], [Ok(100), Ok(50), Ok(33)]);
/// ```
pub struct Map<'e, I: Iterator, O: Send + 'static> {
    intake: Intake<'e, I, O>,
    pending: InFlight<O>,
    ready: VecDeque<Result<O, TaskError>>,
}

impl<'e, I: Iterator, O: Send + 'static> Map<'e, I, O> {
    pub(crate) fn new(input: I, feed: Feed<'e, I::Item, O>) -> Self {
        Self { intake: Intake::new(input, feed), pending: InFlight(VecDeque::new()), ready: VecDeque::new() }
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

    /// The whole map must be done within `timeout` of now: what is not there then is
    /// [`TaskError::DeadlineExceeded`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.intake.set_timeout(timeout);
        self
    }

    /// Yields `(index, result)` as tasks finish instead of in input order.
    #[must_use]
    pub fn unordered(self) -> MapUnordered<'e, I, O> {
        MapUnordered::new(self.intake)
    }

    /// Submits until the window is full; not before half of it is free, so that the queue is touched in bursts.
    fn refill(&mut self) {
        let window = self.intake.window();
        if self.pending.0.len() > window / 2 {
            return;
        }
        while self.pending.0.len() < window {
            let Some(pending) = self.intake.submit() else { return };
            self.pending.0.push_back(pending);
        }
    }

    /// Sleeps when tasks are short, until so many results are there that a wake-up pays.
    ///
    /// Not for longer than a nap: a task further back may be long, or wait for what the caller does with the first.
    fn sleep(&self) {
        let short = self.intake.per_item().map_or(0, |per_item| NAP.as_nanos() / per_item.as_nanos().max(1));
        let ahead = (self.pending.0.len() / 2).min(usize::try_from(short).unwrap_or(usize::MAX));
        if ahead > 0
            && let Some(pending) = self.pending.0.get(ahead)
        {
            pending.block(Instant::now() + NAP);
        }
    }
}

impl<I: Iterator, O: Send + 'static> Iterator for Map<'_, I, O> {
    type Item = Result<O, TaskError>;

    /// # Blocking
    /// Until the next result in input order is there; tasks with a deadline bound that.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(result) = self.ready.pop_front() {
                return Some(result);
            }
            self.refill();
            if self.pending.0.front().is_some_and(|front| !front.is_finished()) {
                self.sleep();
            }
            let Some(front) = self.pending.0.pop_front() else {
                return self.intake.take_refusal().map(Err);
            };
            let ready = &mut self.ready;
            if let Some((items, timing)) = front.wait(|result| ready.push_back(result)) {
                self.intake.observe(items, &timing);
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let known = self.ready.len()
            + self.pending.0.iter().map(Pending::items).sum::<usize>()
            + usize::from(self.intake.is_refused());
        // The input may be cut short by a refusal, which takes the place of one item.
        let (least, most) = self.intake.left();
        (known + least.min(1), most.and_then(|most| most.checked_add(known)))
    }
}

impl<I: Iterator, O: Send + 'static> fmt::Debug for Map<'_, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("in_flight", &self.pending.0.len())
            .field("ready", &self.ready.len())
            .finish()
    }
}
