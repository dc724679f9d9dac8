//! Takes items from the input and submits them in batches.

use std::collections::VecDeque;
use std::iter::Fuse;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::chunking::{Chooser, Chunking};
use super::{Feed, Pending};
use crate::{Handle, Options, SubmitError, TaskError, Timing};

/// Batches in flight per worker, if nothing else is said: at least, so that no worker waits for the caller,
const LEAST_PER_WORKER: usize = 4;
/// and at most, for tasks so short that moving them is all the work.
const MOST_PER_WORKER: usize = 512;
/// In between, as many as this time of each worker takes.
const AHEAD: Duration = Duration::from_millis(2);

pub(super) struct Intake<'e, I: Iterator, O: Send + 'static> {
    input: Fuse<I>,
    feed: Feed<'e, I::Item, O>,
    pub(super) options: Options,
    /// The bound on batches in flight, if one was given.
    pub(super) in_flight: Option<NonZeroUsize>,
    /// How long an item took on average in the latest batch, and how many items that had.
    latest: Option<(Duration, usize)>,
    chooser: Chooser,
    /// What the executor said when it took no more: the last result of the map.
    refusal: Option<TaskError>,
    ended: bool,
}

impl<'e, I: Iterator, O: Send + 'static> Intake<'e, I, O> {
    pub(super) fn new(input: I, feed: Feed<'e, I::Item, O>) -> Self {
        Self {
            input: input.fuse(),
            options: Options::new(),
            in_flight: None,
            latest: None,
            chooser: Chooser::new(Chunking::One, feed.workers),
            refusal: None,
            ended: false,
            feed,
        }
    }

    pub(super) fn set_chunking(&mut self, chunking: Chunking) {
        self.chooser = Chooser::new(chunking, self.feed.workers);
    }

    pub(super) fn set_timeout(&mut self, timeout: Duration) {
        self.options = self.options.clone().timeout(timeout);
    }

    /// How many items the input still has, if it is known exactly enough.
    pub(super) fn left(&self) -> (usize, Option<usize>) {
        if self.ended { (0, Some(0)) } else { self.input.size_hint() }
    }

    pub(super) fn observe(&mut self, items: usize, timing: &Timing) {
        let per_item = timing.ran() / u32::try_from(items.max(1)).unwrap_or(u32::MAX);
        self.latest = Some((per_item, items));
        self.chooser.observe(items, timing);
    }

    /// How long an item takes, as far as that is known.
    pub(super) fn per_item(&self) -> Option<Duration> {
        self.latest.map(|(per_item, _)| per_item)
    }

    /// How many batches may be in flight now.
    pub(super) fn window(&self) -> usize {
        if let Some(bound) = self.in_flight {
            return bound.get();
        }
        let workers = self.feed.workers.get();
        let ahead = self.latest.map_or(0, |(per_item, items)| {
            let per_batch = per_item.as_nanos().max(1) * items.max(1) as u128;
            usize::try_from(AHEAD.as_nanos() / per_batch).unwrap_or(usize::MAX)
        });
        workers.saturating_mul(ahead.clamp(LEAST_PER_WORKER, MOST_PER_WORKER))
    }

    /// Submits the next batch; `None` at the end of the input, or when refused.
    ///
    /// A batch that found no room until its deadline has an outcome already, and the input goes on.
    pub(super) fn submit(&mut self) -> Option<Pending<O>> {
        if self.ended {
            return None;
        }
        let size = self.chooser.size(self.input.size_hint().1);
        let Some(first) = self.input.next() else {
            self.ended = true;
            return None;
        };
        let options = self.options.clone();
        let submitted = if size == 1 {
            late((self.feed.one)(first, options)).map(Pending::One)
        } else {
            let mut batch = vec![first];
            batch.extend(self.input.by_ref().take(size - 1));
            let items = batch.len();
            late((self.feed.many)(batch, options)).map(|handle| Pending::Many(handle, items))
        };
        match submitted {
            Ok(pending) => Some(pending),
            Err(error) => {
                self.refusal = Some(TaskError::Refused(error));
                self.ended = true;
                None
            }
        }
    }

    /// Whether one more result than the input has items is to come: the refusal.
    pub(super) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    pub(super) fn take_refusal(&mut self) -> Option<TaskError> {
        self.refusal.take()
    }
}

/// Makes a handle of a refusal that is one of the task's own making.
fn late<T: Send>(submitted: Result<Handle<T>, SubmitError>) -> Result<Handle<T>, SubmitError> {
    match submitted {
        Err(SubmitError::DeadlineExceeded { .. }) => {
            let (handle, completer) = Handle::pair("map", &Options::new());
            completer.complete(Err(TaskError::DeadlineExceeded), None);
            Ok(handle)
        }
        submitted => submitted,
    }
}

/// Batches under way, in order of submission; those that nobody will take are cancelled.
pub(super) struct InFlight<O: Send + 'static>(pub(super) VecDeque<Pending<O>>);

impl<O: Send + 'static> Drop for InFlight<O> {
    fn drop(&mut self) {
        self.0.iter().for_each(Pending::cancel);
    }
}
