//! What must not be cancelled.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::task::{Kind, Node, Scoped, node};

/// Runs `future` to its end, whoever cancels the task meanwhile: a group, a timeout, a runner.
///
/// The cancellation acts right behind the shield, and whoever waits for the task waits for the shielded part, too: keep it
/// short, and bounded. Python's `asyncio.shield` lets the inner part go on in the background instead, where nothing waits
/// for it any more.
///
/// # Cancel safety
/// A shield cannot keep its owner from dropping it, as `tokio::select!` does with what has lost.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{shield, sleep, timeout};
///
/// # par_async::testing::run(async {
/// let mut written = false;
/// let late = timeout(Duration::from_secs(1), async {
///     shield(async {
///         sleep(Duration::from_secs(3)).await; // writes what must not be torn
///         written = true;
///     }).await;
///     sleep(Duration::from_secs(3600)).await; // is not waited for
/// }).await;
/// assert!(late.is_err() && written);
/// # }).unwrap();
/// ```
#[track_caller]
pub fn shield<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let at = Location::caller();
    async move {
        let node = Node::open_here(Kind::Scope("shield"), None, at);
        let raised = Raised::new();
        let shielded = Shielded { scoped: Scoped::new(node, future), raised };
        shielded.await
    }
}

/// A shield that is up until it is dropped.
struct Raised(Option<Arc<Node>>);

impl Raised {
    fn new() -> Self {
        let above = node::current();
        if let Some(node) = &above {
            node.shield();
        }
        Self(above)
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        if let Some(node) = &self.0 {
            node.unshield();
        }
    }
}

pin_project! {
    struct Shielded<F: Future> {
        #[pin]
        scoped: Scoped<F>,
        // Behind `scoped`, so that what it drops is shielded, too.
        raised: Raised,
    }
}

impl<F: Future> Future for Shielded<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().scoped.poll(cx).map(|ended| ended.expect("nobody cancels a shield's own node"))
    }
}
