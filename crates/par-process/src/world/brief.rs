//! What a rank is told before it runs, and what it says when it has: files in memory that the parent keeps.
//!
//! The parent writes the brief before it starts the first rank, and every rank opens it through `/proc`. A rank writes
//! its outcome into a file that is its own, and the parent reads it after the rank's end: nobody reads what somebody
//! still writes, no size is too large, and nothing waits.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::Duration;

use par_core::Panic;
use par_core::comm::{CommError, engine};
use rustix::fs::{MemfdFlags, memfd_create};
use serde::{Deserialize, Serialize};

/// The variable that makes a process a rank: the parent's pid, the descriptor of the brief, and the rank.
pub(crate) const MARK: &str = "PAR_PROCESS_RANK";

/// Changes with everything that parent and ranks must agree on.
const VERSION: u32 = 1;
const OUTCOME: u64 = u64::from_le_bytes(*b"parended");
const HEAD: usize = 24;

/// What all ranks of a world are told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Brief {
    pub(super) version: u32,
    pub(super) ranks: usize,
    /// The parent's descriptors: the shared memory, and one file per rank for its outcome.
    pub(super) memory: i32,
    pub(super) outcomes: Vec<i32>,
    /// Which program, and of which type.
    pub(super) name: String,
    pub(super) rust_type: String,
    pub(super) parameters: Vec<u8>,
    pub(super) settings: Settings,
}

/// How ranks are to communicate.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) checked: bool,
    pub(super) eager_limit: usize,
    pub(super) unexpected_limit: usize,
    pub(super) wait_limit: Option<Duration>,
}

impl Settings {
    /// As the engine of communicators wants them.
    pub(super) fn engine(&self) -> engine::Settings {
        engine::Settings {
            eager_limit: self.eager_limit,
            unexpected_limit: self.unexpected_limit,
            wait_limit: self.wait_limit,
        }
    }
}

/// Why a rank has no output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Fault {
    Failed(CommError),
    Panicked(Panic),
}

/// Who and where a rank is, from its environment.
pub(super) struct Mark {
    pub(super) parent: u32,
    pub(super) brief: i32,
    pub(super) rank: usize,
}

impl Mark {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let mark = Self {
            parent: parts.next()?.parse().ok()?,
            brief: parts.next()?.parse().ok()?,
            rank: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(mark)
    }

    pub(super) fn text(&self) -> String {
        format!("{}:{}:{}", self.parent, self.brief, self.rank)
    }
}

/// A file in memory, without a name.
pub(super) fn memory_file(name: &str) -> io::Result<File> {
    Ok(File::from(memfd_create(name, MemfdFlags::CLOEXEC)?))
}

/// The file that another process has open as `fd`, with a position of its own.
pub(super) fn open(pid: u32, fd: i32) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/fd/{fd}"))
}

impl Brief {
    pub(super) fn new(
        ranks: usize,
        program: (&str, &str),
        parameters: Vec<u8>,
        settings: Settings,
        memory: i32,
        outcomes: Vec<i32>,
    ) -> Self {
        let (name, rust_type) = (program.0.to_owned(), program.1.to_owned());
        Self { version: VERSION, ranks, memory, outcomes, name, rust_type, parameters, settings }
    }

    pub(super) fn write(&self, mut file: &File) -> io::Result<()> {
        let bytes = postcard::to_allocvec(self).map_err(io::Error::other)?;
        file.write_all(&bytes)
    }

    pub(super) fn read(mark: &Mark) -> io::Result<Self> {
        let invalid = |reason: &str| io::Error::new(io::ErrorKind::InvalidData, reason.to_owned());
        let mut bytes = Vec::new();
        open(mark.parent, mark.brief)?.read_to_end(&mut bytes)?;
        let brief: Self = postcard::from_bytes(&bytes).map_err(|_| invalid("the brief is none"))?;
        if brief.version != VERSION || brief.outcomes.len() != brief.ranks || mark.rank >= brief.ranks {
            return Err(invalid("the brief is of another version, or not for this rank"));
        }
        Ok(brief)
    }
}

/// Writes what became of a rank; the head goes last, so that a rank that dies here has said nothing.
pub(super) fn write_outcome(mut file: &File, outcome: &Result<Vec<u8>, Fault>) -> io::Result<()> {
    let encoded;
    let (kind, bytes) = match outcome {
        Ok(output) => (0_u64, output.as_slice()),
        Err(fault) => {
            encoded = postcard::to_allocvec(fault).map_err(io::Error::other)?;
            (1, encoded.as_slice())
        }
    };
    file.seek(SeekFrom::Start(HEAD as u64))?;
    file.write_all(bytes)?;
    let mut head = Vec::with_capacity(HEAD);
    for word in [OUTCOME, kind, bytes.len() as u64] {
        head.extend_from_slice(&word.to_le_bytes());
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&head)
}

/// Reads what became of a rank that has ended; `None` when it has not said it, or not all of it.
pub(super) fn read_outcome(mut file: &File) -> io::Result<Option<Result<Vec<u8>, Fault>>> {
    let length = file.metadata()?.len();
    if length < HEAD as u64 {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(0))?;
    let mut head = [0; HEAD];
    file.read_exact(&mut head)?;
    let word = |index: usize| {
        let bytes = head[8 * index..8 * index + 8].try_into();
        u64::from_le_bytes(bytes.expect("a word has eight bytes"))
    };
    if word(0) != OUTCOME || word(2) != length - HEAD as u64 {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(match word(1) {
        0 => Some(Ok(bytes)),
        _ => postcard::from_bytes(&bytes).ok().map(Err),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_there_whole_or_not_at_all() -> io::Result<()> {
        let file = memory_file("par-test")?;
        assert_eq!(read_outcome(&file)?, None);
        write_outcome(&file, &Ok(vec![7; 100_000]))?;
        assert_eq!(read_outcome(&file)?, Some(Ok(vec![7; 100_000])));
        file.set_len(50_000)?;
        assert_eq!(read_outcome(&file)?, None, "its tail is missing");
        let file = memory_file("par-test")?;
        let fault = Fault::Failed(CommError::program("no"));
        write_outcome(&file, &Err(fault.clone()))?;
        assert_eq!(read_outcome(&file)?, Some(Err(fault)));
        Ok(())
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let mark = Mark { parent: 17, brief: 4, rank: 2 };
        let again = Mark::parse(&mark.text()).map(|mark| (mark.parent, mark.brief, mark.rank));
        assert_eq!(again, Some((17, 4, 2)));
        for wrong in ["", "1:2", "1:2:3:4", "a:b:c", "1:2:-3"] {
            assert!(Mark::parse(wrong).is_none(), "{wrong}");
        }
    }
}
