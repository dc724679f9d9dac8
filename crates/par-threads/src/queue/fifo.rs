//! First in, first out.

use std::collections::VecDeque;
use std::time::Duration;

use par_core::{DoneTooOften, GetError, JoinTimedOut, PutError, QueueShutdown};

use super::methods::{debug, methods, puts};
use super::{Buffer, Patience, QueueIter, Taken};
use crate::sync::model::const_fn;

/// A queue between threads: first in, first out, with a bound, an account of what is done, and an end.
///
/// It is Python's `queue.Queue`, whose `join` knows when the work is finished, not only when the queue is empty. What
/// differs: every queue has a bound; a shutdown gives back what it refuses; [`take`](Self::take) yields guards that no
/// panic keeps from being done; `join` has a timeout; it iterates.
///
/// It is shared by reference, in an `Arc`, or as a static. Putting and getting run no code of the user under the
/// queue's lock, so they may be called from destructors, too. On a worker of a pool a wait occupies that worker.
///
/// # Examples
/// ```
/// use par_threads::{Queue, QueueShutdown};
/// use std::thread;
///
/// let queue = Queue::<&str>::bounded(4);
/// thread::scope(|scope| {
///     let consumer = scope.spawn(|| queue.tasks().map(|task| task.len()).sum::<usize>());
///     for word in ["first", "in", "first", "out"] {
///         queue.put(word)?;
///     }
///     queue.join();
///     queue.shutdown(QueueShutdown::Drain);
///     assert_eq!(consumer.join().expect("it does not panic"), 15);
///     Ok::<(), par_threads::PutError<&str>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Queue<T>(Buffer<VecDeque<T>>);

impl<T> Queue<T> {
    const_fn! {
        /// A queue with room for `capacity` items.
        ///
        /// The room is made as it is needed, so this allocates nothing and works in statics.
        ///
        /// # Panics
        /// If `capacity` is zero.
        ///
        /// # Examples
        /// ```
        /// use par_threads::{PutError, Queue};
        ///
        /// static JOBS: Queue<&str> = Queue::bounded(1);
        ///
        /// JOBS.put("one")?;
        /// assert_eq!(JOBS.try_put("two"), Err(PutError::Full("two")));
        /// assert_eq!(JOBS.get(), Ok("one"));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[track_caller]
        pub fn bounded(capacity: usize) -> Self {
            Self(Buffer::new(capacity, VecDeque::new()))
        }
    }

    puts!(T);
    methods!(T);
}

debug!([T] Queue<T>, "Queue");
