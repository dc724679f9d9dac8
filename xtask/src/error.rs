//! Why a command ends without having done its work.

use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Exit;

/// Why a command did not do what it was asked for; shown as one line on stderr.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line asks for something that does not exist; the text names the valid values.
    #[error("{0}")]
    Usage(String),
    /// The work was started and failed; the text says what to do next.
    #[error("{0}")]
    Failed(String),
    /// A file or a program could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file, or the program that was to be started.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Somebody pressed Ctrl-C; every child has ended.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// An error of the file system, with what was tried on which path.
    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io { action, path: path.as_ref().to_owned(), source }
    }

    /// How a command ends that ends with this.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Refused,
            Self::Failed(_) | Self::Io { .. } => Exit::Failed,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}
