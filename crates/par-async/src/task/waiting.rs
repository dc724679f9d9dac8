//! A wait that the tree of tasks shows.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::node::{self, Node, Wait};
use crate::watch;

pin_project! {
    /// Polls a future, and shows it in the tree of tasks from its first pending poll until it ends or is dropped.
    ///
    /// What is ready at once costs nothing.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Waiting<F> {
        #[pin]
        future: F,
        shown: Shown,
    }
}

/// `what` in the tree of tasks, e.g. `"Queue::get"`, for as long as `future` waits; `at` is the caller's.
pub(crate) const fn waiting<F: Future>(
    what: &'static str,
    at: &'static Location<'static>,
    future: F,
) -> Waiting<F> {
    Waiting { future, shown: Shown::unawaited(what, at, None) }
}

impl<F: Future> Future for Waiting<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.shown.unawaited = false;
        let polled = this.future.poll(cx);
        match polled {
            Poll::Pending => this.shown.begin(),
            Poll::Ready(_) => this.shown.end(),
        }
        polled
    }
}

/// A line in the tree of tasks, from `begin` to `end` or its drop; for futures that are written by hand.
#[derive(Debug)]
pub(crate) struct Shown {
    what: &'static str,
    at: &'static Location<'static>,
    on: Option<u64>,
    /// Whether debug mode reports it, if it is dropped as it is.
    unawaited: bool,
    seat: Option<(Arc<Node>, usize)>,
}

impl Shown {
    pub(crate) const fn new(what: &'static str, at: &'static Location<'static>, on: Option<u64>) -> Self {
        Self { what, at, on, unawaited: false, seat: None }
    }

    /// Of a future that does nothing unless it is polled.
    const fn unawaited(what: &'static str, at: &'static Location<'static>, on: Option<u64>) -> Self {
        Self { what, at, on, unawaited: true, seat: None }
    }

    pub(crate) fn begin(&mut self) {
        if self.seat.is_none()
            && let Some(node) = node::current()
        {
            let wait = Wait { what: self.what, at: self.at, since: Instant::now(), on: self.on };
            let key = node.begin_wait(wait);
            self.seat = Some((node, key));
        }
    }

    pub(crate) fn end(&mut self) {
        if let Some((node, key)) = self.seat.take() {
            node.end_wait(key);
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if self.unawaited && watch::on() {
            watch::never_awaited(self.what, self.at);
        }
        self.end();
    }
}
