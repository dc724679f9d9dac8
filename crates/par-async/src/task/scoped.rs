//! A future under a node of its own: it can be cancelled, and it is not over before everything under it is.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use par_core::plumbing::catch_panic;
use pin_project_lite::pin_project;

use super::node::{Entered, Kind, Node};
use crate::error::Cancelled;
use crate::watch::Stint;

pin_project! {
    /// Polls `future` under `node`; ends with its output, or when the node is cancelled and no shield is up, by dropping
    /// it; in both cases after everything under the node has ended.
    ///
    /// A cancellation is level-triggered: it acts at the first poll that leaves the future pending and unshielded, so a
    /// future cannot swallow it. Dropped in the middle, it asks what is under it to end, and whoever is above waits for
    /// that.
    #[must_use]
    pub(crate) struct Scoped<F: Future> {
        // Always there, but while it is lent to the thread that polls.
        node: Option<Arc<Node>>,
        #[pin]
        future: Option<F>,
        output: Option<Result<F::Output, Cancelled>>,
    }

    impl<F: Future> PinnedDrop for Scoped<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            drop_under(this.node, this.future);
            if let Some(node) = this.node.take() {
                node.close();
            }
        }
    }
}

impl<F: Future> Scoped<F> {
    /// The caller has opened `node`, and hands it over.
    pub(crate) fn new(node: Arc<Node>, future: F) -> Self {
        node.hold();
        Self { node: Some(node), future: Some(future), output: None }
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        self.node.as_ref().expect("it is lent only during a poll")
    }
}

/// Drops the future under its node, as it was polled. A panic of its destructors was reported by the panic hook.
fn drop_under<F>(slot: &mut Option<Arc<Node>>, mut future: Pin<&mut Option<F>>) {
    if future.is_some() {
        let _entered = Entered::new(slot);
        drop(catch_panic(|| future.set(None)));
    }
}

/// Polls the future under its node, unless that is cancelled; a cancellation during the poll acts behind it.
fn poll_under<F: Future>(
    slot: &mut Option<Arc<Node>>,
    future: Pin<&mut Option<F>>,
    cx: &mut Context<'_>,
) -> Poll<Result<F::Output, Cancelled>> {
    let interrupted = |slot: &Option<Arc<Node>>| slot.as_ref().and_then(|node| node.interrupted());
    if let Some(cancelled) = interrupted(slot) {
        return Poll::Ready(Err(cancelled));
    }
    let polled = {
        let _entered = Entered::new(slot);
        future.as_pin_mut().expect("it has no output yet").poll(cx)
    };
    if let Poll::Ready(output) = polled {
        return Poll::Ready(Ok(output));
    }
    // Registered first: a cancellation meanwhile either wakes, or is seen here.
    slot.as_ref().expect("it is back").register(cx.waker());
    interrupted(slot).map_or(Poll::Pending, |cancelled| Poll::Ready(Err(cancelled)))
}

impl<F: Future> Future for Scoped<F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let _stint = Stint::of_task(this.node.as_ref());
        if this.output.is_none() {
            let Poll::Ready(ended) = poll_under(this.node, this.future.as_mut(), cx) else {
                return Poll::Pending;
            };
            drop_under(this.node, this.future.as_mut());
            *this.output = Some(ended);
        }
        match this.node.as_ref().expect("it is back").poll_drained(cx) {
            Poll::Ready(()) => Poll::Ready(this.output.take().expect("it is set above, and taken once")),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// A scope inside a task that only its own drop ends: what is under it has ended when it has.
pub(crate) async fn scoped_as<F: Future>(
    what: &'static str,
    at: &'static Location<'static>,
    future: F,
) -> F::Output {
    let node = Node::open_here(Kind::Scope(what), None, at);
    Scoped::new(node, future).await.expect("nobody cancels its own node")
}
