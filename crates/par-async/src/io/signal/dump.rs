//! The tree of tasks of a live process, on request from outside.

use std::io::{self, Write as _};
use std::sync::mpsc;
use std::thread;

use parking_lot::Mutex;
use tokio::runtime::Builder;

use super::{Signal, signals};
use crate::io::SignalError;
use crate::task::tasks_snapshot;

/// The signals that dump.
static LISTENING: Mutex<Vec<Signal>> = Mutex::new(Vec::new());

/// From now on, `kill -USR1` makes this process print its tree of tasks to stderr: what hangs, since when, and where.
///
/// It is done by a thread of its own, so it works while every worker of every runtime is blocked. The thread stays until
/// the process ends; calling this again changes nothing. Nothing of it happens unless it is called: a program may use
/// `SIGUSR1` for something else, and [`dump_on`] for another signal.
///
/// # Errors
/// [`SignalError`].
///
/// # Blocking
/// Until that thread listens, which is soon.
///
/// # Examples
/// ```
/// par_async::dump_on_signal()?;
/// // $ kill -USR1 4711
/// // --- SIGUSR1: the tasks of process 4711
/// // main 1 (12.0s) at src/main.rs:10
/// // └─ TaskGroup (12.0s) at src/main.rs:12
/// //    └─ task 3 `reader` (12.0s) at src/main.rs:13
/// //       └─ Stream::read_line (11.9s) at src/reader.rs:27
/// # Ok::<(), par_async::SignalError>(())
/// ```
pub fn dump_on_signal() -> Result<(), SignalError> {
    dump_on(Signal::USER_1)
}

/// As [`dump_on_signal`], for another signal.
///
/// # Errors
/// As [`dump_on_signal`].
///
/// # Blocking
/// As [`dump_on_signal`].
pub fn dump_on(signal: Signal) -> Result<(), SignalError> {
    let mut listening = LISTENING.lock();
    if listening.contains(&signal) {
        return Ok(());
    }
    let (ready, readied) = mpsc::channel();
    thread::Builder::new()
        .name(format!("dump on {signal}"))
        .spawn(move || dump_for_ever(signal, &ready))
        .map_err(SignalError::Thread)?;
    // It answers before it ends, unless it panics.
    readied.recv().unwrap_or_else(|gone| Err(SignalError::Thread(io::Error::other(gone))))?;
    listening.push(signal);
    Ok(())
}

fn dump_for_ever(signal: Signal, ready: &mpsc::Sender<Result<(), SignalError>>) {
    // A runtime of its own: tokio hands signals to every one of them, so a blocked one stands in nobody's way.
    let answer = match Builder::new_current_thread().enable_io().build() {
        Err(error) => Err(SignalError::Thread(error)),
        Ok(runtime) => runtime.block_on(async {
            let mut signals = signals(&[signal])?;
            ready.send(Ok(())).ok();
            loop {
                signals.next().await;
                dump(signal);
            }
        }),
    };
    ready.send(answer).ok();
}

fn dump(signal: Signal) {
    let process = std::process::id();
    let text = format!("--- {signal}: the tasks of process {process}\n{}\n", tasks_snapshot());
    // In one piece, so that other lines do not come between. With no stderr there is nobody to tell.
    io::stderr().write_all(text.as_bytes()).ok();
}
