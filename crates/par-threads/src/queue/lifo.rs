//! Last in, first out.

use std::time::Duration;

use par_core::{DoneTooOften, GetError, JoinTimedOut, PutError, QueueShutdown};

use super::methods::{debug, methods, puts};
use super::{Buffer, Patience, QueueIter, Taken};
use crate::sync::model::const_fn;

/// A queue between threads that gives out what came last: a stack, with a bound, an account of what is done, and an
/// end.
///
/// Everything else is as in a [`Queue`](crate::Queue). An item at the bottom may wait as long as others come.
///
/// # Examples
/// ```
/// use par_threads::LifoQueue;
///
/// let queue = LifoQueue::bounded(4);
/// queue.put(1)?;
/// queue.put(2)?;
/// assert_eq!(queue.get(), Ok(2));
/// assert_eq!(queue.get(), Ok(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LifoQueue<T>(Buffer<Vec<T>>);

impl<T> LifoQueue<T> {
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
        /// static PLATES: par_threads::LifoQueue<u32> = par_threads::LifoQueue::bounded(100);
        /// PLATES.put(7)?;
        /// assert_eq!(PLATES.len(), 1);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[track_caller]
        pub fn bounded(capacity: usize) -> Self {
            Self(Buffer::new(capacity, Vec::new()))
        }
    }

    puts!(T);
    methods!(T);
}

debug!([T] LifoQueue<T>, "LifoQueue");
