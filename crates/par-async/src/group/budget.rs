//! How many tasks may run at once.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// At most so many tasks at once, in one group or in several; the others are not started, and their spawners wait.
///
/// Clones are the same budget.
///
/// # Examples
/// ```
/// use std::convert::Infallible;
/// use std::num::NonZeroUsize;
/// use std::time::Duration;
/// use par_async::{Budget, TaskGroup, sleep};
///
/// # par_async::testing::run(async {
/// let budget = Budget::new(NonZeroUsize::new(3).ok_or("not zero")?);
/// let begun = tokio::time::Instant::now();
/// TaskGroup::<Infallible>::scope(|group| async move {
///     for _ in 0..9 {
///         group.spawn_within(&budget, async { Ok(sleep(Duration::from_secs(1)).await) }).await;
///     }
///     Ok(())
/// }).await?;
/// assert_eq!(begun.elapsed().as_secs(), 3); // on the clock of a test
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Budget {
    slots: Arc<Semaphore>,
    limit: usize,
}

impl Budget {
    /// At most `limit` tasks.
    ///
    /// # Panics
    /// If `limit` is more than [`Semaphore::MAX_PERMITS`], which no machine can run.
    pub fn new(limit: NonZeroUsize) -> Self {
        Self { slots: Arc::new(Semaphore::new(limit.get())), limit: limit.get() }
    }

    /// How many tasks may run at once.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// How many more may start now.
    pub fn available(&self) -> usize {
        self.slots.available_permits()
    }

    pub(super) async fn slot(self) -> OwnedSemaphorePermit {
        self.slots.acquire_owned().await.expect("nobody closes it")
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("limit", &self.limit)
            .field("available", &self.available())
            .finish_non_exhaustive()
    }
}
