//! Whether this machine can run a process pool.

use std::fmt;

use crate::board::Board;

/// What a process pool needs from the machine, and whether it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// How many workers a pool has if nothing is said.
    pub workers: usize,
    /// What is missing, with its remedy; empty if a pool can run.
    pub missing: Vec<String>,
}

/// Tries what a process pool needs: shared memory files, `/proc`, a directory for sockets.
///
/// # Examples
/// ```
/// let probe = par_process::probe();
/// assert!(probe.is_available(), "{probe}");
/// ```
pub fn probe() -> Probe {
    let mut missing = Vec::new();
    match Board::create() {
        Err(error) => {
            missing.push(format!("memory files (memfd_create: {error}); Linux 3.17 or newer has them"));
        }
        Ok(board) => {
            if let Err(error) = Board::open(std::process::id(), board.fd()) {
                missing.push(format!("memory files through /proc ({error}); mount /proc"));
            }
        }
    }
    if let Err(error) = ipc_channel::ipc::IpcOneShotServer::<()>::new() {
        missing.push(format!(
            "a socket in the temporary directory ({error}); set TMPDIR to one that is writable"
        ));
    }
    if let Some(error) =
        rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty()).err()
    {
        missing.push(format!("process descriptors (pidfd_open: {error}); Linux 5.3 or newer has them"));
    }
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    Probe { workers, missing }
}

impl Probe {
    /// Whether a pool can run.
    pub fn is_available(&self) -> bool {
        self.missing.is_empty()
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_available() {
            return write!(f, "process pool: available, {} workers", self.workers);
        }
        write!(f, "process pool: missing {}", self.missing.join("; "))
    }
}
