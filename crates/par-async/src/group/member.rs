//! The future of a task of a group.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::sync::OwnedSemaphorePermit;

use super::State;
use crate::error::{Cause, JoinError};
use crate::task::{Caught, Node, Scoped, Task};

pin_project! {
    /// Runs a task, and tells its group how it failed, before the group can see that it has ended.
    pub(super) struct Member<F, E>
    where
        F: Future,
        E: Debug,
        E: Display,
    {
        #[pin]
        scoped: Scoped<Caught<F>>,
        state: Arc<State<E>>,
        // Of a budget, until everything under the task has ended.
        slot: Option<OwnedSemaphorePermit>,
    }
}

impl<F: Future, E: Debug + Display> Member<F, E> {
    pub(super) fn new(
        state: Arc<State<E>>,
        node: Arc<Node>,
        future: F,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { scoped: Scoped::new(node, Caught::new(future)), state, slot }
    }
}

impl<T, E: Debug + Display, F: Future<Output = Result<T, E>>> Future for Member<F, E> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Poll::Ready(ended) = this.scoped.as_mut().poll(cx) else { return Poll::Pending };
        drop(this.slot.take());
        let failed = |cause| {
            let task = Task::new(Arc::clone(this.scoped.node()));
            this.state.fail(Some(task), cause);
        };
        Poll::Ready(match ended {
            Ok(Ok(Ok(value))) => Ok(value),
            Ok(Ok(Err(error))) => {
                failed(Cause::Error(error));
                Err(JoinError::Failed)
            }
            Ok(Err(panic)) => {
                failed(Cause::Panicked(panic.clone()));
                Err(JoinError::Panicked(panic))
            }
            Err(cancelled) => Err(JoinError::Cancelled(cancelled)),
        })
    }
}
