//! Ctrl-C, and worse: nothing stays running, nothing that was measured is lost.

use nix::sys::signal::Signal;

use super::fake::Fake;
use crate::process::end_by;

/// Ends a run by a signal while a program of it hangs; that program is a child of the one that xtask started.
fn end_a_hang_by(fake: &Fake, signal: Signal) -> Option<i32> {
    let mut command =
        fake.command(&["--executor", "pool", "--executor", "hang", "--workers", "1", "--timeout", "300"]);
    let pid = fake.out().with_file_name("hang.pid");
    end_by(signal, command.env("FAKE_HANG", &pid), &pid)
}

#[test]
fn ctrl_c_keeps_what_was_measured_and_leaves_no_orphan() {
    let fake = Fake::new(&["serial", "threads", "flaky"]);
    assert_eq!(end_a_hang_by(&fake, Signal::SIGINT), Some(130));
    assert_eq!(fake.manifest()["interrupted"], true);
    assert!(fake.report().contains("Interrupted"));
}

#[test]
fn a_kill_leaves_no_orphan_either() {
    let fake = Fake::new(&["serial", "threads", "flaky"]);
    assert_eq!(end_a_hang_by(&fake, Signal::SIGKILL), None);
}
