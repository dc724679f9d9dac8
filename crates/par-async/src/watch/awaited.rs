//! A future that does nothing unless somebody awaits it.

use std::panic::Location;

use super::report::{Report, Work};
use super::watchdog::{here, on};

/// Moves into a future, and reports it in debug mode, if that is dropped before its first poll.
#[derive(Debug)]
pub(crate) struct Awaited {
    what: &'static str,
    at: &'static Location<'static>,
    begun: bool,
}

impl Awaited {
    pub(crate) const fn new(what: &'static str, at: &'static Location<'static>) -> Self {
        Self { what, at, begun: false }
    }

    /// The first poll is here.
    pub(crate) fn begin(mut self) {
        self.begun = true;
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if !self.begun && on() {
            never_awaited(self.what, self.at);
        }
    }
}

/// Reports a future that was dropped before its first poll.
#[cold]
pub(crate) fn never_awaited(what: &'static str, at: &'static Location<'static>) {
    if let Some(watch) = here() {
        watch.report(&Report::NeverAwaited { work: Work { what, task: None, name: None, at } });
    }
}
