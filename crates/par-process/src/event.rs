//! What happened to workers, for those who ask.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How a worker process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it, e.g. 9 for SIGKILL.
    Signal(i32),
    /// It is gone, and the operating system did not say how.
    Unknown,
}

impl Exit {
    /// Takes a process that has ended, or is about to, from the process table.
    pub(crate) fn of(child: &mut std::process::Child) -> Self {
        use std::os::unix::process::ExitStatusExt;
        match child.wait() {
            Ok(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => Self::Signal(signal),
                (None, Some(code)) => Self::Code(code),
                (None, None) => Self::Unknown,
            },
            Err(_) => Self::Unknown,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(signal) => write!(f, "was killed by signal {signal}"),
            Self::Unknown => f.write_str("is gone"),
        }
    }
}

/// Why the pool itself ended a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KillReason {
    /// A task was cancelled and had not stopped within the grace.
    Cancelled,
    /// A task had not stopped when its deadline and the grace were over.
    Deadline,
    /// Its heartbeat had been silent for the stall timeout.
    Stalled,
    /// It was not ready within the start timeout.
    StartTimeout,
    /// It sent something that is no message.
    Garbled,
    /// The pool was shut down, or told to end its workers.
    Shutdown,
}

/// What became of a task that a lost worker held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostTask {
    /// The task's name.
    pub task: String,
    /// Which attempt was lost, counted from 1.
    pub attempt: u32,
    /// Whether it is started anew; else its handle has the error.
    pub retried: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerEventKind {
    /// The worker is ready.
    Started,
    /// The pool ended it with SIGKILL; a [`Lost`](Self::Lost) follows.
    Killed(KillReason),
    /// It died, and what it was running was lost with it.
    Lost {
        /// How it ended.
        exit: Exit,
        /// The tasks that it had begun; a waiting task lies below the one that it waits for.
        tasks: Vec<LostTask>,
    },
    /// It had run as many tasks as a worker may.
    Recycled,
    /// The pool was shut down and had nothing left for it to do.
    Dismissed,
    /// It ended before it was ready.
    StartFailed {
        /// What went wrong.
        reason: String,
    },
}

/// Something that happened to one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerEvent {
    /// When.
    pub at: Instant,
    /// The worker's index, counted from 0; its replacement has the same.
    pub worker: usize,
    /// Its process.
    pub pid: u32,
    /// What happened.
    pub kind: WorkerEventKind,
}

impl fmt::Display for WorkerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {} (process {}) ", self.worker, self.pid)?;
        match &self.kind {
            WorkerEventKind::Started => f.write_str("is ready"),
            WorkerEventKind::Killed(reason) => write!(f, "was ended by the pool ({reason:?})"),
            WorkerEventKind::Dismissed => f.write_str("has left, with the pool"),
            WorkerEventKind::Recycled => f.write_str("has run its share and is replaced"),
            WorkerEventKind::StartFailed { reason } => write!(f, "did not start: {reason}"),
            WorkerEventKind::Lost { exit, tasks } => {
                write!(f, "{exit}")?;
                for LostTask { task, attempt, retried } in tasks {
                    let fate = if *retried { "is retried" } else { "fails" };
                    write!(f, "; it held `{task}` (attempt {attempt}), which {fate}")?;
                }
                Ok(())
            }
        }
    }
}

/// What is told every event, on a thread of the pool.
pub(crate) type Hook = Arc<dyn Fn(&WorkerEvent) + Send + Sync>;

/// The latest events.
pub(crate) struct EventLog {
    latest: Mutex<VecDeque<WorkerEvent>>,
    hook: Option<Hook>,
}

/// How many events are kept.
const KEPT: usize = 1024;

impl EventLog {
    pub(crate) fn new(hook: Option<Hook>) -> Self {
        Self { latest: Mutex::default(), hook }
    }

    pub(crate) fn record(&self, worker: usize, pid: u32, kind: WorkerEventKind) {
        let event = WorkerEvent { at: Instant::now(), worker, pid, kind };
        if let Some(hook) = &self.hook {
            // A hook that panics is reported by the panic hook and must not take the pool with it.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| hook(&event)));
        }
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.len() == KEPT {
            latest.pop_front();
        }
        latest.push_back(event);
    }

    pub(crate) fn latest(&self) -> Vec<WorkerEvent> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
