//! The calls that wait in a worker.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::Instant;

use bytes::Bytes;

/// A call that has arrived and has not begun.
pub(super) struct Waiting {
    pub(super) id: u64,
    pub(super) call: Bytes,
}

/// What the computing thread does next.
pub(super) enum Next {
    Call(Waiting),
    Quit,
    /// Somebody wants the thread to look at its condition, or the time is up.
    Look,
}

/// A queue that the communicating thread fills and the computing thread empties.
#[derive(Default)]
pub(super) struct Inbox {
    inner: Mutex<Inner>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inner {
    calls: VecDeque<Waiting>,
    quit: bool,
    poked: bool,
    asleep: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, call: Waiting) {
        self.change(|inner| inner.calls.push_back(call));
    }

    /// Takes a call back; `false`: it has begun.
    pub(super) fn take_back(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let place = inner.calls.iter().position(|waiting| waiting.id == id);
        place.and_then(|place| inner.calls.remove(place)).is_some()
    }

    /// Forgets all calls, and lets the computing thread go.
    pub(super) fn quit(&self) {
        self.change(|inner| {
            inner.calls.clear();
            inner.quit = true;
        });
    }

    pub(super) fn has_quit(&self) -> bool {
        self.lock().quit
    }

    /// Ends a sleep in [`next`](Self::next), this one or the one after.
    pub(super) fn poke(&self) {
        self.change(|inner| inner.poked = true);
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        change(&mut inner);
        let asleep = inner.asleep;
        drop(inner);
        if asleep {
            self.arrived.notify_one();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().calls.is_empty()
    }

    /// Sleeps until there is something to do.
    pub(super) fn next(&self, limit: Option<Instant>) -> Next {
        let mut inner = self.lock();
        loop {
            if std::mem::take(&mut inner.poked) {
                return Next::Look;
            }
            if let Some(call) = inner.calls.pop_front() {
                return Next::Call(call);
            }
            if inner.quit {
                return Next::Quit;
            }
            let left = limit.map(|limit| limit.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Next::Look;
            }
            inner.asleep = true;
            inner = match left {
                None => self.arrived.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.arrived.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            inner.asleep = false;
        }
    }
}

/// Wakes the computing thread when a handle that it waits for is done.
pub(super) struct Poke(Arc<Inbox>);

impl Poke {
    pub(super) fn waker(inbox: &Arc<Inbox>) -> Waker {
        Waker::from(Arc::new(Self(Arc::clone(inbox))))
    }
}

impl Wake for Poke {
    fn wake(self: Arc<Self>) {
        self.0.poke();
    }
}
