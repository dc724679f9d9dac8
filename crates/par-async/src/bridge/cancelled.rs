//! A token, awaited.

use std::future::Future;
use std::panic::Location;

use par_core::Cancellation;

use crate::error::{Cancelled, Reason};
use crate::task::waiting;

/// Waits until the token is cancelled, and says why.
///
/// # Cancel safety
/// It may be dropped at any time.
///
/// # Examples
/// ```
/// use par_core::Cancellation;
///
/// # par_async::testing::run(async {
/// let token = Cancellation::new();
/// token.cancel_because("closing time");
/// assert_eq!(par_async::cancelled(&token).await.reason, "closing time");
/// # }).unwrap();
/// ```
#[track_caller]
pub fn cancelled(token: &Cancellation) -> impl Future<Output = Cancelled> + Send + use<> {
    let (at, token) = (Location::caller(), token.clone());
    waiting("cancelled", at, async move {
        let (tell, told) = tokio::sync::oneshot::channel();
        let _registration = token.on_cancel(move || tell.send(()).unwrap_or_default());
        // The token is held here, so the other end is dropped only by telling.
        told.await.ok();
        Cancelled::new(token.reason().unwrap_or(Reason::Borrowed("its token was cancelled")))
    })
}
