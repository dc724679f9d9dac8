//! Executors whose workers share this memory.

use std::sync::Arc;

use super::Executor;
use super::ext::inherit;
use crate::map::{Feed, Map};
use crate::plumbing::{Closure, TypedJob, run_task};
use crate::task::current;
use crate::{Handle, Options, SubmitError, TaskError};

/// An executor whose workers are in this process: it never encodes a job, so it runs closures too.
pub trait LocalExecutor: Executor {}

/// The name of jobs that are closures.
const CLOSURE: &str = "closure";

/// Running closures; implemented for every [`LocalExecutor`].
///
/// # Examples
/// ```
/// use par_core::{LocalExecutorExt, SerialExecutor};
///
/// let executor = SerialExecutor::new();
/// let words = vec!["one", "two", "three"];
/// let handle = executor.spawn(move || words.concat())?;
/// assert_eq!(handle.wait()?, "onetwothree");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A closure cannot leave the process, so executors that send tasks elsewhere do not compile with it:
/// ```compile_fail,E0599
/// use par_core::{LocalExecutorExt, LoopbackExecutor};
/// LoopbackExecutor::new().spawn(|| 1);
/// ```
pub trait LocalExecutorExt: LocalExecutor {
    /// Runs a closure.
    ///
    /// # Errors
    /// [`SubmitError`], when it was not taken.
    ///
    /// # Blocking
    /// While the executor's queue is full.
    fn spawn<T, F>(&self, closure: F) -> Result<Handle<T>, SubmitError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.spawn_with(closure, Options::new())
    }

    /// Runs a closure with a deadline, priority or cancellation token.
    ///
    /// # Errors
    /// [`SubmitError`], when it was not taken.
    ///
    /// # Blocking
    /// While the executor's queue is full, at the longest until the deadline.
    fn spawn_with<T, F>(&self, closure: F, options: Options) -> Result<Handle<T>, SubmitError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let options = inherit(options);
        let (handle, completer) = Handle::pair(CLOSURE, &options);
        self.submit_job(Box::new(TypedJob::new(CLOSURE, Closure(closure), options, completer)))?;
        Ok(handle)
    }

    /// Applies a closure to many items and yields the results in input order, lazily and bounded as
    /// [`ExecutorExt::map`](crate::ExecutorExt::map).
    fn map_with<I, T, F>(&self, items: I, closure: F) -> Map<'_, I::IntoIter, T>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        T: Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
    {
        Map::new(items.into_iter(), feed_closure(self, Arc::new(closure)))
    }
}

impl<E: LocalExecutor + ?Sized> LocalExecutorExt for E {}

fn feed_closure<E, A, T, F>(executor: &E, closure: Arc<F>) -> Feed<'_, A, T>
where
    E: LocalExecutor + ?Sized,
    A: Send + 'static,
    T: Send + 'static,
    F: Fn(A) -> T + Send + Sync + 'static,
{
    let for_one = Arc::clone(&closure);
    Feed {
        workers: executor.workers(),
        one: Box::new(move |item, options| {
            let closure = Arc::clone(&for_one);
            executor.spawn_with(move || closure(item), options)
        }),
        many: Box::new(move |items, options| {
            let closure = Arc::clone(&closure);
            executor.spawn_with(move || run_all(items, &*closure), options)
        }),
    }
}

fn run_all<A, T>(items: Vec<A>, closure: &impl Fn(A) -> T) -> Vec<Result<T, TaskError>> {
    let context = current();
    let run = |item| {
        if context.cancelled() { Err(TaskError::Cancelled) } else { run_task(CLOSURE, || closure(item)) }
    };
    items.into_iter().map(run).collect()
}
