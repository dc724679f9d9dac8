//! What ends a program that hangs.

use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Ends the program with a last line, unless it is dropped in time.
///
/// A run has its own deadline, which the executor heeds; this one is for an executor that does not.
#[derive(Debug)]
#[must_use = "the watchdog sleeps while this lives"]
pub(super) struct Watchdog {
    /// Dropping it tells the thread.
    _alive: Sender<()>,
}

impl Watchdog {
    /// Watches from now on, and prints `line` and exits with 1 after `limit`.
    pub(super) fn new(limit: Duration, line: String) -> Self {
        let (alive, dropped) = channel();
        thread::spawn(move || {
            if let Err(RecvTimeoutError::Timeout) = dropped.recv_timeout(limit) {
                let mut out = std::io::stdout();
                // Nobody is left to tell when this fails.
                let _ = writeln!(out, "{line}").and_then(|()| out.flush());
                std::process::exit(1);
            }
        });
        Self { _alive: alive }
    }

    /// How long to wait for a run that should heed `timeout`.
    pub(super) fn after(timeout: Duration) -> Duration {
        timeout + (timeout / 4).clamp(Duration::from_secs(1), Duration::from_secs(10))
    }
}
