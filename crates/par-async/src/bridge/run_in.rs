//! Tasks of an executor, awaited.

use std::collections::HashMap;
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, LazyLock, Weak};

use par_core::{
    Cancellation, Executor, ExecutorExt, Handle, LocalExecutor, LocalExecutorExt, Options, SubmitError, Task,
    TaskError,
};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::task::waiting;

/// Runs a task on an executor, whichever it is: threads, processes, MPI ranks, workers elsewhere; and awaits its output.
///
/// Where the executor's queue is full this waits for room, without blocking the thread that polls it.
///
/// # Errors
/// [`TaskError`]; [`TaskError::Refused`] says why the task was not taken.
///
/// # Cancel safety
/// Dropped before its end, it cancels the task: a queued one never runs, a running one is asked to stop, and ended by
/// force where the executor can.
///
/// # Panics
/// When it is polled outside of a tokio runtime.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use par_async::{gather, run_in};
/// use par_core::SerialExecutor;
///
/// #[par_core::task]
/// fn square(x: u64) -> u64 { x * x }
///
/// # par_async::testing::run(async {
/// let executor = Arc::new(SerialExecutor::new()); // a ThreadPool, a ProcessPool, …
/// let squares = gather((1..=3).map(|x| run_in(&executor, square::new(x)))).await?;
/// assert_eq!(squares, [1, 4, 9]);
/// # Ok::<(), par_core::TaskError>(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn run_in<E, T>(
    executor: &Arc<E>,
    task: T,
) -> impl Future<Output = Result<T::Output, TaskError>> + Send + use<E, T>
where
    E: Executor + ?Sized + 'static,
    T: Task,
{
    let (at, executor) = (Location::caller(), Arc::clone(executor));
    let way = way_to(&executor);
    waiting("run_in", at, handed_over(way, move |options| executor.submit_with(task, options)))
}

/// As [`run_in`], for a closure and an executor whose workers are in this process.
///
/// # Errors
/// As [`run_in`].
///
/// # Cancel safety
/// As [`run_in`]; a closure that runs looks at [`par_core::task::current`].
///
/// # Panics
/// When it is polled outside of a tokio runtime.
#[track_caller]
pub fn run_closure_in<E, T, F>(
    executor: &Arc<E>,
    closure: F,
) -> impl Future<Output = Result<T, TaskError>> + Send + use<E, T, F>
where
    E: LocalExecutor + ?Sized + 'static,
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let (at, executor) = (Location::caller(), Arc::clone(executor));
    let way = way_to(&executor);
    waiting("run_closure_in", at, handed_over(way, move |options| executor.spawn_with(closure, options)))
}

/// How many may be on their way to one executor at once: each may block a thread of the runtime, where the executor may
/// have its own.
const ON_THE_WAY: usize = 16;

/// The ways to the executors that somebody is on, by their addresses.
static WAYS: LazyLock<Mutex<HashMap<usize, Weak<Semaphore>>>> = LazyLock::new(Mutex::default);

fn way_to<E: ?Sized>(executor: &Arc<E>) -> Arc<Semaphore> {
    let address = Arc::as_ptr(executor).addr();
    let mut ways = WAYS.lock();
    if let Some(way) = ways.get(&address).and_then(Weak::upgrade) {
        return way;
    }
    ways.retain(|_, way| way.strong_count() > 0);
    let way = Arc::new(Semaphore::new(ON_THE_WAY));
    ways.insert(address, Arc::downgrade(&way));
    way
}

/// Hands something over from the blocking pool, because that may block, and awaits it.
async fn handed_over<T: Send + 'static>(
    way: Arc<Semaphore>,
    hand_over: impl FnOnce(Options) -> Result<Handle<T>, SubmitError> + Send + 'static,
) -> Result<T, TaskError> {
    let given_up = GivenUp(Cancellation::new());
    let options = Options::new().cancellation(&given_up.0);
    let on_the_way = way.acquire_owned().await.expect("nobody closes it");
    // Nobody waits for it after a cancellation, and it is still on its way.
    let hand_over = move || {
        let _on_the_way = on_the_way;
        hand_over(options)
    };
    // A panic of it is a mistake of the executor; it goes on here.
    let submitted = match tokio::task::spawn_blocking(hand_over).await {
        Ok(submitted) => submitted,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(SubmitError::Broken {
                executor: super::super::executor::NAME.to_owned(),
                reason: "the runtime that was to hand the task over was shut down".to_owned(),
            }),
        },
    };
    submitted.map_err(TaskError::Refused)?.await
}

/// Cancels what nobody waits for any more; what has ended does not care.
struct GivenUp(Cancellation);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.cancel_because("nobody waits for it any more");
    }
}
