//! Asynchronous code, called by a thread.

use std::future::Future;
use std::panic::Location;

use crate::error::RunnerError;
use crate::runner::Runner;

/// Runs a future on this thread, and returns its output when everything under it has ended.
///
/// It starts a small runtime each time. To run many futures, keep a [`Runner`]; to run them elsewhere and wait for them
/// here, [`TokioExecutor::spawn_future`](crate::TokioExecutor::spawn_future).
///
/// # Errors
/// [`RunnerError`]; [`RunnerError::Nested`] on a thread that polls futures, which this would block: await there instead.
///
/// # Blocking
/// Until the future is done.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{block_on, sleep};
///
/// let thread = std::thread::spawn(|| block_on(async {
///     sleep(Duration::from_millis(1)).await;
///     "rested"
/// }));
/// assert_eq!(thread.join().expect("it does not panic")?, "rested");
///
/// let inside = block_on(async { block_on(async {}) })?;
/// assert!(inside.is_err(), "it would block those who poll it");
/// # Ok::<(), par_async::RunnerError>(())
/// ```
#[track_caller]
pub fn block_on<F: Future>(future: F) -> Result<F::Output, RunnerError> {
    Runner::builder().current_thread().build()?.run_at(future, Location::caller())
}
