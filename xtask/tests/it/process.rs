//! Processes that xtask starts, watched from outside.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long the compiler and a busy machine may take.
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// True when the process is gone or only waits to be reaped.
pub(crate) fn is_gone(pid: i32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    kill(Pid::from_raw(pid), None).is_err() || state.contains(") Z ")
}

/// The process that wrote its id into this file, once it has.
pub(crate) fn pid_in(file: &Path) -> Option<i32> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// Sends a signal to an xtask once a process of its has written its id into `file`, and waits for both; the exit code
/// is xtask's.
pub(crate) fn end_by(signal: Signal, command: &mut Command, file: &Path) -> Option<i32> {
    let mut xtask: Child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for("the child's start", || pid_in(file).is_some() || xtask.try_wait().unwrap().is_some());
    let pid = pid_in(file).expect("xtask ended before its child began");
    kill(Pid::from_raw(xtask.id() as i32), signal).unwrap();
    let signalled = Instant::now();
    let code = xtask.wait().unwrap().code();
    assert!(signalled.elapsed() < Duration::from_secs(15), "xtask took {:?} to end", signalled.elapsed());
    wait_for("the child's end", || is_gone(pid));
    code
}
