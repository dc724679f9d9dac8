//! A child process as the leader of its own process group, with a time limit, an output limit, and nothing left behind.
//!
//! States of a group: *guarded* (spawned, its id is with the guardian) → *ended* (the leader was reaped, what it left in
//! its group was killed, the guardian has forgotten its id).
//! [`run`] waits for whichever comes first: the leader's end, the time limit, the output limit or Ctrl-C.
//! Ending is SIGTERM first, because a child may be an xtask with groups of its own to end, and SIGKILL after a grace.
//! When xtask itself is killed, its guardian ends what is left.

mod capture;
mod ended;
mod guardian;
mod interrupt;
mod processes;

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{io, thread};

use nix::unistd::Pid;

use self::capture::Capture;
use self::ended::End;
pub(crate) use self::ended::Ended;
pub(crate) use self::interrupt::{install as end_children_on_ctrl_c, is_asked as is_interrupted};
use crate::error::Error;

/// How long a group may take to end itself after SIGTERM, and a dead one's last words to arrive.
const GRACE: Duration = Duration::from_secs(3);
/// How often a running child is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Where a child's output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// To the terminal, unseen by xtask.
    Inherit,
    /// Both streams into [`Ended::output`] in the order they came, shown by nobody.
    Capture,
    /// Both: shown while it comes, and kept.
    Tee,
    /// Standard output into [`Ended::output`], the end of standard error into [`Ended::complaint`].
    Apart,
}

/// Runs `command` as a group of its own until it ends or `limit` has passed, whichever comes first.
///
/// # Errors
/// The program could not be started, or somebody pressed Ctrl-C; the group has ended then.
pub(crate) fn run(command: &mut Command, limit: Duration, output: Output) -> Result<Ended, Error> {
    if is_interrupted() {
        return Err(Error::Interrupted);
    }
    let start = Instant::now();
    let mut capture =
        Capture::connect(command, output).map_err(|source| Error::io("make", "a pipe", source))?;
    let child = spawn(command);
    // The command holds the pipes' writing ends; with them open the capture would never see the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.map_err(|source| Error::io("run", command.get_program(), source))?;
    let end = watch(&mut child, &mut capture, start, limit);
    guardian::release(group_of(&child));
    if is_interrupted() {
        return Err(Error::Interrupted);
    }
    let elapsed = start.elapsed();
    capture.drain(GRACE);
    let (output, complaint) = capture.into_text();
    Ok(Ended { end, elapsed, output, complaint })
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    // A child that xtask is killed right after must find the guardian awake.
    guardian::start();
    let child = processes::lead(command.stdin(Stdio::null())).spawn()?;
    guardian::guard(group_of(&child));
    Ok(child)
}

/// Waits for the end, or brings it about; the whole group has ended when this returns.
fn watch(child: &mut Child, capture: &mut Capture, start: Instant, limit: Duration) -> End {
    loop {
        if let Some(status) = status_of(child) {
            // What the leader left behind; while any of it lives, the group's number is nobody else's.
            processes::kill_group(group_of(child));
            return End::Exited(status);
        }
        let forced = if start.elapsed() >= limit {
            Some(End::TimedOut(limit))
        } else if capture.is_flooded() {
            Some(End::Flooded)
        } else {
            None
        };
        if forced.is_some() || is_interrupted() {
            processes::end_group(group_of(child), || status_of(child).is_some());
            // The leader is dead or unkillable; a second look reaps it in the first case.
            wait_a_little(|| status_of(child).is_some());
            return forced.unwrap_or(End::TimedOut(limit));
        }
        capture.listen(POLL);
    }
}

/// `None` while it runs; a child that is there but cannot be waited for is ended by its time limit.
fn status_of(child: &mut Child) -> Option<ExitStatus> {
    child.try_wait().ok().flatten()
}

/// Polls `done` for as long as the grace lasts.
fn wait_a_little(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() && start.elapsed() < GRACE {
        thread::sleep(POLL);
    }
}

fn group_of(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration, output: Output) -> Ended {
        run(Command::new("sh").args(["-c", script]), limit, output).unwrap()
    }

    /// The process that a script named on its first line is gone, or only waits to be reaped, soon.
    fn assert_ends(ended: &Ended) {
        let process = Pid::from_raw(ended.output.trim().parse().unwrap());
        let start = Instant::now();
        while !processes::is_dead(process) {
            assert!(start.elapsed() < Duration::from_secs(10), "{process} is alive");
            thread::sleep(POLL);
        }
    }

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn output_of_both_streams_is_kept_together_or_apart() {
        let script = "echo out; echo err >&2";
        let ended = shell(script, LONG, Output::Capture);
        assert!(ended.success());
        assert_eq!((ended.output.as_str(), ended.complaint.as_str()), ("out\nerr\n", ""));
        let ended = shell(script, LONG, Output::Apart);
        assert_eq!((ended.output.as_str(), ended.complaint.as_str()), ("out\n", "err\n"));
    }

    #[test]
    fn a_hang_ends_at_the_limit_and_keeps_what_was_printed() {
        let start = Instant::now();
        let ended = shell("sleep 600 & echo $!; wait", Duration::from_millis(300), Output::Capture);
        assert!(ended.failure().unwrap().contains("time limit of 0.3 s"));
        assert_ends(&ended);
        let deaf =
            shell("trap '' TERM; echo early; sleep 600; sleep 600", Duration::from_secs(1), Output::Apart);
        assert_eq!(deaf.output, "early\n");
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_grandchild_in_another_session_ends_at_the_limit() {
        assert_ends(&shell("setsid sleep 600 & echo $!; wait", Duration::from_millis(500), Output::Capture));
    }

    #[test]
    fn what_a_finished_child_left_behind_is_ended() {
        let ended = shell("sleep 600 & echo $!", LONG, Output::Capture);
        assert!(ended.success());
        assert_ends(&ended);
    }

    #[test]
    fn a_flood_is_stopped() {
        let ended = shell("yes", LONG, Output::Apart);
        assert!(ended.failure().unwrap().contains("more than 64 MiB"));
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        let error = run(&mut Command::new("no-such-program"), LONG, Output::Inherit);
        assert!(error.unwrap_err().to_string().contains("no-such-program"));
    }
}
