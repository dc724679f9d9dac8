//! First in, first out.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;

use par_core::{DoneTooOften, GetError, PutError, QueueShutdown};

use super::methods::{debug, methods, puts};
use super::{Buffer, Reserved, Taken};
use crate::task::waiting;

/// A queue between tasks: first in, first out, with a bound, an account of what is done, and an end.
///
/// It is Python's `asyncio.Queue`, whose `join` knows when the work is finished, not only when the queue is empty. What
/// differs: every queue has a bound; a shutdown gives back what it refuses; [`take`](Self::take) yields guards that no
/// panic and no cancellation keeps from being done; threads may put and get, without waiting.
///
/// It is fair: items and room go to those who wait in the order in which they came. A future that waits in a line must
/// be polled or dropped: for one that is kept and never polled, an item or room may be kept, too.
///
/// # Examples
/// ```
/// use par_async::{Queue, TaskGroup};
/// use par_core::{PutError, QueueShutdown};
///
/// static WORDS: Queue<&str> = Queue::bounded(2);
///
/// # par_async::testing::run(async {
/// let letters = TaskGroup::<PutError<&str>>::scope(|group| async move {
///     let consumer = group.spawn(async {
///         let mut letters = 0;
///         while let Ok(word) = WORDS.take().await {
///             letters += word.len();
///         }
///         Ok(letters)
///     });
///     for word in ["first", "in", "first", "out"] {
///         WORDS.put(word).await?;
///     }
///     WORDS.join().await;
///     WORDS.shutdown(QueueShutdown::Drain);
///     Ok(consumer.await)
/// }).await?;
/// assert_eq!(letters, Ok(15));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Queue<T>(Buffer<VecDeque<T>>);

impl<T> Queue<T> {
    /// A queue with room for `capacity` items.
    ///
    /// The room is made as it is needed, so this allocates nothing and works in statics.
    ///
    /// # Panics
    /// If `capacity` is zero.
    ///
    /// # Examples
    /// ```
    /// use par_async::Queue;
    /// use par_core::PutError;
    ///
    /// static JOBS: Queue<&str> = Queue::bounded(1);
    ///
    /// JOBS.try_put("one")?;
    /// assert_eq!(JOBS.try_put("two"), Err(PutError::Full("two")));
    /// assert_eq!(JOBS.try_get(), Ok("one"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub const fn bounded(capacity: usize) -> Self {
        Self(Buffer::new(capacity, VecDeque::new()))
    }

    puts!("Queue", T);
    methods!("Queue", T, VecDeque<T>);
}

debug!([T] Queue<T>, "Queue");
