//! Futures on the executor's runtime.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use par_core::plumbing::Gauge;
use par_core::{Counter, Handle, Level, Options, SubmitError, TaskError};
use parking_lot::Mutex;
use slab::Slab;

use super::NAME;
use super::shared::Shared;
use crate::error::Reason;
use crate::task::{Caught, Kind, Node, Scoped};

/// The futures that are under way.
pub(super) struct Futures {
    gauge: Gauge,
    nodes: Mutex<Slab<Arc<Node>>>,
    cancelled: AtomicBool,
}

impl Futures {
    pub(super) fn new(bound: usize) -> Self {
        Self { gauge: Gauge::new(bound, 0), nodes: Mutex::default(), cancelled: AtomicBool::new(false) }
    }

    /// Those who wait to get in look whether they still may.
    pub(super) fn close(&self) {
        self.gauge.wake_all();
    }

    pub(super) fn cancel_all(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        let nodes: Vec<_> = self.nodes.lock().iter().map(|(_, node)| Arc::clone(node)).collect();
        for node in nodes {
            node.cancel(Reason::Borrowed("its executor is shut down"));
        }
    }

    pub(super) fn wait_until_empty(&self, deadline: Option<Instant>) -> bool {
        self.gauge.wait_until_empty(deadline)
    }

    pub(super) fn under_way(&self) -> usize {
        self.gauge.unfinished()
    }
}

/// Counts a future out, whichever way it ends.
struct UnderWay {
    shared: Arc<Shared>,
    key: usize,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let node = self.shared.futures.nodes.lock().try_remove(self.key);
        drop(node);
        self.shared.futures.gauge.leave();
    }
}

impl Shared {
    pub(super) fn spawn_future<F>(
        self: &Arc<Self>,
        future: F,
        options: &Options,
        at: &'static Location<'static>,
    ) -> Result<Handle<F::Output>, SubmitError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let closed = || self.has_reached(Level::Drain) || self.is_broken();
        if closed() || !self.futures.gauge.enter(options.expires(), closed) {
            return Err(if closed() {
                self.refusal()
            } else {
                SubmitError::DeadlineExceeded { executor: NAME.to_owned() }
            });
        }
        let counts = self.workers().get();
        self.metrics.add(counts, Counter::Submitted, 1);
        let node = Node::open_under(None, Kind::Task, None, at).expect("a root has nothing above it");
        let key = self.futures.nodes.lock().insert(Arc::clone(&node));
        let under_way = UnderWay { shared: Arc::clone(self), key };
        if self.futures.cancelled.load(Ordering::SeqCst) {
            node.cancel(Reason::Borrowed("its executor is shut down"));
        }
        let (handle, completer) = Handle::pair("future", options);
        if completer.begin() {
            let stopped = Arc::clone(&node);
            completer.on_stop(Box::new(move || {
                stopped.cancel(Reason::Borrowed("its handle was cancelled, or its deadline has passed"));
                false
            }));
        } else {
            node.cancel(Reason::Borrowed("its handle was cancelled before it began"));
        }
        let scoped = Scoped::new(node, Caught::new(future));
        self.runtime().spawn(async move {
            let (outcome, counter) = match scoped.await {
                Ok(Ok(output)) => (Ok(output), Counter::Completed),
                Ok(Err(panic)) => (Err(TaskError::Panicked(panic)), Counter::Failed),
                Err(_) => (Err(TaskError::Cancelled), Counter::Cancelled),
            };
            under_way.shared.metrics.add(counts, counter, 1);
            completer.complete(outcome, None);
            // Counted out behind it, so that a shutdown which has waited finds every handle finished.
            drop(under_way);
        });
        Ok(handle)
    }
}
