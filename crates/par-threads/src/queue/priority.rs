//! The most urgent first.

use std::time::Duration;

use par_core::plumbing::sync::Heap;
use par_core::{DoneTooOften, GetError, JoinTimedOut, PutError, QueueShutdown};

use super::methods::{debug, methods};
use super::{Buffer, Patience, QueueIter, Taken};
use crate::sync::model::const_fn;

/// A queue between threads that gives out the smallest priority first, and among equal ones what came first.
///
/// It is Python's `PriorityQueue` with its two traps removed: equal priorities keep their order, and the item itself is
/// never compared, so it may be anything. Who wants the greatest first puts [`std::cmp::Reverse`] priorities. Everything
/// else is as in a [`Queue`](crate::Queue), but that what comes out is a pair of priority and item. An item with a great
/// priority may wait as long as smaller ones come.
///
/// # Comparisons
/// `P::cmp` is called while the queue is locked, so it should be short. If it panics, the panic goes to whoever put or
/// took, and the queue is as it was. A comparison that uses a priority queue panics, instead of deadlocking. One that
/// contradicts itself (which breaks the contract of [`Ord`]) makes the order unspecified, and loses no item.
///
/// # Examples
/// ```
/// use par_threads::PriorityQueue;
///
/// let queue = PriorityQueue::bounded(4);
/// queue.put(2, "second")?;
/// queue.put(1, "first")?;
/// queue.put(2, "third")?;
/// assert_eq!(queue.get(), Ok((1, "first")));
/// let order: Vec<_> = queue.try_iter().map(|(_, item)| item).collect();
/// assert_eq!(order, ["second", "third"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// A priority that has no total order is none; wrap a float, or use an integer:
/// ```compile_fail,E0277
/// let queue = par_threads::PriorityQueue::bounded(4);
/// queue.put(0.5, "a half").unwrap();
/// ```
pub struct PriorityQueue<P, T>(Buffer<Heap<P, T>>);

impl<P, T> PriorityQueue<P, T> {
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
        /// use par_threads::PriorityQueue;
        /// use std::cmp::Reverse;
        ///
        /// static GREATEST: PriorityQueue<Reverse<u32>, &str> = PriorityQueue::bounded(100);
        ///
        /// GREATEST.put(Reverse(1), "small")?;
        /// GREATEST.put(Reverse(9), "great")?;
        /// assert_eq!(GREATEST.get(), Ok((Reverse(9), "great")));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[track_caller]
        pub fn bounded(capacity: usize) -> Self {
            Self(Buffer::new(capacity, Heap::new()))
        }
    }
}

impl<P: Ord, T> PriorityQueue<P, T> {
    /// Puts an item into the queue as soon as there is room.
    ///
    /// # Blocking
    /// Until there is room, or the queue is shut down, whatever the priority. It looks for a moment before it sleeps.
    ///
    /// # Errors
    /// [`PutError::ShutDown`], with priority and item; it never answers [`PutError::Full`].
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn put(&self, priority: P, item: T) -> Result<(), PutError<(P, T)>> {
        self.0.put((priority, item), Patience::Forever)
    }

    /// Puts an item into the queue if there is room now.
    ///
    /// # Errors
    /// [`PutError`], with priority and item.
    #[inline]
    pub fn try_put(&self, priority: P, item: T) -> Result<(), PutError<(P, T)>> {
        self.0.put((priority, item), Patience::None)
    }

    /// Puts an item into the queue if there is room in time.
    ///
    /// # Blocking
    /// As [`put`](Self::put), and no longer than `timeout`; one that reaches past the end of the clock is none.
    ///
    /// # Errors
    /// [`PutError`], with priority and item.
    #[inline]
    #[cfg_attr(feature = "deadlock-detection", track_caller)]
    pub fn put_timeout(&self, priority: P, item: T, timeout: Duration) -> Result<(), PutError<(P, T)>> {
        self.0.put((priority, item), Patience::For(timeout))
    }

    methods!((P, T));
}

debug!([P, T] PriorityQueue<P, T>, "PriorityQueue");
