//! A child process as the leader of its own process group, with a time limit, and nothing left behind.
//!
//! States of a group: *registered* (spawned, its id is in [`GROUPS`]) → *ended* (the leader was reaped, what it left in
//! its group was killed, its id is gone).
//! Spawning and registering happen under one lock, and the Ctrl-C handler takes the same lock and closes it for good,
//! so no child can start unseen while xtask is stopping.
//! Ending is SIGTERM first, because a child may be an xtask with groups of its own to end, and SIGKILL after [`GRACE`].
//! When xtask itself is killed, its [`Guardian`] ends what is left.

use std::io::{self, PipeReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::error::Error;
use crate::guardian::Guardian;

/// How long a group may take to end itself after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);
/// How often a running child is looked at.
const POLL: Duration = Duration::from_millis(10);

static GROUPS: Mutex<Groups> = Mutex::new(Groups { live: Vec::new(), stopping: false, guardian: None });

struct Groups {
    live: Vec<Pid>,
    stopping: bool,
    /// Started with the first group.
    guardian: Option<Guardian>,
}

/// Where a child's output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// To the terminal, unseen by xtask.
    Inherit,
    /// Into [`Ended::output`], shown by nobody.
    Capture,
    /// Both: shown while it comes, and kept.
    Tee,
}

/// How a child ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The leader's exit status, or `None` when the time limit ended it.
    pub(crate) status: Option<ExitStatus>,
    /// From the start to the end.
    pub(crate) elapsed: Duration,
    /// Standard output and standard error in the order they came; empty with [`Output::Inherit`].
    pub(crate) output: String,
}

impl Ended {
    /// True when the child ended by itself with exit code 0.
    pub(crate) fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// How it ended, in words.
    pub(crate) fn reason(&self) -> String {
        self.status.map_or_else(
            || format!("ended by its time limit after {:.0} s", self.elapsed.as_secs_f64()),
            |status| status.to_string(),
        )
    }
}

/// Runs `command` as a group of its own until it ends or `limit` has passed, whichever comes first.
///
/// Does not return once Ctrl-C was pressed: the handler ends xtask.
///
/// # Errors
/// The program could not be started.
pub(crate) fn run(command: &mut Command, limit: Duration, output: Output) -> Result<Ended, Error> {
    let start = Instant::now();
    let tail = match output {
        Output::Inherit => None,
        Output::Capture => Some(collect(command, false)?),
        Output::Tee => Some(collect(command, true)?),
    };
    let mut child = spawn(command)?;
    // The command holds the pipe's writing ends; with them open the collector would never see the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let status = wait(&mut child, start, limit);
    let group = group_of(&child);
    if status.is_none() {
        end(group);
        // The leader is dead or unkillable; a second look reaps it in the first case.
        wait(&mut child, Instant::now(), GRACE);
    } else {
        // What the leader left behind in its group.
        signal(group, Signal::SIGKILL);
    }
    finish(group);
    // A descendant that made itself a new session may still hold the pipe: its words are not waited for.
    let output = tail.and_then(|tail| tail.recv_timeout(GRACE).ok()).unwrap_or_default();
    Ok(Ended { status, elapsed: start.elapsed(), output })
}

/// Makes Ctrl-C, SIGTERM and SIGHUP end every group, then xtask, with exit code 130.
///
/// # Errors
/// The handler could not be installed.
pub(crate) fn end_all_on_ctrl_c() -> Result<(), Error> {
    ctrlc::set_handler(|| {
        let live = {
            let mut groups = lock();
            groups.stopping = true;
            groups.live.clone()
        };
        thread::scope(|scope| {
            for group in live {
                scope.spawn(move || end(group));
            }
        });
        std::process::exit(130);
    })
    .map_err(|error| Error::Failed(format!("cannot install the Ctrl-C handler: {error}")))
}

fn spawn(command: &mut Command) -> Result<Child, Error> {
    let mut groups = lock();
    if groups.stopping {
        drop(groups);
        stop_here();
    }
    let child = command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|source| Error::io("run", command.get_program(), source))?;
    let group = group_of(&child);
    groups.live.push(group);
    groups.guardian.get_or_insert_with(Guardian::start).guard(group);
    Ok(child)
}

/// Takes an ended group off the list.
fn finish(group: Pid) {
    let mut groups = lock();
    groups.live.retain(|live| *live != group);
    if let Some(guardian) = &mut groups.guardian {
        guardian.release(group);
    }
    if groups.stopping {
        drop(groups);
        stop_here();
    }
}

/// Leaves the end to the Ctrl-C handler: returning would end xtask while the handler still has groups to end.
fn stop_here() -> ! {
    loop {
        thread::park();
    }
}

/// Sends both output streams of `command` through one pipe into the channel that is returned.
fn collect(command: &mut Command, show: bool) -> Result<Receiver<String>, Error> {
    let mut pipe = || -> io::Result<PipeReader> {
        let (reader, writer) = io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        Ok(reader)
    };
    let mut reader = pipe().map_err(|source| Error::io("make", "a pipe", source))?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            kept.extend_from_slice(&buffer[..count]);
            if show {
                // A closed terminal is no reason to stop the child.
                let _ = io::stdout().write_all(&buffer[..count]).and_then(|()| io::stdout().flush());
            }
        }
        // Nobody waits any more when xtask has given up on this pipe.
        let _ = sender.send(String::from_utf8_lossy(&kept).into_owned());
    });
    Ok(receiver)
}

fn wait(child: &mut Child, start: Instant, limit: Duration) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            // The child is there but cannot be waited for: its time limit ends it.
            Ok(None) | Err(_) if start.elapsed() >= limit => return None,
            Ok(None) | Err(_) => thread::sleep(POLL),
        }
    }
}

/// Ends a group and everything its leader started, politely first.
fn end(group: Pid) {
    let mut doomed = descendants(group);
    signal(group, Signal::SIGTERM);
    let start = Instant::now();
    while start.elapsed() < GRACE && killpg(group, None) != Err(Errno::ESRCH) {
        thread::sleep(POLL);
        // The leader stays a zombie until it is reaped, and a zombie keeps its group alive.
        if descendants(group).is_empty() && is_zombie(group) {
            break;
        }
    }
    doomed.extend(descendants(group));
    signal(group, Signal::SIGKILL);
    for process in doomed {
        // ESRCH: it ended by itself.
        let _ = kill(process, Signal::SIGKILL);
    }
}

fn signal(group: Pid, signal: Signal) {
    // ESRCH: nobody is left in the group, which is what is wanted.
    let _ = killpg(group, signal);
}

fn group_of(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

fn lock() -> MutexGuard<'static, Groups> {
    // The list is valid after every single operation on it.
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
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

fn is_zombie(process: Pid) -> bool {
    stat(process).is_none_or(|(state, _)| state == 'Z')
}

/// State and parent of a process.
fn stat(process: Pid) -> Option<(char, Pid)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, Pid::from_raw(fields.next()?.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    /// A signal works when the system gets to it.
    fn assert_ends(process: Pid) {
        let start = Instant::now();
        while !is_zombie(process) {
            assert!(start.elapsed() < Duration::from_secs(10), "{process} is alive");
            thread::sleep(POLL);
        }
    }

    #[test]
    fn output_of_both_streams_is_kept() {
        let ended =
            run(&mut shell("echo out; echo err >&2"), Duration::from_secs(10), Output::Capture).unwrap();
        assert!(ended.success());
        assert_eq!(ended.output, "out\nerr\n");
    }

    #[test]
    fn a_hanging_child_and_its_children_end_at_the_limit() {
        let start = Instant::now();
        let ended =
            run(&mut shell("sleep 60 & echo $!; wait"), Duration::from_millis(300), Output::Capture).unwrap();
        assert!(!ended.success());
        assert!(ended.reason().contains("time limit"), "{}", ended.reason());
        assert!(start.elapsed() < Duration::from_secs(30));
        let grandchild = Pid::from_raw(ended.output.trim().parse().unwrap());
        assert_ends(grandchild);
    }

    #[test]
    fn a_grandchild_in_another_session_ends_at_the_limit() {
        let script = "setsid sleep 60 & echo $!; wait";
        let ended = run(&mut shell(script), Duration::from_millis(500), Output::Capture).unwrap();
        let grandchild = Pid::from_raw(ended.output.trim().parse().unwrap());
        assert_ends(grandchild);
    }

    #[test]
    fn what_a_finished_child_left_behind_is_ended() {
        let ended = run(&mut shell("sleep 60 & echo $!"), Duration::from_secs(10), Output::Capture).unwrap();
        assert!(ended.success());
        let grandchild = Pid::from_raw(ended.output.trim().parse().unwrap());
        assert_ends(grandchild);
    }

    #[test]
    fn a_failing_exit_code_is_seen() {
        let ended = run(&mut shell("exit 3"), Duration::from_secs(10), Output::Capture).unwrap();
        assert_eq!(ended.status.and_then(|status| status.code()), Some(3));
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        let error = run(&mut Command::new("no-such-program"), Duration::from_secs(1), Output::Inherit);
        assert!(error.unwrap_err().to_string().contains("no-such-program"));
    }
}
