//! An item that was taken and is not done.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::Accounts;

/// An item taken from a queue, done when this is dropped, also by a panic: nobody who joins waits for ever.
///
/// From `take` and its siblings. [`Taken::done`] says that the item is done and hands it out; [`Taken::defer`] hands it
/// out and leaves saying so to the caller, as `get` does. Both are called as functions, so that they hide no method of
/// the item.
///
/// # Examples
/// ```
/// use par_threads::{Queue, Taken};
///
/// let queue = Queue::bounded(4);
/// queue.put(String::from("to do"))?;
/// let mut task = queue.take()?;
/// task.push_str(", and done");
/// assert_eq!(queue.unfinished(), 1);
/// assert_eq!(Taken::done(task), "to do, and done");
/// assert_eq!(queue.unfinished(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// It is done once:
/// ```compile_fail,E0382
/// use par_threads::{Queue, Taken};
///
/// let queue = Queue::bounded(4);
/// queue.put(1).unwrap();
/// let task = queue.take().unwrap();
/// Taken::done(task);
/// Taken::done(task);
/// ```
/// and it does not outlive its queue:
/// ```compile_fail,E0505
/// use par_threads::Queue;
///
/// let queue = Queue::bounded(4);
/// queue.put(1).unwrap();
/// let task = queue.take().unwrap();
/// drop(queue);
/// println!("{}", *task);
/// ```
#[must_use = "an item that is dropped at once is done at once"]
pub struct Taken<'q, T> {
    // Dropped in this order: an item is done after its destructor, even if that panics.
    item: T,
    owed: Owed<'q>,
}

/// What whoever took an item owes its queue.
struct Owed<'q>(&'q Accounts);

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        // Too often only if somebody called `task_done` for an item that is not theirs; that call was the wrong one.
        self.0.done().ok();
    }
}

impl<'q, T> Taken<'q, T> {
    /// An item that was taken from the queue of these accounts.
    pub(super) const fn new(item: T, accounts: &'q Accounts) -> Self {
        Self { item, owed: Owed(accounts) }
    }

    /// Says that the item is done, and hands it out.
    pub fn done(taken: Self) -> T {
        taken.item
    }

    /// Hands the item out, not done: the caller owes the queue a `task_done`.
    ///
    /// # Examples
    /// ```
    /// use par_threads::{Queue, Taken};
    ///
    /// let queue = Queue::bounded(4);
    /// queue.put("for somebody else")?;
    /// let item = Taken::defer(queue.take()?);
    /// assert_eq!((item, queue.unfinished()), ("for somebody else", 1));
    /// queue.task_done()?;
    /// assert_eq!(queue.unfinished(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
