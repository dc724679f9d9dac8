//! What a task may ask about itself, and others about it.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::node::{self, Node};
use crate::error::{Cancelled, Reason};

/// A task that runs, or ran: its name, age and cancellation. Clones are the same task.
///
/// # Examples
/// ```
/// use par_async::{TaskGroup, current};
///
/// # par_async::testing::run(async {
/// let name = TaskGroup::<std::convert::Infallible>::scope(|group| async move {
///     let task = group.task("greeter").spawn(async { Ok(current().and_then(|task| task.name())) });
///     Ok(task.await)
/// }).await??;
/// assert_eq!(name.as_deref(), Some("greeter"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Task {
    node: Arc<Node>,
}

/// The task that polls here; `None` outside of all tasks of this crate.
pub fn current() -> Option<Task> {
    let node = node::current()?;
    node.task().map(|node| Task::new(Arc::clone(node)))
}

/// Every task of this crate that is not over, in this process, parents before children.
pub fn all_tasks() -> Vec<Task> {
    let mut tasks = Vec::new();
    let mut left = node::roots();
    left.reverse();
    while let Some(node) = left.pop() {
        left.extend(node.under().0.into_iter().rev());
        if node.kind.is_task() {
            tasks.push(Task::new(node));
        }
    }
    tasks
}

impl Task {
    pub(crate) const fn new(node: Arc<Node>) -> Self {
        Self { node }
    }

    /// Its number: unique in the process.
    pub fn id(&self) -> u64 {
        self.node.id
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<Arc<str>> {
        self.node.name.lock().clone()
    }

    /// Names it anew.
    pub fn set_name(&self, name: impl Into<Arc<str>>) {
        *self.node.name.lock() = Some(name.into());
    }

    /// Where it was spawned.
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.node.at
    }

    /// How long ago it was spawned.
    pub fn age(&self) -> Duration {
        self.node.born.elapsed()
    }

    /// Asks it to end at its next await that no [`shield`](crate::shield) covers; the first reason stays.
    ///
    /// It cannot refuse: its future is dropped there, and its groups end before it does.
    pub fn cancel(&self, reason: impl Into<Reason>) {
        self.node.cancel(reason.into());
    }

    /// Why it was asked to end, if it was.
    ///
    /// A shielded part, or one that computes without awaiting, looks here.
    pub fn cancelled(&self) -> Option<Cancelled> {
        self.node.cancelled()
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Task {}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("id", &self.id()).field("name", &self.name()).finish_non_exhaustive()
    }
}
