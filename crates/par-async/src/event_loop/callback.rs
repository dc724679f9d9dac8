//! Functions that wait for their turn.

use std::cell::Cell;
use std::fmt::{self, Display};
use std::panic::Location;
use std::rc::Rc;

use par_core::plumbing::catch_panic;

use super::EventLoop;

/// What a callback may return: nothing, or a result whose error the loop's exception handler gets.
pub trait Outcome {
    /// What went wrong, if anything did.
    fn failure(self) -> Option<String>;
}

impl Outcome for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: Display> Outcome for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// A callback, in one allocation that the loop and its handle share.
pub(super) trait Scheduled {
    /// Runs it, unless it ran or was cancelled; what it says went wrong.
    fn run(&self, on: &EventLoop) -> Option<String>;
    /// Whether it was still to run; it is dropped.
    fn cancel(&self) -> bool;
    fn cancelled(&self) -> bool;
    fn at(&self) -> &'static Location<'static>;
}

/// As [`Scheduled::cancel`], by a loop that closes. A panic of the destructor was reported by the panic hook.
pub(super) fn discard(entry: &dyn Scheduled) -> bool {
    catch_panic(|| entry.cancel()).unwrap_or(true)
}

pub(super) struct Entry<F> {
    callback: Cell<Option<F>>,
    cancelled: Cell<bool>,
    at: &'static Location<'static>,
}

impl<F> Entry<F> {
    pub(super) fn new(callback: F, at: &'static Location<'static>) -> Rc<Self> {
        Rc::new(Self { callback: Cell::new(Some(callback)), cancelled: Cell::new(false), at })
    }
}

impl<F: FnOnce(&EventLoop) -> R, R: Outcome> Scheduled for Entry<F> {
    fn run(&self, on: &EventLoop) -> Option<String> {
        self.callback.take().and_then(|callback| callback(on).failure())
    }

    fn cancel(&self) -> bool {
        let Some(callback) = self.callback.take() else { return false };
        self.cancelled.set(true);
        drop(callback);
        true
    }

    fn cancelled(&self) -> bool {
        self.cancelled.get()
    }

    fn at(&self) -> &'static Location<'static> {
        self.at
    }
}

/// A callback that waits for its turn; dropping the handle lets it be.
#[derive(Clone)]
pub struct CallbackHandle {
    pub(super) entry: Rc<dyn Scheduled>,
}

impl CallbackHandle {
    /// Drops the callback, if it has not run; whether it was still to run.
    pub fn cancel(&self) -> bool {
        self.entry.cancel()
    }

    /// Whether it was cancelled before it ran.
    pub fn cancelled(&self) -> bool {
        self.entry.cancelled()
    }
}

impl fmt::Debug for CallbackHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackHandle")
            .field("at", &format_args!("{}", self.entry.at()))
            .field("cancelled", &self.cancelled())
            .finish()
    }
}
