//! A heap that a panicking comparison cannot harm.

use std::cell::Cell;

use super::Store;

/// A binary heap: the smallest priority first, and among equal ones the oldest.
///
/// Adding and removing first *look* where something belongs, by comparing, and then *move* it, which compares nothing.
/// So a comparison that panics has changed nothing, and one that contradicts itself costs the order and no item.
/// Places count from 1: the parent of `n` is `n / 2`, and every ancestor of it is `n` shifted to the right.
#[derive(Debug)]
pub(super) struct Heap<P, T> {
    entries: Vec<Entry<P, T>>,
    /// How many items were ever added; so every entry has a number of its own.
    added: u64,
}

#[derive(Debug)]
struct Entry<P, T> {
    item: (P, T),
    number: u64,
}

impl<P, T> Heap<P, T> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), added: 0 }
    }
}

impl<P, T> Default for Heap<P, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Ord, T> Heap<P, T> {
    fn is_before(&self, place: usize, other: usize) -> bool {
        let [one, other] = [place, other].map(|place| &self.entries[place - 1]);
        one.item.0.cmp(&other.item.0).then(one.number.cmp(&other.number)).is_lt()
    }

    fn swap(&mut self, place: usize, other: usize) {
        self.entries.swap(place - 1, other - 1);
    }

    /// Where the last entry belongs when it replaces the first one.
    fn place_of_last(&self) -> usize {
        let last = self.entries.len();
        let mut place = 1;
        loop {
            let left = 2 * place;
            // The last one leaves its place.
            if left >= last {
                return place;
            }
            let child = if left + 1 < last && self.is_before(left + 1, left) { left + 1 } else { left };
            if !self.is_before(child, last) {
                return place;
            }
            place = child;
        }
    }
}

impl<P: Ord, T> Store for Heap<P, T> {
    type Item = (P, T);

    fn check() {
        assert!(!COMPARING.get(), "a comparison of priorities used a priority queue, which would deadlock");
    }

    fn place(&self, (priority, _): &(P, T)) -> usize {
        let _comparing = Comparing::begin();
        let mut place = self.entries.len() + 1;
        // The newest one goes before those that are greater, and never before its equals.
        while place > 1 && priority.cmp(&self.entries[place / 2 - 1].item.0).is_lt() {
            place /= 2;
        }
        place
    }

    fn push(&mut self, place: usize, item: (P, T)) {
        self.entries.push(Entry { item, number: self.added });
        self.added += 1;
        let mut at = self.entries.len();
        while at > place {
            self.swap(at, at / 2);
            at /= 2;
        }
    }

    fn pop(&mut self) -> Option<(P, T)> {
        if self.entries.is_empty() {
            return None;
        }
        let place = {
            let _comparing = Comparing::begin();
            self.place_of_last()
        };
        let first = self.entries.swap_remove(0);
        for depth in (0..place.ilog2()).rev() {
            self.swap(place >> (depth + 1), place >> depth);
        }
        Some(first.item)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }
}

thread_local! {
    /// Whether this thread compares priorities, while it holds the lock of their queue.
    static COMPARING: Cell<bool> = const { Cell::new(false) };
}

struct Comparing;

impl Comparing {
    fn begin() -> Self {
        COMPARING.set(true);
        Self
    }
}

impl Drop for Comparing {
    fn drop(&mut self) {
        COMPARING.set(false);
    }
}
