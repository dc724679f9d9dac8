//! A flag that is set once, and waited for.

use std::time::Instant;

use crate::sync::model::{AtomicBool, Condvar, Mutex, Ordering, wait};

/// A flag that is set once and never cleared, and that threads can wait for.
#[derive(Debug)]
pub(super) struct Flag {
    set: AtomicBool,
    /// Held while the flag is set and while a waiter looks for the last time, so that no waiter misses the call.
    gate: Mutex<()>,
    changed: Condvar,
}

impl Flag {
    pub(super) fn new() -> Self {
        Self { set: AtomicBool::new(false), gate: Mutex::new(()), changed: Condvar::new() }
    }

    /// Sets the flag; what was written before is visible to those who see it.
    pub(super) fn set(&self) {
        let gate = self.gate.lock();
        self.set.store(true, Ordering::Release);
        drop(gate);
        self.changed.notify_all();
    }

    pub(super) fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    /// Waits for the flag; `false`: the deadline came first.
    pub(super) fn wait_until(&self, deadline: Option<Instant>) -> bool {
        if self.is_set() {
            return true;
        }
        let mut gate = self.gate.lock();
        while !self.is_set() {
            if wait(&self.changed, &mut gate, deadline) {
                return self.is_set();
            }
        }
        true
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use std::sync::Arc;

    use loom::thread;

    use super::*;

    #[test]
    fn loom_all_who_wait_wake_and_see_what_was_written() {
        loom::model(|| {
            let shared = Arc::new((Flag::new(), Mutex::new(None)));
            let waiters = [(); 2].map(|()| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    assert!(shared.0.wait_until(None));
                    *shared.1.lock()
                })
            });
            *shared.1.lock() = Some(7);
            shared.0.set();
            for waiter in waiters {
                assert_eq!(waiter.join().expect("it wakes"), Some(7));
            }
        });
    }
}
