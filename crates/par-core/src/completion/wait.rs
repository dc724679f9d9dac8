//! Waiting for the first, the first error, or all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Arrivals;
use crate::Handle;

/// What [`wait`] waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Until {
    /// Any handle is finished.
    First,
    /// Any handle has failed with a [`TaskError`](crate::TaskError), or all are finished.
    FirstError,
    /// All are finished.
    All,
}

/// Which handles had finished when [`wait`] returned; places in its input, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waited {
    /// Those whose outcome is there.
    pub finished: Vec<usize>,
    /// Those still under way.
    pub pending: Vec<usize>,
}

/// Blocks until `until` holds or `timeout` has passed, and says which handles have finished; it takes nothing.
///
/// A timeout is no error: `pending` then is not empty. Nor is it when a handle cannot finish before this returns, because
/// its task lies below the caller on the stack of a worker (see [`Handle`]): that one stays pending.
///
/// # Blocking
/// Until the condition holds, or for `timeout`.
///
/// # Examples
/// ```
/// use par_core::{ExecutorExt, SerialExecutor, Until, wait};
///
/// #[par_core::task]
/// fn one() -> u32 { 1 }
///
/// let executor = SerialExecutor::new();
/// let handles = [executor.submit(one::new())?, executor.submit(one::new())?];
/// assert_eq!(wait(&handles, Until::All, None).finished, [0, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait<T: Send + 'static>(handles: &[Handle<T>], until: Until, timeout: Option<Duration>) -> Waited {
    let limit = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let arrivals: Arc<Arrivals<bool>> = Arc::default();
    let watch = |handle: &Handle<T>| {
        let arrivals = Arc::clone(&arrivals);
        handle.watch(move |outcome| arrivals.push(outcome.is_err()))
    };
    let keys: Vec<_> = handles.iter().map(watch).collect();
    // A task's own deadline completes its handle when somebody looks at it.
    let nearest = || handles.iter().filter(|handle| !handle.is_settled()).filter_map(Handle::deadline).min();
    let mut deadline = nearest();
    let can_finish = handles.len() - handles.iter().filter(|handle| handle.is_below()).count();
    let mut finished = 0;
    while finished < can_finish {
        let Some(failed) = arrivals.pop(deadline.into_iter().chain(limit).min()) else {
            if limit.is_some_and(|limit| Instant::now() >= limit) {
                break;
            }
            handles.iter().for_each(Handle::expire_if_due);
            deadline = nearest();
            continue;
        };
        finished += 1;
        if until == Until::First || (until == Until::FirstError && failed) {
            break;
        }
    }
    let waited = sort_out(handles);
    // Or a caller that waits again and again would leave something behind each time.
    waited.pending.iter().for_each(|index| handles[*index].unwatch(keys[*index]));
    waited
}

fn sort_out<T: Send + 'static>(handles: &[Handle<T>]) -> Waited {
    let (finished, pending) = (0..handles.len()).partition(|index| handles[*index].is_settled());
    Waited { finished, pending }
}
