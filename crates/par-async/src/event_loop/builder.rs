//! The settings of a loop.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use par_core::plumbing::record_panics;
use slab::Slab;
use tokio::time::Instant;

use super::EventLoop;
use super::core::Core;
use super::remote::Shared;
use super::timers::Timers;
use crate::error::LoopError;
use crate::task::{Kind, Node};
use crate::watch::{Handler, Report, Watchdog};

/// How an [`EventLoop`] is to be.
#[must_use = "a builder does nothing until it builds"]
pub struct EventLoopBuilder {
    name: Option<Arc<str>>,
    paused: bool,
    debug: bool,
    slow_after: Duration,
    reports: Option<Handler>,
    inbox: usize,
    shutdown_timeout: Duration,
}

impl EventLoopBuilder {
    pub(super) const fn new() -> Self {
        Self {
            name: None,
            paused: false,
            debug: false,
            slow_after: Duration::from_millis(100),
            reports: None,
            inbox: 1 << 16,
            shutdown_timeout: Duration::from_secs(10),
        }
    }

    /// What the tree of tasks calls it.
    pub fn name(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// A clock for tests: it stands still while anybody runs, and jumps to the next timer when all wait.
    pub const fn paused_clock(mut self) -> Self {
        self.paused = true;
        self
    }

    /// Debug mode: a watchdog reports what blocks the loop, and what was never awaited.
    pub const fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// For how long a callback, or a poll of a task, may run before debug mode reports it; 100 ms, if nothing is said.
    pub const fn slow_after(mut self, limit: Duration) -> Self {
        self.slow_after = limit;
        self
    }

    /// Who takes the loop's reports, instead of [`set_report_handler`](crate::set_report_handler)'s.
    pub fn report_to(self, handler: impl Fn(&Report) + Send + Sync + 'static) -> Self {
        Self { reports: Some(Arc::new(handler)), ..self }
    }

    /// How many calls from other threads may wait for the loop; 65,536, if nothing is said.
    pub const fn inbox(mut self, calls: usize) -> Self {
        self.inbox = calls;
        self
    }

    /// How long [`EventLoop::close`] waits for tasks, and again for blocking work; 10 s, if nothing is said.
    pub const fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// The loop.
    ///
    /// # Errors
    /// [`LoopError::Runtime`].
    #[track_caller]
    pub fn build(self) -> Result<EventLoop, LoopError> {
        let at = Location::caller();
        record_panics();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(self.paused)
            .build()
            .map_err(LoopError::Runtime)?;
        let watchdog = if self.debug {
            Some(Watchdog::start(self.slow_after, self.reports.clone()).map_err(LoopError::Runtime)?)
        } else {
            None
        };
        let entered = runtime.enter();
        // A loop has nothing above it, wherever it is made: it may outlive that.
        let node = Node::open_root(Kind::Loop, self.name, at);
        let core = Rc::new(Core {
            shared: Arc::new(Shared::new(self.inbox)),
            ready: RefCell::default(),
            timers: Rc::new(Timers::default()),
            tasks: RefCell::new(Slab::new()),
            stopping: Cell::new(false),
            running: Cell::new(false),
            closed: Cell::new(false),
            polling: Cell::new(false),
            node,
            start: Instant::now(),
            exceptions: RefCell::new(None),
            reports: self.reports,
        });
        drop(entered);
        Ok(EventLoop {
            core,
            poller: runtime.handle().clone(),
            runtime: RefCell::new(Some(runtime)),
            watchdog,
            shutdown_timeout: self.shutdown_timeout,
        })
    }
}

impl std::fmt::Debug for EventLoopBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLoopBuilder")
            .field("name", &self.name)
            .field("paused", &self.paused)
            .field("debug", &self.debug)
            .finish_non_exhaustive()
    }
}
