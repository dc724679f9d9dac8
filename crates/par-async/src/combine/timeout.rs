//! An end to every wait.

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, Sleep, sleep_until};

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

/// As [`timeout`], for a body that may move its own end.
///
/// It is Python's `asyncio.timeout`, whose context manager has `reschedule`.
///
/// # Errors
/// As [`timeout`].
///
/// # Panics
/// As [`timeout`].
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{sleep, timeout_with};
///
/// # par_async::testing::run(async {
/// // A download may take as long as it likes, as long as something comes every second.
/// let pauses = [900, 900, 900, 5000].map(Duration::from_millis);
/// let mut pieces = 0;
/// let stalled = timeout_with(Duration::from_secs(1), |limit| {
///     let pieces = &mut pieces;
///     async move {
///         for pause in pauses {
///             sleep(pause).await;
///             *pieces += 1;
///             limit.reschedule_in(Duration::from_secs(1));
///         }
///     }
/// }).await;
/// assert!(stalled.is_err());
/// assert_eq!(pieces, 3);
/// # }).unwrap();
/// ```
#[track_caller]
pub fn timeout_with<F: Future>(
    duration: Duration,
    body: impl FnOnce(TimeoutHandle) -> F,
) -> impl Future<Output = Result<F::Output, TimedOut>> {
    let at = Location::caller();
    async move {
        let node = Node::open_here(Kind::Scope("timeout"), None, at);
        let deadline = Instant::now().checked_add(duration);
        let handle = TimeoutHandle { deadline: Arc::new(Mutex::new(deadline)), node: Arc::clone(&node) };
        let current = Arc::clone(&handle.deadline);
        let limit = move || *current.lock();
        limited(limit, duration, Scoped::new(node, body(handle))).await
    }
}

/// Moves the end of a [`timeout_with`]. Clones are of the same one; it may be used from elsewhere.
#[derive(Debug, Clone)]
pub struct TimeoutHandle {
    /// `None`: it has no end.
    deadline: Arc<Mutex<Option<Instant>>>,
    node: Arc<Node>,
}

impl TimeoutHandle {
    /// When it ends; `None`: never.
    pub fn deadline(&self) -> Option<Instant> {
        *self.deadline.lock()
    }

    /// It ends then instead; with `None` never. One that has expired stays so.
    pub fn reschedule(&self, deadline: Option<Instant>) {
        *self.deadline.lock() = deadline;
        // It may be called from elsewhere, and the timer is set by whoever polls.
        self.node.wake_owner();
    }

    /// It ends so long after now; see [`reschedule`](Self::reschedule).
    pub fn reschedule_in(&self, duration: Duration) {
        self.reschedule(Instant::now().checked_add(duration));
    }

    /// Whether the time was up before the body was done.
    pub fn expired(&self) -> bool {
        self.node.cancelled().is_some_and(|cancelled| cancelled.reason == EXPIRED)
    }
}

/// The reason for which a timeout cancels.
const EXPIRED: &str = "its timeout has passed";

/// `None`: past the end of the clock, which is no deadline.
async fn until<F: Future>(
    deadline: Option<Instant>,
    after: Duration,
    at: &'static Location<'static>,
    future: F,
) -> Result<F::Output, TimedOut> {
    let node = Node::open_here(Kind::Scope("timeout"), None, at);
    limited(move || deadline, after, Scoped::new(node, future)).await
}

/// Polls until the future is done, or `deadline` has passed, which is read at every poll.
async fn limited<F: Future>(
    deadline: impl Fn() -> Option<Instant>,
    after: Duration,
    scoped: Scoped<F>,
) -> Result<F::Output, TimedOut> {
    let mut scoped = pin!(scoped);
    let mut timer = pin!(None::<Sleep>);
    let mut expired = false;
    poll_fn(move |cx| {
        let at = scoped.node().at;
        let late = |_| TimedOut { after, at };
        if let Poll::Ready(ended) = scoped.as_mut().poll(cx) {
            return Poll::Ready(ended.map_err(late));
        }
        // Read behind the poll, which may have moved it.
        let Some(deadline) = deadline().filter(|_| !expired) else { return Poll::Pending };
        match timer.as_mut().as_pin_mut() {
            Some(timer) if timer.deadline() != deadline => timer.reset(deadline),
            Some(_) => {}
            None => timer.set(Some(sleep_until(deadline))),
        }
        let over = timer.as_mut().as_pin_mut().is_some_and(|timer| timer.poll(cx).is_ready());
        if !over {
            return Poll::Pending;
        }
        expired = true;
        scoped.node().cancel(Reason::Borrowed(EXPIRED));
        scoped.as_mut().poll(cx).map(|ended| ended.map_err(late))
    })
    .await
}
