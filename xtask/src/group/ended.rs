//! How a child ended, and what it printed until then.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::capture::MOST_MIB;
use crate::error::Error;

/// A child that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(super) end: End,
    /// From the start to the end.
    pub(crate) elapsed: Duration,
    /// What was captured of its output.
    pub(crate) output: String,
    /// The end of its standard error, with [`super::Output::Apart`].
    pub(crate) complaint: String,
}

/// What ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Exited(ExitStatus),
    TimedOut(Duration),
    Flooded,
}

impl Ended {
    /// True when the child ended by itself with exit code 0.
    pub(crate) fn success(&self) -> bool {
        matches!(self.end, End::Exited(status) if status.success())
    }

    /// The exit code, as a shell would say it; `None` when it was ended at a limit.
    pub(crate) fn code(&self) -> Option<u8> {
        let End::Exited(status) = self.end else { return None };
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal))?;
        u8::try_from(code).ok()
    }

    /// Why this is no success, as a verb and the last line of what it complained about; `None` when it is one.
    pub(crate) fn failure(&self) -> Option<String> {
        let how = match self.end {
            End::Exited(status) if status.success() => return None,
            End::Exited(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("exited with {code}"),
                (None, Some(number)) => format!("was killed by {}", name_of(number)),
                (None, None) => format!("ended as {status}"),
            },
            End::TimedOut(limit) => format!("was killed at its time limit of {} s", limit.as_secs_f64()),
            End::Flooded => format!("printed more than {MOST_MIB} MiB and was killed"),
        };
        Some(match self.complaint.trim().lines().last() {
            Some(why) => format!("{how}: {why}"),
            None => how,
        })
    }

    /// Itself, if it is a success.
    ///
    /// # Errors
    /// `name` and why it is none.
    pub(crate) fn check(self, name: &str) -> Result<Self, Error> {
        match self.failure() {
            None => Ok(self),
            Some(reason) => Err(Error::Failed(format!("{name} {reason}"))),
        }
    }
}

fn name_of(signal: i32) -> String {
    Signal::try_from(signal).map_or_else(|_| format!("signal {signal}"), |signal| signal.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(status: i32, complaint: &str) -> Ended {
        let end = End::Exited(ExitStatus::from_raw(status));
        Ended { end, elapsed: Duration::ZERO, output: String::new(), complaint: complaint.to_owned() }
    }

    #[test]
    fn codes_are_those_of_a_shell() {
        assert_eq!(ended(0, "").code(), Some(0));
        assert_eq!(ended(101 << 8, "").code(), Some(101));
        assert_eq!(ended(9, "").code(), Some(137));
    }

    #[test]
    fn failures_in_words() {
        assert_eq!(ended(0, "a warning\n").failure(), None);
        assert_eq!(ended(3 << 8, "").failure().unwrap(), "exited with 3");
        assert_eq!(ended(11, "first\nwhy\n").failure().unwrap(), "was killed by SIGSEGV: why");
        let error = ended(3 << 8, "").check("cargo build").unwrap_err();
        assert_eq!(error.to_string(), "cargo build exited with 3");
    }
}
