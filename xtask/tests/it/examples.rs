//! `xtask examples`: what passes, fails and hangs, and that Ctrl-C leaves nothing running.

use nix::sys::signal::Signal;

use crate::process::{end_by, is_gone, pid_in, wait_for};
use crate::scratch::Scratch;

/// An example that says who it is and sleeps for longer than any test.
const HANGS: &str = r#"fn main() {
    let pid = std::process::id().to_string();
    std::fs::write("pid.new", pid).unwrap();
    std::fs::rename("pid.new", "pid").unwrap();
    std::thread::sleep(std::time::Duration::from_secs(600));
}"#;

fn with_examples(examples: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new();
    for (name, text) in examples {
        scratch.write(&format!("crates/par-core/examples/{name}.rs"), text);
    }
    scratch
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
    let pid = pid_in(&scratch.root().join("pid")).expect("the example ran");
    wait_for("the example's end", || is_gone(pid));

    let ended = scratch.run(&["examples", "pass"]);
    assert_eq!(ended.stdout.lines().last(), Some("1 passed, 0 failed"), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, Some(0));
}

/// Sends a signal to an xtask whose example hangs; the exit code is xtask's.
fn end_a_hang_by(signal: Signal) -> Option<i32> {
    let scratch = with_examples(&[("hangs", HANGS)]);
    end_by(signal, &mut scratch.command(&["examples"]), &scratch.root().join("pid"))
}

#[test]
fn ctrl_c_ends_the_example_too() {
    assert_eq!(end_a_hang_by(Signal::SIGINT), Some(130));
}

#[test]
fn a_kill_ends_the_example_too() {
    assert_eq!(end_a_hang_by(Signal::SIGKILL), None);
}
