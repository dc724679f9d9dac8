//! Results in finishing order.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Arrivals;
use crate::{Handle, TaskError};

/// Yields `(index, result)` in the order in which the handles finish; the index is the handle's place in the input.
///
/// With a timeout, counted from this call, the iterator ends with an [`Unfinished`] that holds the handles which are
/// still going. A handle that cannot finish before the caller does comes last, with [`TaskError::WouldDeadlock`].
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_core::{ExecutorExt, SerialExecutor, as_completed};
///
/// #[par_core::task]
/// fn half(x: u32) -> u32 { x / 2 }
///
/// let executor = SerialExecutor::new();
/// let handles = [executor.submit(half::new(4))?, executor.submit(half::new(6))?];
/// let mut sum = 0;
/// for finished in as_completed(handles, Some(Duration::from_secs(5))) {
///     let (_index, result) = finished?;
///     sum += result?;
/// }
/// assert_eq!(sum, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn as_completed<T: Send + 'static>(
    handles: impl IntoIterator<Item = Handle<T>>,
    timeout: Option<Duration>,
) -> AsCompleted<T> {
    let limit = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let arrivals: Arc<Arrivals<usize>> = Arc::default();
    let handles: Vec<_> = handles.into_iter().map(Some).collect();
    for (index, handle) in handles.iter().flatten().enumerate() {
        let arrivals = Arc::clone(&arrivals);
        handle.on_done(move |_| arrivals.push(index));
    }
    let below = handles.iter().flatten().filter(|handle| handle.is_below()).count();
    let mut completed = AsCompleted { left: handles.len(), handles, below, arrivals, limit, nearest: None };
    completed.nearest = completed.nearest_limit();
    completed
}

/// The iterator of [`as_completed`].
#[must_use = "iterators are lazy"]
pub struct AsCompleted<T: Send + 'static> {
    handles: Vec<Option<Handle<T>>>,
    left: usize,
    /// How many of the handles lie below the caller on the stack of a worker, and will not arrive.
    below: usize,
    arrivals: Arc<Arrivals<usize>>,
    limit: Option<Instant>,
    /// When the nearest thing happens that nobody announces; may lie before that, if its handle has finished.
    nearest: Option<Instant>,
}

impl<T: Send + 'static> AsCompleted<T> {
    /// The call's timeout, or a task's own deadline.
    fn nearest_limit(&self) -> Option<Instant> {
        self.handles.iter().flatten().filter_map(Handle::deadline).chain(self.limit).min()
    }

    fn expired(&self) -> Option<usize> {
        let now = Instant::now();
        let passed = |handle: &Handle<T>| handle.deadline().is_some_and(|deadline| now >= deadline);
        self.handles.iter().position(|handle| handle.as_ref().is_some_and(passed))
    }

    /// The next handle that is finished or has expired; `None`: the call's timeout has passed.
    fn next_arrival(&mut self) -> Option<usize> {
        if self.left <= self.below {
            return self.handles.iter().position(Option::is_some);
        }
        loop {
            if let Some(index) = self.arrivals.pop(self.nearest).or_else(|| self.expired()) {
                return Some(index);
            }
            if self.limit.is_some_and(|limit| Instant::now() >= limit) {
                return None;
            }
            self.nearest = self.nearest_limit();
        }
    }
}

impl<T: Send + 'static> Iterator for AsCompleted<T> {
    type Item = Result<(usize, Result<T, TaskError>), Unfinished<T>>;

    /// # Blocking
    /// Until the next handle finishes, or until the timeout.
    fn next(&mut self) -> Option<Self::Item> {
        while self.left > 0 {
            let Some(index) = self.next_arrival() else {
                self.left = 0;
                let handles: Vec<_> = self.handles.iter_mut().filter_map(Option::take).collect();
                return Some(Err(Unfinished { handles, total: self.handles.len() }));
            };
            if let Some(handle) = self.handles[index].take() {
                self.left -= 1;
                return Some(Ok((index, handle.wait())));
            }
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T: Send + 'static> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted").field("left", &self.left).finish_non_exhaustive()
    }
}

/// The time of [`as_completed`] was up; the handles that had not finished are given back.
#[derive(thiserror::Error)]
#[error("{} (of {total}) tasks had not finished when the time was up", handles.len())]
pub struct Unfinished<T: Send + 'static> {
    /// The handles that had not finished, in input order.
    pub handles: Vec<Handle<T>>,
    /// How many handles there were in all.
    pub total: usize,
}

impl<T: Send + 'static> fmt::Debug for Unfinished<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfinished")
            .field("handles", &self.handles.len())
            .field("total", &self.total)
            .finish()
    }
}
