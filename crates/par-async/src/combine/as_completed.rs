//! Many futures at once, each as it comes.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::stream::{FuturesUnordered, Stream};

use crate::task::waiting;

/// Runs many futures at once in this task, and yields each output when it is there, first come first served.
///
/// Dropping it drops the futures that are left.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{as_completed, sleep};
///
/// # par_async::testing::run(async {
/// let mut results = as_completed([3, 1, 2].map(|seconds| async move {
///     sleep(Duration::from_secs(seconds)).await;
///     seconds
/// }));
/// let mut order = Vec::new();
/// while let Some(seconds) = results.next().await {
///     order.push(seconds);
/// }
/// assert_eq!(order, [1, 2, 3]);
/// # }).unwrap();
/// ```
pub fn as_completed<I>(futures: I) -> AsCompleted<I::Item>
where
    I: IntoIterator,
    I::Item: Future,
{
    AsCompleted { left: futures.into_iter().collect() }
}

/// The outputs of futures as they come; see [`as_completed`]. It is also a stream.
#[must_use = "futures do nothing unless polled"]
pub struct AsCompleted<F> {
    left: FuturesUnordered<F>,
}

impl<F: Future> AsCompleted<F> {
    /// The next output; `None` after the last.
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken nothing.
    #[expect(clippy::should_implement_trait, reason = "it is the asynchronous one, as in every stream")]
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = Option<F::Output>> {
        waiting("as_completed", Location::caller(), self.left.next())
    }

    /// How many futures are left.
    pub fn len(&self) -> usize {
        self.left.len()
    }

    /// Whether no future is left.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }
}

impl<F: Future> Stream for AsCompleted<F> {
    type Item = F::Output;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        self.left.poll_next_unpin(cx)
    }
}

impl<F> fmt::Debug for AsCompleted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("left", &self.left.len()).finish()
    }
}
