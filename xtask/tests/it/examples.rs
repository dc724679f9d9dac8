//! `xtask examples`: what passes, fails and hangs, and that Ctrl-C leaves nothing running.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::scratch::Scratch;

/// An example that says who it is and sleeps for longer than any test.
const HANGS: &str = r#"fn main() {
    let pid = std::process::id().to_string();
    std::fs::write("pid.new", pid).unwrap();
    std::fs::rename("pid.new", "pid").unwrap();
    std::thread::sleep(std::time::Duration::from_secs(600));
}"#;

/// How long the compiler and a busy machine may take.
const PATIENCE: Duration = Duration::from_mins(2);

fn with_examples(examples: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new();
    for (name, text) in examples {
        scratch.write(&format!("crates/par-core/examples/{name}.rs"), text);
    }
    scratch
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// True when the process is gone or only waits to be reaped.
fn is_gone(pid: i32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    kill(Pid::from_raw(pid), None).is_err() || state.contains(") Z ")
}

fn pid_in(folder: &Path) -> Option<i32> {
    std::fs::read_to_string(folder.join("pid")).ok()?.parse().ok()
}

#[test]
fn what_passes_fails_and_hangs_is_told_apart() {
    let scratch = with_examples(&[
        ("passes", "fn main() { println!(\"quiet\"); }"),
        ("fails", "fn main() { println!(\"loud\"); std::process::exit(3); }"),
        ("hangs", HANGS),
    ]);
    let ended = scratch.run(&["examples", "--timeout", "2"]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stdout.lines().last(), Some("1 passed, 2 failed"), "{}", ended.stdout);
    assert!(ended.stdout.contains("loud") && !ended.stdout.contains("quiet"), "{}", ended.stdout);
    assert!(ended.stdout.contains("time limit"), "{}", ended.stdout);
    let pid = pid_in(scratch.root()).expect("the example ran");
    wait_for("the example's end", || is_gone(pid));

    let ended = scratch.run(&["examples", "pass"]);
    assert_eq!(ended.stdout.lines().last(), Some("1 passed, 0 failed"), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(0));
}

/// Sends a signal to an xtask whose example hangs, and waits for both; the exit code is xtask's.
fn end_by(signal: Signal) -> Option<i32> {
    let scratch = with_examples(&[("hangs", HANGS)]);
    let mut command: Command = scratch.command(&["examples"]);
    let mut xtask =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("xtask is built beside its tests");
    wait_for("the example's start", || pid_in(scratch.root()).is_some());
    let pid = pid_in(scratch.root()).expect("the file does not go again");
    kill(Pid::from_raw(xtask.id() as i32), signal).expect("xtask waits for the example");
    let code = xtask.wait().expect("xtask is our child").code();
    wait_for("the example's end", || is_gone(pid));
    code
}

#[test]
fn ctrl_c_ends_the_example_too() {
    assert_eq!(end_by(Signal::SIGINT), Some(130));
}

#[test]
fn a_kill_ends_the_example_too() {
    assert_eq!(end_by(Signal::SIGKILL), None);
}
