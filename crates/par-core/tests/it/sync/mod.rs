//! The suite of synchronisation on small models made of `std`: right ones pass, and each seeded bug is caught by the
//! behaviour that it breaks.

mod barrier;
mod counts;
mod locks;
mod queues;
mod rw_locks;

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use par_core::plumbing::catch_panic;
use par_core::testing::sync::Held;

/// A value under a lock, and who waits for it to change: what all models are made of.
#[derive(Default)]
struct Watched<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Watched<T> {
    fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the value and wakes all.
    fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until `ready` has an answer; `None`: the time was up first.
    fn wait<R>(&self, timeout: Option<Duration>, mut ready: impl FnMut(&mut T) -> Option<R>) -> Option<R> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut value = self.lock();
        loop {
            if let Some(answer) = ready(&mut value) {
                return Some(answer);
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            match left {
                Some(Duration::ZERO) => return None,
                Some(left) => {
                    let waited = self.changed.wait_timeout(value, left);
                    value = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => value = self.changed.wait(value).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Asserts that every behaviour holds, and is named.
fn passes(held: &Held) {
    print!("{held}");
    assert!(held.to_string().lines().count() >= 3);
}

/// Asserts that a suite fails, and by which behaviour.
fn caught(behaviour: &str, check: impl FnOnce() -> Held) {
    match catch_panic(check) {
        Ok(_) => panic!("the bug was not noticed; it breaks `{behaviour}`"),
        Err(panic) => assert!(panic.message.contains(behaviour), "{behaviour}: {panic}"),
    }
}
