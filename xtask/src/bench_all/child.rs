//! A child process that cannot outlive its call, hang it or flood it.
//!
//! The child leads a process group of its own, so that one signal reaches its whole tree.
//! Two threads read its pipes, line by line and within limits, into one channel; this side waits for
//! that channel, the deadline and Ctrl-C, whichever comes first.
//! However it ends, the group is killed before its leader is reaped: until then the number of the group
//! cannot belong to anybody else.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::interrupt;

const LINE_BYTES: u64 = 16 << 20;
const LINES: usize = 20_000;
const STDERR_TAIL: usize = 64 << 10;
const TICK: Duration = Duration::from_millis(20);
/// How long a group that was told to end has before it is made to.
const GRACE: Duration = Duration::from_millis(300);
/// How long after the leader's end its last lines may take to arrive.
const DRAIN: Duration = Duration::from_secs(2);

/// What a child printed, and how it ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) lines: Vec<String>,
    pub(super) stderr: String,
    pub(super) end: End,
}

/// How a child ended.
#[derive(Debug)]
pub(super) enum End {
    Exited(ExitStatus),
    /// It ran past its deadline and was killed.
    TimedOut(Duration),
    /// It printed more than any program of the contract does, and was killed.
    Flooded(String),
    /// Ctrl-C: it was killed.
    Interrupted,
}

impl Finished {
    /// Why this is not a success, if it is not.
    pub(super) fn failure(&self) -> Option<String> {
        let stderr = self.stderr.trim().lines().last().unwrap_or_default();
        let because = if stderr.is_empty() { String::new() } else { format!(": {stderr}") };
        match &self.end {
            End::Exited(status) if status.success() => None,
            End::Exited(status) => Some(match (status.code(), status.signal()) {
                (Some(code), _) => format!("exited with {code}{because}"),
                (None, Some(number)) => format!("was killed by {}{because}", signal_name(number)),
                (None, None) => format!("ended as {status}{because}"),
            }),
            End::TimedOut(limit) => {
                Some(format!("gave no answer within {} s and was killed", limit.as_secs()))
            }
            End::Flooded(what) => Some(what.clone()),
            End::Interrupted => Some("interrupted".to_owned()),
        }
    }

    pub(super) fn interrupted(&self) -> bool {
        matches!(self.end, End::Interrupted)
    }
}

/// Runs `command` to its end, or to `limit`.
///
/// # Errors
/// The program could not be started.
pub(super) fn run(command: &mut Command, limit: Duration) -> io::Result<Finished> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let (sender, receiver) = channel();
    if let Some(stdout) = child.stdout.take() {
        let sender = sender.clone();
        thread::spawn(move || forward(stdout, &sender, Message::Line));
    }
    if let Some(stderr) = child.stderr.take() {
        let sender = sender.clone();
        thread::spawn(move || forward(stderr, &sender, Message::Complaint));
    }
    drop(sender);
    Ok(watch(&mut child, &receiver, limit))
}

/// Runs `command` with this terminal for its output, to its end or Ctrl-C: for cargo.
///
/// # Errors
/// The program could not be started.
pub(super) fn run_shown(command: &mut Command) -> io::Result<End> {
    let mut child = command.stdin(Stdio::null()).process_group(0).spawn()?;
    let group = Pid::from_raw(child.id() as i32);
    while !has_ended(group) {
        if interrupt::asked() {
            end_group(group);
            child.wait()?;
            return Ok(End::Interrupted);
        }
        thread::sleep(TICK);
    }
    Ok(End::Exited(child.wait()?))
}

enum Message {
    Line(String),
    Complaint(String),
    TooLong,
}

fn forward(pipe: impl Read, sender: &Sender<Message>, wrap: fn(String) -> Message) {
    let mut reader = BufReader::new(pipe);
    loop {
        let mut line = Vec::new();
        match reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(read) if read as u64 == LINE_BYTES => {
                let _ = sender.send(Message::TooLong);
                return;
            }
            Ok(_) => {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                if sender.send(wrap(text)).is_err() {
                    return;
                }
            }
        }
    }
}

fn watch(child: &mut Child, messages: &Receiver<Message>, limit: Duration) -> Finished {
    let group = Pid::from_raw(child.id() as i32);
    let deadline = Instant::now() + limit;
    let mut heard = Heard::default();
    let mut forced = None;
    let mut open = true;
    while forced.is_none() && !(has_ended(group)) {
        if open {
            open = heard.listen(messages, TICK);
        } else {
            thread::sleep(TICK);
        }
        if interrupt::asked() {
            forced = Some(End::Interrupted);
        } else if Instant::now() >= deadline {
            forced = Some(End::TimedOut(limit));
        } else if let Some(what) = heard.flood.take() {
            forced = Some(End::Flooded(what));
        }
    }
    end_group(group);
    let status = child.wait();
    let drained = Instant::now() + DRAIN;
    while open && Instant::now() < drained {
        open = heard.listen(messages, TICK);
    }
    let end = match (forced, status) {
        (Some(end), _) => end,
        (None, Ok(status)) => End::Exited(status),
        (None, Err(error)) => End::Flooded(format!("could not be waited for: {error}")),
    };
    Finished { lines: heard.lines, stderr: heard.stderr, end }
}

#[derive(Default)]
struct Heard {
    lines: Vec<String>,
    stderr: String,
    flood: Option<String>,
}

impl Heard {
    /// Takes what comes within `patience`; false when nothing can come any more.
    fn listen(&mut self, messages: &Receiver<Message>, patience: Duration) -> bool {
        match messages.recv_timeout(patience) {
            Ok(Message::Line(line)) if self.lines.len() < LINES => {
                if !line.is_empty() {
                    self.lines.push(line);
                }
            }
            Ok(Message::Line(_)) => {
                self.flood = Some(format!("printed more than {LINES} lines and was killed"));
            }
            Ok(Message::TooLong) => {
                self.flood = Some(format!("printed a line of more than {LINE_BYTES} bytes and was killed"));
            }
            Ok(Message::Complaint(line)) => {
                self.stderr.push_str(&line);
                self.stderr.push('\n');
                let excess = self.stderr.len().saturating_sub(STDERR_TAIL);
                let cut = (excess..=self.stderr.len()).find(|at| self.stderr.is_char_boundary(*at));
                self.stderr.drain(..cut.unwrap_or(0));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        true
    }
}

/// Whether the leader is dead; it is not reaped by being looked at.
fn has_ended(leader: Pid) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    !matches!(waitid(Id::Pid(leader), flags), Ok(WaitStatus::StillAlive))
}

/// Ends the group: asks, waits a little for the leader, then makes it.
fn end_group(group: Pid) {
    if !has_ended(group) {
        let _ = killpg(group, Signal::SIGTERM);
        let patience = Instant::now() + GRACE;
        while !has_ended(group) && Instant::now() < patience {
            thread::sleep(TICK);
        }
    }
    let _ = killpg(group, Signal::SIGKILL);
}

fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Finished, run};
    use std::process::Command;
    use std::time::{Duration, Instant};

    fn sh(script: &str, limit: Duration) -> Finished {
        run(Command::new("sh").args(["-c", script]), limit).unwrap()
    }

    #[test]
    fn lines_and_exit_code() {
        let finished = sh("echo one; echo two; echo why >&2; exit 3", Duration::from_secs(10));
        assert_eq!(finished.lines, ["one", "two"]);
        assert_eq!(finished.failure().unwrap(), "exited with 3: why");
    }

    #[test]
    fn a_signal_has_its_name() {
        let finished = sh("kill -SEGV $$", Duration::from_secs(10));
        assert_eq!(finished.failure().unwrap(), "was killed by SIGSEGV");
    }

    #[test]
    fn a_hang_ends_at_the_deadline_and_keeps_what_was_printed() {
        let start = Instant::now();
        let finished = sh("trap '' TERM; echo early; sleep 600 & wait; sleep 600", Duration::from_secs(1));
        assert!(start.elapsed() < Duration::from_secs(8));
        assert_eq!(finished.lines, ["early"]);
        assert!(finished.failure().unwrap().contains("within 1 s"));
    }

    #[test]
    fn no_grandchild_stays() {
        let finished = sh("sleep 600 & echo $!", Duration::from_secs(10));
        let stat = format!("/proc/{}/stat", finished.lines[0]);
        let deadline = Instant::now() + Duration::from_secs(5);
        // A killed orphan is reaped by its new parent, or stays a zombie where that one does not care.
        let gone = || std::fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z "));
        while !gone() {
            assert!(Instant::now() < deadline, "the grandchild lives");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_flood_is_stopped() {
        let finished = sh("yes", Duration::from_mins(1));
        assert!(finished.failure().unwrap().contains("more than 20000 lines"));
        let finished = sh("tr '\\0' x < /dev/zero", Duration::from_mins(1));
        assert!(finished.failure().unwrap().contains("bytes"));
    }
}
