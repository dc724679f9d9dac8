//! A group, or a task of one, with more to say.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use par_core::Cancellation;
use par_core::plumbing::record_panics;
use parking_lot::Mutex;

use super::handle::TaskHandle;
use super::member::Member;
use super::{State, TaskGroup};
use crate::error::{Cause, GroupError, Reason};
use crate::task::{Kind, Node, Scoped, Task};
use crate::watch::Awaited;

/// How a group is to be.
///
/// # Examples
/// ```
/// use par_async::TaskGroup;
///
/// # par_async::testing::run(async {
/// let error = TaskGroup::<String>::builder().name("probes").keep_going().scope(|group| async move {
///     for number in 1..=3 {
///         group.spawn(async move { if number == 2 { Ok(()) } else { Err(format!("probe {number} is silent")) } });
///     }
///     Ok(())
/// }).await.expect_err("two are silent");
/// assert_eq!(error.failures.len(), 2, "all are asked");
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it runs a scope"]
pub struct GroupBuilder<E> {
    name: Option<Arc<str>>,
    keep_going: bool,
    token: Option<Cancellation>,
    error: PhantomData<fn() -> E>,
}

impl<E: Debug + Display + Send + 'static> GroupBuilder<E> {
    pub(super) const fn new() -> Self {
        Self { name: None, keep_going: false, token: None, error: PhantomData }
    }

    /// What the tree of tasks calls it.
    pub fn name(self, name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// A failure does not cancel the others; the scope still returns every error.
    ///
    /// So each is kept until the end: in a group that lasts as long as the program, tasks handle their own errors.
    pub fn keep_going(self) -> Self {
        Self { keep_going: true, ..self }
    }

    /// Cancels the group when the token is cancelled, with its reason.
    pub fn cancellation(self, token: &Cancellation) -> Self {
        Self { token: Some(token.clone()), ..self }
    }

    /// Runs the group; see [`TaskGroup::scope`].
    ///
    /// # Errors
    /// As [`TaskGroup::scope`].
    ///
    /// # Panics
    /// As [`TaskGroup::scope`].
    #[track_caller]
    pub fn scope<T, F>(
        self,
        body: impl FnOnce(TaskGroup<E>) -> F,
    ) -> impl Future<Output = Result<T, GroupError<E>>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let at = Location::caller();
        let awaited = Awaited::new("TaskGroup::scope", at);
        async move {
            awaited.begin();
            record_panics();
            let node = Node::open_here(Kind::Group, self.name, at);
            let state = Arc::new(State {
                node: Arc::clone(&node),
                fail_fast: !self.keep_going,
                failures: Mutex::new(Vec::new()),
            });
            let _follows = self.token.map(|token| follow(&token, &node));
            let group = TaskGroup { state: Arc::clone(&state) };
            let watched = async {
                match body(group).await {
                    Ok(value) => Some(value),
                    Err(error) => {
                        state.fail(None, Cause::Error(error));
                        None
                    }
                }
            };
            let ended = Scoped::new(Arc::clone(&node), watched).await;
            let failures = std::mem::take(&mut *state.failures.lock());
            match ended {
                Ok(Some(value)) if failures.is_empty() => Ok(value),
                _ => Err(GroupError { failures, cancelled: node.cancelled() }),
            }
        }
    }
}

/// Cancels the node when the token is cancelled, as long as the result lives.
pub(crate) fn follow(token: &Cancellation, node: &Arc<Node>) -> par_core::CancelCallback {
    let (node, of) = (Arc::downgrade(node), token.clone());
    token.on_cancel(move || {
        if let Some(node) = node.upgrade() {
            node.cancel(of.reason().unwrap_or(Reason::Borrowed("its token was cancelled")));
        }
    })
}

/// A task that is about to be spawned.
#[derive(Debug)]
#[must_use = "a builder does nothing until it spawns"]
pub struct TaskBuilder<'a, E: Debug + Display> {
    group: &'a TaskGroup<E>,
    name: Arc<str>,
    at: &'static Location<'static>,
}

impl<'a, E: Debug + Display + Send + 'static> TaskBuilder<'a, E> {
    pub(super) const fn new(group: &'a TaskGroup<E>, name: Arc<str>, at: &'static Location<'static>) -> Self {
        Self { group, name, at }
    }

    /// As [`TaskGroup::spawn`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn<T, F>(self, future: F) -> TaskHandle<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.group.start(Some(self.name), self.at, future, None)
    }

    /// Runs the task here and now until it awaits something that is not ready; only the rest is spawned.
    ///
    /// One that never awaits costs no turn of the runtime. It is Python's eager task.
    ///
    /// # Panics
    /// Outside of a tokio runtime, if there is a rest.
    pub fn spawn_eager<T, F>(self, future: F) -> TaskHandle<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let Some(node) = self.group.open(Some(self.name), self.at) else { return TaskHandle::refused() };
        let task = Task::new(Arc::clone(&node));
        let mut member = Box::pin(Member::new(Arc::clone(&self.group.state), node, future, None));
        // The runtime polls what is spawned at least once, so no wake is lost to this waker.
        match member.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => TaskHandle::ended(task, outcome),
            Poll::Pending => TaskHandle::running(task, tokio::spawn(member)),
        }
    }
}
