//! What users call on an executor.

use super::Executor;
use crate::map::{Feed, Map, MapUnordered};
use crate::plumbing::{Batch, One, TypedJob};
use crate::task::inherited_deadline;
use crate::{Handle, Options, SubmitError, Task, TaskError};

/// Submitting tasks, one or many; implemented for every [`Executor`].
///
/// # Examples
/// ```
/// use par_core::{ExecutorExt, SerialExecutor};
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// let executor = SerialExecutor::new();
/// let squares: Result<Vec<u64>, _> = executor.map((0..5).map(square::new)).collect();
/// assert_eq!(squares?, [0, 1, 4, 9, 16]);
/// let sum = executor.map_reduce((0..5).map(square::new), 0, |sum, x| sum + x)?;
/// assert_eq!(sum, 30);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ExecutorExt: Executor {
    /// Submits a task.
    ///
    /// # Errors
    /// [`SubmitError`], when the task was not taken.
    ///
    /// # Blocking
    /// While the executor's queue is full.
    fn submit<T: Task>(&self, task: T) -> Result<Handle<T::Output>, SubmitError> {
        self.submit_with(task, Options::new())
    }

    /// Submits a task with a deadline, priority, cancellation token or number of retries.
    ///
    /// A task that submits passes its own deadline on.
    ///
    /// # Errors
    /// [`SubmitError`], when the task was not taken.
    ///
    /// # Blocking
    /// While the executor's queue is full, at the longest until the task's deadline.
    fn submit_with<T: Task>(&self, task: T, options: Options) -> Result<Handle<T::Output>, SubmitError> {
        let options = inherit(options);
        let (handle, completer) = Handle::pair(T::NAME, &options);
        self.submit_job(Box::new(TypedJob::new(T::NAME, One(task), options, completer)))?;
        Ok(handle)
    }

    /// Runs many tasks and yields their results in input order; a task that fails costs only its own result.
    ///
    /// The input is lazy: no more than [`in_flight`](Map::in_flight) batches are submitted ahead of what was taken.
    /// (`starmap` is this, too: a task holds all its arguments.)
    fn map<I>(&self, tasks: I) -> Map<'_, I::IntoIter, <I::Item as Task>::Output>
    where
        I: IntoIterator,
        I::Item: Task,
    {
        Map::new(tasks.into_iter(), feed_tasks(self))
    }

    /// Runs many tasks and yields `(index, result)` as they finish.
    fn map_unordered<I>(&self, tasks: I) -> MapUnordered<'_, I::IntoIter, <I::Item as Task>::Output>
    where
        I: IntoIterator,
        I::Item: Task,
    {
        self.map(tasks).unordered()
    }

    /// Runs many tasks and folds their outputs in input order, as they arrive.
    ///
    /// # Errors
    /// The first task's error, in input order; the tasks after it are cancelled.
    fn map_reduce<I, R>(
        &self,
        tasks: I,
        initial: R,
        fold: impl FnMut(R, <I::Item as Task>::Output) -> R,
    ) -> Result<R, TaskError>
    where
        I: IntoIterator,
        I::Item: Task,
    {
        let mut fold = fold;
        self.map(tasks).try_fold(initial, |total, result| Ok(fold(total, result?)))
    }

    /// Runs many tasks and yields the running fold after each of them, in input order; ends after the first error.
    fn scan<I, R: Clone>(
        &self,
        tasks: I,
        initial: R,
        fold: impl FnMut(R, <I::Item as Task>::Output) -> R,
    ) -> impl Iterator<Item = Result<R, TaskError>>
    where
        I: IntoIterator,
        I::Item: Task,
    {
        let mut fold = fold;
        self.map(tasks).scan(Some(initial), move |state, result| {
            let before = state.take()?;
            Some(result.map(|output| {
                let after = fold(before, output);
                *state = Some(after.clone());
                after
            }))
        })
    }
}

impl<E: Executor + ?Sized> ExecutorExt for E {}

/// With the deadline of the task that submits, if that is earlier.
pub(super) fn inherit(options: Options) -> Options {
    match inherited_deadline() {
        Some(deadline) => options.deadline(deadline),
        None => options,
    }
}

fn feed_tasks<E: Executor + ?Sized, T: Task>(executor: &E) -> Feed<'_, T, T::Output> {
    Feed {
        workers: executor.workers(),
        one: Box::new(move |task, options| executor.submit_with(task, options)),
        many: Box::new(move |tasks, options| {
            let options = inherit(options);
            let (handle, completer) = Handle::pair(T::NAME, &options);
            executor.submit_job(Box::new(TypedJob::new(T::NAME, Batch(tasks), options, completer)))?;
            Ok(handle)
        }),
    }
}
