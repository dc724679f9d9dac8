//! Tasks of a loop: a step of one is a callback like any other.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use par_core::plumbing::catch_panic;

use super::core::{Core, RUNNING, Ready};
use super::remote::Shared;
use crate::error::{Cancelled, JoinError, Reason};
use crate::task::{Shown, Task};
use crate::watch::{Report, Work};

/// Puts a task into the ready queue, once until its next step.
pub(super) struct TaskWaker {
    pub(super) seat: usize,
    pub(super) queued: AtomicBool,
    pub(super) shared: Arc<Shared>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        // On the loop's own thread it takes its place behind what was scheduled before, and nothing is locked.
        let own = |running: &RefCell<Option<Rc<Core>>>| {
            let running = running.borrow();
            let Some(core) = running.as_ref().filter(|core| Arc::ptr_eq(&core.shared, &self.shared)) else {
                return false;
            };
            core.push(Ready::Task(self.seat));
            true
        };
        if !RUNNING.try_with(own).unwrap_or(false) {
            self.shared.task(self.seat);
        }
    }
}

/// A task that is not over.
pub(super) struct Seat {
    /// Lent to the step that polls it.
    pub(super) future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    pub(super) waker: Waker,
    pub(super) flag: Arc<TaskWaker>,
}

impl Core {
    /// Polls the task once. A wake that is older than the seat's task polls it in vain, and does no harm.
    pub(super) fn step(&self, seat: usize) {
        let (mut future, waker) = {
            let mut tasks = self.tasks.borrow_mut();
            let Some(task) = tasks.get_mut(seat) else { return };
            let Some(future) = task.future.take() else { return };
            task.flag.queued.store(false, Ordering::Release);
            (future, task.waker.clone())
        };
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let mut tasks = self.tasks.borrow_mut();
        if polled.is_pending() {
            tasks[seat].future = Some(future);
            return;
        }
        let over = tasks.remove(seat);
        // It is over: nobody queues it any more.
        over.flag.queued.store(true, Ordering::Release);
        drop(tasks);
        drop((over, future));
    }
}

/// Where a task leaves its outcome.
pub(super) struct Slot<T> {
    pub(super) outcome: RefCell<Option<Result<T, JoinError>>>,
    pub(super) waker: RefCell<Option<Waker>>,
    pub(super) finished: Cell<bool>,
    /// Whether its handle was dropped.
    pub(super) orphan: Cell<bool>,
}

impl<T> Slot<T> {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            outcome: RefCell::new(None),
            waker: RefCell::new(None),
            finished: Cell::new(false),
            orphan: Cell::new(false),
        })
    }

    pub(super) fn finish(&self, outcome: Result<T, JoinError>, task: &Task, core: &Core) {
        self.finished.set(true);
        if self.orphan.get() {
            match outcome {
                // A panic of its destructor was reported by the panic hook.
                Ok(output) => drop(catch_panic(|| drop(output))),
                Err(failure) => report(&failure, task, core),
            }
            return;
        }
        *self.outcome.borrow_mut() = Some(outcome);
        self.wake();
    }

    fn wake(&self) {
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The task's half of its slot; dropped with a task that never ended, it lets whoever waits see that.
pub(super) struct Leaves<T>(pub(super) Rc<Slot<T>>);

impl<T> Drop for Leaves<T> {
    fn drop(&mut self) {
        self.0.wake();
    }
}

/// Nobody looks at how the task failed, any more.
fn report(failure: &JoinError, task: &Task, core: &Core) {
    if let JoinError::Panicked(panic) = failure {
        let work = Work { what: "task", task: Some(task.id()), name: task.name(), at: task.spawned_at() };
        core.report(&Report::NeverRetrieved { work, failure: format!("it panicked: {panic}") });
    }
}

/// A task of a loop: awaiting it yields its output. Dropping it lets the task be; closing the loop ends it in any case.
///
/// If the task panics and nobody awaits that, the loop's exception handler is told.
///
/// # Cancel safety
/// It may be awaited by reference, again and again, until it is ready.
pub struct LoopTask<T> {
    pub(super) slot: Rc<Slot<T>>,
    pub(super) task: Task,
    pub(super) core: Weak<Core>,
    pub(super) shown: Shown,
}

impl<T> LoopTask<T> {
    /// The task.
    pub const fn task(&self) -> &Task {
        &self.task
    }

    /// Asks the task to end; see [`Task::cancel`].
    pub fn cancel(&self, reason: impl Into<Reason>) {
        self.task.cancel(reason);
    }

    /// Whether the outcome is there.
    pub fn is_finished(&self) -> bool {
        self.slot.finished.get()
    }

    /// The outcome, if it is there and nobody took it.
    pub fn try_result(&mut self) -> Option<Result<T, JoinError>> {
        self.slot.outcome.take()
    }
}

impl<T> Future for LoopTask<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(outcome) = this.slot.outcome.take() {
            this.shown.end();
            return Poll::Ready(outcome);
        }
        assert!(!this.slot.finished.get(), "it is polled after it was ready");
        // The other half is in the task.
        if Rc::strong_count(&this.slot) == 1 {
            return Poll::Ready(Err(Cancelled::new(Reason::Borrowed("its loop was closed")).into()));
        }
        this.shown.begin();
        *this.slot.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<T> Unpin for LoopTask<T> {}

impl<T> Drop for LoopTask<T> {
    fn drop(&mut self) {
        self.slot.orphan.set(true);
        let outcome = self.slot.outcome.take();
        if let (Some(Err(failure)), Some(core)) = (outcome, self.core.upgrade()) {
            report(&failure, &self.task, &core);
        }
    }
}

impl<T> fmt::Debug for LoopTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopTask")
            .field("task", &self.task)
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
