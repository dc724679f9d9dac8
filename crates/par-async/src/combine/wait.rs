//! Waiting for some of many tasks, and taking nothing.

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use par_core::{Until, Waited};
use tokio::time::Instant;

use crate::group::TaskHandle;
use crate::task::waiting;

/// Waits until one of the tasks, the first failure, or all of them have ended, and says which have; it takes no output and
/// cancels nothing.
///
/// It is [`par_core::wait`] that does not block. That the time was up is no error: `pending` then is not empty.
///
/// # Cancel safety
/// It may be dropped at any time: every output is still in its handle.
///
/// # Examples
/// ```
/// use std::convert::Infallible;
/// use std::time::Duration;
/// use par_async::{TaskGroup, Until, sleep, wait};
///
/// # par_async::testing::run(async {
/// TaskGroup::<Infallible>::scope(|group| async move {
///     let mut tasks = [3, 1, 2].map(|seconds| group.spawn(async move {
///         sleep(Duration::from_secs(seconds)).await;
///         Ok(seconds)
///     }));
///     assert_eq!(wait(&mut tasks, Until::First, None).await.finished, [1]);
///     assert_eq!(wait(&mut tasks, Until::All, Some(Duration::from_millis(1500))).await.pending, [0]);
///     let [three, one, _] = tasks;
///     assert_eq!((three.await, one.await), (Ok(3), Ok(1)));
///     Ok(())
/// }).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn wait<T>(
    tasks: &mut [TaskHandle<T>],
    until: Until,
    limit: Option<Duration>,
) -> impl Future<Output = Waited> {
    waiting("wait", Location::caller(), async move {
        // A limit past the end of the clock is none.
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        let settle = async {
            let mut left: FuturesUnordered<_> =
                tasks.iter_mut().map(|task| poll_fn(|cx| task.poll_settled(cx))).collect();
            while let Some(failed) = left.next().await {
                if until == Until::First || (until == Until::FirstError && failed) {
                    break;
                }
            }
        };
        match end {
            Some(end) => drop(tokio::time::timeout_at(end, settle).await),
            None => settle.await,
        }
        let (finished, pending) = (0..tasks.len()).partition(|index| tasks[*index].is_finished());
        Waited { finished, pending }
    })
}
