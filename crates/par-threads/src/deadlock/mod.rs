//! Who holds which lock, and who waits for it.

mod off;

pub(crate) use off::{Hold, Tracked};

/// What a lock is called in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mutex,
    ReentrantMutex,
    RwLock,
}

/// How a lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Exclusive,
    /// Exclusive, but as often as the thread likes.
    Reentrant,
    Read,
    Upgradable,
}
