//! The order of a queue.

use std::collections::VecDeque;

/// What holds the items of a queue, and decides which is next.
pub(super) trait Store: Default {
    type Item;

    /// Before the lock is taken: panics where that would deadlock.
    fn check() {}

    /// Where an item belongs. Here comparisons of the user may run, and panic.
    fn place(&self, item: &Self::Item) -> usize;

    /// Adds an item in the place that [`place`](Self::place) has just said; runs no code of the user.
    fn push(&mut self, place: usize, item: Self::Item);

    /// Removes the next item. Here comparisons of the user may run; if one panics, nothing has changed.
    fn pop(&mut self) -> Option<Self::Item>;

    fn len(&self) -> usize;
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
