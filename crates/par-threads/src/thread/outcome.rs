//! What a thread yields, and the wait for it.
//!
//! The thread fills the slot, drops what it has captured, leaves the registry, and sets the flag, in this order.
//! So whoever has waited for the flag finds the slot filled and the thread gone.

use std::sync::Arc;
use std::thread as os;
use std::time::Instant;

use par_core::plumbing::catch_panic;
use parking_lot::Mutex;

use super::hook::{PanicHook, report};
use super::registry::{Seat, is_current};
use super::{Thread, ThreadPanic};
use crate::deadlock::ThreadMark;

pub(super) type Result<T> = std::result::Result<T, ThreadPanic>;

type Slot<T> = Arc<Mutex<Option<Result<T>>>>;

/// The system's join of a thread: `std` has one for plain threads, and one for those of a scope.
pub(super) trait SystemJoin {
    fn thread(&self) -> &os::Thread;
    /// Waits. What the closure did is caught and in the outcome; a panic here can only be of a destructor of a thread-local.
    fn reap(self);
}

impl SystemJoin for os::JoinHandle<()> {
    fn thread(&self) -> &os::Thread {
        self.thread()
    }

    fn reap(self) {
        self.join().ok();
    }
}

impl SystemJoin for os::ScopedJoinHandle<'_, ()> {
    fn thread(&self) -> &os::Thread {
        self.thread()
    }

    fn reap(self) {
        self.join().ok();
    }
}

/// The joining end of a thread.
pub(super) struct Outcome<T> {
    thread: Thread,
    slot: Slot<T>,
}

impl<T> Outcome<T> {
    pub(super) fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Waits until the thread has ended, and for its thread-locals with the system's join; `false`: the deadline came
    /// first. Every join goes through here.
    #[track_caller]
    pub(super) fn wait_until(&self, deadline: Option<Instant>, os: &mut Option<impl SystemJoin>) -> bool {
        let ended = self.thread.ended();
        assert!(
            ended.is_set() || !is_current(&self.thread),
            "the thread `{}` joins itself, which would never end; hand its handle to another thread, or drop it",
            self.thread.name()
        );
        let _joining;
        if deadline.is_none() {
            let mark = self.thread.mark().clone();
            _joining = ThreadMark::joining(move || vec![mark.clone()]);
        }
        // Without a deadline the system's join is all the wait that is needed: one sleep instead of two.
        if deadline.is_some() && !ended.wait_until(deadline) {
            return false;
        }
        // A destructor of a thread-local may join the thread that it runs on, after that has told its end.
        if let Some(os) = os.take_if(|os| os.thread().id() != os::current().id()) {
            os.reap();
        }
        true
    }

    /// The outcome of a thread that has ended.
    pub(super) fn take(self) -> Result<T> {
        self.slot.lock().take().expect("the slot is filled before the end is told, and taken once")
    }
}

/// A thread that is about to start: its seat, and what it does when it panics.
pub(super) struct Start {
    pub(super) seat: Seat,
    pub(super) hook: Option<PanicHook>,
}

impl Start {
    /// The joining end, and what the new thread runs: `f`, and then `done` with its outcome.
    ///
    /// When that is dropped instead, the thread is off the list.
    pub(super) fn split<T, F, D>(self, f: F, done: D) -> (Outcome<T>, impl FnOnce() + use<T, F, D>)
    where
        F: FnOnce() -> T,
        D: FnOnce(&Result<T>),
    {
        let slot = Slot::default();
        let outcome = Outcome { thread: self.seat.thread().clone(), slot: Arc::clone(&slot) };
        let Self { seat, hook } = self;
        let run = move || {
            seat.clone().occupy();
            let outcome = catch_panic(f).map_err(|panic| ThreadPanic::new(seat.thread(), panic));
            if let Err(panic) = &outcome {
                report(hook.as_ref(), panic);
            }
            done(&outcome);
            *slot.lock() = Some(outcome);
            // If nobody waits for the outcome, it is dropped here; its destructor is the user's, as the hook's is.
            catch_panic(|| drop((slot, hook))).ok();
            drop(seat);
        };
        (outcome, run)
    }
}
