//! What a worker thread does while one of its tasks waits.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::panics::catch_panic;
use crate::error::Panic;
use crate::task::{set_waited, waited};
use crate::{Executor, TaskError};

/// What a worker thread may do while a task on it waits for a handle.
///
/// par-core names no runtime, so the executor says it: usually run other jobs of its queue.
pub trait Helper {
    /// Runs other jobs until `done()` or `deadline`; sleeps when there are none.
    ///
    /// It may return early; the caller asks again.
    fn help(&self, done: &dyn Fn() -> bool, deadline: Option<Instant>);

    /// What ends a sleep in [`help`](Self::help).
    fn waker(&self) -> Waker;

    /// The executor that the worker belongs to, for nested submits.
    fn executor(&self) -> Option<Arc<dyn Executor>>;

    /// Whether every task of the worker is asked to stop, because the executor is shut down that hard.
    fn stopping(&self) -> bool {
        false
    }

    /// A task has panicked on this thread; its handle does not tell yet, so what is done here comes first.
    ///
    /// It must not panic itself.
    fn panicked(&self, task: &'static str, panic: &Panic) {
        let _ = (task, panic);
    }
}

thread_local! {
    static HELPER: RefCell<Option<Rc<dyn Helper>>> = const { RefCell::new(None) };
}

/// Makes this thread a worker until the guard is dropped; guards nest.
#[must_use = "the thread is a worker while the guard lives"]
pub fn enter_worker(helper: Rc<dyn Helper>) -> WorkerGuard {
    WorkerGuard { below: HELPER.replace(Some(helper)), not_send: PhantomData }
}

/// Ends the thread's time as a worker; see [`enter_worker`].
pub struct WorkerGuard {
    below: Option<Rc<dyn Helper>>,
    not_send: PhantomData<*const ()>,
}

impl std::fmt::Debug for WorkerGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WorkerGuard")
    }
}

impl Drop for WorkerGuard {
    fn drop(&mut self) {
        HELPER.set(self.below.take());
    }
}

/// Whether every task of this worker is asked to stop.
pub(crate) fn stopping() -> bool {
    helper().is_some_and(|helper| helper.stopping())
}

/// Runs a task's code; a panic in it is [`TaskError::Panicked`], and told to the worker's executor.
pub(crate) fn run_task<R>(task: &'static str, f: impl FnOnce() -> R) -> Result<R, TaskError> {
    catch_panic(f).map_err(|panic| {
        if let Some(helper) = helper() {
            helper.panicked(task, &panic);
        }
        TaskError::Panicked(panic)
    })
}

/// The helper of this thread, when it is a worker.
pub(crate) fn helper() -> Option<Rc<dyn Helper>> {
    // The destructor of another thread-local may submit and wait after ours has gone; no worker runs that.
    HELPER.try_with(|helper| helper.borrow().clone()).ok().flatten()
}

/// For executors whose full queue a caller waits for: if this thread is a worker of *another* executor, it runs that
/// one's jobs until `done()`, for at most `slice`, and says `true`; so two executors that fill each other's queues both
/// go on. `false`: the thread is no worker, and may simply sleep.
pub fn help_for(slice: Duration, done: &dyn Fn() -> bool) -> bool {
    let Some(helper) = helper() else { return false };
    let begun = begin_wait();
    helper.help(done, Instant::now().checked_add(slice));
    end_wait(begun);
    true
}

/// Notes that the thread begins to wait; only workers need the time.
pub(crate) fn begin_wait() -> Option<(Instant, Duration)> {
    let is_worker = HELPER.try_with(|helper| helper.borrow().is_some()).unwrap_or(false);
    is_worker.then(|| (Instant::now(), waited()))
}

/// Accounts the wait to the current task.
pub(crate) fn end_wait(begun: Option<(Instant, Duration)>) {
    if let Some((begun, before)) = begun {
        set_waited(before + begun.elapsed());
    }
}

/// A waker that unparks the thread which calls this.
pub fn thread_waker() -> Waker {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    Waker::from(Arc::new(Unpark(std::thread::current())))
}
