//! An end for every test.

use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Runs `f` on this thread; if it has not returned after `limit`, says so and ends the process with code 101.
///
/// A test that hangs cannot be unwound, and nothing may wait for ever.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// assert_eq!(par_core::testing::within(Duration::from_secs(5), "a sum", || 1 + 1), 2);
/// ```
pub fn within<R>(limit: Duration, what: &str, f: impl FnOnce() -> R) -> R {
    let (done, watched) = channel::<()>();
    let what = what.to_owned();
    let watchdog = thread::Builder::new().name("watchdog".to_owned()).spawn(move || {
        if watched.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            // Not `eprintln!`, which a test harness captures and the exit then throws away.
            let text = format!("`{what}` has not returned after {limit:?}: ending the process\n");
            std::io::stderr().write_all(text.as_bytes()).ok();
            std::process::exit(101);
        }
    });
    let result = f();
    drop(done);
    if let Ok(watchdog) = watchdog {
        watchdog.join().ok();
    }
    result
}
