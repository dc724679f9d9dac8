//! The panic boundary: a task's panic becomes a value, with its place.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::TaskError;
use crate::error::Panic;

thread_local! {
    /// How many tasks are on this thread's stack; panics elsewhere are none of our business.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Whether `PLACE` holds anything; a task that does not panic looks only at this.
    static NOTED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<(String, Option<String>)>> = const { RefCell::new(None) };
}

/// Notes where tasks panic, in front of the panic hook that is there; executors call it when they start.
///
/// The former hook is called as before. A hook that is set later hides the places, not the messages.
pub fn record_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let former = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if DEPTH.get() > 0 {
                let backtrace = Backtrace::capture();
                let backtrace =
                    (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
                let place = info.location().map(ToString::to_string);
                NOTED.set(true);
                PLACE.set(place.map(|place| (place, backtrace)));
            }
            former(info);
        }));
    });
}

/// Runs a task's code; a panic in it is [`TaskError::Panicked`].
pub(crate) fn run_caught<R>(f: impl FnOnce() -> R) -> Result<R, TaskError> {
    catch_panic(f).map_err(TaskError::Panicked)
}

/// Runs code whose panic is to become a value, with its message and, after [`record_panics`], its place.
///
/// # Errors
/// The [`Panic`].
pub fn catch_panic<R>(f: impl FnOnce() -> R) -> Result<R, Panic> {
    DEPTH.set(DEPTH.get() + 1);
    // That of a panic which a former task caught itself; not the one that runs the destructor which calls this.
    if NOTED.get() && !std::thread::panicking() {
        NOTED.set(false);
        PLACE.set(None);
    }
    // The task's state is dropped with it, so nobody sees what the panic left half done.
    let result = catch_unwind(AssertUnwindSafe(f));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|payload| {
        let (location, backtrace) = PLACE.take().map_or((None, None), |(place, trace)| (Some(place), trace));
        let message = message(payload.as_ref());
        contained(|| drop(payload));
        Panic { message, location, backtrace }
    })
}

/// Runs code of a user that is not the task itself: a callback, a destructor. The panic hook has reported its panic.
pub(crate) fn contained(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        // Its destructor is the user's, too.
        std::mem::forget(payload);
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a value that is not text".to_owned()
    }
}
