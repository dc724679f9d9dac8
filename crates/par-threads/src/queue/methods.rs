//! What all queues have: one set of methods and words, so that who knows one queue knows all.

/// The methods of a queue of `$item`, which is a tuple around a [`Buffer`](super::Buffer).
macro_rules! methods {
    ($item:ty) => {
        /// Takes the next item as soon as there is one. Whoever takes it owes a [`task_done`](Self::task_done).
        ///
        /// # Blocking
        /// Until there is an item, or the queue is shut down. It looks for a moment before it sleeps.
        ///
        /// # Errors
        /// [`GetError::ShutDown`]: the queue was shut down, and is empty; it never answers [`GetError::Empty`].
        #[inline]
        #[cfg_attr(feature = "deadlock-detection", track_caller)]
        pub fn get(&self) -> Result<$item, GetError> {
            self.0.get(Patience::Forever)
        }

        /// Takes the next item if there is one now.
        ///
        /// # Errors
        /// [`GetError::Empty`], or [`GetError::ShutDown`] if nothing will ever come.
        #[inline]
        pub fn try_get(&self) -> Result<$item, GetError> {
            self.0.get(Patience::None)
        }

        /// Takes the next item if there is one in time.
        ///
        /// # Blocking
        /// As [`get`](Self::get), and no longer than `timeout`; one that reaches past the end of the clock is none.
        ///
        /// # Errors
        /// [`GetError::Empty`], or [`GetError::ShutDown`] if nothing will ever come.
        #[inline]
        #[cfg_attr(feature = "deadlock-detection", track_caller)]
        pub fn get_timeout(&self, timeout: Duration) -> Result<$item, GetError> {
            self.0.get(Patience::For(timeout))
        }

        /// Takes the next item as soon as there is one, in a guard that says it is done.
        ///
        /// # Blocking
        /// As [`get`](Self::get).
        ///
        /// # Errors
        /// As [`get`](Self::get).
        #[inline]
        #[cfg_attr(feature = "deadlock-detection", track_caller)]
        pub fn take(&self) -> Result<Taken<'_, $item>, GetError> {
            Ok(Taken::new(self.get()?, self.0.accounts()))
        }

        /// Takes the next item if there is one now, in a guard that says it is done.
        ///
        /// # Errors
        /// As [`try_get`](Self::try_get).
        #[inline]
        pub fn try_take(&self) -> Result<Taken<'_, $item>, GetError> {
            Ok(Taken::new(self.try_get()?, self.0.accounts()))
        }

        /// Takes the next item if there is one in time, in a guard that says it is done.
        ///
        /// # Blocking
        /// As [`get_timeout`](Self::get_timeout).
        ///
        /// # Errors
        /// As [`get_timeout`](Self::get_timeout).
        #[inline]
        #[cfg_attr(feature = "deadlock-detection", track_caller)]
        pub fn take_timeout(&self, timeout: Duration) -> Result<Taken<'_, $item>, GetError> {
            Ok(Taken::new(self.get_timeout(timeout)?, self.0.accounts()))
        }

        /// The items as they come, until the queue is shut down and empty. Each owes a [`task_done`](Self::task_done).
        ///
        /// # Blocking
        /// The iterator, whenever it is asked; as [`get`](Self::get).
        pub const fn iter(&self) -> QueueIter<'_, Self> {
            QueueIter { queue: self }
        }

        /// The items that are there, until there is none; nothing blocks. Each owes a [`task_done`](Self::task_done).
        pub fn try_iter(&self) -> impl Iterator<Item = $item> {
            std::iter::from_fn(|| self.try_get().ok())
        }

        /// The items as they come, in guards that say they are done, until the queue is shut down and empty.
        ///
        /// # Blocking
        /// The iterator, whenever it is asked; as [`get`](Self::get).
        pub fn tasks(&self) -> impl Iterator<Item = Taken<'_, $item>> {
            std::iter::from_fn(|| self.take().ok())
        }

        /// How many items are in the queue. Advisory: it may be another number before the caller has read this one.
        pub fn len(&self) -> usize {
            self.0.len()
        }

        /// Whether the queue is empty. Advisory, as [`len`](Self::len): `try_get` knows.
        pub fn is_empty(&self) -> bool {
            self.len() == 0
        }

        /// Whether the queue is full. Advisory, as [`len`](Self::len): `try_put` knows.
        pub fn is_full(&self) -> bool {
            self.len() >= self.capacity()
        }

        /// How many items there is room for.
        pub const fn capacity(&self) -> usize {
            self.0.capacity()
        }

        /// How many items are in the queue, or taken and not done. Advisory, as [`len`](Self::len).
        pub fn unfinished(&self) -> usize {
            self.0.accounts().unfinished()
        }

        /// Says that an item which was taken is done. No matter by whom, or which one.
        ///
        /// # Errors
        /// [`DoneTooOften`], and nothing has changed: no item is taken and not done. This is stricter than Python's
        /// queue, which notices only when more items are done than were ever put.
        #[inline]
        pub fn task_done(&self) -> Result<(), DoneTooOften> {
            self.0.accounts().done()
        }

        /// Waits until every item that was put is done.
        ///
        /// # Blocking
        /// Until then; so it must not be called by someone who owes a [`task_done`](Self::task_done) itself.
        #[cfg_attr(feature = "deadlock-detection", track_caller)]
        pub fn join(&self) {
            // Without a timeout it cannot be late.
            self.0.join(None).ok();
        }

        /// Waits until every item that was put is done, if that is in time.
        ///
        /// # Blocking
        /// No longer than `timeout`; one that reaches past the end of the clock is none.
        ///
        /// # Errors
        /// [`JoinTimedOut`], which says how many items are not done.
        #[cfg_attr(feature = "deadlock-detection", track_caller)]
        pub fn join_timeout(&self, timeout: Duration) -> Result<(), JoinTimedOut> {
            self.0.join(Some(timeout))
        }

        /// Ends the queue: from now on every put fails, also those that wait for room, and gives its item back.
        ///
        /// After [`QueueShutdown::Drain`], what is in the queue can be taken, and then every get fails, also those
        /// that wait. [`QueueShutdown::Immediate`] drops what is in the queue and counts it as done, at once: before the
        /// destructors of the items run, on this thread. Items that were taken are not done by this. A second shutdown
        /// changes nothing, but an immediate one may follow a drain.
        pub fn shutdown(&self, how: QueueShutdown) {
            self.0.shutdown(how);
        }

        /// Whether the queue was shut down; there may be items left to take.
        pub fn is_shut_down(&self) -> bool {
            self.0.is_shut_down()
        }
    };
}

/// The puts of a queue whose items are all that it is told.
macro_rules! puts {
    ($item:ty) => {
        /// Puts an item into the queue as soon as there is room.
        ///
        /// # Blocking
        /// Until there is room, or the queue is shut down. It looks for a moment before it sleeps.
        ///
        /// # Errors
        /// [`PutError::ShutDown`], with the item; it never answers [`PutError::Full`].
        #[inline]
        #[cfg_attr(feature = "deadlock-detection", track_caller)]
        pub fn put(&self, item: $item) -> Result<(), PutError<$item>> {
            self.0.put(item, Patience::Forever)
        }

        /// Puts an item into the queue if there is room now.
        ///
        /// # Errors
        /// [`PutError`], with the item.
        #[inline]
        pub fn try_put(&self, item: $item) -> Result<(), PutError<$item>> {
            self.0.put(item, Patience::None)
        }

        /// Puts an item into the queue if there is room in time.
        ///
        /// # Blocking
        /// As [`put`](Self::put), and no longer than `timeout`; one that reaches past the end of the clock is none.
        ///
        /// # Errors
        /// [`PutError`], with the item.
        #[inline]
        #[cfg_attr(feature = "deadlock-detection", track_caller)]
        pub fn put_timeout(&self, item: $item, timeout: Duration) -> Result<(), PutError<$item>> {
            self.0.put(item, Patience::For(timeout))
        }
    };
}

/// What a queue shows of itself: its numbers, never its items.
macro_rules! debug {
    ([$($generics:tt)*] $queue:ty, $name:literal) => {
        impl<$($generics)*> std::fmt::Debug for $queue {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt_as($name, f)
            }
        }
    };
}

pub(super) use {debug, methods, puts};
