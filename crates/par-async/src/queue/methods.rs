//! What all queues have: one set of methods and words, so that who knows one queue knows all.

/// The methods of a queue of `$item` in a `$store`, which is a tuple around a [`Buffer`](super::Buffer).
macro_rules! methods {
    ($name:literal, $item:ty, $store:ty) => {
        /// Takes the next item as soon as there is one. Whoever takes it owes a [`task_done`](Self::task_done).
        ///
        /// Those who wait get items in the order in which they came.
        ///
        /// # Errors
        /// [`GetError::ShutDown`]: the queue was shut down, and is empty; it never answers [`GetError::Empty`].
        ///
        /// # Cancel safety
        /// It may be dropped at any time: no item is lost. One that was kept for it goes to the next in the line.
        #[track_caller]
        pub fn get(&self) -> impl Future<Output = Result<$item, GetError>> {
            waiting(concat!($name, "::get"), Location::caller(), self.0.get())
        }

        /// Takes the next item if there is one now that nobody waits for; also outside of a runtime.
        ///
        /// # Errors
        /// [`GetError::Empty`], or [`GetError::ShutDown`] if nothing will ever come.
        pub fn try_get(&self) -> Result<$item, GetError> {
            self.0.try_get()
        }

        /// Takes the next item as soon as there is one, in a guard that says it is done.
        ///
        /// # Errors
        /// As [`get`](Self::get).
        ///
        /// # Cancel safety
        /// As [`get`](Self::get).
        #[track_caller]
        pub fn take(&self) -> impl Future<Output = Result<Taken<'_, $item>, GetError>> {
            waiting(concat!($name, "::take"), Location::caller(), async move {
                Ok(Taken::new(self.0.get().await?, self.0.ledger()))
            })
        }

        /// Takes the next item if there is one now, in a guard that says it is done; also outside of a runtime.
        ///
        /// # Errors
        /// As [`try_get`](Self::try_get).
        pub fn try_take(&self) -> Result<Taken<'_, $item>, GetError> {
            Ok(Taken::new(self.try_get()?, self.0.ledger()))
        }

        /// The items that are there, until there is none; nothing waits. Each owes a [`task_done`](Self::task_done).
        pub fn try_iter(&self) -> impl Iterator<Item = $item> {
            std::iter::from_fn(|| self.try_get().ok())
        }

        /// Waits for room, and keeps it for one item: a put that never waits, and whose item no cancellation drops.
        ///
        /// # Errors
        /// [`PutError::ShutDown`]; it never answers [`PutError::Full`].
        ///
        /// # Cancel safety
        /// It may be dropped at any time: the room goes to the next in the line.
        #[track_caller]
        pub fn reserve(&self) -> impl Future<Output = Result<Reserved<'_, $store>, PutError<()>>> {
            waiting(concat!($name, "::reserve"), Location::caller(), self.0.reserve())
        }

        /// Keeps room for one item if there is some now; also outside of a runtime.
        ///
        /// # Errors
        /// [`PutError`].
        pub fn try_reserve(&self) -> Result<Reserved<'_, $store>, PutError<()>> {
            self.0.try_reserve()
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

        /// Whether the queue was shut down; there may be items left to take.
        pub fn is_shut_down(&self) -> bool {
            self.0.is_shut_down()
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

        /// How many items there is room for.
        pub const fn capacity(&self) -> usize {
            self.0.capacity()
        }

        /// How many items are in the queue, or taken and not done. Advisory, as [`len`](Self::len).
        pub fn unfinished(&self) -> usize {
            self.0.ledger().unfinished()
        }

        /// Says that an item which was taken is done. No matter by whom, or which one.
        ///
        /// # Errors
        /// [`DoneTooOften`], and nothing has changed: no item is taken and not done. This is stricter than Python's
        /// queue, which notices only when more items are done than were ever put.
        pub fn task_done(&self) -> Result<(), DoneTooOften> {
            self.0.ledger().done()
        }

        /// Waits until every item that was put is done; so it must not be awaited by someone who owes a
        /// [`task_done`](Self::task_done) itself.
        ///
        /// # Cancel safety
        /// It may be dropped at any time.
        #[track_caller]
        pub fn join(&self) -> impl Future<Output = ()> {
            waiting(concat!($name, "::join"), Location::caller(), self.0.ledger().join())
        }
    };
}

/// The puts of a queue whose items are all that it is told.
macro_rules! puts {
    ($name:literal, $item:ty) => {
        /// Puts an item into the queue as soon as there is room.
        ///
        /// Those who wait put in the order in which they came.
        ///
        /// # Errors
        /// [`PutError::ShutDown`], with the item; it never answers [`PutError::Full`].
        ///
        /// # Cancel safety
        /// Dropped before its end it has put nothing, and the item is dropped with it; [`reserve`](Self::reserve) is
        /// for items that must not be.
        #[track_caller]
        pub fn put(&self, item: $item) -> impl Future<Output = Result<(), PutError<$item>>> {
            waiting(concat!($name, "::put"), Location::caller(), self.0.put(item))
        }

        /// Puts an item into the queue if there is room now that nobody waits for; also outside of a runtime.
        ///
        /// # Errors
        /// [`PutError`], with the item.
        pub fn try_put(&self, item: $item) -> Result<(), PutError<$item>> {
            self.0.try_put(item)
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
