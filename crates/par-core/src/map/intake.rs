//! Takes items from the input and submits them in batches.

use std::collections::VecDeque;
use std::iter::Fuse;
use std::num::NonZeroUsize;
use std::time::Duration;

use super::chunking::{Chooser, Chunking};
use super::{Feed, Pending};
use crate::{Options, TaskError, Timing};

/// Batches in flight per worker, if nothing else is said: enough that no worker waits for the caller.
const IN_FLIGHT_PER_WORKER: usize = 64;

pub(super) struct Intake<'e, I: Iterator, O: Send + 'static> {
    input: Fuse<I>,
    feed: Feed<'e, I::Item, O>,
    pub(super) options: Options,
    pub(super) in_flight: NonZeroUsize,
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
            in_flight: NonZeroUsize::MIN.saturating_add(IN_FLIGHT_PER_WORKER * feed.workers.get() - 1),
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
        self.chooser.observe(items, timing);
    }

    /// Submits the next batch and says how many items it has; `None` at the end of the input, or when refused.
    pub(super) fn submit(&mut self) -> Option<(Pending<O>, usize)> {
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
            (self.feed.one)(first, options).map(|handle| (Pending::One(handle), 1))
        } else {
            let mut batch = vec![first];
            batch.extend(self.input.by_ref().take(size - 1));
            let items = batch.len();
            (self.feed.many)(batch, options).map(|handle| (Pending::Many(handle, items), items))
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

    pub(super) fn take_refusal(&mut self) -> Option<TaskError> {
        self.refusal.take()
    }
}

/// Batches under way, in order of submission; those that nobody will take are cancelled.
pub(super) struct InFlight<O: Send + 'static>(pub(super) VecDeque<Pending<O>>);

impl<O: Send + 'static> Drop for InFlight<O> {
    fn drop(&mut self) {
        self.0.iter().for_each(Pending::cancel);
    }
}
