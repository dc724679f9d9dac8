//! What can go wrong with what comes from outside.

use std::io;
use std::time::Duration;

use super::process::{Exit, Output};
use super::signal::Signal;

/// Why a stream did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// There is no connection.
    #[error("no connection to {address}: {source}; see that somebody listens there, and try again")]
    Connect {
        /// Whom it was to reach.
        address: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The stream ended in the middle of something; what came of it is still in the buffer of the stream.
    #[error("the stream ended after {came} bytes {}; the other side was cut off, or speaks another protocol", of(*wanted))]
    Truncated {
        /// How many bytes came.
        came: usize,
        /// How many there should have been, where that is known: not for a line.
        wanted: Option<usize>,
    },
    /// A line or frame is longer than its limit; what came of it is still in the buffer of the stream.
    #[error("a line or frame is longer than {limit} bytes; close the stream, or give it a higher limit")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// A line is not UTF-8.
    #[error("a line is not UTF-8 after its first {valid} bytes; read bytes with `read_until`")]
    NotText {
        /// How many bytes are text.
        valid: usize,
    },
    /// The operating system ended the stream.
    #[error("the stream broke: {0}; connect again")]
    Broken(#[from] io::Error),
}

fn of(wanted: Option<usize>) -> String {
    wanted.map_or_else(|| "of a line or message".to_owned(), |wanted| format!("of {wanted}"))
}

/// Why a program did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// There is no such program.
    #[error("there is no program `{program}`; install it, or give its path")]
    NotFound {
        /// What was looked for.
        program: String,
    },
    /// The program is there, and was not started.
    #[error("`{program}` could not be started: {source}")]
    Start {
        /// What was to be started.
        program: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// It took too long, and was ended.
    #[error("`{program}` was not done within {after:?}; it was asked to end, and {ended}")]
    TimedOut {
        /// What ran.
        program: String,
        /// How long it was given.
        after: Duration,
        /// How it ended then.
        ended: Exit,
    },
    /// It wrote more than it may, and was killed.
    #[error(
        "`{program}` wrote more than {limit} bytes to its {pipe}, and was killed; raise its `output_limit`"
    )]
    TooMuchOutput {
        /// What ran.
        program: String,
        /// How much it may write.
        limit: usize,
        /// `"stdout"` or `"stderr"`.
        pipe: &'static str,
    },
    /// It ended with something else than success.
    #[error("`{program}` {}{}", output.exit, said(output))]
    Failed {
        /// What ran.
        program: String,
        /// How it ended, and what it wrote.
        output: Box<Output>,
    },
    /// A pipe to it, a signal to it, or the wait for it, failed.
    #[error("the way to `{program}` broke: {source}")]
    Broken {
        /// What ran.
        program: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

/// The last line that a program wrote to stderr, which is most often the one that counts.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    match text.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("; its last words: {}", line.trim().chars().take(200).collect::<String>()),
        None => "; it wrote nothing to its stderr".to_owned(),
    }
}

/// Why nobody listens for a signal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// The operating system does not let a process handle it.
    #[error("{signal} cannot be handled: {source}; SIGKILL, SIGSTOP and the signals of faults never can")]
    Refused {
        /// The signal.
        signal: Signal,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The thread that listens could not be started.
    #[error(
        "the thread that listens for signals could not be started: {0}; the process may be out of threads"
    )]
    Thread(#[source] io::Error),
}
