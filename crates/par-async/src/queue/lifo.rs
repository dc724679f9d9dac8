//! Last in, first out.

use std::future::Future;
use std::panic::Location;

use par_core::{DoneTooOften, GetError, PutError, QueueShutdown};

use super::methods::{debug, methods, puts};
use super::{Buffer, Reserved, Taken};
use crate::task::waiting;

/// A queue between tasks that gives out what came last: a stack, with a bound, an account of what is done, and an end.
///
/// Everything else is as in a [`Queue`](crate::Queue). An item at the bottom may wait as long as others come.
///
/// # Examples
/// ```
/// use par_async::LifoQueue;
///
/// # par_async::testing::run(async {
/// let queue = LifoQueue::bounded(4);
/// queue.put(1).await?;
/// queue.put(2).await?;
/// assert_eq!(queue.get().await, Ok(2));
/// assert_eq!(queue.get().await, Ok(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct LifoQueue<T>(Buffer<Vec<T>>);

impl<T> LifoQueue<T> {
    /// A queue with room for `capacity` items.
    ///
    /// The room is made as it is needed, so this allocates nothing and works in statics.
    ///
    /// # Panics
    /// If `capacity` is zero.
    ///
    /// # Examples
    /// ```
    /// static PLATES: par_async::LifoQueue<u32> = par_async::LifoQueue::bounded(100);
    /// PLATES.try_put(7)?;
    /// assert_eq!(PLATES.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub const fn bounded(capacity: usize) -> Self {
        Self(Buffer::new(capacity, Vec::new()))
    }

    puts!("LifoQueue", T);
    methods!("LifoQueue", T, Vec<T>);
}

debug!([T] LifoQueue<T>, "LifoQueue");
