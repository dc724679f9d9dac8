//! What tasks of a test wait for, since tests do not sleep.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counts things by name; anybody may wait until there are enough. One for the whole process: each test has its names.
static COUNTS: Mutex<Option<HashMap<String, usize>>> = Mutex::new(None);
static CHANGED: Condvar = Condvar::new();

fn counts() -> MutexGuard<'static, Option<HashMap<String, usize>>> {
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One more.
pub(crate) fn count(name: &str) {
    *counts().get_or_insert_default().entry(name.to_owned()).or_default() += 1;
    CHANGED.notify_all();
}

/// How many there are.
pub(crate) fn counted(name: &str) -> usize {
    counts().get_or_insert_default().get(name).copied().unwrap_or(0)
}

/// Waits until there are so many; panics after half a minute.
pub(crate) fn wait_for(name: &str, least: usize) {
    let guard = counts();
    let enough = |counts: &mut Option<HashMap<String, usize>>| {
        counts.get_or_insert_default().get(name).copied().unwrap_or(0) < least
    };
    let (_guard, timeout) = CHANGED
        .wait_timeout_while(guard, Duration::from_secs(30), enough)
        .unwrap_or_else(PoisonError::into_inner);
    assert!(!timeout.timed_out(), "`{name}` has not been counted {least} times");
}

/// Which worker this task runs on, by the name of its thread.
pub(crate) fn worker() -> usize {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default().to_owned();
    name.strip_prefix("mpi-worker-").and_then(|index| index.parse().ok()).expect("a worker's thread")
}
