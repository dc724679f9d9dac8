//! An end to every wait.

use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::error::{Reason, TimedOut};
use crate::task::{Kind, Node, Scoped};
use crate::watch::Awaited;

/// The output of `future`, if it is there in time; else it is cancelled.
///
/// Timeouts nest: each ends its own future, and says so in a value of its own, so an inner one is never taken for an outer
/// one. A [`shield`](crate::shield) inside delays the end; so do the groups inside, which are empty when this returns.
///
/// # Errors
/// [`TimedOut`]. A future that is done in the very moment counts as in time.
///
/// # Cancel safety
/// As that of `future`.
///
/// # Panics
/// When it is polled outside of a tokio runtime.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{sleep, timeout};
///
/// # par_async::testing::run(async {
/// let short = Duration::from_millis(10);
/// assert_eq!(timeout(short, async { 7 }).await, Ok(7));
/// let error = timeout(short, sleep(Duration::MAX)).await.expect_err("it sleeps long");
/// assert_eq!(error.after, short);
/// # }).unwrap();
/// ```
#[track_caller]
pub fn timeout<F: Future>(
    duration: Duration,
    future: F,
) -> impl Future<Output = Result<F::Output, TimedOut>> {
    let at = Location::caller();
    let awaited = Awaited::new("timeout", at);
    async move {
        awaited.begin();
        until(Instant::now().checked_add(duration), duration, at, future).await
    }
}

/// As [`timeout`], with the time at which it ends.
///
/// # Errors
/// As [`timeout`].
///
/// # Panics
/// As [`timeout`].
#[track_caller]
pub fn timeout_at<F: Future>(
    deadline: Instant,
    future: F,
) -> impl Future<Output = Result<F::Output, TimedOut>> {
    let at = Location::caller();
    let awaited = Awaited::new("timeout_at", at);
    async move {
        awaited.begin();
        let after = deadline.saturating_duration_since(Instant::now());
        until(Some(deadline), after, at, future).await
    }
}

/// `None`: past the end of the clock, which is no deadline.
async fn until<F: Future>(
    deadline: Option<Instant>,
    after: Duration,
    at: &'static Location<'static>,
    future: F,
) -> Result<F::Output, TimedOut> {
    let node = Node::open_here(Kind::Scope("timeout"), None, at);
    let mut scoped = pin!(Scoped::new(node, future));
    let Some(deadline) = deadline else {
        return scoped.await.map_err(|_| TimedOut { after, at });
    };
    let mut over = pin!(sleep_until(deadline));
    let mut expired = false;
    std::future::poll_fn(move |cx| {
        if let Poll::Ready(ended) = scoped.as_mut().poll(cx) {
            return Poll::Ready(ended.map_err(|_| TimedOut { after, at }));
        }
        if expired || over.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        expired = true;
        scoped.node().cancel(Reason::Borrowed("its timeout has passed"));
        scoped.as_mut().poll(cx).map(|ended| ended.map_err(|_| TimedOut { after, at }))
    })
    .await
}
