//! What xtask can end with: its exit codes, all of them.

use std::process::{ExitCode, Termination};

/// The page that `--help` ends with.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0    done, and all of it is well
  1    something failed
  2    the command line cannot be obeyed; one line says what can be
  3    bench-all: slower than --baseline, beyond the noise
  N    mpirun: that of the job
  130  Ctrl-C; nothing is left running, and bench-all has written what it had";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done, and all of it is well.
    Done,
    /// Something failed.
    Failed,
    /// The command line cannot be obeyed.
    Refused,
    /// Something got slower than the baseline, beyond the noise.
    Slower,
    /// A program that was asked for ended with this.
    Program(u8),
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// Of a command that checks something.
    pub(crate) fn passed(passed: bool) -> Self {
        if passed { Self::Done } else { Self::Failed }
    }
}

impl Exit {
    /// The number of it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Refused => 2,
            Self::Slower => 3,
            Self::Program(code) => code,
            Self::Interrupted => 130,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
