//! Signals to groups, and who descends from whom.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::wait_a_little;

/// Makes the command lead a group of its own.
pub(super) fn lead(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

/// Ends a group and everything its leader started, politely first; `has_ended` says whether the leader has.
pub(super) fn end_group(group: Pid, has_ended: impl FnMut() -> bool) {
    let mut doomed = descendants(group);
    signal(group, Signal::SIGTERM);
    wait_a_little(has_ended);
    doomed.extend(descendants(group));
    kill_group(group);
    for process in doomed {
        // ESRCH: it ended by itself.
        let _ = kill(process, Signal::SIGKILL);
    }
}

/// Kills whoever is left in a group.
pub(super) fn kill_group(group: Pid) {
    signal(group, Signal::SIGKILL);
}

fn signal(group: Pid, signal: Signal) {
    // ESRCH: nobody is left in the group, which is what is wanted.
    if killpg(group, signal) == Err(Errno::EPERM) {
        // Setup started it through sudo, so only sudo may end it.
        let _ = Command::new("sudo")
            .args(["-n", "kill", "-s", signal.as_str().trim_start_matches("SIG"), "--", &format!("-{group}")])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// Every process below `ancestor`, by the parents that /proc names; empty where there is no /proc.
fn descendants(ancestor: Pid) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let parents: Vec<(Pid, Pid)> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().map(Pid::from_raw))
        .filter_map(|process| Some((process, stat(process)?.1)))
        .collect();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|pair| pair.1 == parent).map(|pair| pair.0));
        next += 1;
    }
    found.split_off(1)
}

/// State and parent of a process.
fn stat(process: Pid) -> Option<(char, Pid)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, Pid::from_raw(fields.next()?.parse().ok()?)))
}

/// True when a process is gone or only waits to be reaped.
#[cfg(test)]
pub(super) fn is_dead(process: Pid) -> bool {
    stat(process).is_none_or(|(state, _)| state == 'Z')
}
