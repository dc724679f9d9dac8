//! The panic boundary of a future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use par_core::Panic;
use par_core::plumbing::catch_panic;
use pin_project_lite::pin_project;

pin_project! {
    /// Yields the output of a future, or the panic of a poll; after that it may only be dropped.
    pub(crate) struct Caught<F> {
        #[pin]
        future: F,
    }
}

impl<F> Caught<F> {
    pub(crate) const fn new(future: F) -> Self {
        Self { future }
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Panic>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        match catch_panic(|| future.poll(cx)) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
