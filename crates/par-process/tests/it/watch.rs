//! Limits, and waiting for something to become so.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::Outcome;

/// No test takes so long unless it hangs.
const LIMIT: Duration = Duration::from_mins(1);

/// Runs a test; aborts the program if it does not end.
pub(crate) fn under_limit(name: &str, test: fn() -> Outcome) -> Result<(), String> {
    let (done, waiting) = mpsc::channel::<()>();
    let watched = name.to_owned();
    let watchdog = std::thread::spawn(move || {
        if waiting.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("{watched} has not ended within {LIMIT:?}");
            std::process::abort();
        }
    });
    let outcome = test().map_err(|error| error.to_string());
    drop(done);
    let _ = watchdog.join();
    outcome
}

/// Waits until something is so, for `limit` at the longest; tells whether it is.
pub(crate) fn until(limit: Duration, is_so: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Whether a process exists and is not a zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !matches!(stat.rsplit(") ").next().and_then(|rest| rest.chars().next()), Some('Z' | 'X'))
    })
}
