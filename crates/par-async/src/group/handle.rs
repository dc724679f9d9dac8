//! What is left of a task in the hands of its spawner.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::{Cancelled, JoinError, Reason};
use crate::task::{Shown, Task};

/// A spawned task: awaiting it yields its output. Dropping it lets the task be; its group waits for it in any case.
///
/// # Cancel safety
/// It may be awaited by reference, again and again, until it is ready.
pub struct TaskHandle<T> {
    task: Option<Task>,
    state: State<T>,
    shown: Shown,
}

enum State<T> {
    Running(tokio::task::JoinHandle<Result<T, JoinError>>),
    Ended(Option<Result<T, JoinError>>),
}

impl<T> TaskHandle<T> {
    pub(crate) fn running(task: Task, join: tokio::task::JoinHandle<Result<T, JoinError>>) -> Self {
        let shown = Shown::new("TaskHandle", task.spawned_at(), Some(task.id()));
        Self { task: Some(task), state: State::Running(join), shown }
    }

    pub(crate) fn ended(task: Task, outcome: Result<T, JoinError>) -> Self {
        let shown = Shown::new("TaskHandle", task.spawned_at(), Some(task.id()));
        Self { task: Some(task), state: State::Ended(Some(outcome)), shown }
    }

    /// A task that its group did not take, because it is over.
    #[track_caller]
    pub(crate) fn refused() -> Self {
        let cancelled = Cancelled::new(Reason::Borrowed("its group is over"));
        Self {
            task: None,
            state: State::Ended(Some(Err(cancelled.into()))),
            shown: Shown::new("TaskHandle", Location::caller(), None),
        }
    }

    /// The task; `None`, if its group was over when it was spawned.
    pub const fn task(&self) -> Option<&Task> {
        self.task.as_ref()
    }

    /// Asks the task to end; see [`Task::cancel`]. Its group goes on.
    pub fn cancel(&self, reason: impl Into<Reason>) {
        if let Some(task) = &self.task {
            task.cancel(reason);
        }
    }

    /// Whether the outcome is there.
    pub fn is_finished(&self) -> bool {
        match &self.state {
            State::Running(join) => join.is_finished(),
            State::Ended(_) => true,
        }
    }
}

impl<T> TaskHandle<T> {
    /// Ready when the outcome is there, with whether it is an error; takes nothing.
    pub(crate) fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if let State::Running(join) = &mut self.state {
            let Poll::Ready(joined) = Pin::new(join).poll(cx) else { return Poll::Pending };
            // Panics are caught below it, and nobody aborts it.
            let shut_down = |_| Err(Cancelled::new(Reason::Borrowed("its runtime was shut down")).into());
            self.state = State::Ended(Some(joined.unwrap_or_else(shut_down)));
        }
        Poll::Ready(matches!(self.state, State::Ended(Some(Err(_)))))
    }
}

impl<T> Future for TaskHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.poll_settled(cx).is_pending() {
            this.shown.begin();
            return Poll::Pending;
        }
        this.shown.end();
        let State::Ended(outcome) = &mut this.state else { unreachable!("it has just settled") };
        Poll::Ready(outcome.take().expect("it is polled after it was ready"))
    }
}

impl<T> Unpin for TaskHandle<T> {}

impl<T> fmt::Debug for TaskHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHandle")
            .field("task", &self.task)
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
