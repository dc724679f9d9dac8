//! A loop that one can look into: a ready queue, a heap of timers, and a poller.

mod builder;
mod callback;
mod core;
mod remote;
mod tasks;
mod timers;
mod turns;

pub use builder::EventLoopBuilder;
pub use callback::{CallbackHandle, Outcome};
pub use remote::LoopHandle;
pub use tasks::LoopTask;
pub use timers::TimerHandle;

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Waker;
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::time::Instant;

use crate::error::{JoinError, LoopError, Reason};
use crate::task::{Caught, Kind, Node, Scoped, Shown, Task};
use crate::watch::{Report, Shift, Watch, Watchdog};
use callback::{Entry, discard};
use core::{Core, RUNNING, Ready};
use remote::Call;
use tasks::{Leaves, Seat, Slot, TaskWaker};

/// Calls functions in turn, on the thread that runs it: those that are ready, in the order in which they came, and those
/// whose time has come. It is Python's event loop of `asyncio`.
///
/// What a callback schedules waits for the next turn. Callbacks and tasks stay on the loop's thread, so they need not be
/// `Send`; other threads reach the loop through a [`LoopHandle`] only. Under it is a tokio runtime, so in a loop's tasks
/// everything of this crate and of tokio works. A callback gets the loop that calls it, and may return a `Result`, whose
/// error the exception handler takes, as it takes a panic; the loop goes on.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{EventLoop, LoopError};
///
/// fn tick(events: &EventLoop) -> Result<(), LoopError> {
///     if events.time() < Duration::from_secs(3) {
///         events.call_later(Duration::from_secs(1), tick)?;
///     } else {
///         events.stop();
///     }
///     Ok(())
/// }
///
/// let events = EventLoop::builder().paused_clock().build()?;
/// events.call_soon(tick)?;
/// events.run_forever()?;
/// assert_eq!(events.time(), Duration::from_secs(3));
/// # Ok::<(), LoopError>(())
/// ```
pub struct EventLoop {
    core: Rc<Core>,
    /// There until it is closed.
    runtime: RefCell<Option<Runtime>>,
    poller: Handle,
    watchdog: Option<Watchdog>,
    shutdown_timeout: Duration,
}

/// Whether a loop runs on this thread.
pub(crate) fn runs_here() -> bool {
    RUNNING.try_with(|running| running.borrow().is_some()).unwrap_or(false)
}

/// Whether what this thread keeps is being dropped, so that it runs no loop any more.
fn thread_has_ended() -> bool {
    let context_has = Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed());
    context_has || RUNNING.try_with(|_| ()).is_err()
}

/// What a loop had not done when it was closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dropped {
    /// Callbacks that were ready, but had no turn.
    pub callbacks: usize,
    /// Timers that had not fired.
    pub timers: usize,
    /// Tasks that were still there when the time for their end was over.
    pub tasks: usize,
}

impl EventLoop {
    /// A loop with a clock that runs, and without debug mode.
    ///
    /// # Errors
    /// [`LoopError::Runtime`].
    #[track_caller]
    pub fn new() -> Result<Self, LoopError> {
        Self::builder().build()
    }

    /// The settings of a loop.
    pub const fn builder() -> EventLoopBuilder {
        EventLoopBuilder::new()
    }

    /// Calls `callback` in the next turn, after all that was scheduled before.
    ///
    /// The queue grows with what is put in: what runs on the loop's own thread cannot wait for it.
    ///
    /// # Errors
    /// [`LoopError::Closed`].
    #[track_caller]
    pub fn call_soon<R: Outcome>(
        &self,
        callback: impl FnOnce(&Self) -> R + 'static,
    ) -> Result<CallbackHandle, LoopError> {
        self.open()?;
        let entry = Entry::new(callback, Location::caller());
        self.core.push(Ready::Callback(Rc::<Entry<_>>::clone(&entry)));
        Ok(CallbackHandle { entry })
    }

    /// Calls `callback` so much later.
    ///
    /// # Errors
    /// [`LoopError::Closed`].
    #[track_caller]
    pub fn call_later<R: Outcome>(
        &self,
        delay: Duration,
        callback: impl FnOnce(&Self) -> R + 'static,
    ) -> Result<TimerHandle, LoopError> {
        self.call_at(self.time().saturating_add(delay), callback)
    }

    /// Calls `callback` when [`time`](Self::time) has come so far; those of one time in the order in which they were made.
    ///
    /// # Errors
    /// [`LoopError::Closed`].
    #[track_caller]
    pub fn call_at<R: Outcome>(
        &self,
        when: Duration,
        callback: impl FnOnce(&Self) -> R + 'static,
    ) -> Result<TimerHandle, LoopError> {
        self.open()?;
        let timer = self.core.timers.add(when, Entry::new(callback, Location::caller()));
        self.core.look_again();
        Ok(timer)
    }

    /// Starts a task of the loop; its first step waits for the next turn.
    ///
    /// # Errors
    /// [`LoopError::Closed`].
    #[track_caller]
    pub fn create_task<T: 'static>(
        &self,
        future: impl Future<Output = T> + 'static,
    ) -> Result<LoopTask<T>, LoopError> {
        self.start(None, Location::caller(), future)
    }

    /// As [`create_task`](Self::create_task), with a name.
    ///
    /// # Errors
    /// [`LoopError::Closed`].
    #[track_caller]
    pub fn create_named_task<T: 'static>(
        &self,
        name: impl Into<Arc<str>>,
        future: impl Future<Output = T> + 'static,
    ) -> Result<LoopTask<T>, LoopError> {
        self.start(Some(name.into()), Location::caller(), future)
    }

    fn start<T: 'static>(
        &self,
        name: Option<Arc<str>>,
        at: &'static Location<'static>,
        future: impl Future<Output = T> + 'static,
    ) -> Result<LoopTask<T>, LoopError> {
        self.open()?;
        let above = Some(Arc::clone(&self.core.node));
        let node = self.timed(|| Node::open_under(above, Kind::Task, name, at)).ok_or(LoopError::Closed)?;
        let (slot, task) = (Slot::new(), Task::new(Arc::clone(&node)));
        let (leaves, named, core) = (Leaves(Rc::clone(&slot)), task.clone(), Rc::downgrade(&self.core));
        let scoped = Scoped::new(node, Caught::new(future));
        let future = Box::pin(async move {
            let outcome = match scoped.await {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(panic)) => Err(JoinError::Panicked(panic)),
                Err(cancelled) => Err(JoinError::Cancelled(cancelled)),
            };
            if let Some(core) = core.upgrade() {
                leaves.0.finish(outcome, &named, &core);
            }
        });
        let mut tasks = self.core.tasks.borrow_mut();
        let entry = tasks.vacant_entry();
        let (seat, shared) = (entry.key(), Arc::clone(&self.core.shared));
        let flag = Arc::new(TaskWaker { seat, queued: AtomicBool::new(true), shared });
        entry.insert(Seat { future: Some(future), waker: Waker::from(Arc::clone(&flag)), flag });
        drop(tasks);
        self.core.push(Ready::Task(seat));
        let shown = Shown::new("LoopTask", at, Some(task.id()));
        Ok(LoopTask { slot, task, core: Rc::downgrade(&self.core), shown })
    }

    /// How long ago the loop was made; it never goes back.
    pub fn time(&self) -> Duration {
        self.timed(|| Instant::now().saturating_duration_since(self.core.start))
    }

    /// Lets the loop finish what is ready now, and return. Before it runs: it will run one turn.
    pub fn stop(&self) {
        // One that closes goes on until its tasks have ended.
        if !self.core.closed.get() {
            self.core.stopping.set(true);
            self.core.look_again();
        }
    }

    /// Runs until it is stopped.
    ///
    /// # Errors
    /// [`LoopError::Closed`], [`LoopError::Running`], or [`LoopError::Nested`].
    ///
    /// # Blocking
    /// Until then.
    pub fn run_forever(&self) -> Result<(), LoopError> {
        self.drive(std::future::pending::<()>()).map(drop)
    }

    /// Runs until `future` is done, and returns its output; the future need be neither `Send` nor `'static`.
    ///
    /// # Errors
    /// As [`run_forever`](Self::run_forever); [`LoopError::Stopped`], if the loop is stopped before, which drops the
    /// future; [`LoopError::Panicked`] and [`LoopError::Cancelled`].
    ///
    /// # Blocking
    /// Until then.
    #[track_caller]
    pub fn run_until_complete<F: Future>(&self, future: F) -> Result<F::Output, LoopError> {
        let at = Location::caller();
        self.open()?;
        let above = Some(Arc::clone(&self.core.node));
        let node = self.timed(|| Node::open_under(above, Kind::Main, None, at)).ok_or(LoopError::Closed)?;
        match self.drive(Scoped::new(node, Caught::new(future)))? {
            None => Err(LoopError::Stopped),
            Some(Ok(Ok(output))) => Ok(output),
            Some(Ok(Err(panic))) => Err(LoopError::Panicked(panic)),
            Some(Err(cancelled)) => Err(LoopError::Cancelled(cancelled)),
        }
    }

    /// Whether it runs now.
    pub fn is_running(&self) -> bool {
        self.core.running.get()
    }

    /// Whether it takes nothing more.
    pub fn is_closed(&self) -> bool {
        self.core.closed.get()
    }

    /// The part of the loop that other threads, and tasks, may use.
    pub fn handle(&self) -> LoopHandle {
        LoopHandle { shared: Arc::clone(&self.core.shared) }
    }

    /// Who takes the panics and errors of callbacks, and the panics of tasks that nobody awaits.
    ///
    /// Without one they go where reports go: see [`set_report_handler`](crate::set_report_handler).
    pub fn set_exception_handler(&self, handler: impl Fn(&Report) + 'static) {
        *self.core.exceptions.borrow_mut() = Some(Rc::new(handler));
    }

    /// Ends the loop: it takes nothing more, cancels its tasks and waits for them, and for blocking work, each within
    /// its [`shutdown_timeout`](EventLoopBuilder::shutdown_timeout). Returns what was never done; a second time nothing.
    ///
    /// # Errors
    /// [`LoopError::Running`], or [`LoopError::Nested`], in which case the loop is not closed.
    ///
    /// # Blocking
    /// Until then.
    pub fn close(&self) -> Result<Dropped, LoopError> {
        if self.is_closed() {
            return Ok(Dropped::default());
        }
        self.may_run()?;
        self.core.closed.set(true);
        self.core.stopping.set(false);
        let calls = {
            let mut inbox = self.core.shared.inbox.lock();
            (inbox.closed, inbox.stop) = (true, false);
            std::mem::take(&mut inbox.calls)
        };
        let mut dropped = self.drop_callbacks();
        dropped.callbacks += calls.len();
        calls.into_iter().for_each(Call::discard);
        self.core.node.cancel(Reason::Borrowed("the loop was closed"));
        let node = Arc::clone(&self.core.node);
        let drained = std::future::poll_fn(move |cx| node.poll_drained(cx));
        let limit = self.shutdown_timeout;
        self.go(async move { tokio::time::timeout(limit, drained).await })?;
        self.abandon(&mut dropped);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(limit);
        }
        Ok(dropped)
    }

    /// Drops the callbacks that have no turn any more.
    fn drop_callbacks(&self) -> Dropped {
        let ready = std::mem::take(&mut *self.core.ready.borrow_mut());
        let (callbacks, steps): (Vec<_>, Vec<_>) =
            ready.into_iter().partition(|ready| !matches!(ready, Ready::Task(_)));
        *self.core.ready.borrow_mut() = steps;
        let waited = |ready| match ready {
            Ready::Callback(entry) => discard(&*entry),
            Ready::Call(call) => {
                call.discard();
                true
            }
            Ready::Task(_) => false,
        };
        let callbacks = callbacks.into_iter().map(waited).filter(|waited| *waited).count();
        Dropped { callbacks, timers: self.core.timers.clear(), tasks: 0 }
    }

    /// Drops the tasks that would not end, and closes the node.
    fn abandon(&self, dropped: &mut Dropped) {
        let tasks = std::mem::take(&mut *self.core.tasks.borrow_mut());
        dropped.tasks += tasks.len();
        if thread_has_ended() {
            drop(tasks);
        } else {
            self.timed(|| drop(tasks));
        }
        self.core.node.close();
    }

    fn open(&self) -> Result<(), LoopError> {
        if self.core.closed.get() { Err(LoopError::Closed) } else { Ok(()) }
    }

    fn may_run(&self) -> Result<(), LoopError> {
        if self.core.running.get() {
            Err(LoopError::Running)
        } else if Handle::try_current().is_ok() {
            Err(LoopError::Nested)
        } else {
            Ok(())
        }
    }

    fn drive<F: Future>(&self, main: F) -> Result<Option<F::Output>, LoopError> {
        self.open()?;
        self.go(main)
    }

    fn go<F: Future>(&self, main: F) -> Result<Option<F::Output>, LoopError> {
        self.may_run()?;
        let runtime = self.runtime.borrow();
        let runtime = runtime.as_ref().ok_or(LoopError::Closed)?;
        let _running = Running::new(&self.core, self.watchdog.as_ref().map(|dog| &dog.watch));
        Ok(runtime.block_on(async { self.turns(pin!(main)).await }))
    }

    /// With the loop's clock, which only what runs under the loop's runtime sees.
    fn timed<R>(&self, f: impl FnOnce() -> R) -> R {
        let _entered = (!self.core.running.get()).then(|| self.poller.enter());
        f()
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        let ended = thread_has_ended();
        if self.is_closed() || (!ended && self.close().is_ok()) {
            return;
        }
        // Inside of another runtime nobody may block, and a thread that has ended runs no loop: the tasks are dropped
        // where they are.
        self.core.closed.set(true);
        let mut inbox = self.core.shared.inbox.lock();
        inbox.closed = true;
        let calls = std::mem::take(&mut inbox.calls);
        drop(inbox);
        calls.into_iter().for_each(Call::discard);
        self.abandon(&mut self.drop_callbacks());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// While it lives, the loop runs on this thread.
struct Running<'a> {
    core: &'a Rc<Core>,
    /// In debug mode.
    _watched: Option<Shift>,
}

impl<'a> Running<'a> {
    fn new(core: &'a Rc<Core>, watch: Option<&Arc<Watch>>) -> Self {
        core.running.set(true);
        RUNNING.set(Some(Rc::clone(core)));
        Self { core, _watched: watch.map(Shift::begin) }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.core.running.set(false);
        self.core.stopping.set(false);
        self.core.polling.set(false);
        drop(RUNNING.take());
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop")
            .field("running", &self.is_running())
            .field("closed", &self.is_closed())
            .field("ready", &self.core.ready.borrow().len())
            .field("timers", &self.core.timers.len())
            .field("tasks", &self.core.tasks.borrow().len())
            .finish_non_exhaustive()
    }
}
