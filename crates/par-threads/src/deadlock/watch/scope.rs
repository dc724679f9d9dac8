//! The end of a scope, which waits for its threads.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::announce::announce;
use super::mark::ThreadMark;
use super::target::Target;
use super::thread;
use super::waits::{Hopeless, Waiting};

/// The threads of scopes that have not ended, by scope and number.
static LISTED: Mutex<BTreeMap<(u64, u64), ThreadMark>> = Mutex::new(BTreeMap::new());

/// The end of a scope, before and while it comes.
pub(crate) struct ScopeEnd {
    scope: u64,
    at: &'static Location<'static>,
    waiting: Cell<Option<Waiting>>,
}

/// When it is dropped the scope ends, and begins to wait.
pub(crate) struct Ending<'a>(&'a ScopeEnd);

/// A thread's place on the list of its scope.
pub(crate) struct Listed {
    key: (u64, u64),
}

impl ScopeEnd {
    /// The end of a scope that has not begun.
    #[track_caller]
    pub(crate) const fn new(scope: u64) -> Self {
        Self { scope, at: Location::caller(), waiting: Cell::new(None) }
    }

    /// Lasts as long as what runs in the scope.
    pub(crate) const fn ending(&self) -> Ending<'_> {
        Ending(self)
    }
}

impl Drop for Ending<'_> {
    /// A deadlock is reported only: a scope that panics waits all the same.
    fn drop(&mut self) {
        let ScopeEnd { scope, at, ref waiting } = *self.0;
        let Some(thread) = thread::here() else { return };
        let threads = move || {
            let listed = LISTED.lock();
            listed.range((scope, 0)..=(scope, u64::MAX)).map(|(_, mark)| mark.clone()).collect()
        };
        let (wait, report) = Waiting::begin(&thread, Target::Threads(Box::new(threads)), at, Hopeless::Wait);
        waiting.set(Some(wait));
        report.iter().for_each(announce);
    }
}

impl ThreadMark {
    /// A thread of this scope, until what is returned is dropped: when the thread ends, or never begins.
    pub(crate) fn listed(&self, scope: u64) -> Listed {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let key = (scope, NUMBERS.fetch_add(1, Ordering::Relaxed));
        LISTED.lock().insert(key, self.clone());
        Listed { key }
    }
}

impl Listed {
    /// The thread ends.
    pub(crate) fn end(self) {
        drop(self);
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let gone = LISTED.lock().remove(&self.key);
        drop(gone);
    }
}
