//! Items one after the other, until a queue ends.

use super::{LifoQueue, PriorityQueue, Queue};

/// The items of a queue as they come; it ends when the queue was shut down and is empty.
///
/// From `iter`, or from `for item in &queue`. Several threads may iterate: each item goes to one of them. Every item
/// owes a `task_done`; `tasks` yields guards that pay it.
///
/// # Examples
/// ```
/// use par_threads::{Queue, QueueShutdown};
///
/// let queue = Queue::bounded(4);
/// queue.put(1)?;
/// queue.put(2)?;
/// queue.shutdown(QueueShutdown::Drain);
/// let mut sum = 0;
/// for item in &queue {
///     sum += item;
///     queue.task_done()?;
/// }
/// assert_eq!(sum, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "an iterator does nothing until somebody asks it"]
pub struct QueueIter<'q, Q> {
    pub(super) queue: &'q Q,
}

// Not derived, for a queue itself is no `Clone`.
impl<Q> Clone for QueueIter<'_, Q> {
    fn clone(&self) -> Self {
        Self { queue: self.queue }
    }
}

/// Makes a queue something to iterate over.
macro_rules! iterable {
    ([$($generics:tt)*] $queue:ty => $item:ty) => {
        impl<'q, $($generics)*> Iterator for QueueIter<'q, $queue> {
            type Item = $item;

            #[cfg_attr(feature = "deadlock-detection", track_caller)]
            fn next(&mut self) -> Option<$item> {
                self.queue.get().ok()
            }
        }

        impl<'q, $($generics)*> std::iter::FusedIterator for QueueIter<'q, $queue> {}

        impl<'q, $($generics)*> IntoIterator for &'q $queue {
            type Item = $item;
            type IntoIter = QueueIter<'q, $queue>;

            fn into_iter(self) -> Self::IntoIter {
                self.iter()
            }
        }
    };
}

iterable!([T] Queue<T> => T);
iterable!([T] LifoQueue<T> => T);
iterable!([P: Ord, T] PriorityQueue<P, T> => (P, T));
