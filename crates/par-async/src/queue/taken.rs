//! An item that was taken and is not done.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::ledger::Ledger;

/// An item taken from a queue, done when this is dropped, also by a panic or a cancellation: nobody who joins waits for
/// ever.
///
/// From `take` and `try_take`. [`Taken::done`] says that the item is done and hands it out; [`Taken::defer`] hands it out
/// and leaves saying so to the caller, as `get` does. Both are called as functions, so that they hide no method of the
/// item.
///
/// # Examples
/// ```
/// use par_async::{Queue, Taken};
///
/// # par_async::testing::run(async {
/// let queue = Queue::bounded(4);
/// queue.put(String::from("to do")).await?;
/// let mut task = queue.take().await?;
/// task.push_str(", and done");
/// assert_eq!(queue.unfinished(), 1);
/// assert_eq!(Taken::done(task), "to do, and done");
/// assert_eq!(queue.unfinished(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "an item that is dropped at once is done at once"]
pub struct Taken<'q, T> {
    // Dropped in this order: an item is done after its destructor, even if that panics.
    item: T,
    owed: Owed<'q>,
}

/// What whoever took an item owes its queue.
struct Owed<'q>(&'q Ledger);

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        // Too often only if somebody called `task_done` for an item that is not theirs; that call was the wrong one.
        self.0.done().ok();
    }
}

impl<'q, T> Taken<'q, T> {
    /// An item that was taken from the queue of this ledger.
    pub(super) const fn new(item: T, ledger: &'q Ledger) -> Self {
        Self { item, owed: Owed(ledger) }
    }

    /// Says that the item is done, and hands it out.
    pub fn done(taken: Self) -> T {
        taken.item
    }

    /// Hands the item out, not done: the caller owes the queue a `task_done`.
    pub fn defer(taken: Self) -> T {
        std::mem::forget(taken.owed);
        taken.item
    }
}

impl<T> Deref for Taken<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T> DerefMut for Taken<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.item
    }
}

impl<T: fmt::Debug> fmt::Debug for Taken<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Taken").field(&self.item).finish()
    }
}
