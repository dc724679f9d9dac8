//! Room for an item that is not there yet.

use std::fmt;

use par_core::PutError;
use par_core::plumbing::sync::Store;

use super::Buffer;

/// Room for one item of a queue, kept until this is dropped.
///
/// From `reserve` of a queue. A [`put`](crate::Queue::put) that is cancelled drops its item; who must keep it waits for
/// room first, and then puts, which does not wait.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{Queue, timeout};
///
/// # par_async::testing::run(async {
/// let queue = Queue::bounded(1);
/// let item = String::from("precious");
/// queue.reserve().await.expect("it is open").put(item)?;
///
/// let item = String::from("more");
/// match timeout(Duration::from_secs(1), queue.reserve()).await {
///     Ok(_) => unreachable!("nobody makes room"),
///     Err(_) => assert_eq!(item, "more", "it is still here"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "room that is dropped at once is somebody else's"]
pub struct Reserved<'q, S: Store> {
    buffer: &'q Buffer<S>,
    kept: bool,
}

impl<'q, S: Store> Reserved<'q, S> {
    /// The caller has kept the room.
    pub(super) const fn new(buffer: &'q Buffer<S>) -> Self {
        Self { buffer, kept: true }
    }

    /// Puts an item into the room; that of a priority queue is a pair of priority and item.
    ///
    /// # Errors
    /// [`PutError::ShutDown`], with the item; it never answers [`PutError::Full`].
    pub fn put(mut self, item: S::Item) -> Result<(), PutError<S::Item>> {
        self.buffer.put_reserved(item, &mut self.kept)
    }
}

impl<S: Store> Drop for Reserved<'_, S> {
    fn drop(&mut self) {
        if self.kept {
            self.buffer.give_room_back();
        }
    }
}

impl<S: Store> fmt::Debug for Reserved<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserved").finish_non_exhaustive()
    }
}
