//! Where threads sleep until a word of atomics lets them pass.
//!
//! A primitive keeps all its state in *one* atomic word, and one bit of that word, [`WAITING`], says that somebody sleeps
//! or is about to. Who changes the word so that others may pass sees the bit in the very same step, and only then comes
//! here: a release that nobody waits for is one atomic operation.
//!
//! - `WAITING` is set by a thread that finds the way closed, by compare-and-exchange on the word, *while it holds the
//!   lock of the gate*, which it lets go only by going to sleep.
//! - It is cleared by whoever opens the way for all, or while holding the lock, when nobody sleeps. A bit that was left
//!   behind, by a sleeper whose time was up, costs the next opener one look and nothing else.
//!
//! No wake-up is lost. The word has one order of changes, so the opener's change comes either before the sleeper's bit,
//! and then the sleeper's compare-and-exchange fails and it sees the open way; or after it, and then the opener sees the
//! bit, and takes the lock, which it gets only when the sleeper sleeps. No second word is read, so nothing here needs to
//! be sequentially consistent.
//!
//! Who is woken and finds that somebody faster has passed sleeps again; who was woken *and* is late still tries once. So
//! no wake-up ends with a thread that does not use it.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Instant;

use super::model::{Condvar, Mutex, const_fn, wait};

/// Somebody sleeps at the gate, or is about to: the lowest bit of every primitive's word.
pub(super) const WAITING: usize = 1;

pub(super) struct Gate {
    /// How many sleep, or have been woken and not yet left.
    sleepers: Mutex<usize>,
    woken: Condvar,
}

// No code of a user runs under the lock, so a panic leaves nothing half done.
impl UnwindSafe for Gate {}
impl RefUnwindSafe for Gate {}

impl Gate {
    const_fn! {
        pub(super) fn new() -> Gate {
            Gate { sleepers: Mutex::new(0), woken: Condvar::new() }
        }
    }

    /// Sleeps until `pass` says `true`; `false`: `deadline` has passed first.
    ///
    /// When `pass` says `false` it has seen [`WAITING`] in the word, or has set it.
    pub(super) fn sleep(&self, deadline: Option<Instant>, mut pass: impl FnMut() -> bool) -> bool {
        let mut sleepers = self.sleepers.lock();
        if pass() {
            return true;
        }
        *sleepers += 1;
        let passed = loop {
            let late = wait(&self.woken, &mut sleepers, deadline);
            if pass() {
                break true;
            }
            if late {
                break false;
            }
        };
        *sleepers -= 1;
        passed
    }

    /// Wakes at most `count` sleepers, for a caller that has seen [`WAITING`]; runs `nobody` under the lock if there are none.
    #[cold]
    pub(super) fn wake(&self, count: usize, nobody: impl FnOnce()) {
        let sleepers = self.sleepers.lock();
        let sleeping = *sleepers;
        if sleeping == 0 {
            nobody();
            return;
        }
        // Without the lock, which those who wake up take first.
        drop(sleepers);
        if count >= sleeping {
            self.woken.notify_all();
        } else {
            for _ in 0..count {
                self.woken.notify_one();
            }
        }
    }
}
