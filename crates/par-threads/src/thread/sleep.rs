//! Being asked to stop, awake and asleep.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::flag::Flag;
use super::registry::with_current;
use super::{Cancelled, Thread};

/// Whether the calling thread was asked to stop, by [`Thread::cancel`](super::Thread::cancel) or through the token of its
/// [`Builder`](super::Builder).
///
/// A task that runs on a pool asks its own context instead: `par_core::task::current().cancelled()`.
///
/// # Examples
/// ```
/// use par_threads::thread;
///
/// let spinner = thread::spawn(|| while !thread::cancelled() { std::thread::yield_now() });
/// spinner.cancel();
/// spinner.join()?;
/// # Ok::<(), thread::ThreadPanic>(())
/// ```
pub fn cancelled() -> bool {
    with_current(Thread::is_cancelled)
}

/// Sleeps for `duration`, or until the thread is asked to stop.
///
/// It listens to the thread's token, not to that of a task which a worker of a pool runs.
///
/// # Errors
/// [`Cancelled`], at once when the thread is asked to stop, or was before; so `thread::sleep(pause)?` is all that a loop
/// needs.
///
/// # Blocking
/// For `duration`; one that reaches past the end of the clock ends only when the thread is asked to stop.
///
/// # Examples
/// ```
/// use std::time::{Duration, Instant};
/// use par_threads::thread;
///
/// let begun = Instant::now();
/// thread::sleep(Duration::from_millis(10))?;
/// assert!(begun.elapsed() >= Duration::from_millis(10));
/// # Ok::<(), thread::Cancelled>(())
/// ```
pub fn sleep(duration: Duration) -> Result<(), Cancelled> {
    let deadline = Instant::now().checked_add(duration);
    let awake = Arc::new(Flag::new());
    let wake = Arc::clone(&awake);
    let _registration = with_current(Thread::cancellation).on_cancel(move || wake.set());
    if awake.wait_until(deadline) { Err(Cancelled) } else { Ok(()) }
}
