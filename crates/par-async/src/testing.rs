//! For tests of asynchronous code: a clock that stands still.

use std::future::Future;

use crate::error::RunnerError;
use crate::runner::Runner;

/// Runs `main` on this thread, with a clock that stands still while anybody runs, and jumps to the next timer when all
/// wait: a test that sleeps an hour takes no time, and is the same every time.
///
/// # Errors
/// As [`Runner::run`].
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// let begun = std::time::Instant::now();
/// par_async::testing::run(async { par_async::sleep(Duration::from_secs(3600)).await })?;
/// assert!(begun.elapsed() < Duration::from_secs(60));
/// # Ok::<(), par_async::RunnerError>(())
/// ```
#[track_caller]
pub fn run<F: Future>(main: F) -> Result<F::Output, RunnerError> {
    Runner::builder().paused_clock().build()?.run(main)
}
