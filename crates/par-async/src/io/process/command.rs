//! What is to be run.

use std::ffi::{OsStr, OsString};
use std::io;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use super::Child;
use super::communicate::communicate;
use crate::io::{Output, ProcessError};
use crate::task::waiting;

/// Where one of a program's three pipes leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redirect {
    /// To this program.
    #[default]
    Pipe,
    /// Where that of this program leads.
    Inherit,
    /// To nowhere.
    Null,
}

impl From<Redirect> for Stdio {
    fn from(redirect: Redirect) -> Self {
        match redirect {
            Redirect::Pipe => Self::piped(),
            Redirect::Inherit => Self::inherit(),
            Redirect::Null => Self::null(),
        }
    }
}

/// A program with its arguments, and the bounds within which it is to run. It may be run many times.
///
/// It runs in a process group of its own, so that what it starts ends with it. Ctrl-C in the terminal therefore does not
/// reach it; the task that waits for it is cancelled instead, and kills it.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{Command, ProcessError};
///
/// # par_async::run(async {
/// let sorted = Command::new("sort").arg("-n").communicate("10\n9\n").await?;
/// assert_eq!(sorted.stdout, b"9\n10\n");
///
/// let error = Command::new("sleep").arg("60").timeout(Duration::from_millis(50)).communicate("").await.unwrap_err();
/// assert!(error.to_string().contains("was ended by SIGTERM"), "{error}");
///
/// let error = Command::new("no-such-program").communicate("").await.unwrap_err();
/// assert!(matches!(error, ProcessError::NotFound { .. }));
/// # Ok::<(), ProcessError>(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "a command does nothing until it is run"]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, Option<OsString>)>,
    clear: bool,
    directory: Option<PathBuf>,
    pipes: [Redirect; 3],
    foreground: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) grace: Duration,
    pub(super) limit: usize,
}

impl Command {
    /// How much a program may write to each of stdout and stderr if nothing else is said: 16 MiB.
    pub const OUTPUT: usize = 16 << 20;

    /// A program, by its path or by a name that is looked up in `PATH`. There is no shell between.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            clear: false,
            directory: None,
            pipes: [Redirect::Pipe; 3],
            foreground: false,
            timeout: None,
            grace: Duration::from_secs(5),
            limit: Self::OUTPUT,
        }
    }

    /// One more argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// More arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets a variable in the environment of the program.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), Some(value.as_ref().to_owned())));
        self
    }

    /// Takes a variable from the environment of the program.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), None));
        self
    }

    /// The program starts with no variables but those that are set here.
    pub fn env_clear(self) -> Self {
        Self { clear: true, ..self }
    }

    /// Where the program starts.
    pub fn directory(self, directory: impl AsRef<Path>) -> Self {
        Self { directory: Some(directory.as_ref().to_owned()), ..self }
    }

    /// Where its stdin comes from.
    pub fn stdin(mut self, redirect: Redirect) -> Self {
        self.pipes[0] = redirect;
        self
    }

    /// Where its stdout goes.
    pub fn stdout(mut self, redirect: Redirect) -> Self {
        self.pipes[1] = redirect;
        self
    }

    /// Where its stderr goes.
    pub fn stderr(mut self, redirect: Redirect) -> Self {
        self.pipes[2] = redirect;
        self
    }

    /// Leaves it in the process group of this program: it may use the terminal, and gets Ctrl-C. What it starts is not
    /// ended with it.
    pub fn foreground(self) -> Self {
        Self { foreground: true, ..self }
    }

    /// How long [`communicate`](Self::communicate) may take.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }

    /// How long it has after SIGTERM, before SIGKILL; 5 seconds, if nothing is said.
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// How much it may write to each of stdout and stderr in [`communicate`](Self::communicate).
    pub fn output_limit(self, bytes: usize) -> Self {
        Self { limit: bytes, ..self }
    }

    /// Runs the program, writes `input` to its stdin, reads its stdout and stderr at the same time, and waits for its end:
    /// no pipe can fill up and stop it. A program that does not read its input is no error.
    ///
    /// # Errors
    /// [`ProcessError::Failed`], if it ends with anything but code 0; [`ProcessError::NotFound`],
    /// [`ProcessError::Start`]; [`ProcessError::TimedOut`], after SIGTERM, the grace, and SIGKILL;
    /// [`ProcessError::TooMuchOutput`], after it was killed; [`ProcessError::Broken`].
    ///
    /// # Cancel safety
    /// Dropped before its end, it kills the program, and what the program started.
    ///
    /// # Panics
    /// When it is polled outside of a tokio runtime.
    #[track_caller]
    pub fn communicate(
        &self,
        input: impl AsRef<[u8]> + Send,
    ) -> impl Future<Output = Result<Output, ProcessError>> + Send {
        waiting("Command::communicate", Location::caller(), async move {
            let output = communicate(self, input.as_ref()).await?;
            if output.exit.success() {
                return Ok(output);
            }
            Err(ProcessError::Failed { program: self.name(), output: Box::new(output) })
        })
    }

    /// Starts the program, and leaves it to the caller to talk to it.
    ///
    /// # Errors
    /// [`ProcessError::NotFound`], [`ProcessError::Start`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn spawn(&self) -> Result<Child, ProcessError> {
        let mut command = tokio::process::Command::new(&self.program);
        let [stdin, stdout, stderr] = self.pipes;
        command.args(&self.arguments).stdin(stdin).stdout(stdout).stderr(stderr);
        // For the case that there is no runtime any more that could do better.
        command.kill_on_drop(true);
        if !self.foreground {
            command.process_group(0);
        }
        if self.clear {
            command.env_clear();
        }
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        let started = command.spawn().map_err(|source| self.not_started(source))?;
        Ok(Child::new(self.name(), started, !self.foreground, self.grace, Location::caller()))
    }

    /// The program, for messages.
    pub(super) fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    fn not_started(&self, source: io::Error) -> ProcessError {
        // The system says the same of a directory that is not there.
        let lost = self.directory.as_ref().filter(|directory| !directory.is_dir());
        match (source.kind(), lost) {
            (io::ErrorKind::NotFound, None) => ProcessError::NotFound { program: self.name() },
            (kind, Some(lost)) => {
                let text = format!("`{}`, where it was to start, is no directory", lost.display());
                ProcessError::Start { program: self.name(), source: io::Error::new(kind, text) }
            }
            _ => ProcessError::Start { program: self.name(), source },
        }
    }
}
