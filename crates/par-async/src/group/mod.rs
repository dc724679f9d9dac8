//! Groups of tasks that end together.

mod budget;
mod builder;
mod handle;
mod member;

pub use budget::Budget;
pub(crate) use builder::follow;
pub use builder::{GroupBuilder, TaskBuilder};
pub use handle::TaskHandle;

use std::fmt::{Debug, Display};
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::{Cancelled, Cause, Failure, GroupError, Reason, who};
use crate::task::{Kind, Node, Task, waiting};
use member::Member;

/// Tasks that end together: the first failure cancels the others, and nothing outlives the [`scope`](Self::scope).
///
/// A task returns `Result<T, E>`. One that fails, or panics, cancels its siblings and the body of the scope; the scope
/// waits for all of them, and returns every error. Clones are the same group, so tasks may spawn their siblings; what is
/// spawned after the end is cancelled before it begins.
///
/// It is Python's `asyncio.TaskGroup`, and holds where that one cannot: a task that is dropped while a group is in it, be
/// it by a timeout or by `select!`, cancels that group, and whatever is above waits until it is empty.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{TaskGroup, sleep};
///
/// # par_async::testing::run(async {
/// let sum = TaskGroup::<String>::scope(|group| async move {
///     let one = group.spawn(async { Ok(1) });
///     let two = group.spawn(async { sleep(Duration::from_millis(5)).await; Ok(2) });
///     Ok(one.await.unwrap_or(0) + two.await.unwrap_or(0))
/// }).await?;
/// assert_eq!(sum, 3);
///
/// let error = TaskGroup::<String>::scope(|group| async move {
///     group.task("reader").spawn(async { Err::<(), _>("no such file".to_owned()) });
///     group.spawn(async { sleep(Duration::from_secs(3600)).await; Ok(()) }); // cancelled
///     Ok(())
/// }).await.expect_err("a task fails");
/// assert_eq!(error.failures.len(), 1);
/// assert!(error.to_string().starts_with("`reader`") && error.to_string().ends_with("no such file"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct TaskGroup<E: Debug + Display> {
    state: Arc<State<E>>,
}

#[derive(Debug)]
pub(crate) struct State<E: Debug + Display> {
    node: Arc<Node>,
    fail_fast: bool,
    failures: Mutex<Vec<Failure<E>>>,
}

impl<E: Debug + Display> Clone for TaskGroup<E> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state) }
    }
}

impl<E: Debug + Display> State<E> {
    /// Something in the group failed: everything else in it is to end.
    fn fail(&self, task: Option<Task>, cause: Cause<E>) {
        let reason = format!("{} failed", who(task.as_ref()));
        self.failures.lock().push(Failure { task, cause });
        if self.fail_fast {
            self.node.cancel(Reason::Owned(reason));
        }
    }
}

impl<E: Debug + Display + Send + 'static> TaskGroup<E> {
    /// Runs `body` with a new group, and waits until the body and every task of the group have ended.
    ///
    /// # Errors
    /// [`GroupError`], with everything that went wrong: what tasks returned, or panicked with, and the body's own error.
    /// One without failures says that the group was cancelled while its body waited.
    ///
    /// # Panics
    /// If the body panics, with its panic, after the tasks were asked to end.
    ///
    /// # Cancel safety
    /// Dropped before its end, it asks its tasks to end; the task, timeout or runner of this crate that it is in waits
    /// for them. Outside of those nobody does.
    #[track_caller]
    pub fn scope<T, F>(body: impl FnOnce(Self) -> F) -> impl Future<Output = Result<T, GroupError<E>>>
    where
        F: Future<Output = Result<T, E>>,
    {
        Self::builder().scope(body)
    }

    /// A group with a name, a token, or another policy for failures.
    pub const fn builder() -> GroupBuilder<E> {
        GroupBuilder::new()
    }

    /// Starts a task; it runs at the latest when the caller awaits.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn spawn<T, F>(&self, future: F) -> TaskHandle<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.start(None, Location::caller(), future, None)
    }

    /// A task with a name, or one that starts here and now.
    #[track_caller]
    pub fn task(&self, name: impl Into<Arc<str>>) -> TaskBuilder<'_, E> {
        TaskBuilder::new(self, name.into(), Location::caller())
    }

    /// Waits until fewer tasks than the budget allows run, then starts one more; it counts until it has ended.
    ///
    /// # Cancel safety
    /// Dropped before its end, it has started nothing, and the future is dropped.
    #[expect(clippy::async_yields_async, reason = "the first await is for room, the second for the task")]
    #[track_caller]
    pub fn spawn_within<T, F>(&self, budget: &Budget, future: F) -> impl Future<Output = TaskHandle<T>> + Send
    where
        T: Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (at, group, budget) = (Location::caller(), self.clone(), budget.clone());
        let spawned = async move {
            let slot = budget.slot().await;
            group.start(None, at, future, Some(slot))
        };
        waiting("Budget", at, spawned)
    }

    /// Asks every task of the group, and its body, to end; the first reason stays.
    ///
    /// No failure: a scope whose body was done returns its value.
    pub fn cancel(&self, reason: impl Into<Reason>) {
        self.state.node.cancel(reason.into());
    }

    /// Why the group was asked to end, if it was.
    pub fn cancelled(&self) -> Option<Cancelled> {
        self.state.node.cancelled()
    }

    /// How many tasks and scopes of the group have not ended.
    pub fn len(&self) -> usize {
        self.state.node.open_below()
    }

    /// Whether no task of the group is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A node for a task; `None`: the group is over.
    fn open(&self, name: Option<Arc<str>>, at: &'static Location<'static>) -> Option<Arc<Node>> {
        Node::open_under(Some(Arc::clone(&self.state.node)), Kind::Task, name, at)
    }

    fn start<T, F>(
        &self,
        name: Option<Arc<str>>,
        at: &'static Location<'static>,
        future: F,
        slot: Option<OwnedSemaphorePermit>,
    ) -> TaskHandle<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let Some(node) = self.open(name, at) else { return TaskHandle::refused() };
        let member = Member::new(Arc::clone(&self.state), Arc::clone(&node), future, slot);
        TaskHandle::running(Task::new(node), tokio::spawn(member))
    }
}

impl<E: Debug + Display> std::fmt::Debug for TaskGroup<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskGroup").field("tasks", &self.state.node.open_below()).finish_non_exhaustive()
    }
}
