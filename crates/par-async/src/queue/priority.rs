//! The most urgent first.

use std::future::Future;
use std::panic::Location;

use par_core::plumbing::sync::Heap;
use par_core::{DoneTooOften, GetError, PutError, QueueShutdown};

use super::methods::{debug, methods};
use super::{Buffer, Reserved, Taken};
use crate::task::waiting;

/// A queue between tasks that gives out the smallest priority first, and among equal ones what came first.
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
/// use par_async::PriorityQueue;
///
/// # par_async::testing::run(async {
/// let queue = PriorityQueue::bounded(4);
/// queue.put(2, "second").await?;
/// queue.put(1, "first").await?;
/// queue.put(2, "third").await?;
/// assert_eq!(queue.get().await, Ok((1, "first")));
/// let order: Vec<_> = queue.try_iter().map(|(_, item)| item).collect();
/// assert_eq!(order, ["second", "third"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct PriorityQueue<P: Ord, T>(Buffer<Heap<P, T>>);

impl<P: Ord, T> PriorityQueue<P, T> {
    /// A queue with room for `capacity` items.
    ///
    /// The room is made as it is needed, so this allocates nothing and works in statics.
    ///
    /// # Panics
    /// If `capacity` is zero.
    ///
    /// # Examples
    /// ```
    /// use par_async::PriorityQueue;
    /// use std::cmp::Reverse;
    ///
    /// static GREATEST: PriorityQueue<Reverse<u32>, &str> = PriorityQueue::bounded(100);
    ///
    /// GREATEST.try_put(Reverse(1), "small")?;
    /// GREATEST.try_put(Reverse(9), "great")?;
    /// assert_eq!(GREATEST.try_get(), Ok((Reverse(9), "great")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub const fn bounded(capacity: usize) -> Self {
        Self(Buffer::new(capacity, Heap::new()))
    }

    /// Puts an item into the queue as soon as there is room.
    ///
    /// Those who wait put in the order in which they came, whatever the priority.
    ///
    /// # Errors
    /// [`PutError::ShutDown`], with priority and item; it never answers [`PutError::Full`].
    ///
    /// # Cancel safety
    /// Dropped before its end it has put nothing, and the item is dropped with it; [`reserve`](Self::reserve) is for
    /// items that must not be.
    #[track_caller]
    pub fn put(&self, priority: P, item: T) -> impl Future<Output = Result<(), PutError<(P, T)>>> {
        waiting("PriorityQueue::put", Location::caller(), self.0.put((priority, item)))
    }

    /// Puts an item into the queue if there is room now that nobody waits for; also outside of a runtime.
    ///
    /// # Errors
    /// [`PutError`], with priority and item.
    pub fn try_put(&self, priority: P, item: T) -> Result<(), PutError<(P, T)>> {
        self.0.try_put((priority, item))
    }

    methods!("PriorityQueue", (P, T), Heap<P, T>);
}

debug!([P: Ord, T] PriorityQueue<P, T>, "PriorityQueue");
