//! A program that runs.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, kill_process, kill_process_group};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::runtime::Handle;

use super::Exit;
use crate::io::{ProcessError, Signal, Stream};
use crate::task::{Kind, Node, waiting};

/// A program that runs; from [`Command::spawn`](crate::Command::spawn).
///
/// Dropped before its end was waited for, it is killed, with what it started, and whatever task it was dropped in waits
/// until it is gone: no process and no zombie stays behind.
///
/// # Examples
/// ```
/// use par_async::{Command, Exit, ProcessError, Signal};
///
/// # par_async::run(async {
/// let mut child = Command::new("cat").spawn()?;
/// let (mut to, mut from) = (child.stdin.take().ok_or("a pipe")?, child.stdout.take().ok_or("a pipe")?);
/// to.write_all(b"one line\n").await?;
/// assert_eq!(from.read_line().await?.as_deref(), Some("one line"));
/// assert_eq!(child.stop().await?, Exit::Signal(Signal::TERMINATE));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
pub struct Child {
    /// The way to its stdin, if that is a pipe; taken or dropped, the program sees the end of it.
    pub stdin: Option<Stream<ChildStdin>>,
    /// What it writes to stdout, if that is a pipe. Nobody else reads it: if it fills up, the program stands still.
    pub stdout: Option<Stream<ChildStdout>>,
    /// What it writes to stderr, if that is a pipe. Nobody else reads it: if it fills up, the program stands still.
    pub stderr: Option<Stream<ChildStderr>>,
    program: String,
    /// There until it is dropped.
    process: Option<tokio::process::Child>,
    pid: Option<Pid>,
    own_group: bool,
    grace: Duration,
    at: &'static Location<'static>,
}

impl Child {
    pub(super) fn new(
        program: String,
        mut process: tokio::process::Child,
        own_group: bool,
        grace: Duration,
        at: &'static Location<'static>,
    ) -> Self {
        let pid = process.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Self {
            stdin: process.stdin.take().map(Stream::new),
            stdout: process.stdout.take().map(Stream::new),
            stderr: process.stderr.take().map(Stream::new),
            program,
            process: Some(process),
            pid,
            own_group,
            grace,
            at,
        }
    }

    /// Its process number; `None` after its end was waited for, when the number may be somebody else's.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().and_then(tokio::process::Child::id)
    }

    /// Waits until it has ended. Its stdin is closed first, so that it does not wait for input that never comes.
    ///
    /// # Errors
    /// [`ProcessError::Broken`].
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and called again: the outcome stays.
    #[track_caller]
    pub fn wait(&mut self) -> impl Future<Output = Result<Exit, ProcessError>> + Send {
        waiting("Child::wait", Location::caller(), async move {
            self.stdin = None;
            match self.process().wait().await {
                Ok(status) => Ok(status.into()),
                Err(source) => Err(self.broken(source)),
            }
        })
    }

    /// Sends it a signal; to what it started, too, unless it is in the foreground. One that has ended gets none.
    ///
    /// # Errors
    /// [`ProcessError::Broken`], e.g. for a program that has become somebody else's.
    pub fn signal(&self, signal: Signal) -> Result<(), ProcessError> {
        // As long as nobody has waited for it, its number stays its own.
        if self.id().is_none() { Ok(()) } else { self.send(signal).map_err(|source| self.broken(source)) }
    }

    /// Asks it to end: [`Signal::TERMINATE`].
    ///
    /// # Errors
    /// As [`signal`](Self::signal).
    pub fn terminate(&self) -> Result<(), ProcessError> {
        self.signal(Signal::TERMINATE)
    }

    /// Ends it: [`Signal::KILL`].
    ///
    /// # Errors
    /// As [`signal`](Self::signal).
    pub fn kill(&self) -> Result<(), ProcessError> {
        self.signal(Signal::KILL)
    }

    /// Asks it to end, waits for its [`grace`](crate::Command::grace), then kills it and what it started. One whose end
    /// was waited for gets no signal.
    ///
    /// # Errors
    /// [`ProcessError::Broken`].
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and called again.
    #[track_caller]
    pub fn stop(&mut self) -> impl Future<Output = Result<Exit, ProcessError>> + Send {
        waiting("Child::stop", Location::caller(), async move {
            // After its end was waited for, its number may be somebody else's.
            let own_group = self.own_group && self.id().is_some();
            self.terminate()?;
            let grace = self.grace;
            let ended = if let Ok(exit) = tokio::time::timeout(grace, self.wait()).await {
                exit?
            } else {
                self.kill()?;
                self.wait().await?
            };
            // Its number was its own until a moment ago, and stays that of its group while anybody is left in it.
            if own_group {
                self.send(Signal::KILL).ok();
            }
            Ok(ended)
        })
    }

    fn process(&mut self) -> &mut tokio::process::Child {
        self.process.as_mut().expect("it is there until it is dropped")
    }

    fn send(&self, signal: Signal) -> std::io::Result<()> {
        let (Some(pid), Some(signal)) = (self.pid, signal.named()) else {
            let text = format!("{signal} cannot be sent; send one that is not real-time");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text));
        };
        let sent = if self.own_group { kill_process_group(pid, signal) } else { kill_process(pid, signal) };
        match sent {
            // It has ended; whoever waits for it learns how.
            Err(rustix::io::Errno::SRCH) => Ok(()),
            sent => Ok(sent?),
        }
    }

    fn broken(&self, source: std::io::Error) -> ProcessError {
        ProcessError::Broken { program: self.program.clone(), source }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.id().is_none() {
            return;
        }
        self.kill().ok();
        let Some(mut process) = self.process.take() else { return };
        // Without a runtime, tokio has it reaped by the next one.
        let Ok(runtime) = Handle::try_current() else { return };
        let open =
            Open(Node::open_here(Kind::Scope("Child::drop"), Some(self.program.as_str().into()), self.at));
        runtime.spawn(async move {
            process.wait().await.ok();
            // Its descriptors, too, are gone when whoever waits goes on.
            drop(process);
            drop(open);
        });
    }
}

/// Keeps whatever task it was made in from ending.
struct Open(Arc<Node>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("program", &self.program)
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
