//! The order of a queue.

use std::collections::VecDeque;

/// What holds the items of a queue, and decides which is next.
///
/// A queue keeps it under its lock. Code of the user, which may panic, runs only in [`place`](Self::place) and
/// [`pop`](Self::pop), and before anything has changed.
///
/// # Examples
/// ```
/// use par_core::plumbing::sync::{Heap, Store};
///
/// let mut heap = Heap::new();
/// for item in [(2, "second"), (1, "first")] {
///     let place = heap.place(&item);
///     heap.push(place, item);
/// }
/// assert_eq!(heap.pop(), Some((1, "first")));
/// assert_eq!(heap.len(), 1);
/// ```
pub trait Store: Default {
    /// What it holds.
    type Item;

    /// Before the lock is taken: panics where that would deadlock.
    ///
    /// # Panics
    /// When the caller holds the lock of such a queue already, inside a comparison.
    fn check() {}

    /// Where an item belongs. Here comparisons of the user may run, and panic.
    fn place(&self, item: &Self::Item) -> usize;

    /// Adds an item in the place that [`place`](Self::place) has just said; runs no code of the user.
    fn push(&mut self, place: usize, item: Self::Item);

    /// Removes the next item. Here comparisons of the user may run; if one panics, nothing has changed.
    fn pop(&mut self) -> Option<Self::Item>;

    /// How many items it holds.
    fn len(&self) -> usize;

    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// First in, first out.
impl<T> Store for VecDeque<T> {
    type Item = T;

    fn place(&self, _: &T) -> usize {
        self.len()
    }

    fn push(&mut self, _: usize, item: T) {
        self.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.pop_front()
    }

    fn len(&self) -> usize {
        self.len()
    }
}

/// Last in, first out.
impl<T> Store for Vec<T> {
    type Item = T;

    fn place(&self, _: &T) -> usize {
        self.len()
    }

    fn push(&mut self, _: usize, item: T) {
        self.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.pop()
    }

    fn len(&self) -> usize {
        self.len()
    }
}
