//! Blocking work, awaited.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use par_core::Cancellation;
use par_core::plumbing::catch_panic;

use crate::error::{Cancelled, JoinError, Reason};
use crate::task::{Kind, Node, vars, waiting};

/// Runs blocking code on a thread of the runtime's blocking pool, with this task's context variables, and awaits its
/// value.
///
/// # Errors
/// [`JoinError::Panicked`], or [`JoinError::Cancelled`] when the runtime was shut down before the closure began.
///
/// # Cancel safety
/// A thread cannot be cancelled. Dropped before its end, this asks the closure to stop, which only one of
/// [`to_thread_with`] hears; and whatever is above, be it a timeout, a group or a task, waits until it has returned, so
/// that nothing runs on unobserved. Where the wait must end at once, and the closure may run on, [`abandon_to_thread`].
///
/// # Panics
/// When it is polled outside of a tokio runtime.
///
/// # Examples
/// ```
/// # par_async::testing::run(async {
/// let read = par_async::to_thread(|| std::fs::read_to_string("no-such-file")).await?;
/// assert!(read.is_err());
/// # Ok::<(), par_async::JoinError>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn to_thread<T, F>(closure: F) -> impl Future<Output = Result<T, JoinError>> + Send + use<T, F>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    start("to_thread", Location::caller(), true, move |_: &Cancellation| closure())
}

/// As [`to_thread`], for code that looks now and then whether it is still wanted.
///
/// # Errors
/// As [`to_thread`].
///
/// # Cancel safety
/// As [`to_thread`]: the token is cancelled, and whatever is above waits until the closure has returned.
///
/// # Panics
/// When it is polled outside of a tokio runtime.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{timeout, to_thread_with};
///
/// # par_async::run(async {
/// let late = timeout(Duration::from_millis(5), to_thread_with(|token| {
///     while !token.is_cancelled() {
///         std::thread::sleep(Duration::from_millis(1)); // a piece of work
///     }
/// }));
/// assert!(late.await.is_err());
/// # }).unwrap();
/// ```
#[track_caller]
pub fn to_thread_with<T, F>(closure: F) -> impl Future<Output = Result<T, JoinError>> + Send + use<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Cancellation) -> T + Send + 'static,
{
    start("to_thread", Location::caller(), true, closure)
}

/// As [`to_thread_with`], but nobody waits for the closure when this is cancelled: it runs on by itself.
///
/// The runtime still waits for it when it is shut down, unless it is told not to.
///
/// # Errors
/// As [`to_thread`].
///
/// # Cancel safety
/// Dropped before its end, it cancels the token, and lets the closure run on.
///
/// # Panics
/// When it is polled outside of a tokio runtime.
#[track_caller]
pub fn abandon_to_thread<T, F>(closure: F) -> impl Future<Output = Result<T, JoinError>> + Send + use<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Cancellation) -> T + Send + 'static,
{
    start("abandon_to_thread", Location::caller(), false, closure)
}

/// Closes its node when it is dropped: when the closure has ended, or will never begin.
struct Open(Arc<Node>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Says that the future which has the node open is there: whoever borrowed that need not wait for the closure.
struct Held(Arc<Node>);

impl Held {
    fn new(node: &Arc<Node>) -> Self {
        node.hold();
        Self(Arc::clone(node))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

fn start<T, F>(
    what: &'static str,
    at: &'static Location<'static>,
    waited_for: bool,
    closure: F,
) -> impl Future<Output = Result<T, JoinError>> + Send + use<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Cancellation) -> T + Send + 'static,
{
    waiting(what, at, async move {
        let given_up = GivenUp(Cancellation::new());
        let token = given_up.0.clone();
        let open = waited_for.then(|| Open(Node::open_here(Kind::Scope(what), None, at)));
        let _held = open.as_ref().map(|open| Held::new(&open.0));
        let vars = vars::inherited();
        let joined = tokio::task::spawn_blocking(move || {
            let _open = open;
            vars::with_inherited(vars, || catch_panic(|| closure(&token)))
        });
        match joined.await {
            Ok(outcome) => outcome.map_err(JoinError::Panicked),
            Err(_) => Err(Cancelled::new(Reason::Borrowed("its runtime was shut down")).into()),
        }
    })
}

/// Tells the closure that nobody waits for its value any more.
struct GivenUp(Cancellation);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.cancel_because("nobody waits for it any more");
    }
}
