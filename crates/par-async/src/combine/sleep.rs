//! Waiting for a time.

use std::future::Future;
use std::panic::Location;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::event_loop::runs_here;
use crate::task::waiting;

/// Waits so long; with [`Duration::ZERO`] it lets others run once.
///
/// # Cancel safety
/// It may be dropped at any time.
///
/// # Panics
/// When it is polled outside of a tokio runtime.
#[track_caller]
pub fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
    let at = Location::caller();
    waiting("sleep", at, async move {
        if duration.is_zero() {
            step_back().await;
        } else {
            tokio::time::sleep(duration).await;
        }
    })
}

/// Waits until then.
///
/// # Cancel safety
/// It may be dropped at any time.
///
/// # Panics
/// When it is polled outside of a tokio runtime.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> impl Future<Output = ()> + Send {
    waiting("sleep_until", Location::caller(), async move { tokio::time::sleep_until(deadline).await })
}

/// Lets others run once. On a loop that is a place at the end of its queue; tokio's way leads through the poller, and back
/// in another order.
async fn step_back() {
    if !runs_here() {
        return tokio::task::yield_now().await;
    }
    let mut again = true;
    std::future::poll_fn(|cx| {
        if std::mem::take(&mut again) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}
