//! What a loop's callbacks, tasks and handles share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use par_core::plumbing::catch_panic;
use slab::Slab;
use tokio::time::Instant;

use super::callback::Scheduled;
use super::remote::{Call, Shared};
use super::tasks::Seat;
use super::timers::Timers;
use crate::task::Node;
use crate::watch::{Handler, Report, send};

thread_local! {
    /// The loop that runs on this thread.
    pub(super) static RUNNING: RefCell<Option<Rc<Core>>> = const { RefCell::new(None) };
}

/// The seat of the future that the loop runs until it is complete.
pub(super) const MAIN: usize = usize::MAX;

/// Something whose turn it is.
pub(super) enum Ready {
    /// A callback of this thread.
    Callback(Rc<dyn Scheduled>),
    /// A callback of another thread.
    Call(Call),
    /// A step of the task in this seat; in [`MAIN`], of the future that the loop runs until it is complete.
    Task(usize),
}

pub(super) type ExceptionHandler = Rc<dyn Fn(&Report)>;

pub(super) struct Core {
    pub(super) shared: Arc<Shared>,
    /// First in, first out.
    pub(super) ready: RefCell<Vec<Ready>>,
    pub(super) timers: Rc<Timers>,
    pub(super) tasks: RefCell<Slab<Seat>>,
    pub(super) stopping: Cell<bool>,
    pub(super) running: Cell<bool>,
    pub(super) closed: Cell<bool>,
    /// Whether the loop has handed the thread to its poller.
    pub(super) polling: Cell<bool>,
    pub(super) node: Arc<Node>,
    pub(super) start: Instant,
    pub(super) exceptions: RefCell<Option<ExceptionHandler>>,
    /// Of debug mode.
    pub(super) reports: Option<Handler>,
}

impl Core {
    /// Waits for its turn behind all that wait already. On the loop's thread only.
    pub(super) fn push(&self, ready: Ready) {
        self.ready.borrow_mut().push(ready);
        self.look_again();
    }

    /// If the loop waits, it looks at what has changed.
    #[inline]
    pub(super) fn look_again(&self) {
        if self.polling.get() {
            self.shared.wake();
        }
    }

    /// Tells the exception handler.
    pub(super) fn report(&self, report: &Report) {
        let handler = self.exceptions.borrow().clone();
        match handler {
            // Its panic was reported by the panic hook.
            Some(handler) => drop(catch_panic(|| handler(report))),
            None => send(self.reports.as_ref(), report),
        }
    }
}
