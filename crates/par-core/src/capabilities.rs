//! What an executor can do, so that a caller need not guess.

use std::fmt;

use serde::Serialize;

/// What an executor can do; the conformance suite holds it to its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent yes or no")]
pub struct Capabilities {
    /// Runs closures too, because its workers share this memory.
    pub closures: bool,
    /// Can end a running task that does not listen, by ending its worker.
    pub hard_kill: bool,
    /// Queued tasks of high priority go first.
    pub priorities: bool,
    /// A worker may die (abort, segmentation fault, kill -9) without harm to this process.
    pub survives_crash: bool,
    /// Tasks run while the caller goes on; `false` where `submit` runs them itself.
    pub asynchronous: bool,
    /// A task may submit to its own executor and wait, however deep.
    pub nesting: bool,
    /// What happens to a task whose worker is lost.
    pub delivery: Delivery,
    /// How many tasks may be queued before `submit` blocks.
    pub queue_bound: usize,
}

/// How often a task that was taken may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Never twice: a lost worker's task fails.
    AtMostOnce,
    /// Until it has an outcome: a lost worker's task is started anew, so it may have effects twice.
    AtLeastOnce,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtMostOnce => "at most once",
            Self::AtLeastOnce => "at least once",
        })
    }
}
