//! What Python does at the end of a program.

use std::time::{Duration, Instant};

use super::registry::wait_for_others;
use super::{StillRunning, current};

/// Waits for every thread that this module has started and that is no [daemon](super::Builder::daemon), as Python does
/// when its main thread ends; Rust's `main` does not.
///
/// Also for those that are started meanwhile; not for the calling thread, nor for threads that wait here themselves, nor
/// for the destructors of thread-locals, for which only [`JoinHandle::join`](super::JoinHandle::join) waits.
/// Daemons are not waited for: when `main` returns, the process ends and kills them wherever they are, without
/// destructors. A daemon that holds something which must be put away should carry a token and be joined instead.
///
/// # Errors
/// [`StillRunning`], which names the threads that had not ended after `timeout`. Nobody has to ask them to stop, but
/// their [`cancel`](super::Thread::cancel) is at hand.
///
/// # Panics
/// With the feature `deadlock-detection` and without a timeout, when the wait could never end.
///
/// # Blocking
/// Until the last of them has ended, or for `timeout`. A thread that another one waits for must not call this: it would
/// wait for that one.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_threads::thread;
///
/// let _detached = thread::Builder::new().name("saver").spawn(|| println!("saved"))?;
/// let _daemon = thread::Builder::new().daemon(true).spawn(|| thread::sleep(Duration::from_secs(3600)))?;
/// thread::join_all(Some(Duration::from_secs(10)))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(feature = "deadlock-detection", track_caller)]
pub fn join_all(timeout: Option<Duration>) -> Result<(), StillRunning> {
    let begun = Instant::now();
    // A timeout past the end of the clock is no timeout.
    let deadline = timeout.and_then(|timeout| begun.checked_add(timeout));
    let threads = wait_for_others(current().id(), deadline);
    if threads.is_empty() { Ok(()) } else { Err(StillRunning { threads, waited: begun.elapsed() }) }
}
