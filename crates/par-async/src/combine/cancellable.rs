//! A future that a token can end.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use par_core::Cancellation;

use crate::error::Cancelled;
use crate::group::follow;
use crate::task::{Kind, Node, Scoped};

/// Runs `future`, and ends it when the token is cancelled: the same token that stops threads, processes and tasks of pools.
///
/// As everywhere, it ends at its next await that no [`shield`](crate::shield) covers, and what ran under it has ended when
/// this returns.
///
/// # Errors
/// [`Cancelled`], with the token's reason.
///
/// # Cancel safety
/// As that of `future`.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{cancellable, sleep};
/// use par_core::Cancellation;
///
/// # par_async::testing::run(async {
/// let token = Cancellation::new();
/// let stop = token.clone();
/// let work = async move {
///     stop.cancel_because("the user has left");
///     sleep(Duration::MAX).await
/// };
/// let error = cancellable(&token, work).await.expect_err("it would sleep for ever");
/// assert_eq!(error.to_string(), "cancelled: the user has left");
/// # }).unwrap();
/// ```
#[track_caller]
pub fn cancellable<F: Future>(
    token: &Cancellation,
    future: F,
) -> impl Future<Output = Result<F::Output, Cancelled>> {
    let (at, token) = (Location::caller(), token.clone());
    async move {
        let node = Node::open_here(Kind::Scope("cancellable"), None, at);
        let _follows = follow(&token, &node);
        Scoped::new(Arc::clone(&node), future).await
    }
}
