//! Other programs: started, talked to through pipes, and ended for certain.
//!
//! A [`Child`] that is dropped, by a cancellation or by a return in the middle, is killed with everything that it started,
//! and the task in which it was dropped is not over before the operating system has forgotten it.
//!
//! Programs have clocks of their own: on the clock of a test, which jumps when all wait, a timeout of a program passes at
//! once.

mod child;
mod command;
mod communicate;

pub use child::Child;
pub use command::{Command, Redirect};

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use super::signal::Signal;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code; 0 is success.
    Code(i32),
    /// By a signal.
    Signal(Signal),
}

impl Exit {
    /// Whether it ended with code 0.
    pub const fn success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(Signal::from_raw(signal)),
            // A wait without flags reports nothing else.
            (None, None) => Self::Code(-1),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "ended with code {code}"),
            Self::Signal(signal) => write!(f, "was ended by {signal}"),
        }
    }
}

/// What a program left behind.
#[derive(Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote to its stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to its stderr.
    pub stderr: Vec<u8>,
}

/// What it wrote is shown as text.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("exit", &self.exit)
            .field("stdout", &String::from_utf8_lossy(&self.stdout))
            .field("stderr", &String::from_utf8_lossy(&self.stderr))
            .finish()
    }
}
